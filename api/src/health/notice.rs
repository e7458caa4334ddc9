//! What an endpoint's owner should know of the way it is served now, in a sentence each.

use super::clock_disables_at;
use super::moment::exact_moment;
use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointState, HoldAction, OperatorHold};
use store::health::EndpointFacts;

/// Something that is so now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub about: NoticeKind,
    /// What is so, in a sentence. Its times are UTC.
    pub text: String,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Our own network is broken.
    OwnOutage,
    /// An operator pauses or throttles it.
    OperatorHold,
    /// Its owner paused it.
    Paused,
    /// The receiver asked us to wait.
    Held,
    /// It has failed often enough, and will be disabled when it has failed for long enough.
    DisabledByClock,
    /// It is tried again by itself.
    Resuming,
    /// Its owner limits how fast it is served.
    RateLimited,
    /// It takes no more at once than it gets.
    Carries,
}

/// When one parked delivery of a disabled endpoint is tried again. `None` unless it resumes by itself; also, once the time has come,
/// while there is none: then the next one is tried at once.
pub(super) fn resume_at(endpoint: &Endpoint, now: Timestamp) -> Option<Timestamp> {
    let has_something = endpoint.queue.total() > 0;
    let planned = endpoint
        .resume_at
        .filter(|_| endpoint.state == EndpointState::Disabled);
    planned.filter(|at| *at > now || has_something)
}

/// The same in words.
pub(super) fn resumes(endpoint: &Endpoint, now: Timestamp) -> Option<String> {
    if let Some(at) = resume_at(endpoint, now) {
        return Some(format!("at {}", exact_moment(at.max(now), now)));
    }
    let is_planned = endpoint.state == EndpointState::Disabled && endpoint.resume_at.is_some();
    is_planned.then(|| "as soon as one comes".to_owned())
}

/// What an operator does, in words.
pub(super) fn held_by_operator(what: &str, hold: &OperatorHold) -> String {
    let does = match hold.action {
        HoldAction::Pause => format!("the operator of the service has paused {what}: what comes is parked"),
        HoldAction::Throttle(rate) => format!("the operator of the service limits {what} to {rate} a second"),
    };
    match hold.reason.as_str() {
        "" => does,
        reason => format!("{does} ({reason})"),
    }
}

/// All that is so now, most important first.
pub(super) fn notices(facts: &EndpointFacts, disable_after: u32) -> Vec<Notice> {
    let (endpoint, now) = (&facts.endpoint, facts.now);
    let mut all = Vec::new();
    let mut add = |about, text: String| all.push(Notice { about, text });
    if facts.own_outage {
        add(
            NoticeKind::OwnOutage,
            "our own network is broken: that is our trouble; nothing is counted against you, and deliveries go on when it works \
             again"
                .to_owned(),
        );
    }
    if let Some(hold) = &endpoint.operator_hold {
        add(NoticeKind::OperatorHold, held_by_operator("it", hold));
    }
    if endpoint.state == EndpointState::Paused {
        add(
            NoticeKind::Paused,
            "you paused it: what comes is parked, and sent once it is active again".to_owned(),
        );
    }
    if let Some(when) = resumes(endpoint, now) {
        add(
            NoticeKind::Resuming,
            format!("one delivery is tried again {when}"),
        );
    }
    if endpoint.state != EndpointState::Active {
        return all;
    }
    if let Some(until) = endpoint.held_until.filter(|until| *until > now) {
        let until = exact_moment(until, now);
        add(NoticeKind::Held, format!("asks us to wait until {until}"));
    }
    if let Some(at) = clock_disables_at(facts, disable_after) {
        let (failures, at) = (endpoint.consecutive_failures, exact_moment(at, now));
        add(
            NoticeKind::DisabledByClock,
            format!(
                "{failures} failures in a row: will be disabled by the clock at {at}, unless an attempt succeeds before"
            ),
        );
    }
    if let Some(limit) = endpoint.rate_limit {
        add(
            NoticeKind::RateLimited,
            format!("you limit it to {limit} a second"),
        );
    }
    if let Some(carries) = endpoint.carries {
        add(NoticeKind::Carries, format!("carries {carries} at once"));
    }
    all
}
