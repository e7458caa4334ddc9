//! Is the proxy alive? Asked while requests go through it, so that its silence is not taken for a receiver's.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::EgressProxy;

/// How long the proxy may take to give a sign of life.
const ALIVE_WITHIN: Duration = Duration::from_secs(1);

/// How long a request is on its way before the proxy is first asked for a sign of life, and how often from then on.
const FIRST_LOOK: Duration = Duration::from_millis(250);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is known of the proxy's life.
#[derive(Debug, Default)]
pub(super) struct Life {
    /// When it was last asked for a sign of life, and whether it gave one.
    known: Option<(Instant, bool)>,
    /// When it last gave none.
    silent_at: Option<Instant>,
}

impl EgressProxy {
    /// Asks for a sign of life now and then. To be polled beside a request that goes through the proxy.
    pub(crate) async fn watch(&self) -> Infallible {
        tokio::time::sleep(FIRST_LOOK).await;
        loop {
            let now = Instant::now();
            self.is_alive(now.checked_sub(LOOK_EVERY / 2).unwrap_or(now))
                .await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether the proxy gave no sign of life at some time since `began`, or gives none now: then a failure of what went
    /// through it meanwhile says nothing about the receiver.
    pub(crate) async fn was_silent(&self, began: Instant) -> bool {
        let is_alive = self.is_alive(Instant::now()).await;
        let life = self.0.life.lock().await;
        !is_alive || life.silent_at.is_some_and(|at| at >= began)
    }

    /// Whether the proxy gives a sign of life: any answer at all to a request that it can answer alone. If somebody has
    /// asked it at `since` or later, that answer counts.
    async fn is_alive(&self, since: Instant) -> bool {
        // Whoever comes while the proxy is being asked waits here for that answer.
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
