//! `EGRESS_CHECK`: what the operator knows to be always there.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use domain::delivery::Failure;
use program::config::split_list;
use reqwest::Url;

use super::known::{LATELY, TOLD_EVERY, origin};

/// Addresses that answer whenever our network is well: what to connect to, with TLS if it is `https`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressCheck(Vec<Url>);

impl FromStr for EgressCheck {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        split_list(text).map(address).collect::<Result<_, _>>().map(Self)
    }
}

fn address(text: &str) -> Result<Url, String> {
    let wrong = || format!("`{text}` is neither host:port nor a URL with http:// or https://");
    let url = match text.split_once("://") {
        Some(("http" | "https", _)) => Url::parse(text).map_err(|_| wrong())?,
        Some(_) => return Err(wrong()),
        None => {
            let (_, port) = text.rsplit_once(':').ok_or_else(wrong)?;
            port.parse::<u16>().map_err(|_| wrong())?;
            Url::parse(&format!("http://{text}/")).map_err(|_| wrong())?
        }
    };
    let has_more = !url.username().is_empty() || url.password().is_some();
    if url.host_str().is_none_or(str::is_empty) || has_more {
        return Err(wrong());
    }
    Ok(url)
}

impl fmt::Display for EgressCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.0.iter().filter_map(Url::host_str).collect();
        formatter.write_str(&hosts.join(", "))
    }
}

/// How often the checks are asked while all is well.
const EVERY: Duration = Duration::from_secs(60);

/// The checks, and when each answered.
#[derive(Debug)]
pub(super) struct Checks {
    all: Vec<Check>,
    asked: Option<Instant>,
}

#[derive(Debug)]
struct Check {
    url: Url,
    answered: Option<Instant>,
    /// Whether it answered this worker, and not only others; when the others were last told.
    is_own: bool,
    told: Option<Instant>,
}

impl Check {
    /// As the other workers are told of it: where they are told of a site, its account stands.
    fn destination(&self) -> String {
        format!("{} check", origin(&self.url))
    }
}

impl Checks {
    pub(super) fn of(check: &EgressCheck) -> Self {
        let all = check.0.iter().cloned();
        Self {
            all: all
                .map(|url| Check {
                    url,
                    answered: None,
                    is_own: false,
                    told: None,
                })
                .collect(),
            asked: None,
        }
    }

    /// Whether it is time to ask them.
    pub(super) fn are_due(&self, now: Instant) -> bool {
        let has_rested = |asked| now.saturating_duration_since(asked) >= EVERY;
        !self.all.is_empty() && self.asked.is_none_or(has_rested)
    }

    /// Begins to ask all of them, each with its number.
    pub(super) fn begin(&mut self, now: Instant) -> impl Iterator<Item = (usize, &Url)> {
        self.asked = Some(now);
        self.all.iter().map(|check| &check.url).enumerate()
    }

    /// Notes what came of one.
    pub(super) fn note(&mut self, number: usize, now: Instant, failure: Option<Failure>) {
        match (self.all.get_mut(number), failure) {
            (Some(check), None) => {
                check.answered = Some(now);
                check.is_own = true;
            }
            (Some(check), Some(failure)) if check.answered.is_none() => tracing::warn!(
                check = check.url.host_str(),
                failure = failure.code(),
                "an address of EGRESS_CHECK has not answered yet, and proves nothing until it does"
            ),
            _ => {}
        }
    }

    /// What is news for the other workers: which checks answered this one. It counts as told.
    pub(super) fn news(&mut self, now: Instant) -> Vec<String> {
        let is_news = |check: &&mut Check| {
            let is_due = |at: Instant| {
                let told = check.told;
                told.is_none_or(|told| at.saturating_duration_since(told) >= TOLD_EVERY)
            };
            check.is_own && check.answered.is_some_and(is_due)
        };
        let news = self.all.iter_mut().filter(is_news);
        news.map(|check| {
            check.told = Some(now);
            check.destination()
        })
        .collect()
    }

    /// Another worker, or this one before it was restarted, has told that a destination answered, so long ago.
    pub(super) fn heard_of(&mut self, now: Instant, destination: &str, ago: Duration) {
        let at = now.checked_sub(ago);
        for check in &mut self.all {
            if check.destination() == destination {
                check.answered = check.answered.max(at);
            }
        }
    }

    /// See [`Known::stand_still`](super::known::Known::stand_still).
    pub(super) fn stand_still(&mut self, now: Instant, span: Duration) {
        for check in self.all.iter_mut().filter(|check| check.is_own) {
            let lately = |at: &Instant| now.saturating_duration_since(*at) < LATELY + span;
            check.answered = check.answered.filter(lately).map(|at| now.min(at + span));
        }
    }

    /// Whether one of them stands in for three sites: one that answered within the hour.
    pub(super) fn is_believed(&self, now: Instant, is_eligible: impl Fn(&Url) -> bool) -> bool {
        let is_lately = |at| now.saturating_duration_since(at) < LATELY;
        let mut eligible = self.all.iter().filter(|check| is_eligible(&check.url));
        eligible.any(|check| check.answered.is_some_and(is_lately))
    }

    /// How many there are.
    pub(super) fn count(&self, is_eligible: impl Fn(&Url) -> bool) -> usize {
        self.all.iter().filter(|check| is_eligible(&check.url)).count()
    }
}

#[cfg(test)]
mod tests;
