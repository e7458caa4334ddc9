//! Reading blocks.

use ::history::{
    BlockId, Class, Corrupt, EventsBlock, EventsDescriptor, FinishedEvent, HEAD, LogBlock, LogDescriptor,
    PROBES, Place, Probe, unpack_events, unpack_log,
};
use domain::id::{AccountId, EndpointId, EventId};

use crate::decode::parse;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Descriptors of a series' blocks.
    "history_blocks": AllowOom, Reads, needs [OWNER];
    struct HistoryBlocks<'a> {
        account: &'a AccountId,
        class: &'a str,
        endpoint: Option<&'a EndpointId>,
        before: Option<u64>,
        since: u64,
        most: usize
    } -> (bool, Vec<String>)
}

script! {
    /// Blocks that may have an event; how many were looked at, and whether there are more.
    "history_probe": AllowOom, Reads, needs [BASE];
    struct HistoryProbe<'a> {
        account: &'a AccountId,
        class: &'a str,
        at: u64,
        first: u32,
        second: u32,
        probes: u32,
        head: usize,
        since: u64,
        skip: usize
    } -> (Vec<String>, usize, bool)
}

/// How much earlier than its id says an event can have finished: ids are made by the clocks of the API's machines (ms).
const CLOCKS_DIFFER: u64 = 3_600_000;

impl Store {
    /// What the index says of an endpoint's log blocks that have entries before `before` (`None`: all) and not before `since`, newest
    /// first; at most `most`, and four. `None`: the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_blocks(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        before: Option<Place>,
        since: Option<Place>,
        most: usize,
    ) -> Result<Option<Vec<LogDescriptor>>, StoreError> {
        let blocks = HistoryBlocks {
            account,
            class: "log",
            endpoint: Some(endpoint),
            before: Some(before.map_or(u64::MAX >> 12, |before| before.ms)),
            since: since.map_or(0, |since| since.ms),
            most,
        };
        let (is_known, found) = self.call(&blocks).await?;
        if !is_known {
            return Ok(None);
        }
        let mut found: Vec<LogDescriptor> = found.iter().map(|text| parse(text)).collect::<Result<_, _>>()?;
        found.retain(|block| {
            before.is_none_or(|before| block.first < before) && since.is_none_or(|since| block.last >= since)
        });
        found.sort_unstable_by_key(|block| std::cmp::Reverse(block.first));
        Ok(Some(found))
    }

    /// A log block; `None` when it has gone meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the block can't be read.
    pub async fn log_block(&self, descriptor: &LogDescriptor) -> Result<Option<LogBlock>, StoreError> {
        self.block(&descriptor.block, unpack_log).await
    }

    /// What the index says of an account's blocks of events, of those that finished at `after` (ms) or later, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn event_blocks(
        &self,
        account: &AccountId,
        class: Class,
        after: u64,
        most: usize,
    ) -> Result<Vec<EventsDescriptor>, StoreError> {
        let blocks = HistoryBlocks {
            account,
            class: class.as_str(),
            endpoint: None,
            before: None,
            since: after,
            most,
        };
        let (_, found) = self.call(&blocks).await?;
        found.iter().map(|text| parse(text)).collect()
    }

    /// A block of events; `None` when it has gone meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the block can't be read.
    pub async fn event_block(
        &self,
        descriptor: &EventsDescriptor,
    ) -> Result<Option<EventsBlock>, StoreError> {
        self.block(&descriptor.block, unpack_events).await
    }

    /// A finished event that was packed, and the block that has it. If it was sent again and packed again, any of the blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or a block can't be read.
    pub async fn packed_event(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<(BlockId, Class, FinishedEvent)>, StoreError> {
        for class in [Class::Delivered, Class::Exhausted] {
            let (mut skip, mut has_more) = (0, true);
            while has_more {
                let probe = probe(account, class, event, skip);
                let (found, looked_at, more) = self.call(&probe).await?;
                (skip, has_more) = (skip + looked_at, more);
                for text in found {
                    let descriptor: EventsDescriptor = parse(&text)?;
                    let block = self.event_block(&descriptor).await?;
                    // What is another account's is never shown, whatever an index says.
                    let events = block
                        .filter(|block| block.account == *account)
                        .map(|block| block.events);
                    let wanted = events.into_iter().flatten().find(|one| one.id == *event);
                    if let Some(wanted) = wanted {
                        return Ok(Some((descriptor.block, class, wanted)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Reads and unpacks a block.
    async fn block<B: Send + 'static>(
        &self,
        id: &BlockId,
        unpack: fn(&[u8]) -> Result<B, Corrupt>,
    ) -> Result<Option<B>, StoreError> {
        let mut get = redis::cmd("GET");
        get.arg(self.keys().key(&format!("block:{id}")));
        let Some(bytes) = self.query::<Option<Vec<u8>>>(&get).await? else {
            return Ok(None);
        };
        let unpacked = tokio::task::spawn_blocking(move || unpack(&bytes)).await;
        match unpacked {
            Ok(Ok(block)) => Ok(Some(block)),
            Ok(Err(error)) => Err(StoreError::Unexpected(format!("block {id}: {error}"))),
            Err(error) => Err(StoreError::Unexpected(error.to_string())),
        }
    }
}

fn probe<'a>(account: &'a AccountId, class: Class, event: &EventId, skip: usize) -> HistoryProbe<'a> {
    let (bits, at) = (Probe::of(event), event.time().as_millis());
    HistoryProbe {
        account,
        class: class.as_str(),
        at,
        first: bits.first,
        second: bits.second,
        probes: PROBES,
        head: HEAD,
        since: at.saturating_sub(CLOCKS_DIFFER),
        skip,
    }
}
