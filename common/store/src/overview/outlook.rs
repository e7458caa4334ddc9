//! For how long the server's memory lasts, from what workers have noted once an hour.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::clock::Timestamp;

use crate::{Store, StoreError};

const HOUR: Duration = Duration::from_secs(3600);

/// Growth over less than this says nothing.
const LEAST: Duration = HOUR;

/// For how long memory lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outlook {
    /// For so long, if it goes on to grow as it did for so long.
    Lasts {
        /// Until it is full.
        left: Duration,
        /// Since the note that it is compared with.
        over: Duration,
    },
    /// It isn't known yet: nothing was noted an hour ago or longer.
    #[default]
    Unknown,
    /// It doesn't grow.
    Steady,
    /// There is no limit, so nobody can say.
    Unlimited,
}

impl Outlook {
    /// From the hours that were noted (since 1970), and what is used now of what may be.
    fn of(noted: &BTreeMap<u64, u64>, now: Timestamp, used: u64, limit: Option<u64>) -> Self {
        let Some(limit) = limit else {
            return Self::Unlimited;
        };
        // When in its hour it was noted isn't known: not later than at its end, so the growth is not made smaller than it was.
        let oldest = noted.iter().find_map(|(hour, before)| {
            let ended = (hour + 1).checked_mul(HOUR.as_secs())?;
            let over = Duration::from_millis(now.as_millis()).checked_sub(Duration::from_secs(ended))?;
            (over >= LEAST).then_some((over, *before))
        });
        let Some((over, before)) = oldest else {
            return Self::Unknown;
        };
        match used.checked_sub(before).filter(|grown| *grown > 0) {
            None => Self::Steady,
            Some(grown) => {
                let free = u128::from(limit.saturating_sub(used));
                let left = free * u128::from(over.as_secs()) / u128::from(grown);
                Self::Lasts {
                    left: Duration::from_secs(u64::try_from(left).unwrap_or(u64::MAX)),
                    over,
                }
            }
        }
    }
}

impl Store {
    /// For how long the memory of this shard's server lasts, of which so much is used, and may be used.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn memory_outlook(&self, used: u64, limit: Option<u64>) -> Result<Outlook, StoreError> {
        let now = self.overview_time().await?;
        let mut read = redis::cmd("HGETALL");
        let noted: BTreeMap<String, String> = self
            .query(read.arg(self.keys().key("memory")))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(BTreeMap::new()))?;
        let noted = noted
            .iter()
            .filter_map(|(hour, bytes)| Some((hour.parse().ok()?, bytes.parse().ok()?)));
        Ok(Outlook::of(&noted.collect(), now, used, limit))
    }
}

#[cfg(test)]
mod tests;
