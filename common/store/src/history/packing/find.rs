//! Finding what has enough to be packed.

use std::time::Duration;

use super::enough::{AGE, LEAST, LEAST_AFTER, LEAST_AGE, LOG_KEPT, LOG_LEAST, LOG_WORTH, WORTH};
use super::{Found, Series, events};
use crate::decode::parse;
use crate::scripts::script;
use crate::{Store, StoreError};

/// How long a series is left to who found it.
const CLAIM: Duration = Duration::from_secs(10);

script! {
    /// Finds a series that has enough to be packed.
    "history_find": AllowOom, Writes, needs [ENDPOINTS, TERMS];
    struct HistoryFind {
        from: u32,
        worth: u64,
        least: u64,
        most: usize,
        age: Duration,
        least_age: Duration,
        least_after: Duration,
        is_pressed: bool,
        log_worth: usize,
        log_least: usize,
        log_kept: usize,
        claim: Duration
    } -> (Option<(String, String, String, bool)>, u32)
}

impl Store {
    /// Finds a series that has enough to be packed, and leaves it to the caller for ten seconds. `from` is where the search goes on; 0
    /// to begin with. `is_pressed`: while memory is short less is enough. `None`: nothing here; when `from` is 0 again, nothing at all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn find_unpacked(&self, from: &mut u32, is_pressed: bool) -> Result<Option<Found>, StoreError> {
        let find = HistoryFind {
            from: *from,
            worth: WORTH,
            least: LEAST,
            most: events::MOST,
            age: AGE,
            least_age: LEAST_AGE,
            least_after: LEAST_AFTER,
            is_pressed,
            log_worth: LOG_WORTH,
            log_least: LOG_LEAST,
            log_kept: LOG_KEPT,
            claim: CLAIM,
        };
        let (found, next) = self.call(&find).await?;
        *from = next;
        let Some((class, owner, account, takes_little)) = found else {
            return Ok(None);
        };
        let account = parse(&account)?;
        let series = match class.as_str() {
            "log" => Series::Log {
                endpoint: parse(&owner)?,
                account,
            },
            class => Series::Events {
                account,
                class: parse(class)?,
            },
        };
        Ok(Some(Found { series, takes_little }))
    }
}
