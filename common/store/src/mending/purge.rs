//! Letting go of what has finished before it has reached its age.

use std::collections::BTreeSet;

use ::history::{EventsDescriptor, LogDescriptor};
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};

use crate::scripts::{answered, script};
use crate::{Store, StoreError};

/// Of how many endpoints one step looks at the logs.
const LOGS: usize = 16;

/// How many descriptors of blocks one command reads.
const STEP: usize = 500;

/// The classes of finished events.
const CLASSES: [&str; 2] = ["delivered", "exhausted"];

script! {
    /// Lets go of some of what an account has finished.
    "history_purge": AllowOom, Writes, needs [RELEASE];
    struct HistoryPurge<'a> {
        account: &'a AccountId,
        until: Timestamp,
        keeps_exhausted: bool;
        each series: &'a [EndpointId]
    } -> PurgeStep
}

/// What one step let go of.
pub(crate) struct PurgeStep {
    events: u64,
    log_blocks: u64,
    bytes: u64,
    more: bool,
}

answered! { PurgeStep { events, log_blocks, bytes, more } }

/// What of the past goes.
#[derive(Debug, Clone, Copy)]
pub struct PurgeSpan {
    /// What finished until then.
    pub until: Timestamp,
    /// Whether payloads of exhausted events stay.
    pub keeps_exhausted: bool,
}

/// What went, or would.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Finished events, with their payloads.
    pub events: u64,
    /// Blocks of logs.
    pub log_blocks: u64,
    /// What these had been charged, and the blocks took.
    pub bytes: u64,
}

impl Purged {
    /// Adds what went elsewhere.
    pub const fn add(&mut self, other: Self) {
        self.events += other.events;
        self.log_blocks += other.log_blocks;
        self.bytes += other.bytes;
    }
}

impl Store {
    /// All accounts of which anything is kept that has finished.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn accounts_with_past(&self) -> Result<BTreeSet<AccountId>, StoreError> {
        // An operator said all: a part of them, without a word, would be worse than the memory for their names.
        let mut found = self.accounts_with_history(usize::MAX).await?;
        let members = self.first_members("history:bytes", usize::MAX).await?;
        found.extend(members.iter().filter_map(|id| id.parse::<AccountId>().ok()));
        Ok(found)
    }

    /// Lets go of what an account has finished until a moment: payloads, oldest first, and blocks of logs, in bounded steps. What isn't packed
    /// of a log stays. It may be repeated.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. What went until then stays gone.
    pub async fn purge_finished(
        &self,
        account: &AccountId,
        span: PurgeSpan,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Purged, StoreError> {
        let mut purged = Purged::default();
        let logs = self.logs_with_blocks(account).await?;
        // The events go with the first of them.
        let first: &[EndpointId] = &[];
        for series in std::iter::once(first).chain(logs.chunks(LOGS)) {
            loop {
                let step = HistoryPurge {
                    account,
                    until: span.until,
                    keeps_exhausted: span.keeps_exhausted,
                    series,
                };
                let PurgeStep {
                    events,
                    log_blocks,
                    bytes,
                    more,
                } = self.call(&step).await?;
                purged.add(Purged {
                    events,
                    log_blocks,
                    bytes,
                });
                progress(purged.events);
                if !more {
                    break;
                }
            }
        }
        Ok(purged)
    }

    /// About what [`Self::purge_finished`] would let go of, with plain reads. How many bytes events beside the blocks take is reckoned from
    /// what all of their account take.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn purgeable(&self, account: &AccountId, span: PurgeSpan) -> Result<Purged, StoreError> {
        let mut found = Purged::default();
        for class in CLASSES {
            if class == "exhausted" && span.keeps_exhausted {
                continue;
            }
            found.add(self.purgeable_beside(account, class, span.until).await?);
            let read = |text: &str| text.parse::<EventsDescriptor>().ok();
            for block in self
                .old_blocks(&format!("{class}:{account}"), span.until, read)
                .await?
            {
                found.events += u64::from(block.count);
                found.bytes += u64::from(block.bytes);
            }
        }
        for endpoint in self.logs_with_blocks(account).await? {
            let read = |text: &str| text.parse::<LogDescriptor>().ok();
            for block in self
                .old_blocks(&format!("log:{endpoint}"), span.until, read)
                .await?
            {
                found.log_blocks += 1;
                found.bytes += u64::from(block.bytes);
            }
        }
        Ok(found)
    }

    /// The endpoints of an account whose logs have blocks.
    async fn logs_with_blocks(&self, account: &AccountId) -> Result<Vec<EndpointId>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:history"));
        let series: Vec<String> = self.query(redis::cmd("ZRANGE").arg(key).arg(0).arg(-1)).await?;
        let logs = series
            .iter()
            .filter_map(|series| series.strip_prefix("log:")?.parse().ok());
        Ok(logs.collect())
    }

    /// What isn't packed yet of a class.
    async fn purgeable_beside(
        &self,
        account: &AccountId,
        class: &str,
        until: Timestamp,
    ) -> Result<Purged, StoreError> {
        let key = self.keys().key(&format!("account:{account}:{class}"));
        let length: u64 = self.query(redis::cmd("LLEN").arg(&key)).await?;
        let sums = self.keys().key(&format!("finished:{class}:bytes"));
        let mut read = redis::cmd("ZSCORE");
        let charged: Option<u64> = self.query(read.arg(sums).arg(account.as_str())).await?;
        // Time never goes back, so the list is sorted: how many of its head are that old is found by halves.
        let (mut old, mut young) = (0, length);
        while old < young {
            let middle = old + (young - old) / 2;
            let entry: Option<String> = self.query(redis::cmd("LINDEX").arg(&key).arg(middle)).await?;
            let at = entry.and_then(|entry| entry.split(' ').next()?.parse::<u64>().ok());
            if at.is_some_and(|at| at <= until.as_millis() / 1000) {
                old = middle + 1;
            } else {
                young = middle;
            }
        }
        Ok(Purged {
            events: old,
            log_blocks: 0,
            bytes: (charged.unwrap_or(0) * old).checked_div(length).unwrap_or(0),
        })
    }

    /// The blocks of a series all of which are that old.
    async fn old_blocks<T>(
        &self,
        series: &str,
        until: Timestamp,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        let (key, mut found, mut from) = (self.keys().key(&format!("blocks:{series}")), Vec::new(), 0);
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(&key).arg("-inf").arg(until.as_millis()).arg("BYSCORE");
            range.arg("LIMIT").arg(from).arg(STEP);
            let texts: Vec<String> = self.query(&range).await?;
            found.extend(texts.iter().filter_map(|text| read(text)));
            if texts.len() < STEP {
                return Ok(found);
            }
            from += STEP;
        }
    }
}
