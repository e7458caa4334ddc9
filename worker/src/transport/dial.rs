//! Makes a TCP connection to the first of a host's addresses that takes one.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::cause::is_ours;

/// How long an address has to itself before the next one is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to one of these addresses.
///
/// # Errors
///
/// The last address's, if none takes a connection. What this machine lacks ends everything.
pub(super) async fn dial(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let connected = first_of(
        addresses,
        |address| dial_one(SocketAddr::new(address, port)),
        |error: &io::Error| is_ours(error),
    )
    .await;
    let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    connected.map_err(|error| error.unwrap_or_else(none))
}

/// What comes first of doing something with each of these addresses, in turns of the families. Each address has a head start; one that
/// fails makes way at once.
///
/// # Errors
///
/// The last address's error, if none succeeds, or the first one that `ends` everything; `None` without any address.
pub(super) async fn first_of<T, E, F>(
    addresses: &[IpAddr],
    mut with: impl FnMut(IpAddr) -> F,
    ends: impl Fn(&E) -> bool,
) -> Result<T, Option<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut next = in_turns(addresses).peekable();
    let mut under_way = FuturesUnordered::new();
    let mut failed = None;
    loop {
        if let Some(address) = next.next() {
            under_way.push(with(address));
        }
        let has_more = next.peek().is_some();
        tokio::select! {
            done = under_way.next() => match done {
                Some(Ok(done)) => return Ok(done),
                Some(Err(error)) if ends(&error) => return Err(Some(error)),
                Some(Err(error)) => failed = Some(error),
                None => return Err(failed),
            },
            () = tokio::time::sleep(HEAD_START), if has_more => {}
        }
    }
}

async fn dial_one(address: SocketAddr) -> io::Result<TcpStream> {
    let connected = TcpStream::connect(address).await;
    let stream = connected.map_err(|error| {
        if address.is_ipv6() && error.kind() == io::ErrorKind::AddrNotAvailable && !has_way_to(address) {
            return io::Error::new(
                io::ErrorKind::NetworkUnreachable,
                "there is no way from here to its IPv6 address",
            );
        }
        error
    })?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Whether this machine has any address to talk to this one from: without IPv6 the kernel says the same as without free ports.
/// Nothing is sent.
fn has_way_to(address: SocketAddr) -> bool {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
    socket.and_then(|socket| socket.connect(address)).is_ok()
}

/// The addresses of both families in turns, beginning with that of the first, so that a family that leads nowhere costs one
/// wait.
fn in_turns(addresses: &[IpAddr]) -> impl Iterator<Item = IpAddr> {
    let is_first = |address: &&IpAddr| {
        addresses
            .first()
            .is_some_and(|first| first.is_ipv4() == address.is_ipv4())
    };
    let mut firsts = addresses.iter().filter(is_first);
    let mut others = addresses.iter().filter(move |address| !is_first(address));
    let mut is_others = true;
    std::iter::from_fn(move || {
        is_others = !is_others;
        let (now, later): (
            &mut dyn Iterator<Item = &IpAddr>,
            &mut dyn Iterator<Item = &IpAddr>,
        ) = if is_others {
            (&mut others, &mut firsts)
        } else {
            (&mut firsts, &mut others)
        };
        now.next().or_else(|| later.next()).copied()
    })
}

#[cfg(test)]
mod tests;
