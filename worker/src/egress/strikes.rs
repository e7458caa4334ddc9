//! The strikes that this worker reported since anything answered, so that they can be taken back if it turns out that the trouble was
//! ours.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::id::EndpointId;
use store::egress::Struck;

/// Older strikes are of another incident.
const SAME_INCIDENT: Duration = Duration::from_secs(900);

/// The most endpoints, and strikes of one endpoint, that are remembered. Of further ones nothing is taken back.
const MOST_ENDPOINTS: usize = 10_000;
const MOST_STRIKES: usize = 1000;

/// The strikes since anything answered.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    /// By endpoint: when each was recorded.
    times: HashMap<EndpointId, Vec<Instant>>,
    /// Those of an outage that is over; they are to be taken back all the same.
    of_outage: Vec<Struck>,
}

impl Strikes {
    /// A strike was recorded.
    pub(super) fn remember(&mut self, endpoint: EndpointId, now: Instant) {
        if self.times.len() >= MOST_ENDPOINTS && !self.times.contains_key(&endpoint) {
            self.times
                .retain(|_, times| times.last().is_some_and(|last| is_same(now, *last)));
            if self.times.len() >= MOST_ENDPOINTS {
                return;
            }
        }
        let times = self.times.entry(endpoint).or_default();
        if times.len() >= MOST_STRIKES {
            times.retain(|time| is_same(now, *time));
        }
        if times.len() < MOST_STRIKES {
            times.push(now);
        }
    }

    /// Something answered: those so far were the receivers' fault, unless there was an outage until now.
    pub(super) fn end(&mut self, now: Instant, was_out: bool) {
        if was_out {
            let struck = self.incident(now);
            self.of_outage.extend(struck);
        } else {
            self.times.clear();
        }
    }

    /// Takes out what is to be taken back: all of the present incident, if there is an outage.
    pub(super) fn take(&mut self, now: Instant, is_out: bool) -> Vec<Struck> {
        let mut struck = std::mem::take(&mut self.of_outage);
        if is_out {
            struck.extend(self.incident(now));
        }
        struck
    }

    fn incident(&mut self, now: Instant) -> Vec<Struck> {
        let all = std::mem::take(&mut self.times).into_iter();
        all.filter_map(|(endpoint, times)| {
            let last = times.last()?;
            let strikes = times.iter().filter(|time| is_same(now, **time)).count();
            let strikes = u32::try_from(strikes).ok().filter(|strikes| *strikes > 0)?;
            let ago = now.saturating_duration_since(*last);
            Some(Struck {
                endpoint,
                strikes,
                ago,
            })
        })
        .collect()
    }
}

fn is_same(now: Instant, time: Instant) -> bool {
    now.saturating_duration_since(time) < SAME_INCIDENT
}

#[cfg(test)]
mod tests;
