//! The logs of several endpoints as one: each entry at its place, from the newest to the oldest.
//!
//! Of each log a few entries are known ahead; whichever comes first is taken. What was packed of a log stands behind its stream, as in
//! [`older`](super::super): the stream was read to its end before the index of blocks, so none is missed, and what is in both is told
//! by its place. A block is unpacked when it is its turn.

use std::cmp::Reverse;
use std::collections::VecDeque;

use futures_util::future::try_join_all;

use super::super::STEP;
use super::super::range::Order;
use super::super::{EndpointStanding, EntryId, RawEntry, Within};
use super::branch::Branch;
use super::position::Spot;
use crate::scripts::{record, script};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};
use history::LogDescriptor;

/// How many endpoints one call reads of.
const ENDPOINTS: usize = 100;

script! {
    /// Pieces of endpoints' logs, newest first, and a time: what is logged later is not older.
    "log_heads": AllowOom, Reads, needs [OWNER, VIEW, HERE];
    struct LogHeads<'a> {
        account: &'a AccountId;
        each wanted: Vec<Wanted<'a>>
    } -> (Timestamp, Vec<Option<(EndpointStanding, Vec<RawEntry>)>>)
}

record! {
    struct Wanted<'a> { endpoint: &'a EndpointId, newest: &'a str, most: usize }
}

/// The logs of several endpoints.
pub(super) struct Branches<'a> {
    store: &'a Store,
    account: &'a AccountId,
    /// What is older is not wanted.
    since: EntryId,
    branches: Vec<Branch>,
    /// How many entries of streams were read, and how many blocks were passed and unpacked.
    pub(super) read: usize,
    pub(super) passed: usize,
    pub(super) unpacked: usize,
}

/// What comes next.
pub(super) enum Next {
    /// Nothing.
    End,
    /// An entry at this place.
    Entry(Spot),
    /// A block whose newest entry has this place at most.
    Block(Spot, LogDescriptor),
}

impl<'a> Branches<'a> {
    /// The logs of these endpoints from a place on; `None`: from the newest entries on, but none behind `bound`.
    pub(super) fn new(
        store: &'a Store,
        account: &'a AccountId,
        endpoints: Vec<EndpointId>,
        from: Option<&Spot>,
        bound: EntryId,
        since: EntryId,
    ) -> Self {
        let branches = endpoints.into_iter().map(|endpoint| {
            let before = from.map_or_else(
                || bound.just_behind(),
                |from| {
                    // Of one place, the first endpoint comes first.
                    let is_past = endpoint.as_str() < from.endpoint.as_str();
                    if is_past { from.id } else { from.id.just_behind() }
                },
            );
            Branch::new(endpoint, before)
        });
        Self {
            store,
            account,
            since,
            branches: branches.collect(),
            read: 0,
            passed: 0,
            unpacked: 0,
        }
    }

    /// What comes next in all logs.
    pub(super) async fn next(&mut self) -> Result<Next, StoreError> {
        self.read_on().await?;
        let known = self.branches.iter();
        let first = known
            .filter_map(|branch| Some((branch.place()?, Reverse(branch.endpoint.as_str()), branch)))
            .filter(|(id, ..)| *id >= self.since)
            .max_by(|(id, endpoint, _), (other, its, _)| (id, endpoint).cmp(&(other, its)));
        let Some((id, _, branch)) = first else {
            return Ok(Next::End);
        };
        let endpoint = branch.endpoint.clone();
        let spot = Spot { id, endpoint };
        Ok(match branch.block() {
            Some(block) => Next::Block(spot, block.clone()),
            None => Next::Entry(spot),
        })
    }

    /// Takes the entry that comes next at this endpoint, with the place behind it.
    pub(super) fn take(&mut self, endpoint: &EndpointId) -> Option<RawEntry> {
        let branch = self.branch(endpoint)?;
        let entry = branch.ahead.pop_front()?;
        branch.before = branch.before.min(entry.id);
        Some(entry)
    }

    /// Leaves out the block that comes next at this endpoint.
    pub(super) fn pass(&mut self, endpoint: &EndpointId) {
        self.passed += 1;
        if let Some(branch) = self.branch(endpoint)
            && let Some(block) = branch.blocks.as_mut().and_then(VecDeque::pop_front)
        {
            branch.before = branch.before.min(block.first.into());
        }
    }

    /// Unpacks the block that comes next at this endpoint; its entries come next then, those that are wanted.
    pub(super) async fn unpack(
        &mut self,
        endpoint: &EndpointId,
        is_wanted: impl Fn(&RawEntry) -> bool + Send + 'static,
    ) -> Result<(), StoreError> {
        self.unpacked += 1;
        let store = self.store;
        let Some(branch) = self.branch(endpoint) else {
            return Ok(());
        };
        let Some(block) = branch.blocks.as_mut().and_then(VecDeque::pop_front) else {
            return Ok(());
        };
        let within = Within {
            before: branch.before,
            order: Order::NewestFirst,
            ..Within::ALL
        };
        let entries = store.entries_of_block(&block, within, is_wanted).await?;
        branch.ahead = entries.into_iter().flatten().collect();
        branch.before = branch.before.min(block.first.into());
        Ok(())
    }

    /// An endpoint that deliveries are shown of, as it stands.
    pub(super) fn standing(&self, endpoint: &EndpointId) -> Option<&EndpointStanding> {
        let branch = self.branches.iter().find(|branch| branch.endpoint == *endpoint);
        branch.and_then(|branch| branch.standing.as_ref())
    }

    fn branch(&mut self, endpoint: &EndpointId) -> Option<&mut Branch> {
        self.branches
            .iter_mut()
            .find(|branch| branch.endpoint == *endpoint)
    }

    /// Reads on wherever it isn't known what comes next.
    async fn read_on(&mut self) -> Result<(), StoreError> {
        self.read_streams().await?;
        let (store, since) = (self.store, self.since);
        let unknown = self.branches.iter_mut().filter(|branch| branch.lacks_blocks());
        try_join_all(unknown.map(|branch| branch.find_blocks(store, since))).await?;
        Ok(())
    }

    async fn read_streams(&mut self) -> Result<(), StoreError> {
        let (store, account) = (self.store, self.account);
        let mut unknown: Vec<_> = self
            .branches
            .iter_mut()
            .filter(|branch| branch.lacks_entries())
            .collect();
        // One log is read in large steps; of many, a few entries each.
        let most = (STEP / unknown.len().max(1)).max(2);
        for some in unknown.chunks_mut(ENDPOINTS) {
            let newest: Vec<_> = some.iter().map(|branch| branch.before.before()).collect();
            let wanted = some.iter().zip(&newest).map(|(branch, newest)| Wanted {
                endpoint: &branch.endpoint,
                newest,
                most,
            });
            let wanted = wanted.collect();
            let (_, pieces) = store.call(&LogHeads { account, wanted }).await?;
            for (branch, piece) in some.iter_mut().zip(pieces) {
                self.read += piece.as_ref().map_or(0, |(_, entries)| entries.len());
                branch.add(piece, most);
            }
        }
        Ok(())
    }
}

impl Store {
    /// A time: whatever is logged from now on is of that time or later.
    pub(super) async fn time_of_logs(&self, account: &AccountId) -> Result<Timestamp, StoreError> {
        let wanted = Vec::new();
        let (now, _) = self.call(&LogHeads { account, wanted }).await?;
        Ok(now)
    }
}
