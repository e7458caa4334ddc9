//! The JSON of one endpoint in full: with its rotation and its health.

use crate::health::{EndpointHealth, Parked, Queue, TopFailure};
use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, SecretGrace};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use store::health::EndpointFacts;

use super::super::attempt::whole_millis;
use super::super::schema::DateTime;
use super::view::EndpointView;

/// An endpoint with what is known of its past, and what follows for its future.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EndpointDetail", rename_all = "camelCase")]
pub(crate) struct EndpointDetailView {
    /// The endpoint.
    #[serde(flatten)]
    #[oai(flatten)]
    endpoint: EndpointView,
    /// The rotation of its secret whose grace still lasts; `null` without one.
    #[oai(nullable)]
    secret_rotation: Option<RotationView>,
    /// How it does.
    health: HealthView,
}

/// A rotation of a signing secret, while the secret before is still good.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "SecretRotation", rename_all = "camelCase")]
pub(crate) struct RotationView {
    /// Until then `webhook-signature` has a signature with the secret before, too.
    previous_secret_valid_until: DateTime,
    /// Which secret `X-RKT-Signature` is made with until then.
    legacy_signature: LegacySignature,
}

/// Which secret `X-RKT-Signature` is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum LegacySignature {
    /// The new one.
    New,
    /// The one before the rotation.
    Previous,
}

/// How an endpoint does.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EndpointHealth", rename_all = "camelCase")]
pub(crate) struct HealthView {
    /// Failed attempts in a row that disable it.
    disable_after: u32,
    /// How many more failures in a row disable it; 0 while it is not active.
    failures_until_disabled: u32,
    /// When it will be disabled if attempts go on to fail as fast as they do; `null` when they don't, or once only.
    #[oai(nullable)]
    disabled_at_this_pace: Option<DateTime>,
    /// When the next attempt is due; `null` when nothing is to be sent, or it is not active.
    #[oai(nullable)]
    next_attempt_at: Option<DateTime>,
    /// The share of the sampled attempts that succeeded, from 0 to 1; `null` without any.
    #[oai(nullable)]
    success_rate: Option<f64>,
    /// Half of the sampled attempts took no longer, in milliseconds.
    #[oai(nullable)]
    p50_ms: Option<u64>,
    /// 95 of 100 sampled attempts took no longer, in milliseconds.
    #[oai(nullable)]
    p95_ms: Option<u64>,
    /// How many attempts that is said of: the last ones, at most 100. Test events are not among them.
    sampled_attempts: u64,
    /// What it has to send.
    queue: QueueView,
    /// What waits until it is switched on; nothing while it is active.
    parked: ParkedView,
    /// What goes wrong most often among the sampled attempts; `null` if nothing does.
    #[oai(nullable)]
    top_failure: Option<TopFailureView>,
}

/// What an endpoint has to send.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EndpointQueue", rename_all = "camelCase")]
pub(crate) struct QueueView {
    /// Deliveries that wait for their turn.
    waiting: u64,
    /// Deliveries that wait for the time of their next attempt.
    retrying: u64,
    /// Deliveries that are being attempted.
    in_flight: u64,
    /// When the event of the first waiting delivery was accepted; `null` when none waits.
    #[oai(nullable)]
    oldest_waiting_since: Option<DateTime>,
}

/// What waits until an endpoint is switched on.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "ParkedDeliveries", rename_all = "camelCase")]
pub(crate) struct ParkedView {
    /// How many deliveries.
    deliveries: u64,
    /// Bytes of their payloads.
    bytes: u64,
}

/// What goes wrong most often, and what to do about it.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "TopFailure", rename_all = "camelCase")]
pub(crate) struct TopFailureView {
    /// What goes wrong, as a stable code.
    error: String,
    /// The HTTP status; `null` if there was no answer.
    #[oai(nullable)]
    status: Option<u16>,
    /// How many of the sampled attempts ended so.
    count: u64,
    /// Since when: the first that ended so after the last success, as far as the sample goes back.
    since: DateTime,
    /// What it means and what to do about it, in a sentence.
    advice: String,
}

impl TryFrom<String> for LegacySignature {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "new" => Ok(Self::New),
            "previous" => Ok(Self::Previous),
            _ => Err("`new` or `previous`"),
        }
    }
}

impl From<EndpointFacts> for EndpointDetailView {
    fn from(facts: EndpointFacts) -> Self {
        Self {
            secret_rotation: lasting_grace(&facts.endpoint, facts.now).map(Into::into),
            health: EndpointHealth::of(&facts).into(),
            endpoint: facts.endpoint.into(),
        }
    }
}

/// The grace of the last rotation, unless it is over.
fn lasting_grace(endpoint: &Endpoint, now: Timestamp) -> Option<SecretGrace> {
    endpoint.grace.filter(|grace| grace.until > now)
}

impl From<SecretGrace> for RotationView {
    fn from(grace: SecretGrace) -> Self {
        Self {
            previous_secret_valid_until: time(grace.until),
            legacy_signature: if grace.legacy_uses_previous {
                LegacySignature::Previous
            } else {
                LegacySignature::New
            },
        }
    }
}

impl From<EndpointHealth> for HealthView {
    fn from(health: EndpointHealth) -> Self {
        Self {
            disable_after: health.disable_after,
            failures_until_disabled: health.failures_until_disabled,
            disabled_at_this_pace: health.disabled_at_this_pace.map(time),
            next_attempt_at: health.next_attempt_at.map(time),
            success_rate: health.success_rate,
            p50_ms: health.p50.map(whole_millis),
            p95_ms: health.p95.map(whole_millis),
            sampled_attempts: health.sampled_attempts as u64,
            queue: health.queue.into(),
            parked: health.parked.into(),
            top_failure: health.top_failure.map(Into::into),
        }
    }
}

impl From<Queue> for QueueView {
    fn from(queue: Queue) -> Self {
        Self {
            waiting: queue.waiting,
            retrying: queue.retrying,
            in_flight: queue.in_flight,
            oldest_waiting_since: queue.oldest_waiting_since.map(time),
        }
    }
}

impl From<Parked> for ParkedView {
    fn from(parked: Parked) -> Self {
        Self {
            deliveries: parked.deliveries,
            bytes: parked.bytes,
        }
    }
}

impl From<TopFailure> for TopFailureView {
    fn from(failure: TopFailure) -> Self {
        Self {
            error: failure.error,
            status: failure.status,
            count: failure.count as u64,
            since: time(failure.since),
            advice: failure.advice,
        }
    }
}

fn time(at: Timestamp) -> DateTime {
    DateTime(at.to_string())
}
