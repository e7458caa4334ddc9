//! The failure that the owner of an endpoint should look at first.

use std::time::Duration;

use super::advice::Failed;
use super::moment::moment;
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::endpoint::LastError;
use store::log::LoggedAttempt;

/// The most frequent failure of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopFailure {
    /// Its stable code.
    pub error: String,
    /// The HTTP status, if the receiver answered.
    pub status: Option<u16>,
    /// How many attempts of the sample failed like this.
    pub count: usize,
    /// When the first attempt failed like this since the last success before the newest one of them.
    pub since: Timestamp,
    /// What it means and what to do about it, in one sentence. Its times are UTC.
    pub advice: String,
}

/// Failures with the same code and status.
struct Group<'a> {
    /// The index of the newest one in the sample.
    newest: usize,
    count: usize,
    example: &'a LoggedAttempt,
}

impl TopFailure {
    /// The most frequent failure among `attempts` (newest first); of two that are equally frequent, the newer one. Those after
    /// which the receiver asked us to wait are none, unless nothing else explains a streak (`is_failing`): each hold is one of its
    /// failures. Deliveries that were given up without an attempt count only if no attempt failed: they are a consequence of failures.
    pub(super) fn among(
        attempts: &[LoggedAttempt],
        is_failing: bool,
        now: Timestamp,
        timeout: Option<Duration>,
    ) -> Option<Self> {
        let group = most_frequent(attempts, |attempt| {
            attempt.duration.is_some() && !attempt.is_held()
        })
        .or_else(|| most_frequent(attempts, |attempt| is_failing && attempt.is_held()))
        .or_else(|| most_frequent(attempts, |attempt| attempt.duration.is_none()))?;
        let (newer, run) = attempts.split_at(group.newest);
        let since = run
            .iter()
            .take_while(|attempt| attempt.outcome != DeliveryState::Succeeded)
            .filter(|attempt| {
                is_alike(attempt, group.example) && attempt.is_held() == group.example.is_held()
            })
            .last()
            .map_or(group.example.at, |oldest| oldest.at);
        let is_over = newer
            .iter()
            .any(|attempt| attempt.outcome == DeliveryState::Succeeded);
        let when = if is_over {
            format!("until {}", moment(group.example.at, now))
        } else {
            format!("since {}", moment(since, now))
        };
        let error = group.example.error.clone()?;
        let failed = Failed {
            error: &error,
            status: group.example.status,
            detail: group.example.detail.as_deref().unwrap_or_default(),
            timeout,
        };
        Some(Self {
            advice: failed.reading().at(&when),
            status: group.example.status,
            count: group.count,
            since,
            error,
        })
    }
}

/// What a failure means and what to do about it, in one sentence. Its times are UTC.
pub(crate) fn advice_on(last: &LastError, now: Timestamp) -> String {
    let failed = Failed {
        error: &last.error,
        status: last.status,
        detail: &last.detail,
        timeout: None,
    };
    failed.reading().at(&format!("at {}", moment(last.at, now)))
}

fn most_frequent(attempts: &[LoggedAttempt], counts: impl Fn(&LoggedAttempt) -> bool) -> Option<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (place, attempt) in attempts.iter().enumerate() {
        if attempt.error.is_none() || !counts(attempt) {
            continue;
        }
        match groups.iter_mut().find(|group| is_alike(group.example, attempt)) {
            Some(group) => group.count += 1,
            None => groups.push(Group {
                newest: place,
                count: 1,
                example: attempt,
            }),
        }
    }
    // `max_by_key` takes the last of equals: reversed, that is the newest.
    groups.into_iter().rev().max_by_key(|group| group.count)
}

fn is_alike(one: &LoggedAttempt, other: &LoggedAttempt) -> bool {
    one.error == other.error && one.status == other.status
}
