//! Asks the proxy for a tunnel (`CONNECT`), and finds out who is to blame if there is none.

use std::io;
use std::net::{IpAddr, SocketAddr};

use domain::delivery::Failure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::EgressProxy;

use crate::fault::{Fault, NotAttempted};
use crate::transport::dial::first_of;

/// The longest head of an answer of the proxy, in bytes.
const MAX_HEAD: usize = 8 << 10;

impl EgressProxy {
    /// A tunnel to one of these addresses, tried as without a proxy. The caller has checked them.
    pub(crate) async fn tunnel(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, Fault> {
        let tunnel = |address| self.tunnel_to(SocketAddr::new(address, port));
        let is_not_receivers = |fault: &Fault| !matches!(fault, Fault::Receiver(..));
        let made = first_of(addresses, tunnel, is_not_receivers).await;
        let none = || Fault::Receiver(Failure::Dns, "the name has no address".to_owned());
        made.map_err(|fault| fault.unwrap_or_else(none))
    }

    async fn tunnel_to(&self, address: SocketAddr) -> Result<TcpStream, Fault> {
        let trouble = |error: io::Error| self.fault(&format!("can't be used: {error}"));
        let mut stream = self.connect().await.map_err(trouble)?;
        let authorization = match &self.0.authorization {
            Some(value) => format!("Proxy-Authorization: {value}\r\n"),
            None => String::new(),
        };
        let request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\n");
        stream.write_all(request.as_bytes()).await.map_err(trouble)?;
        let head = read_head(&mut stream).await.map_err(trouble)?;
        match self.fault_of(&head) {
            None => Ok(stream),
            Some(fault) => Err(fault),
        }
    }

    /// Whose fault it is, if an answer opens no tunnel.
    ///
    /// By RFC 9110, 502 and 504 are about what is behind the proxy and all others are about the proxy. Some say 503 when
    /// they can't connect, and then say so: Squid in `X-Squid-Error`, others in `Proxy-Status` (RFC 9209).
    fn fault_of(&self, head: &[u8]) -> Option<Fault> {
        let Some(status) = status_of(head) else {
            return Some(self.fault("does not answer in HTTP"));
        };
        match status {
            200..=299 => None,
            504 => Some(Fault::Receiver(
                Failure::Timeout,
                "no connection in time: the proxy waited in vain".to_owned(),
            )),
            502 | 503 if status == 502 || names_the_receiver(head) => Some(Fault::Receiver(
                Failure::Connect,
                "no connection: the proxy could not connect".to_owned(),
            )),
            _ => Some(self.fault(&format!("answered {status}"))),
        }
    }

    /// The proxy's own fault: it did `what`.
    fn fault(&self, what: &str) -> Fault {
        NotAttempted::Proxy(format!("the proxy {self} {what}")).into()
    }
}

/// Reads the head of the proxy's answer, and nothing after it.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        match end {
            Some(end) if end + 4 == head.len() => return Ok(head),
            // In a tunnel the receiver speaks second, so nobody can have sent these bytes. After a refusal they are the
            // proxy's error page.
            Some(end) => {
                head.truncate(end + 4);
                let is_tunnel = status_of(&head).is_some_and(|status| (200..300).contains(&status));
                return if is_tunnel {
                    Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "it speaks out of turn",
                    ))
                } else {
                    Ok(head)
                };
            }
            None if head.len() > MAX_HEAD => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "its answer is too long",
                ));
            }
            None if stream.read_buf(&mut head).await? == 0 => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it closed the connection",
                ));
            }
            None => {}
        }
    }
}

/// The status of an answer, if it is one of HTTP/1.
fn status_of(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let status = rest.get(..3)?.parse().ok()?;
    (version.starts_with("HTTP/1.") && (100..600).contains(&status)).then_some(status)
}

/// Whether an answer with status 503 says that it is the receiver who can't be reached.
fn names_the_receiver(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let says = |header: &str, words: &[&str]| {
        text.lines()
            .filter(|line| line.starts_with(header))
            .any(|line| words.iter().any(|word| line.contains(word)))
    };
    says("x-squid-error:", &["err_connect_fail", "err_read_timeout"])
        || says(
            "proxy-status:",
            &[
                "error=connection_refused",
                "error=connection_terminated",
                "error=connection_timeout",
                "error=destination_ip_unroutable",
                "error=destination_unavailable",
            ],
        )
}

#[cfg(test)]
mod tests;
