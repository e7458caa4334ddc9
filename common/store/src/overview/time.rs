//! The time by which scripts date what they write, for those who only read.

use domain::clock::Timestamp;

use crate::{Store, StoreError};

/// What scripts keep of the clock, in `stats`: where it was, by how much it was set back since, and what only tests set.
pub(super) const KEPT: [&str; 3] = ["clockRaw", "clockSkew", "clockOffset"];

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

impl Store {
    /// The time by which everything that is stored is dated, by plain reads: the server's clock, but where that was set back, it goes on from
    /// where it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn overview_time(&self) -> Result<Timestamp, StoreError> {
        let mut kept = redis::cmd("HMGET");
        let kept = self.query(kept.arg(self.keys().key("stats")).arg(&KEPT)).await?;
        Ok(dated(self.query(&redis::cmd("TIME")).await?, kept))
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
    fn a_clock_that_was_set_back_goes_on_from_where_it_was() {
        let at = |server, kept| dated(server, kept).as_millis();
        assert_eq!(at((100, 5_900), [None; 3]), 100_005);
        assert_eq!(at((100, 0), [Some(90_000), Some(0), None]), 100_000);
        assert_eq!(at((100, 0), [Some(160_000), Some(0), None]), 160_000);
        assert_eq!(at((100, 0), [Some(160_000), Some(7_000), None]), 167_000);
        assert_eq!(at((100, 0), [Some(90_000), Some(7_000), Some(2_000)]), 109_000);
    }
}
