//! The time by which scripts date what they write, for those who only read.

use std::time::Duration;

use domain::clock::Timestamp;

use crate::{Store, StoreError};

/// What scripts keep of the clock, in `stats`: where it was, by how much it was set back since, and what only tests set.
pub(super) const KEPT: [&str; 3] = ["clockRaw", "clockSkew", "clockOffset"];

/// And the last steps by which it was set back.
const STEPS: &str = "clockSteps";

/// What `TIME` answers: seconds, and microseconds.
pub(super) type ServerTime = (i64, i64);

fn millis((seconds, micros): ServerTime) -> i64 {
    seconds * 1000 + micros / 1000
}

/// What a script would call this moment (`look_at_clock` in Lua).
pub(super) fn dated(server: ServerTime, [raw, skew, offset]: [Option<i64>; 3]) -> Timestamp {
    let now = millis(server) + offset.unwrap_or(0);
    let back = (raw.unwrap_or(now) - now).max(0);
    Timestamp::from_millis(now + skew.unwrap_or(0) + back).unwrap_or_default()
}

/// The last steps by which the clock was set back: when, and by how much (ms).
type Steps = Vec<(u64, u64)>;

fn steps(text: &str) -> Steps {
    let step = |word: &str| {
        let (when, back) = word.split_once(':')?;
        Some((when.parse().ok()?, back.parse().ok()?))
    };
    text.split_whitespace().filter_map(step).collect()
}

/// The latest moment that is `span` (ms) old `now`, found by halves. What the clock was set back by didn't pass (`age_of` in Lua).
fn long_ago(now: u64, steps: &[(u64, u64)], span: u64) -> u64 {
    let skipped = |at: u64| -> u64 {
        let each = steps
            .iter()
            .map(|(when, back)| when.saturating_sub(at).min(*back));
        each.sum()
    };
    let is_old = |at: u64| now.saturating_sub(at).saturating_sub(skipped(at)) >= span;
    let (mut old, mut young) = (0, now.saturating_sub(span) + 1);
    while old + 1 < young {
        let middle = old + (young - old) / 2;
        if is_old(middle) {
            old = middle;
        } else {
            young = middle;
        }
    }
    old
}

impl Store {
    /// The latest moment that is so long ago, by the time that everything is dated by. What a clock that was ahead has skipped doesn't count.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn overview_long_ago(&self, span: Duration) -> Result<Timestamp, StoreError> {
        let (now, steps) = self.look_at_clock().await?;
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let at = long_ago(now.as_millis(), &steps, span);
        Ok(Timestamp::from_millis(at.cast_signed()).unwrap_or_default())
    }

    /// The time by which everything that is stored is dated, by plain reads: the server's clock, but where that was set back, it goes on from
    /// where it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn overview_time(&self) -> Result<Timestamp, StoreError> {
        Ok(self.look_at_clock().await?.0)
    }

    /// The time, and the last steps. What is kept is read first: a clock that is set back in between is seen to have been.
    async fn look_at_clock(&self) -> Result<(Timestamp, Steps), StoreError> {
        let stats = self.keys().key("stats");
        let mut answers = self
            .ask_all(vec![
                redis::cmd("HMGET").arg(&stats).arg(&KEPT).take(),
                redis::cmd("HGET").arg(&stats).arg(STEPS).take(),
                redis::cmd("TIME"),
            ])
            .await?;
        let kept = answers.take().unwrap_or_default();
        let text: String = answers.take().unwrap_or_default();
        Ok((dated(answers.take().unwrap_or_default(), kept), steps(&text)))
    }

    /// The server's own clock, however wrong.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub(crate) async fn server_clock(&self) -> Result<Timestamp, StoreError> {
        let now = self.query(&redis::cmd("TIME")).await?;
        Ok(Timestamp::from_millis(millis(now)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_skipped_makes_nothing_old() {
        const NOW: u64 = 1_000_000;
        assert_eq!(long_ago(NOW, &steps(""), 1_000), NOW - 1_000);
        assert_eq!(long_ago(NOW, &steps(""), 2 * NOW), 0);
        // Set back by 300 s a while ago, and by 100 s before that.
        let known = steps("900000:300000 500000:100000");
        assert_eq!(known, [(900_000, 300_000), (500_000, 100_000)]);
        assert_eq!(long_ago(NOW, &known, 50_000), NOW - 50_000);
        assert_eq!(long_ago(NOW, &known, 100_000), NOW - 100_000);
        assert_eq!(long_ago(NOW, &known, 200_000), NOW - 500_000);
        assert_eq!(long_ago(NOW, &known, 250_000), NOW - 650_000);
    }

    #[test]
    fn a_clock_that_was_set_back_goes_on_from_where_it_was() {
        let at = |server, kept| dated(server, kept).as_millis();
        assert_eq!(at((100, 5_900), [None; 3]), 100_005);
        assert_eq!(at((100, 0), [Some(90_000), Some(0), None]), 100_000);
        assert_eq!(at((100, 0), [Some(160_000), Some(0), None]), 160_000);
        assert_eq!(at((100, 0), [Some(160_000), Some(7_000), None]), 167_000);
        assert_eq!(at((100, 0), [Some(90_000), Some(7_000), Some(2_000)]), 109_000);
    }
}
