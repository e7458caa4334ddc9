//! Judges from what was heard whether the trouble is ours. It is pure: times and what happened go in.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use domain::id::AccountId;

use super::known::Known;
use super::site::Site;

/// For so long nothing must have answered.
const SILENT_FOR: Duration = Duration::from_secs(10);

/// What failed longer ago doesn't count. A little more: all endpoints may fail, and be disabled, in the first of these seconds, so that
/// nothing is tried any more.
const FAILED_WITHIN: Duration = Duration::from_secs(30);

/// How many sites that answered within the hour must have failed.
const WITNESSES: usize = 3;

/// A suspicion is believed once this many sites were probed in vain, or all there are.
pub(super) const PROBED_IN_VAIN: usize = 8;

/// How long a suspicion lasts without further failures, so that there is time for probes.
const SUSPECTED_FOR: Duration = Duration::from_secs(30);

/// For how long an outage is believed without an answer.
pub(super) const BELIEVED_FOR: Duration = Duration::from_secs(24 * 3600);

/// The most sites that are remembered as failed.
const MOST_FAILED: usize = 1024;

/// What a judge says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is well, or it is the receivers' trouble.
    Clear,
    /// It may be ours: ask others, to find out.
    Suspected,
    /// It is ours.
    Outage,
}

/// One judge.
#[derive(Debug, Default)]
pub(super) struct Judge {
    answered: Option<Instant>,
    /// The sites that were tried in vain since anything answered.
    failed: HashMap<Site, Failed>,
    /// Since when there is a suspicion, and the sites that were probed in vain since.
    suspected: Option<Instant>,
    in_vain: HashSet<Site>,
    /// Since when there is an outage.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Failed {
    at: Instant,
    /// Whose attempts those were; two are enough.
    accounts: BTreeSet<AccountId>,
}

impl Judge {
    /// Anything answered: this ends an outage, refutes a suspicion, and voids what failed before.
    pub(super) fn answered(&mut self, now: Instant) {
        self.answered = Some(now);
        if !self.failed.is_empty() || self.since.is_some() {
            self.since = None;
            self.suspected = None;
            self.failed.clear();
            self.in_vain.clear();
        }
    }

    /// An attempt was not answered at all.
    pub(super) fn silent(&mut self, now: Instant, site: &Site, account: &AccountId) {
        if self.failed.len() >= MOST_FAILED && !self.failed.contains_key(site) {
            self.failed.retain(|_, failed| is_recent(now, failed.at));
            if self.failed.len() >= MOST_FAILED {
                return;
            }
        }
        let failed = self.failed.entry(site.clone()).or_insert_with(|| Failed {
            at: now,
            accounts: BTreeSet::new(),
        });
        failed.at = now;
        if failed.accounts.len() < 2 && !failed.accounts.contains(account) {
            failed.accounts.insert(account.clone());
        }
    }

    /// A probe was not answered.
    pub(super) fn probed_in_vain(&mut self, site: Site) {
        self.in_vain.insert(site);
    }

    /// Whether nothing has answered for a while, and something was tried.
    pub(super) fn is_silent(&self, now: Instant) -> bool {
        let is_quiet = self
            .answered
            .is_none_or(|at| now.saturating_duration_since(at) >= SILENT_FOR);
        is_quiet && self.failed.values().any(|failed| is_recent(now, failed.at))
    }

    /// The verdict. `has_check`: a check of the operator's own that has answered before stands in for three sites.
    pub(super) fn verdict(&mut self, now: Instant, known: &Known, has_check: bool) -> Verdict {
        if let Some(since) = self.since {
            if now.saturating_duration_since(since) < BELIEVED_FOR {
                return Verdict::Outage;
            }
            self.answered(now);
        }
        let is_fresh = |at| now.saturating_duration_since(at) < SUSPECTED_FOR;
        if self.is_silent(now) && (has_check || self.has_witnesses(now, known)) {
            self.suspected = Some(now);
        } else if !self.suspected.is_some_and(is_fresh) {
            self.suspected = None;
            self.in_vain.clear();
            return Verdict::Clear;
        }
        Verdict::Suspected
    }

    /// Believes the suspicion, if enough sites, or all `probeable` ones, were probed in vain. Returns whether an outage begins.
    pub(super) fn conclude(&mut self, now: Instant, probeable: usize) -> bool {
        let is_proved = self.in_vain.len() >= PROBED_IN_VAIN.min(probeable.max(1));
        if self.since.is_some() || self.suspected.is_none() || !is_proved {
            return false;
        }
        self.since = Some(now);
        true
    }

    /// Whether there is an outage.
    pub(super) fn is_out(&self) -> bool {
        self.since.is_some()
    }

    /// The sites that were tried in vain.
    pub(super) fn failed_sites(&self) -> HashSet<Site> {
        self.failed.keys().cloned().collect()
    }

    fn has_witnesses(&self, now: Instant, known: &Known) -> bool {
        let witnesses: Vec<_> = self
            .failed
            .iter()
            .filter(|(site, failed)| is_recent(now, failed.at) && known.answered_lately(now, site))
            .collect();
        let accounts: BTreeSet<_> = witnesses
            .iter()
            .flat_map(|(_, failed)| &failed.accounts)
            .collect();
        let least = if known.has_several_accounts(now) { 2 } else { 1 };
        witnesses.len() >= WITNESSES && accounts.len() >= least
    }
}

fn is_recent(now: Instant, at: Instant) -> bool {
    now.saturating_duration_since(at) < FAILED_WITHIN
}
