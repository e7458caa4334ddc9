//! How an endpoint's latest attempts went, as the scripts keep it beside the endpoint: less exact than the log, and much cheaper.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;

/// The durations of attempts are kept as steps of a scale from 1 ms on, each so much longer than the one before.
const SCALE: f64 = 1.25;
const STEPS: u8 = 47;
const FIRST: u8 = b'!';

/// How an endpoint's latest attempts went. Those that were held don't count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recent {
    /// A mark for each of the last 100, oldest first.
    marks: Vec<Mark>,
    hours: BTreeMap<u64, AttemptCounts>,
    days: BTreeMap<u64, AttemptCounts>,
    /// The last failure, if there was one.
    pub last_error: Option<LastError>,
}

/// How attempts went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttemptCounts {
    /// How many succeeded.
    pub succeeded: u64,
    /// How many failed.
    pub failed: u64,
}

/// The last failure of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// When its worker reported it.
    pub at: Timestamp,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The stable code.
    pub error: String,
    /// The failure in words.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    succeeded: bool,
    step: u8,
}

impl Recent {
    /// From the fields `recent`, `hours`, `days` and `lastError` of an endpoint. What can't be read is left out.
    #[must_use]
    pub fn read(recent: &str, hours: &str, days: &str, last_error: &str) -> Self {
        let mut words = recent.split(' ');
        let mut number = || words.next().and_then(|word| word.parse().ok());
        let (mut hours, mut days) = (counts(hours), counts(days));
        if let (Some(hour), Some(succeeded), Some(failed)) = (number(), number(), number()) {
            hours.insert(hour, AttemptCounts { succeeded, failed });
        }
        for (hour, counts) in &hours {
            days.entry(hour / 24).or_default().add(*counts);
        }
        Self {
            marks: words
                .next()
                .unwrap_or_default()
                .bytes()
                .filter_map(Mark::of)
                .collect(),
            hours,
            days,
            last_error: LastError::read(last_error),
        }
    }

    /// How many of the latest attempts are known: at most 100.
    #[must_use]
    pub const fn attempts(&self) -> usize {
        self.marks.len()
    }

    /// The share of them that succeeded, from 0 to 1; `None` if there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "there are at most a hundred")]
    pub fn success_rate(&self) -> Option<f64> {
        let succeeded = self.marks.iter().filter(|mark| mark.succeeded).count();
        (!self.marks.is_empty()).then(|| succeeded as f64 / self.marks.len() as f64)
    }

    /// About how long 95 % of them took at most, within 12 %; `None` if there are none.
    #[must_use]
    pub fn p95(&self) -> Option<Duration> {
        let mut steps: Vec<u8> = self.marks.iter().map(|mark| mark.step).collect();
        steps.sort_unstable();
        let rank = (steps.len() * 95).div_ceil(100);
        let step = steps.get(rank.checked_sub(1)?)?;
        // The middle of the step.
        let ms = SCALE.powf(f64::from(*step) + 0.5);
        Some(Duration::from_secs_f64(ms / 1000.0))
    }

    /// How attempts went in an hour (since 1970).
    #[must_use]
    pub fn in_hour(&self, hour: u64) -> AttemptCounts {
        self.hours.get(&hour).copied().unwrap_or_default()
    }

    /// How attempts went on a day (since 1970, UTC).
    #[must_use]
    pub fn on_day(&self, day: u64) -> AttemptCounts {
        self.days.get(&day).copied().unwrap_or_default()
    }
}

impl AttemptCounts {
    const fn add(&mut self, other: Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
    }
}

impl Mark {
    fn of(character: u8) -> Option<Self> {
        let place = character.checked_sub(FIRST)?;
        (place < 2 * STEPS).then_some(Self {
            succeeded: place < STEPS,
            step: place % STEPS,
        })
    }
}

impl LastError {
    /// `<ms> <status or -> <code> <detail>`.
    fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(4, ' ');
        Some(Self {
            at: Timestamp::from_millis(words.next()?.parse().ok()?)?,
            status: words.next()?.parse().ok(),
            error: words.next()?.to_owned(),
            detail: words.next().unwrap_or_default().to_owned(),
        })
    }
}

/// `<when>:<succeeded>:<failed>`, separated by spaces.
fn counts(text: &str) -> BTreeMap<u64, AttemptCounts> {
    let read = |word: &str| {
        let mut numbers = word.split(':').map(str::parse::<u64>);
        let (when, succeeded, failed) = (
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
            numbers.next()?.ok()?,
        );
        Some((when, AttemptCounts { succeeded, failed }))
    };
    text.split(' ').filter_map(read).collect()
}

#[cfg(test)]
mod tests;
