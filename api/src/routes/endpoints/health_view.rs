//! How well deliveries to an endpoint work, as answers show it.

use crate::health::{EndpointHealth, Notice, NoticeKind, Parked, Queue, TopFailure};
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::super::attempt::whole_millis;
use super::super::schema::{DateTime, ErrorName};

/// How well deliveries to an endpoint work: a judgement of the latest attempts and of what is waiting.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EndpointHealth", rename_all = "camelCase")]
pub(crate) struct HealthView {
    /// How many failed attempts in a row disable the endpoint.
    disable_after: u32,
    /// How many more failures in a row disable it; 0 while it is not active, and after enough of them, until they have lasted long
    /// enough.
    failures_until_disabled: u32,
    /// When the endpoint will be disabled if attempts keep failing at the present pace, or, after enough failures, when the clock
    /// disables it; `null` if fewer than two attempts in a row have failed, or the endpoint is not active.
    #[oai(nullable)]
    disabled_at_this_pace: Option<DateTime>,
    /// When the next attempt is due; `null` if there is nothing to send, or the endpoint is not active.
    #[oai(nullable)]
    next_attempt_at: Option<DateTime>,
    /// How many attempts may be in flight at once now. It starts with 1, and doubles with each success as long as the receiver
    /// carries that.
    in_flight_limit: u32,
    /// How many attempts at once the receiver carries, if it was found to carry fewer than it could have had; `null` otherwise.
    #[oai(nullable)]
    carries: Option<u32>,
    /// When one parked delivery is tried again (`autoResume`); `null` unless failures disabled the endpoint, and once the time has come,
    /// while nothing is parked: then the next delivery is tried as soon as it comes.
    #[oai(nullable)]
    resume_at: Option<DateTime>,
    /// Whether the service's own network is broken: then failures don't count, and deliveries go on when it works again.
    own_outage: bool,
    /// What you should know of the way the endpoint is served now, most important first.
    notices: Vec<NoticeView>,
    /// The share of the sampled attempts that succeeded, from 0 to 1; `null` if there are none.
    #[oai(nullable)]
    success_rate: Option<f64>,
    /// The median duration of the sampled attempts, in milliseconds; `null` if there are none.
    #[oai(nullable)]
    p50_ms: Option<u64>,
    /// The 95th percentile of the durations of the sampled attempts, in milliseconds; `null` if there are none.
    #[oai(nullable)]
    p95_ms: Option<u64>,
    /// How many attempts were sampled: the latest ones, at most 100, without test events and without those that are held.
    sampled_attempts: u64,
    /// After how many of the latest attempts the receiver asked us to wait.
    held_attempts: u64,
    /// Deliveries that will be sent.
    queue: QueueView,
    /// Deliveries that are held back until the endpoint is switched on; none while it is active.
    parked: ParkedView,
    /// The most frequent failure among the sampled attempts; if none failed, and it was by asking us to wait that the receiver caused
    /// three failures in a row, or disabled the endpoint, that; otherwise `null`.
    #[oai(nullable)]
    top_failure: Option<TopFailureView>,
}

/// Something that is so now.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Notice")]
pub(crate) struct NoticeView {
    /// What it is about.
    about: NoticeKindView,
    /// What is so, in a sentence. Its times are UTC.
    text: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "NoticeKind", rename_all = "snake_case")]
pub(crate) enum NoticeKindView {
    /// The service's own network is broken: failures don't count.
    OwnOutage,
    /// The operator of the service pauses or throttles the endpoint.
    OperatorHold,
    /// Its owner paused it.
    Paused,
    /// The receiver asked us to wait.
    Held,
    /// Enough attempts have failed in a row: the endpoint will be disabled when they have lasted long enough.
    DisabledByClock,
    /// A parked delivery is tried again by itself.
    Resuming,
    /// Its owner limits how fast it is served.
    RateLimited,
    /// The receiver was found to carry only so many attempts at once.
    Carries,
}

/// Deliveries that an endpoint will be sent.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EndpointQueue", rename_all = "camelCase")]
pub(crate) struct QueueView {
    /// How many are waiting for their turn.
    waiting: u64,
    /// How many are waiting until their next attempt is due.
    retrying: u64,
    /// How many are being attempted right now.
    in_flight: u64,
    /// When the event of the delivery at the head of the queue was accepted; `null` if none is waiting.
    #[oai(nullable)]
    oldest_waiting_since: Option<DateTime>,
}

/// Deliveries that are held back until an endpoint is switched on.
#[derive(Debug, Default, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "ParkedDeliveries", rename_all = "camelCase")]
pub(crate) struct ParkedView {
    /// How many there are.
    deliveries: u64,
    /// The total size of their payloads, in bytes.
    bytes: u64,
}

/// The most frequent failure, and what to do about it.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "TopFailure", rename_all = "camelCase")]
pub(crate) struct TopFailureView {
    /// What went wrong, as a stable code.
    error: ErrorName,
    /// The HTTP status of the receiver's answers; `null` if there were none.
    #[oai(nullable)]
    status: Option<u16>,
    /// How many of the sampled attempts failed in this way.
    count: u64,
    /// When the first attempt failed in this way since the last success, as far as the sample goes back.
    since: DateTime,
    /// What the failure means and what to do about it, in one sentence.
    advice: String,
}

impl ParkedView {
    pub(super) const fn of(deliveries: u64, bytes: u64) -> Self {
        Self { deliveries, bytes }
    }
}

impl From<EndpointHealth> for HealthView {
    fn from(health: EndpointHealth) -> Self {
        Self {
            disable_after: health.disable_after,
            failures_until_disabled: health.failures_until_disabled,
            disabled_at_this_pace: health.disabled_at_this_pace.map(Into::into),
            next_attempt_at: health.next_attempt_at.map(Into::into),
            in_flight_limit: health.in_flight_limit,
            carries: health.carries,
            resume_at: health.resume_at.map(Into::into),
            own_outage: health.own_outage,
            notices: health.notices.into_iter().map(Into::into).collect(),
            success_rate: health.success_rate,
            p50_ms: health.p50.map(whole_millis),
            p95_ms: health.p95.map(whole_millis),
            sampled_attempts: health.sampled_attempts as u64,
            held_attempts: health.held_attempts as u64,
            queue: health.queue.into(),
            parked: health.parked.into(),
            top_failure: health.top_failure.map(Into::into),
        }
    }
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            about: match notice.about {
                NoticeKind::OwnOutage => NoticeKindView::OwnOutage,
                NoticeKind::OperatorHold => NoticeKindView::OperatorHold,
                NoticeKind::Paused => NoticeKindView::Paused,
                NoticeKind::Held => NoticeKindView::Held,
                NoticeKind::DisabledByClock => NoticeKindView::DisabledByClock,
                NoticeKind::Resuming => NoticeKindView::Resuming,
                NoticeKind::RateLimited => NoticeKindView::RateLimited,
                NoticeKind::Carries => NoticeKindView::Carries,
            },
            text: notice.text,
        }
    }
}

impl From<Queue> for QueueView {
    fn from(queue: Queue) -> Self {
        Self {
            waiting: queue.waiting,
            retrying: queue.retrying,
            in_flight: queue.in_flight,
            oldest_waiting_since: queue.oldest_waiting_since.map(Into::into),
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
            error: ErrorName(failure.error),
            status: failure.status,
            count: failure.count as u64,
            since: failure.since.into(),
            advice: failure.advice,
        }
    }
}
