//! Sends spans in batches: as soon as there are enough, and a few seconds after the first at the latest. What isn't taken is dropped.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::counted::{Count, Counted};
use crate::post::{Posted, Request};
use crate::request::encode;
use crate::settings::Settings;
use crate::span::Span;

/// So many are sent at a time.
const MOST_AT_ONCE: usize = 512;

/// How often a batch is tried.
const TRIES: u32 = 3;

/// How long everything may take.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// For how long a batch is collected.
    collect_for: Duration,
    /// The first wait between two tries. Each further one is twice as long.
    first_wait: Duration,
    /// How long a program that stops waits for what is left to be taken.
    finish_within: Duration,
}

const PACE: Pace = Pace {
    collect_for: Duration::from_secs(5),
    first_wait: Duration::from_secs(1),
    finish_within: Duration::from_secs(2),
};

/// Sends what a [`crate::Tracer`] took.
pub struct Exporter {
    settings: Settings,
    queue: Receiver<Span>,
    count: Count,
    pace: Pace,
}

impl fmt::Debug for Exporter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Exporter({} spans)", self.queue.len())
    }
}

impl Exporter {
    pub(crate) const fn new(settings: Settings, queue: Receiver<Span>, count: Count) -> Self {
        Self {
            settings,
            queue,
            count,
            pace: PACE,
        }
    }

    /// Whether its receiver is reached over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.settings.url.scheme() == "https"
    }

    /// Begins to send, through `post`.
    pub(crate) fn start_with<P, F>(self, post: P) -> Exporting
    where
        P: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Posted> + Send + 'static,
    {
        tracing::info!(
            to = self.settings.url.host_str().unwrap_or_default(),
            "traces are exported"
        );
        let (finish, finishing) = oneshot::channel();
        Exporting {
            finish,
            task: tokio::spawn(self.run(post, finishing)),
        }
    }

    async fn run<P, F>(mut self, post: P, mut finishing: oneshot::Receiver<()>)
    where
        P: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Posted> + Send + 'static,
    {
        let mut batch = Vec::with_capacity(MOST_AT_ONCE);
        loop {
            let goes_on = tokio::select! {
                goes_on = self.collect(&mut batch) => goes_on,
                _ = &mut finishing => false,
            };
            if !goes_on {
                break;
            }
            tokio::select! {
                () = self.send(&post, &batch) => batch.clear(),
                _ = &mut finishing => break,
            }
        }
        self.finish(&post, batch).await;
    }

    /// Waits until there is a batch; `false` when there will be no more: what is in it then is for the end, which sends it once.
    async fn collect(&mut self, batch: &mut Vec<Span>) -> bool {
        if self.queue.recv_many(batch, MOST_AT_ONCE).await == 0 {
            return false;
        }
        let more = async {
            while batch.len() < MOST_AT_ONCE {
                let room = MOST_AT_ONCE - batch.len();
                if self.queue.recv_many(batch, room).await == 0 {
                    return false;
                }
            }
            true
        };
        // When that is over, what there is goes.
        tokio::time::timeout(self.pace.collect_for, more)
            .await
            .unwrap_or(true)
    }

    /// Sends what is left, for a while.
    async fn finish<P, F>(&mut self, post: &P, mut batch: Vec<Span>)
    where
        P: Fn(Request) -> F,
        F: Future<Output = Posted>,
    {
        let (left, within) = (batch.len() + self.queue.len(), self.pace.finish_within);
        let mut sent = 0;
        let sending = async {
            loop {
                while batch.len() < MOST_AT_ONCE
                    && let Ok(span) = self.queue.try_recv()
                {
                    batch.push(span);
                }
                if batch.is_empty() {
                    return;
                }
                self.send(post, &batch).await;
                sent += batch.len();
                batch.clear();
            }
        };
        if tokio::time::timeout(within, sending).await.is_err() {
            let dropped = left.saturating_sub(sent);
            (self.count)(Counted::Dropped, dropped as u64);
            tracing::warn!(dropped, "traces were not taken in time before the end");
        }
    }

    async fn send<P, F>(&self, post: &P, batch: &[Span])
    where
        P: Fn(Request) -> F,
        F: Future<Output = Posted>,
    {
        let body = encode(&self.settings.resource, batch);
        let count = batch.len() as u64;
        let mut wait = self.pace.first_wait;
        for tries_left in (0..TRIES).rev() {
            let request = Request {
                url: self.settings.url.clone(),
                headers: self.settings.headers.clone(),
                body: body.clone(),
                timeout: self.settings.timeout,
            };
            match post(request).await.refusal() {
                None => {
                    (self.count)(Counted::Exported, count);
                    return;
                }
                Some((_, true)) if tries_left > 0 => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                Some((reason, _)) => {
                    (self.count)(Counted::Dropped, count);
                    tracing::warn!(
                        dropped = count,
                        reason,
                        "traces could not be exported; nothing else is affected"
                    );
                    return;
                }
            }
        }
    }
}

/// An exporter that runs.
#[derive(Debug)]
pub struct Exporting {
    finish: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Exporting {
    /// Sends what is left, for two seconds at most, and ends.
    pub async fn finish(self) {
        // It may have ended by itself.
        self.finish.send(()).ok();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the exporter of traces broke off");
        }
    }
}

#[cfg(test)]
mod tests;
