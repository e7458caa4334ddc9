//! What an endpoint's owner should know of the way it is served now, in a sentence each.

use super::clock_disables_at;
use super::moment::exact_moment;
use domain::endpoint::EndpointState;
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
    if endpoint.state == EndpointState::Disabled
        && let Some(at) = endpoint.resume_at
    {
        let at = exact_moment(at.max(now), now);
        add(
            NoticeKind::Resuming,
            format!("one delivery is tried again at {at}"),
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
