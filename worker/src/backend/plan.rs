//! What the fetcher does next: pure decisions, apart from all I/O.
//!
//! One call of `work` is in flight at a time; it carries the reports and asks for as much as there is room for.
//! Whatever finishes during a call goes with the next one, so batches grow with the load. If there is nothing to fetch,
//! reports wait for the next fetch, since a call costs Redis as much as several deliveries: a little if nobody waits for them,
//! hardly at all if somebody may.

use std::time::{Duration, Instant};

use store::queue::{MAX_REPORTS, WorkReply};

use super::looks::Looks;
use super::pool::{Capacity, Share};
use super::slots::View;
use super::want::Want;
use crate::fitness::Allowance;

/// How long reports wait for others, or for something to fetch: while somebody may be waiting for them, and while nobody is. From how
/// many on they don't wait.
const REPORT_AFTER: Duration = Duration::from_millis(1);
const REPORT_AT_LEISURE_AFTER: Duration = Duration::from_millis(5);
const REPORTS_AT_ONCE: usize = 8;

/// Somebody waits for reports until a call with some says otherwise, and for so long at least: its reports may have been those of others,
/// and an attempt that takes longer than this isn't much later for a few milliseconds.
const STAYS_AWAITED: Duration = Duration::from_millis(50);

/// Reports wait longer only while this worker has more than this part of its slots left: one that is fuller may be about to lack
/// the places that the queue still counts as taken.
const LEISURE_PART: u32 = 8;

/// The pauses after calls that found nothing although there is something, which this worker may not take now.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Call `work` with the reports that wait, and ask for this.
    Call(Want),
    /// Wait for a report, or until this moment. `idle` says that there is room and nothing to fetch: a wake token
    /// would help.
    Wait { until: Option<Instant>, idle: bool },
}

/// Decides, from what the calls' answers said.
#[derive(Debug)]
pub(crate) struct Planner {
    capacity: Capacity,
    /// What it may take while the worker can't do its work.
    allowance: Option<Allowance>,
    /// Whether there may be something to fetch.
    promising: bool,
    /// Whether it was handed deliveries since the last call. It is handed no others before the next.
    handed: bool,
    /// Since when deliveries wait for reports, as a call said last.
    awaited: Option<Instant>,
    looks: Looks,
    /// No call just to fetch before this.
    pause_until: Option<Instant>,
    /// Since when reports have been waiting.
    reports_since: Option<Instant>,
    pauses: u32,
}

impl Planner {
    /// Nothing is known yet, so there may be something to fetch.
    pub(crate) const fn new(capacity: Capacity, now: Instant) -> Self {
        Self {
            capacity,
            allowance: None,
            promising: true,
            handed: false,
            awaited: None,
            looks: Looks::new(now),
            pause_until: None,
            reports_since: None,
            pauses: 0,
        }
    }

    /// Sets what may be taken from now on; `None`: as much as there is room for.
    pub(crate) const fn allow(&mut self, allowance: Option<Allowance>) {
        self.allowance = allowance;
    }

    /// Whether it was handed deliveries since the last call.
    pub(crate) const fn handed(&mut self, handed: bool) {
        self.handed = handed;
    }

    /// Whether there may be something to fetch.
    pub(crate) const fn wants(&self) -> bool {
        self.promising
    }

    /// What to do, with `reports` waiting.
    pub(crate) fn next(&mut self, now: Instant, view: &View, reports: usize, stopping: bool) -> Action {
        let action = self.decide(now, view, reports, stopping);
        self.reports_since = match action {
            Action::Wait { .. } if reports > 0 => Some(self.reports_since.unwrap_or(now)),
            _ => None,
        };
        action
    }

    fn decide(&self, now: Instant, view: &View, reports: usize, stopping: bool) -> Action {
        const REPORT: Action = Action::Call(Want::NOTHING);
        const WAIT: Action = Action::Wait {
            until: None,
            idle: false,
        };

        if stopping {
            return if reports > 0 { REPORT } else { WAIT };
        }
        let want = Want::fitting(view, self.share(view), self.capacity.slots, self.allowance);
        let due_at = if self.promising { now } else { self.looks.at() };
        let due_at = due_at.max(self.pause_until.unwrap_or(now));
        let allowed_at = self.allowance.and_then(|allowance| allowance.from).unwrap_or(now);
        let due_at = due_at.max(allowed_at);
        if reports > MAX_REPORTS {
            let may_fetch = want.deliveries > 0 && now >= allowed_at;
            return if may_fetch {
                Action::Call(want.few())
            } else {
                REPORT
            };
        }
        let fetch_at = (want.deliveries > 0).then_some(due_at);
        let report_at = match reports {
            0 => None,
            1..REPORTS_AT_ONCE => Some(self.reports_since.unwrap_or(now) + self.patience(view, want)),
            _ => Some(now),
        };
        match fetch_at.into_iter().chain(report_at).min() {
            Some(at) if now >= at && now < allowed_at => REPORT,
            Some(at) if now >= at => Action::Call(want),
            Some(at) => Action::Wait {
                until: Some(at),
                // Wake tokens are for those that can do the work.
                idle: want.deliveries > 0 && !self.promising && self.allowance.is_none(),
            },
            None => WAIT,
        }
    }

    /// How long a few reports wait.
    fn patience(&self, view: &View, want: Want) -> Duration {
        let may_be_awaited = self.awaited.is_some()
            || self.handed
            || self.promising
            || self.allowance.is_some()
            || want.deliveries == 0
            || self.share(view).slots.saturating_sub(view.held) <= self.capacity.slots / LEISURE_PART;
        if may_be_awaited {
            REPORT_AFTER
        } else {
            REPORT_AT_LEISURE_AFTER
        }
    }

    /// What the shard may hold now.
    fn share(&self, view: &View) -> Share {
        view.share.unwrap_or_else(|| Share::whole(self.capacity))
    }

    /// A wake token came.
    pub(crate) const fn woken(&mut self) {
        self.promising = true;
    }

    /// The worker takes nothing: if there may be something to fetch, it is for others, who have to hear of it. Returns whether.
    pub(crate) const fn lets_go(&mut self) -> bool {
        std::mem::replace(&mut self.promising, false)
    }

    /// A look of the watch that began then found nothing that could be fetched.
    pub(crate) fn found_quiet(&mut self, since: Instant) {
        self.looks.found_quiet(since);
    }

    /// A call with so many `reports` that asked for `want` was answered.
    pub(crate) fn answered(&mut self, now: Instant, want: Want, reports: usize, reply: &WorkReply) {
        if reply.awaited {
            self.awaited = Some(now);
        } else if reports > 0 && self.awaited.is_some_and(|since| now >= since + STAYS_AWAITED) {
            self.awaited = None;
        }
        if want.deliveries == 0 {
            return;
        }
        self.promising = reply.more || reply.next_due.is_some_and(|due_in| due_in.is_zero());
        self.looks.answered(now, reply.next_due);
        if self.promising && reply.leased.is_empty() {
            self.pause_until = Some(
                now + FIRST_PAUSE
                    .saturating_mul(1 << self.pauses.min(6))
                    .min(LONGEST_PAUSE),
            );
            self.pauses += 1;
        } else {
            self.pause_until = None;
            self.pauses = 0;
        }
    }
}

#[cfg(test)]
mod tests;
