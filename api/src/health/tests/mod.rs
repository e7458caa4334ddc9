//! The judgement on facts that are made up here; what the store really tells is looked at by the tests of the API.

mod account;

mod advice;

mod future;

mod notices;

mod sample;

use super::*;
use domain::delivery::DeliveryState;
use domain::endpoint::{DisabledReason, EndpointTag, LastAttempt, QueueDepth, RateLimit, Recent};
use domain::event::Subscription;
use domain::id::{DeliveryId, EndpointId, EventId};
use store::log::LoggedAttempt;
use store::policy::Policy;
use store::queue::Phases;

/// The time at which everything is judged.
const NOW: &str = "2026-03-26T12:00:00.000Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// So many seconds before [`NOW`].
fn ago(seconds: i64) -> Timestamp {
    let now = i64::try_from(at(NOW).as_millis()).unwrap();
    Timestamp::from_millis(now - seconds * 1000).unwrap()
}

fn endpoint() -> Endpoint {
    Endpoint {
        id: EndpointId::random(),
        account: "org:org_1".parse().unwrap(),
        url: "https://a.example/hook".to_owned(),
        events: vec![Subscription::All],
        chatbots: domain::endpoint::Chatbots::default(),
        filters: domain::endpoint::Filters::default(),
        description: None,
        state: EndpointState::Active,
        consecutive_failures: 0,
        disabled_reason: None,
        disabled_at: None,
        last_attempt: None,
        recent: Recent::default(),
        queue: QueueDepth::default(),
        failing_since: None,
        held_until: None,
        limit: None,
        carries: None,
        headers: Vec::new(),
        rate_limit: None,
        paced_until: None,
        auto_resume: false,
        resume_at: None,
        operator_hold: None,
        grace: None,
        created_at: ago(100_000),
        created_by: None,
        updated_at: ago(100_000),
        updated_by: None,
        tag: EndpointTag::new("0123456789abcdef0123").unwrap(),
    }
}

/// An endpoint with so many failures in a row, the first of them so many seconds ago.
fn failing(failures: u32, since: i64) -> Endpoint {
    Endpoint {
        consecutive_failures: failures,
        failing_since: Some(ago(since)),
        last_attempt: Some(last_attempt("http_status", Some(401))),
        ..endpoint()
    }
}

fn disabled(reason: DisabledReason) -> Endpoint {
    Endpoint {
        state: EndpointState::Disabled,
        disabled_reason: Some(reason),
        disabled_at: Some(ago(60)),
        ..failing(10, 600)
    }
}

fn last_attempt(error: &str, status: Option<u16>) -> LastAttempt {
    LastAttempt {
        at: ago(1),
        delivery_id: DeliveryId::of(&EventId::new(0), &EndpointId::random()),
        attempt: 1,
        succeeded: false,
        status,
        duration_ms: 5,
        error: Some(error.to_owned()),
    }
}

fn facts(endpoint: Endpoint) -> EndpointFacts {
    EndpointFacts {
        endpoint,
        oldest_waiting: None,
        nearest_retry: None,
        attempts: Vec::new(),
        policy: None,
        disabled_by_clock_at: None,
        own_outage: false,
        now: at(NOW),
    }
}

/// The facts about an endpoint that the clock disables in six seconds.
fn watched(endpoint: Endpoint) -> EndpointFacts {
    EndpointFacts {
        disabled_by_clock_at: Some(ago(-6)),
        ..facts(endpoint)
    }
}

fn policy() -> Policy {
    Policy {
        disable_after: 5,
        disable_min_span: Duration::ZERO,
        retention_succeeded: Duration::from_secs(86_400),
        retention_failed: Duration::from_secs(86_400),
        log_length: 1000,
        endpoint_concurrency: 32,
        destination_concurrency: 64,
        max_attempts: 10,
        exhausted_budget: 1 << 30,
        history_budget: 1 << 30,
        operator_events: false,
        delivery_timeout: Duration::from_millis(2500),
    }
}

/// A successful attempt so many seconds ago.
fn success(seconds: i64) -> LoggedAttempt {
    LoggedAttempt {
        at: ago(seconds),
        delivery: DeliveryId::of(&EventId::new(0), &EndpointId::random()),
        event: "lead.captured".to_owned(),
        attempt: 1,
        outcome: DeliveryState::Succeeded,
        held_until: None,
        duration: Some(Duration::from_millis(20)),
        phases: Phases::default(),
        status: Some(200),
        error: None,
        detail: None,
        response_headers: None,
        snippet: None,
        is_test: false,
        is_probe: false,
        is_erased: false,
    }
}

/// A failed attempt so many seconds ago.
fn failure(seconds: i64, error: &str, status: Option<u16>, detail: &str) -> LoggedAttempt {
    LoggedAttempt {
        outcome: DeliveryState::Retrying,
        status,
        error: Some(error.to_owned()),
        detail: Some(detail.to_owned()),
        ..success(seconds)
    }
}

/// An attempt so many seconds ago, after which the receiver asked us to wait.
fn held(seconds: i64) -> LoggedAttempt {
    LoggedAttempt {
        outcome: DeliveryState::Pending,
        held_until: Some(ago(seconds - 30)),
        ..failure(
            seconds,
            "http_status",
            Some(429),
            "answered 429 Too Many Requests",
        )
    }
}

/// A delivery that was given up so many seconds ago, without an attempt.
fn given_up(seconds: i64, reason: &str) -> LoggedAttempt {
    LoggedAttempt {
        outcome: DeliveryState::Exhausted,
        duration: None,
        ..failure(seconds, reason, None, "")
    }
}
