//! Following the logs of all endpoints of an account as they grow, over one connection.
//!
//! Scripts note one time for all that they log, and never an earlier one than before. So what is older than a time that Redis has just
//! told is complete in all logs: it is handed out in one order, and one place is good for all logs. What is logged in the very
//! millisecond waits for the next look. An endpoint that is made meanwhile has nothing older than the look before.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use redis::Value;

use super::super::{EntryId, LogEntry, RawEntry};
use super::followed::Branch;
use super::place::AccountPlace;
use crate::handle::Listener;
use crate::scripts::Answer as _;
use crate::{Store, StoreError};
use domain::id::{AccountId, EndpointId};

/// About how many entries one look reads; of each log a few at least, and so many at most.
const MOST_READ: usize = 512;
const OF_EACH: (usize, usize) = (4, 64);

/// How long to wait for the millisecond to end in which something was logged.
const MOMENT: Duration = Duration::from_millis(1);

/// Follows the logs of an account's endpoints on a connection of its own, which costs Redis little while nothing happens.
#[derive(Debug)]
pub struct AccountTail {
    store: Store,
    account: AccountId,
    listener: Listener,
    branches: Vec<Branch>,
    /// What stands up to here was handed out; at endpoints that are new, there is nothing before.
    after: EntryId,
    /// Whether the last look left something.
    is_behind: bool,
}

impl Store {
    /// Follows the logs of an account from a place on; `None`: from what comes next.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn tail_account(
        &self,
        account: &AccountId,
        from: Option<&AccountPlace>,
    ) -> Result<AccountTail, StoreError> {
        let start = match from {
            Some(place) => place.id,
            None => self.settled(account).await?,
        };
        let mut tail = AccountTail {
            store: self.clone(),
            account: account.clone(),
            listener: self.listener(),
            branches: Vec::new(),
            after: start,
            is_behind: from.is_some(),
        };
        tail.refresh().await?;
        for branch in &mut tail.branches {
            let known = from.and_then(|from| from.endpoint.as_ref());
            if known.is_some_and(|known| branch.endpoint.as_str() > known.as_str()) {
                (branch.after, branch.before) = (start.just_before(), start.just_before());
            }
            (branch.is_behind, branch.was_behind) = (from.is_some(), from.is_some());
        }
        Ok(tail)
    }

    /// The place up to which all logs are complete now.
    async fn settled(&self, account: &AccountId) -> Result<EntryId, StoreError> {
        Ok(EntryId::at(self.time_of_logs(account).await?).just_before())
    }
}

impl AccountTail {
    /// The place behind which [`Self::next`] reads on.
    #[must_use]
    pub const fn position(&self) -> EntryId {
        self.after
    }

    /// Where the logs go on, if entries are gone that came behind the place before the last [`Self::next`]. Only of a log that it was
    /// behind with anything can be missing: of the others it had all.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn gap(&self) -> Result<Option<EntryId>, StoreError> {
        let behind = self.branches.iter().filter(|branch| branch.was_behind);
        let gaps = behind.map(|branch| self.store.log_gap(&branch.endpoint, branch.before));
        Ok(try_join_all(gaps).await?.into_iter().max().flatten())
    }

    /// The next entries, each with its endpoint, oldest first; none after `timeout`. A repeated call after an error loses nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn next(&mut self, timeout: Duration) -> Result<Vec<(EndpointId, LogEntry)>, StoreError> {
        if !self.is_behind {
            self.wait(timeout).await?;
        }
        let settled = self.store.settled(&self.account).await?;
        // Who is made from now on has nothing up to there.
        self.refresh().await?;
        let mut read = self.read().await?;
        let most = self.of_each();
        let mut horizon = settled;
        for branch in &mut self.branches {
            (branch.before, branch.was_behind) = (branch.after, branch.is_behind);
            let entries = read.remove(&branch.key).unwrap_or_default();
            branch.take_in(&self.store, entries, most).await?;
            if let (true, Some(last)) = (branch.is_behind, branch.ahead.back()) {
                horizon = horizon.min(last.id);
            }
        }
        let mut found = Vec::new();
        for branch in &mut self.branches {
            while let Some(entry) = branch.ahead.pop_front_if(|entry| entry.id <= horizon) {
                found.push((branch.endpoint.clone(), entry));
            }
            branch.after = branch.after.max(horizon);
            branch.is_behind |= !branch.ahead.is_empty();
        }
        self.after = self.after.max(horizon);
        self.is_behind = horizon < settled;
        found.sort_by(|(endpoint, entry), (other, its)| {
            (entry.id, endpoint.as_str()).cmp(&(its.id, other.as_str()))
        });
        let known = found.into_iter().filter_map(|(endpoint, entry)| {
            let entry = entry.known()?;
            Some((endpoint, entry))
        });
        Ok(known.collect())
    }

    /// Waits until something was logged.
    async fn wait(&self, timeout: Duration) -> Result<(), StoreError> {
        if self.branches.is_empty() {
            tokio::time::sleep(timeout).await;
            return Ok(());
        }
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(1).arg("BLOCK");
        read.arg(timeout.as_millis().max(1).to_string());
        self.add_streams(&mut read);
        let _: Value = self.listener.query(timeout, &read).await?;
        tokio::time::sleep(MOMENT).await;
        Ok(())
    }

    /// What comes next in each log that has something, by its key.
    async fn read(&self) -> Result<HashMap<String, Vec<RawEntry>>, StoreError> {
        if self.branches.is_empty() {
            return Ok(HashMap::new());
        }
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT").arg(self.of_each());
        self.add_streams(&mut read);
        let answer: Value = self.store.query(&read).await?;
        let streams = Option::<Vec<(String, Vec<RawEntry>)>>::read(answer)?;
        Ok(streams.unwrap_or_default().into_iter().collect())
    }

    fn add_streams(&self, read: &mut redis::Cmd) {
        read.arg("STREAMS");
        for branch in &self.branches {
            read.arg(&branch.key);
        }
        for branch in &self.branches {
            read.arg(branch.after.to_string());
        }
    }

    fn of_each(&self) -> usize {
        let (least, most) = OF_EACH;
        (MOST_READ / self.branches.len().max(1)).clamp(least, most)
    }

    /// Follows the endpoints that there are now.
    async fn refresh(&mut self) -> Result<(), StoreError> {
        let endpoints = self.store.endpoint_ids(&self.account).await?;
        self.branches
            .retain(|branch| endpoints.contains(&branch.endpoint));
        for endpoint in endpoints {
            if !self.branches.iter().any(|branch| branch.endpoint == endpoint) {
                let key = self.store.log_key(&endpoint);
                self.branches.push(Branch::new(endpoint, key, self.after));
            }
        }
        Ok(())
    }
}
