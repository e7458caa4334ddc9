//! The queue as workers use it: fetch and complete in one call, and the upkeep that nobody waits for.
//!
//! Fair shares: endpoints take turns (`ready`), and each turn serves a few deliveries. Endpoints that are slow have a
//! lane of their own (`ready:slow`), from which a worker takes only as many as it can spare.

mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::Value;

use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use domain::sealing::SealedSecret;

use super::decode::{array, integer, next};
pub use super::log::Phases;
use super::{Store, StoreError};

pub(crate) use wire::{Work, log_arguments};
use wire::{kept_for, reply};

/// One run of a worker process: no two runs share it. Fences calls that arrive late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incarnation(String);

/// A lease's fencing token. Opaque: only the lease's holder can complete it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseToken(String);

/// The rules that `complete` applies: from the worker's configuration, the same for every call.
#[derive(Debug, Clone)]
pub struct QueuePolicy {
    /// How long a lease lasts.
    pub lease: Duration,
    /// Attempts in flight per endpoint (`ENDPOINT_CONCURRENCY`).
    pub endpoint_concurrency: u32,
    /// Strikes in a row that disable an endpoint (`DISABLE_AFTER`).
    pub disable_after: u32,
    /// How long the streak must have lasted (`DISABLE_MIN_SPAN`).
    pub disable_min_span: Duration,
    /// How long a payload is kept after all its deliveries succeeded (`RETENTION_SUCCEEDED`).
    pub retention_succeeded: Duration,
    /// How long an exhausted delivery is kept (`RETENTION_FAILED`).
    pub retention_failed: Duration,
    /// Attempts kept in an endpoint's log (`LOG_LENGTH`).
    pub log_length: u32,
}

/// A call of `work`: reports first, then what the worker has room for.
#[derive(Debug, Clone)]
pub struct WorkRequest {
    /// Higher with every new request of an incarnation; the same when a request is repeated.
    pub sequence: u64,
    /// Finished attempts; at most [`MAX_REPORTS`].
    pub reports: Vec<Report>,
    /// Endpoints on which this worker has an attempt open for more than a second.
    pub slow_endpoints: Vec<EndpointId>,
    /// How many deliveries the worker has room for; at most [`MAX_FETCH`] are handed out. 0 only reports.
    pub want: u32,
    /// How many of them may be of slow endpoints.
    pub want_slow: u32,
    /// How many slots are free, which may be more than one call fills: no endpoint gets more than half as many as are left.
    pub free: u32,
    /// How many bytes of payload the worker has room for; one delivery is handed out even if it is larger.
    pub want_bytes: u64,
    /// The most suspects (quarantined deliveries) that this worker may hold, those that it holds already included.
    pub suspects: u32,
    /// A fresh id, from which the ids of account events are made that this call may give rise to.
    pub spare: EventId,
}

/// The most reports in one call.
pub const MAX_REPORTS: usize = 64;

/// The most deliveries that one call hands out.
pub const MAX_FETCH: usize = 64;

/// What became of a lease.
#[derive(Debug, Clone)]
pub struct Report {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The token of the lease.
    pub token: LeaseToken,
    /// The name of the event's type, for the log.
    pub event: String,
    /// What the attempt came to.
    pub outcome: Outcome,
}

/// What an attempt came to, as far as the queue cares.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// 2xx in time.
    Succeeded(AttemptRecord),
    /// A strike. `retry_in` is `None` when it was the last attempt.
    Failed {
        /// What to log.
        attempt: AttemptRecord,
        /// When to try again.
        retry_in: Option<Duration>,
        /// Whether the receiver said `410 Gone`.
        gone: bool,
    },
    /// No attempt was made (shutdown, too late for the lease, our own trouble): as if it had not been fetched.
    GivenBack,
    /// The attempt ended without an outcome (a panic): counts as a lost lease.
    Crashed,
}

/// What the log keeps of an attempt.
#[derive(Debug, Clone, Default)]
pub struct AttemptRecord {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
    /// Where that time went.
    pub phases: Phases,
    /// The stable code of the failure (see [`domain::delivery::Failure::code`]); `None` on success.
    pub error: Option<&'static str>,
    /// The failure in words, bounded by the caller; empty on success.
    pub detail: String,
    /// The head of the answer, a line `name: value` for each field, bounded by the caller; empty on success.
    pub response_headers: String,
    /// The start of the response body, bounded by the caller; empty on success.
    pub snippet: String,
}

/// What `work` answers.
#[derive(Debug, Clone, Default)]
pub struct WorkReply {
    /// Deliveries that are leased to this worker now.
    pub leased: Vec<Leased>,
    /// Those of them that are suspects: if the worker dies now, they take the blame.
    pub suspects: Vec<DeliveryId>,
    /// Leases whose endpoint or event can't be read: to be reported as [`Outcome::Crashed`], which quarantines
    /// them in the end.
    pub unreadable: Vec<(DeliveryId, LeaseToken)>,
    /// One for each report, in order.
    pub receipts: Vec<Receipt>,
    /// When there will be something to do, if nothing happens before: zero means now.
    pub next_due: Option<Duration>,
    /// There is more to fetch already.
    pub more: bool,
}

/// A delivery that is leased to this worker.
#[derive(Debug, Clone)]
pub struct Leased {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The lease's token.
    pub token: LeaseToken,
    /// The number of the attempt to make, from 1.
    pub attempt: u32,
    /// The event, shared by all its deliveries in this reply.
    pub event: Arc<LeasedEvent>,
    /// The endpoint, shared by all its deliveries in this reply.
    pub endpoint: Arc<LeasedEndpoint>,
}

