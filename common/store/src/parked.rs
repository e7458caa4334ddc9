//! Finding the endpoints that aren't active and that nothing has entered in `parked`, where upkeep looks for what is parked for
//! too long.
//!
//! Every script that ends an endpoint's activity enters it. The previous release entered disabled endpoints only, under another
//! name, and its programs may run beside ours while a release is rolled out. So workers search the accounts once a day, one
//! small step with each step of upkeep. This is the one search that goes through all keys, so it marks what is long of an endpoint's log
//! as well: marks are made as attempts are counted, and a log may grow by what isn't, or have grown before there were any.

use std::time::Duration;

use super::history::LONG_LOG;
use super::scripts::script;
use super::{Store, StoreError};

/// How long after a search has ended the next one begins.
const EVERY: Duration = Duration::from_secs(86_400);

/// Keys that one step looks at.
const STEP: usize = 1000;

/// Accounts whose endpoints one call looks at.
const ACCOUNTS: usize = 20;

/// How far a search is. It is this worker's alone; if the worker dies, another one searches from the start.
#[derive(Debug, Default)]
pub struct ParkedSearch {
    cursor: Option<u64>,
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchStep {
    /// No search is due: somebody ended one within a day.
    NotDue,
    /// There is more to look at.
    Going {
        /// Endpoints that this step entered.
        found: u64,
    },
    /// All accounts have been looked at.
    Ended {
        /// Endpoints that this step entered.
        found: u64,
    },
}

script! {
    /// Enters endpoints that aren't active in `parked`; answers how many, and how long ago a search last ended.
    "parked_find": AllowOom, Writes, needs [LOG, TERMS];
    struct ParkedFind<'a> {
        /// From how many entries on a log is looked at.
        long_log: usize,
        /// Whether the search ends with this call.
        ends: bool;
        each account: &'a [&'a str]
    } -> (u64, Option<Duration>)
}

impl Store {
    /// One bounded step of the search; the first one finds out whether a search is due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: the next step repeats this one.
    pub async fn search_parked(&self, search: &mut ParkedSearch) -> Result<SearchStep, StoreError> {
        let Some(cursor) = search.cursor else {
            let (_, ended) = self.find_parked(false, &[]).await?;
            let is_due = ended.is_none_or(|ended| ended >= EVERY);
            search.cursor = is_due.then_some(0);
            return Ok(if is_due {
                SearchStep::Going { found: 0 }
            } else {
                SearchStep::NotDue
            });
        };
        let prefix = self.keys().key("account:");
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*:endpoints"));
        scan.arg("COUNT").arg(STEP);
        let (next, keys): (u64, Vec<String>) = self.query(&scan).await?;
        let accounts: Vec<_> = keys
            .iter()
            .filter_map(|key| key.strip_prefix(&prefix)?.strip_suffix(":endpoints"))
            .collect();
        let mut found = 0;
        for some in accounts.chunks(ACCOUNTS) {
            found += self.find_parked(false, some).await?.0;
        }
        if next > 0 {
            search.cursor = Some(next);
            return Ok(SearchStep::Going { found });
        }
        self.find_parked(true, &[]).await?;
        search.cursor = None;
        Ok(SearchStep::Ended { found })
    }

    /// How many endpoints of these accounts were entered, and how long ago a search ended.
    async fn find_parked(
        &self,
        ends: bool,
        accounts: &[&str],
    ) -> Result<(u64, Option<Duration>), StoreError> {
        let account = accounts;
        let long_log = LONG_LOG;
        self.call(&ParkedFind {
            long_log,
            ends,
            account,
        })
        .await
    }
}
