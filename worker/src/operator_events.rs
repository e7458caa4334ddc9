//! Tells the operator of the service what happens to accounts (`OPERATOR_EVENTS_URL`): one event after the other, each until it was taken.
//!
//! One worker at a time sends them; another one takes over when it has not asked for half a minute. An event that was taken, and whose
//! worker died before it said so, is sent again: its id is the same. The operator's receiver is never switched off, and nothing that
//! happens here is told.

use std::fmt;
use std::time::{Duration, Instant};

use domain::header_names::HeaderNames;
use domain::seldom::Seldom;
use domain::signing::SigningSecret;
use program::live::Live;
use reqwest::{Client, Url, redirect};
use store::Store;
use store::operator_events::OperatorEvent;
use store::queue::Incarnation;

use crate::clock::Clock;
use crate::metrics::OperatorMetrics;
use crate::outage::Outage;
use crate::stop::Stop;

/// For how long nobody else sends them.
const LEASE: Duration = Duration::from_secs(30);

/// How often it looks whether there is one; while nothing happens in the shard, seldom, but so often that nobody else takes over. And how often
/// while it waits for the receiver.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_WHILE_QUIET: Duration = Duration::from_secs(10);
const STAY_EVERY: Duration = Duration::from_secs(10);

/// How long an attempt takes at the most, and the waits between the attempts of an event.
const TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often the log says that an event was not taken.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// Where the operator is told, and what proves that it is us.
#[derive(Debug, Clone)]
pub struct OperatorReceiver {
    /// Any URL: it is the operator's own, so plain http and private addresses are allowed.
    pub url: ReceiverUrl,
    /// Signs what is sent.
    pub secret: Live<SigningSecret>,
}

/// The URL of the operator's receiver, which may have a password or a token in it.
#[derive(Clone)]
pub struct ReceiverUrl(pub Url);

impl fmt::Debug for ReceiverUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}://{}/…",
            self.0.scheme(),
            self.0.host_str().unwrap_or_default()
        )
    }
}

/// Sends them.
#[derive(Debug)]
pub(crate) struct OperatorEventSender {
    pub(crate) store: Store,
    pub(crate) receiver: OperatorReceiver,
    pub(crate) names: HeaderNames,
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) metrics: OperatorMetrics,
    pub(crate) outage: Outage,
    pub(crate) stop: Stop,
}

/// The client for the operator's receiver: straight, without redirects.
///
/// # Errors
///
/// When TLS can't be set up.
pub(crate) fn client(url: &ReceiverUrl) -> Result<Client, reqwest::Error> {
    let builder = Client::builder();
    // A machine without certificate authorities can't trust anybody over https, and needn't over http.
    let builder = if url.0.scheme() == "http" {
        builder.tls_certs_only([])
    } else {
        builder
    };
    builder
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        .build()
}

impl OperatorEventSender {
    /// Runs until the worker stops. What is being sent then is sent again by another worker, unless its answer comes in time.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = self.send_all() => {}
            () = stop.requested() => {}
        }
    }

    async fn send_all(&mut self) {
        let sender = Incarnation::random();
        let (mut sent, mut failures, mut due) = (None::<String>, 0_u32, Instant::now());
        let mut unsaid = Seldom::every(SAY_EVERY);
        loop {
            let next = match self
                .store
                .next_operator_event(&sender, LEASE, sent.as_deref())
                .await
            {
                Ok(next) => next,
                Err(error) => {
                    tokio::time::sleep(self.outage.failed(&error)).await;
                    continue;
                }
            };
            self.outage.over();
            self.metrics.seen(self.store.shard(), &next);
            let Some(event) = next.next else {
                (failures, due) = (0, Instant::now());
                self.store.rest(LOOK_EVERY, LOOK_WHILE_QUIET).await;
                continue;
            };
            let now = Instant::now();
            if due > now {
                tokio::time::sleep((due - now).min(STAY_EVERY)).await;
                continue;
            }
            match self.send(&event).await {
                Ok(()) => {
                    self.metrics.sent.inc();
                    (sent, failures) = (Some(event.id), 0);
                }
                Err(reason) => {
                    self.metrics.failed.inc();
                    let wait = FIRST_WAIT.saturating_mul(1 << failures.min(6)).min(LONGEST_WAIT);
                    failures += 1;
                    due = Instant::now() + wait;
                    if unsaid.is_due(Instant::now()) {
                        tracing::warn!(
                            event = event.kind,
                            waiting = next.waiting,
                            "OPERATOR_EVENTS_URL did not take an event, and gets it again until it does: {reason}"
                        );
                    }
                }
            }
        }
    }

    /// Sends one event. What is no 2xx was not taken.
    async fn send(&self, event: &OperatorEvent) -> Result<(), String> {
        let (id, seconds) = (format!("evt_{}", event.id), self.clock.now().as_seconds());
        let (body, secret) = (&event.body[..], self.receiver.secret.get());
        let answer = self
            .client
            .post(self.receiver.url.0.clone())
            .header("Content-Type", "application/json")
            .header("webhook-signature", secret.standard_signature(&id, seconds, body))
            .header("webhook-timestamp", seconds)
            .header("webhook-id", id)
            .header(&*self.names.signature, secret.legacy_signature(body))
            .header(&*self.names.event, &event.kind)
            .body(event.body.clone())
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(format!("it answered {}", answer.status()))
        }
    }
}
