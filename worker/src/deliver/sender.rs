//! The one way to a receiver, for deliveries and for test events: open the target, sign, send, judge.

use std::time::{Duration, Instant};

use domain::endpoint::UrlPolicy;
use domain::id::DeliveryId;
use domain::sealing::SecretsKeyring;
use reqwest::header::InvalidHeaderValue;
use store::queue::{AttemptRecord, Leased, LeasedEndpoint, LeasedEvent};
use store::test_events::TestEvent;

use super::judge::{self, Judged};
use super::request;
use super::targets::{NoTarget, Targets};
use crate::metrics::NOT_ATTEMPTED;
use crate::transport::Client;

/// Sends through the guarded client, each time within `DELIVERY_TIMEOUT`.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    targets: Targets,
    timeout: Duration,
}

/// What to send, and to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) delivery: &'a DeliveryId,
    pub(super) attempt: u32,
    pub(super) event: &'a LeasedEvent,
    pub(super) endpoint: &'a LeasedEndpoint,
}

/// Why nothing was sent, through no fault of the receiver.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    /// The endpoint's secret doesn't open. The operator has been told.
    #[error("the signing secret does not open")]
    Secret,
    /// We lack something.
    #[error("{0}")]
    Resources(String),
    /// The proxy doesn't do its work.
    #[error("{0}")]
    Proxy(String),
    /// What is stored can't be sent at all.
    #[error("the stored event can't be sent: {0}")]
    Unsendable(#[from] InvalidHeaderValue),
}

impl Sender {
    /// Sends with `client` to what `urls` allows, and signs with what `keyring` opens.
    pub(crate) fn new(client: Client, urls: UrlPolicy, keyring: SecretsKeyring, timeout: Duration) -> Self {
        Self {
            client,
            targets: Targets::new(urls, keyring),
            timeout,
        }
    }

    /// How long one sending may take.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Sends once. Whatever the receiver does is judged, never an error.
    pub(super) async fn send(&self, message: Message<'_>) -> Result<Judged, NotSent> {
        let target = match self.targets.find(message.endpoint) {
            Ok(target) => target,
            Err(NoTarget::Url(failure, detail)) => return Ok(Judged::refused(failure, detail)),
            Err(NoTarget::Secret) => return Err(NotSent::Secret),
        };
        let request = request::build(message, &target)?;
        judge::send(&self.client, request, self.timeout).await
    }

    /// Sends a test event once. The record has what was answered in any case.
    pub(crate) async fn send_test_event(&self, test_event: &TestEvent) -> AttemptRecord {
        let started = Instant::now();
        let sent = self.send(test_event.into()).await;
        let duration = started.elapsed();
        match sent {
            Ok(judged) => judged.record_in_full(duration),
            Err(error) => {
                tracing::error!(delivery = %test_event.delivery, %error, "could not send a test event");
                not_attempted(&error.to_string(), duration)
            }
        }
    }
}

/// The record of a test event that was not sent, through no fault of the receiver.
pub(crate) fn not_attempted(reason: &str, duration: Duration) -> AttemptRecord {
    AttemptRecord {
        duration,
        error: Some(NOT_ATTEMPTED),
        detail: format!("nothing was sent, and the endpoint is not to blame: {reason}"),
        ..AttemptRecord::default()
    }
}

impl<'a> From<&'a Leased> for Message<'a> {
    fn from(leased: &'a Leased) -> Self {
        Self {
            delivery: &leased.delivery,
            attempt: leased.attempt,
            event: &leased.event,
            endpoint: &leased.endpoint,
        }
    }
}

impl<'a> From<&'a TestEvent> for Message<'a> {
    fn from(test_event: &'a TestEvent) -> Self {
        Self {
            delivery: &test_event.delivery,
            attempt: 1,
            event: &test_event.event,
            endpoint: &test_event.endpoint,
        }
    }
}
