//! Is it our own network? When nothing that this worker sends is answered, that is no customer's fault.
//!
//! Every attempt gives a [`sign`]: an answer, or silence before its first byte. Two [`judge`]s look at them: one at the network, one at
//! the resolver (kept connections go on while no name resolves). A judge suspects an outage of ours when nothing has answered
//! for 10 s, and in these 10 s at least three [`site`]s were tried in vain that had answered within the hour, of two accounts if
//! there are several. Sites that did not answer lately prove nothing. `EGRESS_CHECK` ([`check`]) stands in for the three.
//!
//! A suspicion is put to the proof before it is believed: the [`watch`] connects to others that answered lately ([`known`] to any
//! worker), and one answer refutes it. So customers whose hosts die together, or who let them die, are taken for an outage of ours
//! only while nobody else's host answers either: at the longest for a day, and never while a check answers.
//!
//! While it lasts no endpoint is blamed. [`strikes`] from before it was recognised are taken back. The first answer ends it.

mod check;

mod judge;

mod known;

mod notes;

mod sign;

mod site;

mod strikes;

mod watch;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::delivery::Failure;
use domain::id::AccountId;
use reqwest::Url;
use store::condition::StoreWarning;
use store::queue::{Outcome, Report};

use crate::fault::NotAttempted;
use judge::{BELIEVED_FOR, Judge, Verdict};
use known::{Known, LATELY};
use strikes::Strikes;

pub use check::EgressCheck;
pub(crate) use notes::Notes;
pub(crate) use sign::{Heard, Sign};
pub(crate) use site::Site;
pub(crate) use watch::Watch;

/// How many sites are probed at once.
const PROBES: usize = 4;

/// What this worker knows of its way out. Cheap to clone; all clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Egress(Arc<Mutex<State>>);

/// One of the two things that can be down.
#[derive(Debug, Default)]
struct Way {
    judge: Judge,
    strikes: Strikes,
}

#[derive(Debug, Default)]
struct State {
    known: Known,
    network: Way,
    names: Way,
    /// Since when there is an outage, and until when the hour stood still for it.
    outage: Option<(Instant, Instant)>,
}

impl Egress {
    /// Notes what an attempt at this site says of our own network. Returns why it counts as none, if it failed because of an outage of ours.
    pub(crate) fn attempted(
        &self,
        url: &Url,
        site: &Site,
        account: &AccountId,
        sign: Sign,
    ) -> Option<NotAttempted> {
        self.state().attempted(Instant::now(), url, site, account, sign)
    }

    /// A report was recorded. A strike is remembered, in case it has to be taken back. A probe's failure is none.
    pub(crate) fn recorded(&self, report: &Report) {
        let Outcome::Failed { attempt, .. } = &report.outcome else {
            return;
        };
        if report.token.is_of_probe() {
            return;
        }
        let sign = Sign::of_record(attempt);
        let mut state = self.state();
        let way = if sign.names == Some(Heard::Silence) {
            &mut state.names
        } else if sign.network == Some(Heard::Silence) {
            &mut state.network
        } else {
            return;
        };
        way.strikes.remember(report.delivery.endpoint(), Instant::now());
    }

    /// What an operator should know.
    pub(crate) fn warning(&self) -> Option<StoreWarning> {
        let state = self.state();
        let message = if state.network.judge.is_out() {
            "Nothing that this worker sends is answered: its network, or the way out of it, is down. Deliveries wait, and no endpoint is blamed"
        } else if state.names.judge.is_out() {
            "No name of a receiver resolves on this worker: its resolver is down. Deliveries wait, and no endpoint is blamed"
        } else {
            return None;
        };
        Some(StoreWarning {
            code: "egress",
            message: message.to_owned(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn attempted(
        &mut self,
        now: Instant,
        url: &Url,
        site: &Site,
        account: &AccountId,
        sign: Sign,
    ) -> Option<NotAttempted> {
        if sign.network == Some(Heard::Answer) {
            self.known.answered(now, site, url, account);
        }
        let mut is_ours = false;
        for (way, heard) in [(&mut self.network, sign.network), (&mut self.names, sign.names)] {
            match heard {
                Some(Heard::Answer) => way.answered(now),
                Some(Heard::Silence) => {
                    way.judge.silent(now, site, account);
                    is_ours |= way.judge.is_out();
                }
                None => {}
            }
        }
        is_ours.then_some(NotAttempted::Egress)
    }
}

impl State {
    /// Whether something was tried, and nothing has answered for a while.
    fn is_silent(&self, now: Instant) -> bool {
        self.network.judge.is_silent(now) || self.names.judge.is_silent(now)
    }

    /// Which sites are to be probed now; `None` while nothing is wrong with us. A check that is believed (for names: one with a
    /// name) stands in for three sites.
    fn next_probes(
        &mut self,
        now: Instant,
        has_check: bool,
        has_named_check: bool,
    ) -> Option<Vec<(Site, Url)>> {
        let of_network = self.network.judge.verdict(now, &self.known, has_check);
        let of_names = self.names.judge.verdict(now, &self.known, has_named_check);
        match (of_network, of_names) {
            (Verdict::Clear, Verdict::Clear) => {
                self.known.forget_probes();
                None
            }
            (Verdict::Clear, _) => {
                let failed = self.names.judge.failed_sites();
                Some(self.known.choose(now, PROBES, &failed, has_name))
            }
            _ => {
                let failed = self.network.judge.failed_sites();
                Some(self.known.choose(now, PROBES, &failed, |_| true))
            }
        }
    }

    /// Notes what came of a probe.
    fn probed(&mut self, now: Instant, site: &Site, url: &Url, failure: Option<Failure>) {
        let sign = Sign::of_probe(failure, has_name(url));
        for (way, heard) in [(&mut self.network, sign.network), (&mut self.names, sign.names)] {
            match heard {
                Some(Heard::Answer) => way.answered(now),
                Some(Heard::Silence) => way.judge.probed_in_vain(site.clone()),
                None => {}
            }
        }
    }

    /// Believes suspicions that were proved; `checks` can be probed besides (`named` of them by name). Returns whether an outage
    /// of the network begins, and one of the resolver.
    fn conclude(&mut self, now: Instant, checks: usize, named: usize) -> (bool, bool) {
        let all = checks + self.known.count(now, |_| true);
        let with_names = named + self.known.count(now, has_name);
        (
            self.network.judge.conclude(now, all),
            self.names.judge.conclude(now, with_names),
        )
    }

    /// Lets the hour in which a site has answered stand still while an outage lasts, until an hour before it is believed no longer:
    /// by then the sites that did not answer are forgotten. Returns how long it stood still since the last call.
    fn stand_still(&mut self, now: Instant) -> Duration {
        if !self.network.judge.is_out() && !self.names.judge.is_out() {
            self.outage = None;
            return Duration::ZERO;
        }
        let (since, seen) = *self.outage.get_or_insert((now, now));
        self.outage = Some((since, now));
        if now.saturating_duration_since(since) + LATELY >= BELIEVED_FOR {
            return Duration::ZERO;
        }
        let span = now.saturating_duration_since(seen);
        self.known.stand_still(now, span);
        span
    }
}

fn has_name(url: &Url) -> bool {
    url.domain().is_some()
}

impl Way {
    /// Something answered.
    fn answered(&mut self, now: Instant) {
        self.strikes.end(now, self.judge.is_out());
        self.judge.answered(now);
    }
}

#[cfg(test)]
mod tests;
