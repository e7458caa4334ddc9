//! Makes a TCP connection to the first of a host's addresses that takes one.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;

use super::failure::is_ours;

/// How long an address has to itself before the next one is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to one of these addresses.
///
/// # Errors
///
/// The last address's, if none takes a connection. What this machine lacks ends everything.
pub(super) async fn dial(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let mut next = in_turns(addresses)
        .map(|address| SocketAddr::new(address, port))
        .peekable();
    let mut dialing = FuturesUnordered::new();
    let mut failed = None;
    loop {
        if let Some(address) = next.next() {
            dialing.push(dial_one(address));
        }
        let has_more = next.peek().is_some();
        tokio::select! {
            dialed = dialing.next() => match dialed {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) if is_ours(&error) => return Err(error),
                Some(Err(error)) => failed = Some(error),
                None => {
                    let none = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                    return Err(failed.unwrap_or_else(none));
                }
            },
            () = tokio::time::sleep(HEAD_START), if has_more => {}
        }
    }
}

async fn dial_one(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
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
