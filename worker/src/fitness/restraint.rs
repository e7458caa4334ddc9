//! How much a worker takes that can't do its work: pure decisions, apart from all I/O.
//!
//! A worker whose `SECRETS_KEY` is wrong, whose proxy is dead or whose network is down would take everything and give it back,
//! faster than any other worker delivers. So it restrains itself: after a failure it takes nothing for a while, then a few
//! deliveries to try, with pauses that grow while none of them works. What it gives back goes to the front, where others find
//! it. The first one that works ends the restraint.
//!
//! One endpoint whose secret doesn't open, while others' do, is no reason for any of that: its deliveries wait among the
//! retries, longer each time. Nor is an account whose names take its whole share of the look-ups: its deliveries wait a moment.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::id::EndpointId;

use crate::fault::{Need, NotAttempted};

/// The pause after the first failure, and the longest one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How many deliveries a restrained worker holds at most. Their number is halved with each pause, down to one.
const MOST_PROBES: u32 = 4;

/// How many failures in a row make a worker unfit in its own eyes: fewer may be a hiccup, and are nobody's concern.
const UNFIT_FROM: u32 = 3;

/// After so long without a failure, and without anything to try, what was missing may be back. A wrong key stays wrong.
const FORGET_AFTER: Duration = Duration::from_secs(60);

/// How long deliveries wait at first whose endpoint alone is the trouble, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How many such endpoints are remembered. When there are more, all are forgotten: their waits begin anew.
const MOST_REMEMBERED: usize = 4096;

/// What a restrained worker may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// How many deliveries it may hold.
    pub(crate) most: u32,
    /// It takes nothing before this.
    pub(crate) from: Option<Instant>,
}

/// Decides, from what worked and what did not.
#[derive(Debug, Default)]
pub(crate) struct Restraint {
    lacks: [Lack; Need::ALL.len()],
    waits: HashMap<EndpointId, Wait>,
}

/// What is known of one need.
#[derive(Debug, Default)]
struct Lack {
    /// It was met once.
    is_proven: bool,
    /// How often it was not met since it was last met.
    failures: u32,
    /// How many pauses that made.
    pauses: u32,
    pause_until: Option<Instant>,
    failed_at: Option<Instant>,
}

/// How long the deliveries of an endpoint wait whose secret doesn't open.
#[derive(Debug)]
struct Wait {
    span: Duration,
    since: Instant,
}

impl Restraint {
    /// Notes that a delivery for `endpoint` could not be attempted. Returns how long it is to wait among the retries; zero: it
    /// goes back to the front at once.
    pub(crate) fn could_not(
        &mut self,
        now: Instant,
        reason: &NotAttempted,
        endpoint: &EndpointId,
    ) -> Duration {
        let is_endpoints_own = match reason {
            NotAttempted::DamagedSecret => true,
            // A keyring that opened something is not altogether wrong.
            NotAttempted::Secret => self.lacks[Need::Keys as usize].is_proven,
            _ => false,
        };
        if is_endpoints_own {
            return self.wait_of(now, endpoint);
        }
        if *reason == NotAttempted::Names {
            return FIRST_WAIT;
        }
        if let Some(need) = reason.lacks() {
            self.lacks[need as usize].fail(now, need);
        }
        Duration::ZERO
    }

    /// Notes that an attempt for `endpoint` met these needs.
    pub(crate) fn could(&mut self, now: Instant, needs: &[Need], endpoint: &EndpointId) {
        for need in needs {
            self.lacks[*need as usize].succeed(now);
        }
        if !self.waits.is_empty() && needs.contains(&Need::Keys) {
            self.waits.remove(endpoint);
        }
    }

    /// What the worker may take; `None`: as much as it has room for.
    pub(crate) fn allowance(&self, now: Instant) -> Option<Allowance> {
        let mut allowance = None;
        for (need, lack) in self.lacks() {
            let from = lack.pause_until.filter(|until| *until > now);
            let is_lacking = lack.is_lacking(now, need);
            if !is_lacking && from.is_none() {
                continue;
            }
            let most = if is_lacking { lack.probes(need) } else { u32::MAX };
            let known = allowance.get_or_insert(Allowance { most, from });
            known.most = known.most.min(most);
            known.from = known.from.max(from);
        }
        allowance
    }

    /// What the worker lacks, as far as that is certain enough to be told.
    pub(crate) fn unfit(&self, now: Instant) -> impl Iterator<Item = Need> {
        self.lacks()
            .filter(move |(need, lack)| lack.failures >= UNFIT_FROM && lack.is_lacking(now, *need))
            .map(|(need, _)| need)
    }

    /// How many endpoints have a secret that doesn't open while others' do.
    pub(crate) fn unopened(&self, now: Instant) -> usize {
        let is_recent = |wait: &&Wait| now.saturating_duration_since(wait.since) < 2 * LONGEST_WAIT;
        self.waits.values().filter(is_recent).count()
    }

    fn lacks(&self) -> impl Iterator<Item = (Need, &Lack)> {
        Need::ALL.into_iter().zip(&self.lacks)
    }

    fn wait_of(&mut self, now: Instant, endpoint: &EndpointId) -> Duration {
        if self.waits.len() >= MOST_REMEMBERED && !self.waits.contains_key(endpoint) {
            self.waits.clear();
        }
        let wait = self.waits.entry(endpoint.clone()).or_insert(Wait {
            span: FIRST_WAIT,
            since: now,
        });
        // All of its deliveries that come within one wait, wait equally long.
        if now.saturating_duration_since(wait.since) >= wait.span {
            wait.span = (wait.span * 2).min(LONGEST_WAIT);
            wait.since = now;
        }
        wait.span
    }
}

impl Lack {
    fn fail(&mut self, now: Instant, need: Need) {
        if !self.is_lacking(now, need) {
            (self.failures, self.pauses) = (0, 0);
        }
        self.failures = self.failures.saturating_add(1);
        self.failed_at = Some(now);
        // What was in flight together makes one pause.
        if self.pause_until.is_none_or(|until| until <= now) {
            let pause = FIRST_PAUSE
                .saturating_mul(1 << self.pauses.min(10))
                .min(LONGEST_PAUSE);
            self.pause_until = Some(now + pause);
            self.pauses += 1;
        }
    }

    fn succeed(&mut self, now: Instant) {
        self.is_proven = true;
        if self.failures > 0 {
            (self.failures, self.pauses) = (0, 0);
            // If one works and the next one doesn't, the short pause keeps them from going round without end.
            self.pause_until = self.pause_until.map(|until| until.min(now + FIRST_PAUSE));
        }
    }

    fn is_lacking(&self, now: Instant, need: Need) -> bool {
        let is_recent = |at: Instant| now.saturating_duration_since(at) < FORGET_AFTER;
        self.failures > 0 && (need == Need::Keys || self.failed_at.is_some_and(is_recent))
    }

    /// How many deliveries show whether the need is met again. Where receivers may be the trouble as well, several at a time.
    fn probes(&self, need: Need) -> u32 {
        match need {
            Need::Network => MOST_PROBES,
            Need::Keys | Need::Proxy | Need::Resources => {
                (MOST_PROBES >> self.pauses.saturating_sub(1).min(8)).max(1)
            }
        }
    }
}

#[cfg(test)]
mod tests;
