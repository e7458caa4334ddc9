//! The logs of a shard as they grow, for an operator: attempts as they are logged, of one endpoint, of an account, or of all.
//!
//! It asks with plain reads in bounded pipelines, so the rights of `operator` suffice, and blocks nothing. One look reads from a bounded
//! number of logs: those that had something lately, those of endpoints that have something to send or in flight, and some of the others,
//! which take turns (`who`). So of very many endpoints, one that was idle shows its first attempts some seconds late; none is lost for it. Of a
//! log that grows faster than it is read, what is older than a moment is left out, and counted (`branch`).

mod branch;

mod who;

use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};
use futures_util::future::try_join_all;

use self::branch::Branch;
use self::who::Who;
use crate::log::{EntryId, LogEntry, RawEntry};
use crate::{Store, StoreError};

/// About how many entries one look reads; of each log a few at least, and at most so many. (The newest 200 of a log are never packed, so
/// whoever is no more than that behind has them all in the stream.)
const MOST_READ: usize = 4_000;
const OF_EACH: (usize, usize) = (8, 200);

/// Who is further behind than this leaves something out.
const BEHIND: Duration = Duration::from_secs(2);

/// Whose logs are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveScope {
    /// All of the shard.
    All,
    /// Those of an account's endpoints.
    Account(AccountId),
    /// That of one endpoint, which this account has.
    Endpoint(AccountId, EndpointId),
}

/// Reads the logs of a shard as they grow.
#[derive(Debug)]
pub struct LiveLogs {
    store: Store,
    who: Who,
}

/// What one look found.
#[derive(Debug, Default)]
pub struct LiveLook {
    /// What was logged since the look before, the oldest first.
    pub entries: Vec<LiveEntry>,
    /// How many entries were left out, since they came faster than they are read.
    pub left_out: u64,
    /// Whether there may have been more than that.
    pub is_lower_bound: bool,
    /// How many endpoints aren't followed at all, since there are too many.
    pub unfollowed: usize,
}

/// An entry, with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEntry {
    /// The account, unless its endpoint was removed since.
    pub account: Option<AccountId>,
    /// The endpoint.
    pub endpoint: EndpointId,
    /// What it says.
    pub entry: LogEntry,
}

impl Store {
    /// Reads logs from now on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn live_logs(&self, scope: LiveScope) -> Result<LiveLogs, StoreError> {
        let start = EntryId::at(self.overview_time().await?).just_before();
        let who = Who::new(scope, start);
        let mut live = LiveLogs {
            store: self.clone(),
            who,
        };
        live.who.refresh(&live.store).await?;
        Ok(live)
    }
}

impl LiveLogs {
    /// Looks what was logged since the look before. A repeated call after an error loses nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn look(&mut self) -> Result<LiveLook, StoreError> {
        let now = self.store.overview_time().await?;
        self.who.refresh(&self.store).await?;
        let chosen = self.who.choose(&self.store).await?;
        let (least, most) = OF_EACH;
        let most = (MOST_READ / chosen.len().max(1)).clamp(least, most);
        let asked = chosen.iter().filter_map(|id| {
            let branch = self.who.branches.get(id)?;
            let mut range = redis::cmd("XRANGE");
            range
                .arg(self.store.log_key(id))
                .arg(format!("({}", branch.after));
            range.arg("+").arg("COUNT").arg(most);
            Some(range)
        });
        let mut answers = self.store.ask_all(asked.collect()).await?;
        let (mut look, mut full) = (LiveLook::default(), Vec::new());
        for id in chosen {
            let entries: Vec<RawEntry> = answers.read()?.unwrap_or_default();
            let Some(branch) = self.who.branches.get_mut(&id) else {
                continue;
            };
            if entries.len() >= most {
                full.push(id.clone());
            }
            branch.take_in(&entries);
            let entries = entries.into_iter().filter_map(RawEntry::known);
            look.entries.extend(entries.map(|entry| LiveEntry {
                account: branch.account.clone(),
                endpoint: id.clone(),
                entry,
            }));
        }
        self.catch_up(full, now, &mut look).await?;
        look.unfollowed = self.who.unfollowed;
        look.entries.sort_by(|one, other| {
            (one.entry.id, one.endpoint.as_str()).cmp(&(other.entry.id, other.endpoint.as_str()))
        });
        Ok(look)
    }

    /// Of logs that had as much as is read at once: those that are behind go on at their ends.
    async fn catch_up(
        &mut self,
        full: Vec<EndpointId>,
        now: Timestamp,
        look: &mut LiveLook,
    ) -> Result<(), StoreError> {
        let oldest = now
            .as_millis()
            .saturating_sub(BEHIND.as_millis().try_into().unwrap_or(0));
        let of = |branch: &Branch| branch.mark.is_none() || branch.after.time().as_millis() < oldest;
        let wanted: Vec<_> = full
            .into_iter()
            .filter(|id| self.who.branches.get(id).is_some_and(of))
            .collect();
        let ends = try_join_all(wanted.iter().map(|id| self.store.end_and_count(id))).await?;
        for (id, end) in wanted.iter().zip(ends) {
            let (Some(branch), Some((end, added))) = (self.who.branches.get_mut(id), end) else {
                continue;
            };
            if branch.after.time().as_millis() < oldest {
                let (count, is_lower_bound) = branch.skip_to(end, added);
                look.left_out += count;
                look.is_lower_bound |= is_lower_bound;
            } else {
                branch.mark_at(end, added);
            }
        }
        Ok(())
    }
}
