//! Asking several servers the same at once.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use redis::{ConnectionAddr, ConnectionInfo};

/// Host, without brackets, and port of a server.
pub(crate) type Address = (String, u16);

/// How long all together may take, and how long the others may take once a good answer has come.
pub(super) const ASK_WITHIN: Duration = Duration::from_millis(600);
const OTHERS_WITHIN: Duration = Duration::from_millis(150);

/// What was found is not asked again for so long: many connections may be opened anew at once, and while the primary is down every
/// call tries to.
pub(super) const BELIEVED_FOR: Duration = Duration::from_millis(100);

/// The answers that came in time.
pub(super) async fn gather<T>(
    asked: impl Iterator<Item = impl Future<Output = T>>,
    is_good: impl Fn(&T) -> bool,
) -> Vec<T> {
    let mut asked: FuturesUnordered<_> = asked.collect();
    let mut answers = Vec::with_capacity(asked.len());
    let mut until = tokio::time::Instant::now() + ASK_WITHIN;
    while let Ok(Some(answer)) = tokio::time::timeout_at(until, asked.next()).await {
        if is_good(&answer) {
            until = until.min(tokio::time::Instant::now() + OTHERS_WITHIN);
        }
        answers.push(answer);
    }
    answers
}

/// The same way to connect, to another address.
pub(super) fn at(server: &ConnectionInfo, (host, port): Address) -> ConnectionInfo {
    let address = match server.addr() {
        ConnectionAddr::TcpTls {
            insecure, tls_params, ..
        } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    server.clone().set_addr(address)
}
