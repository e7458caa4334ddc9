//! The way out through a proxy (`EGRESS_PROXY`).
//!
//! The guard stays ours: names are looked up and judged here, and the proxy is asked for an *address* (`CONNECT`), also for
//! plain http, so that no other lookup can lead elsewhere. TLS goes through the tunnel to the receiver, whose certificate is
//! checked against its name.
//!
//! What the proxy does wrong is not the receiver's fault. It is asked for signs of life, and a failure behind it is only
//! believed when it gave them all the time ([`EgressProxy::was_silent`]).

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::delivery::Failure;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Mutex;

/// The longest head of an answer of the proxy, in bytes.
const MAX_HEAD: usize = 8 << 10;

/// How long the proxy may take to give a sign of life.
const ALIVE_WITHIN: Duration = Duration::from_secs(1);

/// How soon it is first asked for one, and how often, while something is done through it.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The proxy of `EGRESS_PROXY`. Cheap to clone.
#[derive(Clone)]
pub struct EgressProxy(Arc<Inner>);

struct Inner {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`.
    authorization: Option<String>,
    life: Mutex<Life>,
}

/// What is known of the proxy's life.
#[derive(Debug, Default)]
struct Life {
    /// When it was last asked for a sign of life, and whether it gave one.
    known: Option<(Instant, bool)>,
    /// When it last gave none.
    silent_at: Option<Instant>,
}

/// Why there is no tunnel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoTunnel {
    /// The proxy is to blame.
    #[error("{0}")]
    Proxy(String),
    /// The proxy says that the receiver is.
    #[error("{1}")]
    Receiver(Failure, String),
}

impl FromStr for EgressProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be http://[user:password@]host:port".to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        if url.scheme() != "http" || has_more {
            return Err(wrong());
        }
        let decoded = |text: &str| percent_decoded(text).ok_or_else(wrong);
        let authorization = if url.username().is_empty() {
            None
        } else {
            let password = decoded(url.password().unwrap_or_default())?;
            let pair = format!("{}:{password}", decoded(url.username())?);
            Some(format!("Basic {}", STANDARD.encode(pair)))
        };
        Ok(Self(Arc::new(Inner {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().ok_or_else(wrong)?,
            authorization,
            life: Mutex::default(),
        })))
    }
}

/// The text behind `%…`.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first == b'%' {
            bytes.extend(hex::decode(behind.get(..2)?).ok()?);
            rest = &behind[2..];
        } else {
            bytes.push(*first);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for EgressProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.0.host, self.0.port)
    }
}

impl fmt::Debug for EgressProxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl EgressProxy {
    /// A tunnel to one of these addresses, which were judged, tried in this order.
    pub(crate) async fn tunnel(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, NoTunnel> {
        let mut last = NoTunnel::Receiver(Failure::Dns, "the name has no address".to_owned());
        for address in addresses {
            match self.tunnel_to(SocketAddr::new(*address, port)).await {
                Err(NoTunnel::Receiver(failure, sentence)) => last = NoTunnel::Receiver(failure, sentence),
                decided => return decided,
            }
        }
        Err(last)
    }

    async fn tunnel_to(&self, address: SocketAddr) -> Result<TcpStream, NoTunnel> {
        let trouble = |error: io::Error| NoTunnel::Proxy(format!("the proxy {self} can't be used: {error}"));
        let mut stream = self.connect().await.map_err(trouble)?;
        let authorization = match &self.0.authorization {
            Some(value) => format!("Proxy-Authorization: {value}\r\n"),
            None => String::new(),
        };
        let request = format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\n");
        stream.write_all(request.as_bytes()).await.map_err(trouble)?;
        let head = read_head(&mut stream).await.map_err(trouble)?;
        judge(&head, address)
            .map(|()| stream)
            .map_err(|blame| match blame {
                NoTunnel::Proxy(sentence) => NoTunnel::Proxy(format!("the proxy {self} {sentence}")),
                receiver @ NoTunnel::Receiver(..) => receiver,
            })
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.0.host.as_str(), self.0.port)).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Asks for a sign of life now and then, for as long as something is done through it.
    pub(crate) async fn watch(&self) -> Infallible {
        tokio::time::sleep(FIRST_LOOK).await;
        loop {
            let now = Instant::now();
            self.is_alive(now.checked_sub(LOOK_EVERY / 2).unwrap_or(now))
                .await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it gave no sign of life at some time from `began` on, or gives none now: then a failure of what was done
    /// through it meanwhile says nothing about the receiver.
    pub(crate) async fn was_silent(&self, began: Instant) -> bool {
        let is_alive = self.is_alive(Instant::now()).await;
        let life = self.0.life.lock().await;
        !is_alive || life.silent_at.is_some_and(|at| at >= began)
    }

    /// Whether it gives a sign of life: any answer at all to a request that needs nobody else. What it said to somebody who
    /// asked it after `since` is believed.
    async fn is_alive(&self, since: Instant) -> bool {
        // Whoever comes while it is being asked waits for that answer.
        let mut life = self.0.life.lock().await;
        if let Some((asked, is_alive)) = life.known
            && asked >= since
        {
            return is_alive;
        }
        let asked = Instant::now();
        let sign = async {
            let mut stream = self.connect().await?;
            let request = format!("GET / HTTP/1.1\r\nHost: {self}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            stream.read_u8().await
        };
        let is_alive = matches!(tokio::time::timeout(ALIVE_WITHIN, sign).await, Ok(Ok(_)));
        life.known = Some((asked, is_alive));
        if !is_alive {
            life.silent_at = Some(Instant::now());
        }
        is_alive
    }
}

/// Reads the head of the proxy's answer, and nothing behind it.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    loop {
        let end = head.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        match end {
            Some(end) if end + 4 == head.len() => return Ok(head),
            // The receiver speaks second, so these bytes are nobody's; after a refusal they are its page.
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

/// Who is to blame for an answer, if there is no tunnel.
///
/// By RFC 9110, 502 and 504 are about what is behind the proxy and all others are about the proxy. Some say 503 when they
/// can't connect, and then say so: Squid in `X-Squid-Error`, others in `Proxy-Status` (RFC 9209).
fn judge(head: &[u8], address: SocketAddr) -> Result<(), NoTunnel> {
    let Some(status) = status_of(head) else {
        return Err(NoTunnel::Proxy("does not answer in HTTP".to_owned()));
    };
    let text = String::from_utf8_lossy(head).to_lowercase();
    let says = |header: &str, words: &[&str]| {
        text.lines()
            .filter(|line| line.starts_with(header))
            .any(|line| words.iter().any(|word| line.contains(word)))
    };
    let names_the_receiver = says("x-squid-error:", &["err_connect_fail", "err_read_timeout"])
        || says(
            "proxy-status:",
            &[
                "error=connection_refused",
                "error=connection_terminated",
                "error=connection_timeout",
                "error=destination_ip_unroutable",
                "error=destination_unavailable",
            ],
        );
    match status {
        200..=299 => Ok(()),
        504 => Err(NoTunnel::Receiver(
            Failure::Timeout,
            format!("no connection in time: the proxy waited for {address} in vain"),
        )),
        502 | 503 if status == 502 || names_the_receiver => Err(NoTunnel::Receiver(
            Failure::Connect,
            format!("no connection: the proxy could not connect to {address}"),
        )),
        _ => Err(NoTunnel::Proxy(format!("answered {status}"))),
    }
}

#[cfg(test)]
mod tests;