/// What an attempt needs of its event.
#[derive(Clone)]
pub struct LeasedEvent {
    /// The event's id.
    pub id: EventId,
    /// Its type's name.
    pub event: String,
    /// The bytes to sign and send.
    pub body: Bytes,
}

impl fmt::Debug for LeasedEvent {
    /// Without the payload, which is nobody's business but the receiver's.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, event, body } = self;
        write!(formatter, "LeasedEvent({id}, {event}, {} bytes)", body.len())
    }
}

/// What an attempt needs of its endpoint.
#[derive(Debug, Clone)]
pub struct LeasedEndpoint {
    /// The endpoint's id.
    pub id: EndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// Changes whenever URL or secret change: what was derived from them can be kept by id and version.
    pub version: u64,
    /// Where to send.
    pub url: String,
    /// The signing secret, sealed.
    pub secret: SealedSecret,
    /// The secret before the last rotation, while its grace lasts.
    pub previous_secret: Option<SealedSecret>,
    /// During a grace, `X-RKT-Signature` is made with the previous secret.
    pub legacy_uses_previous: bool,
    /// Whether it counts as slow: its last attempt took over a second, or one is open for longer.
    pub slow: bool,
}

/// What the store answers to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Recorded.
    Recorded,
    /// Recorded, and it was the strike that disabled the endpoint.
    DisabledEndpoint,
    /// The lease was lost or already completed: nothing was changed.
    Stale,
}

/// What upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpkeepReply {
    /// Leases that expired and were taken back.
    pub reaped: u32,
    /// Deliveries that were swept (released, discarded, removed or aged out).
    pub swept: u32,
    /// There is more to do now.
    pub more: bool,
    /// A replay wants its next step after this.
    pub look_again: Option<Duration>,
    /// Payloads of finished events that went at their age.
    pub aged: Released,
    /// Payloads of finished events that went earlier, to make room.
    pub early: Released,
}

/// Payloads that were let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Released {
    /// How many.
    pub payloads: u64,
    /// What they had been charged: the payloads, and what surrounds them.
    pub bytes: u64,
}

impl LeaseToken {
    /// Takes a token's text.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The token's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Incarnation {
    /// A new, random one.
    #[must_use]
    pub fn random() -> Self {
        Self(EndpointId::random().as_str().trim_start_matches("ep_").to_owned())
    }
}

impl Store {
    /// Records reports, then leases deliveries: one step. Repeating it with the same sequence (from 1) changes nothing,
    /// and returns the same receipts and those of the leases that still stand.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: repeat it with the same sequence.
    pub async fn work(
        &self,
        incarnation: &Incarnation,
        policy: &QueuePolicy,
        request: &WorkRequest,
    ) -> Result<WorkReply, StoreError> {
        reply(self.call(&Work::of(incarnation, policy, request)).await?)
    }

    /// One bounded step of upkeep: let go of payloads that were kept for long enough, reap expired leases, sweep what was
    /// released, discarded or removed, age out what was parked too long.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn upkeep(&self, policy: &QueuePolicy) -> Result<UpkeepReply, StoreError> {
        self.upkeep_step(policy, None, 0).await
    }

    /// The same, for a worker that knows how long its last upkeep is ago: that tells a clock that was set from time that
    /// passed. It also lets go of finished events' payloads of so many bytes (see [`super::memory`]), or of as many as one
    /// step does, whatever their age.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. When its answer is lost, more may have gone than was asked for: measure again.
    pub async fn upkeep_step(
        &self,
        policy: &QueuePolicy,
        since_last: Option<Duration>,
        room: u64,
    ) -> Result<UpkeepReply, StoreError> {
        let since_last = since_last.map(|since| since.as_millis().to_string());
        let arguments = [
            policy.endpoint_concurrency.to_string(),
            kept_for(policy.retention_succeeded).as_millis().to_string(),
            kept_for(policy.retention_failed).as_millis().to_string(),
            UPKEEP_STEP.to_string(),
            policy.log_length.to_string(),
            EventId::new(Timestamp::now().as_millis()).to_string(),
            format!("{} {}", policy.lease.as_millis(), since_last.unwrap_or_default()),
            room.to_string(),
        ];
        let mut answer = array(self.run(&self.scripts().upkeep, &arguments).await?)?.into_iter();
        let mut count = || integer(next(&mut answer)?).map(|number| u32::try_from(number).unwrap_or(0));
        let (reaped, swept, more) = (count()?, count()?, count()? == 1);
        let look_again = u64::try_from(integer(next(&mut answer)?)?)
            .ok()
            .map(Duration::from_millis);
        let mut both = array(next(&mut answer)?)?.into_iter();
        Ok(UpkeepReply {
            reaped,
            swept,
            more,
            look_again,
            aged: released(next(&mut both)?)?,
            early: released(next(&mut both)?)?,
        })
    }

    /// Waits on a connection of its own until there may be something to fetch; `true` when a wake token came,
    /// `false` after `timeout`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn wait_for_work(&self, timeout: Duration) -> Result<bool, StoreError> {
        let mut command = redis::cmd("BLPOP");
        command.arg(self.keys().key("wake")).arg(timeout.as_secs_f64());
        let token: Value = self.query_wake(timeout, &command).await?;
        Ok(!matches!(token, Value::Nil))
    }
}

fn released(value: Value) -> Result<Released, StoreError> {
    let mut counts = array(value)?.into_iter();
    let mut count = || integer(next(&mut counts)?).map(|number| u64::try_from(number).unwrap_or(0));
    Ok(Released {
        payloads: count()?,
        bytes: count()?,
    })
}

/// How many deliveries one step of upkeep touches in each of its parts.
const UPKEEP_STEP: u32 = 100;
