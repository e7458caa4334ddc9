//! The destinations that answered within the hour: those that answered this worker, and those of which others have told. One for each
//! site, so that nobody can fill the list with names of his own.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use domain::id::AccountId;
use reqwest::Url;

use super::site::Site;

/// How long an answer proves that somebody is there.
pub(super) const LATELY: Duration = Duration::from_secs(3600);

/// How often a site's answers are told to the other workers.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(60);

/// How long a site is known by one of its hosts before another takes its place.
const KEPT_HOST: Duration = Duration::from_secs(300);

/// The most sites.
const MOST: usize = 4096;

/// Who answered lately.
#[derive(Debug, Default)]
pub(super) struct Known {
    sites: HashMap<Site, Destination>,
    /// Whether any was probed.
    is_probing: bool,
}

#[derive(Debug)]
struct Destination {
    /// Scheme, host and port of one of its hosts.
    url: Url,
    account: AccountId,
    /// When that host last answered.
    host_at: Instant,
    /// When any of them last answered.
    at: Instant,
    /// Whether it answered this worker, and not only others.
    is_own: bool,
    /// When the others were last told.
    told: Option<Instant>,
    /// When it was last probed.
    probed: Option<Instant>,
}

impl Known {
    /// A site answered an attempt of this worker.
    pub(super) fn answered(&mut self, now: Instant, site: &Site, url: &Url, account: &AccountId) {
        if let Some(known) = self.sites.get_mut(site) {
            known.at = now;
            known.is_own = true;
            if same_host(&known.url, url) {
                known.host_at = now;
            } else if now.saturating_duration_since(known.host_at) > KEPT_HOST {
                known.url = origin(url);
                known.account = account.clone();
                known.host_at = now;
            }
            return;
        }
        self.add(now, site.clone(), origin(url), account.clone(), now, true);
    }

    /// An outage of ours has lasted for another `span`, in which nobody could answer, so that counts for no age: a worker that is
    /// restarted after an hour must still learn who answered. What this one knows from others ages all the same, or two that are
    /// restarted in turn would tell each other for ever.
    pub(super) fn stand_still(&mut self, now: Instant, span: Duration) {
        let own = self.sites.values_mut().filter(|known| known.is_own);
        for known in own.filter(|known| now.saturating_duration_since(known.at) < LATELY + span) {
            known.at = now.min(known.at + span);
        }
    }

    /// Another worker has told that a destination answered, so long ago.
    pub(super) fn heard_of(&mut self, now: Instant, destination: &str, ago: Duration) {
        let (Some((url, account)), Some(at)) = (destination.split_once(' '), now.checked_sub(ago)) else {
            return;
        };
        let (Ok(url), Ok(account)) = (Url::parse(url), account.parse::<AccountId>()) else {
            return;
        };
        let Some(site) = url.host_str().map(Site::of) else {
            return;
        };
        match self.sites.get_mut(&site) {
            Some(known) => known.at = known.at.max(at),
            None => self.add(now, site, url, account, at, false),
        }
    }

    fn add(&mut self, now: Instant, site: Site, url: Url, account: AccountId, at: Instant, is_own: bool) {
        if self.sites.len() >= MOST {
            self.sites.retain(|_, known| is_lately(now, known.at));
        }
        if self.sites.len() < MOST {
            let destination = Destination {
                url,
                account,
                host_at: at,
                at,
                is_own,
                // What was heard was told already.
                told: Some(at).filter(|_| !is_own),
                probed: None,
            };
            self.sites.insert(site, destination);
        }
    }

    /// What is news for the other workers, as they read it: `most` at a time. It counts as told.
    pub(super) fn news(&mut self, now: Instant, most: usize) -> Vec<String> {
        let is_news = |known: &&mut Destination| {
            let is_due = |told| known.at.saturating_duration_since(told) >= TOLD_EVERY;
            known.told.is_none_or(is_due)
        };
        let news = self.sites.values_mut().filter(is_news).take(most);
        news.map(|known| {
            known.told = Some(now);
            format!("{} {}", known.url, known.account)
        })
        .collect()
    }

    /// Whether a site answered within the hour.
    pub(super) fn answered_lately(&self, now: Instant, site: &Site) -> bool {
        self.sites.get(site).is_some_and(|known| is_lately(now, known.at))
    }

    /// Whether the sites that answered within the hour are of several accounts.
    pub(super) fn has_several_accounts(&self, now: Instant) -> bool {
        let mut accounts = self
            .sites
            .values()
            .filter(|known| is_lately(now, known.at))
            .map(|known| &known.account);
        let first = accounts.next();
        accounts.any(|account| Some(account) != first)
    }

    /// Which sites to probe next, `most` of them, in turn. First come those that didn't just fail, one of each account before the
    /// second of any, the latest to answer first: so nobody's hosts can hide the others. They count as probed.
    pub(super) fn choose(
        &mut self,
        now: Instant,
        most: usize,
        failed: &HashSet<Site>,
        is_eligible: impl Fn(&Url) -> bool,
    ) -> Vec<(Site, Url)> {
        let mut all: Vec<_> = self
            .sites
            .iter()
            .filter(|(_, known)| is_eligible(&known.url))
            .collect();
        all.sort_by_key(|(site, known)| (failed.contains(*site), std::cmp::Reverse(known.at)));
        let mut ranks: HashMap<&AccountId, usize> = HashMap::new();
        let mut ranked: Vec<_> = all
            .into_iter()
            .map(|(site, known)| {
                let rank = ranks.entry(&known.account).or_default();
                *rank += 1;
                ((known.probed, failed.contains(site), *rank), site, &known.url)
            })
            .collect();
        ranked.sort_by_key(|(order, ..)| *order);
        ranked.truncate(most);
        let chosen: Vec<_> = ranked
            .into_iter()
            .map(|(_, site, url)| (site.clone(), url.clone()))
            .collect();
        self.is_probing |= !chosen.is_empty();
        for (site, _) in &chosen {
            if let Some(known) = self.sites.get_mut(site) {
                known.probed = Some(now);
            }
        }
        chosen
    }

    /// How many sites answered within the hour.
    pub(super) fn count(&self, now: Instant, is_eligible: impl Fn(&Url) -> bool) -> usize {
        let lately = self.sites.values().filter(|known| is_lately(now, known.at));
        lately.filter(|known| is_eligible(&known.url)).count()
    }

    /// The next probes begin anew.
    pub(super) fn forget_probes(&mut self) {
        if std::mem::take(&mut self.is_probing) {
            for known in self.sites.values_mut() {
                known.probed = None;
            }
        }
    }
}

fn is_lately(now: Instant, at: Instant) -> bool {
    now.saturating_duration_since(at) < LATELY
}

fn same_host(one: &Url, other: &Url) -> bool {
    one.host_str() == other.host_str() && one.port_or_known_default() == other.port_or_known_default()
}

/// A URL without what stands behind the port.
pub(super) fn origin(url: &Url) -> Url {
    let mut origin = url.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin
}

#[cfg(test)]
mod tests;
