//! Finds all keys of an account in a shard.

use std::collections::VecDeque;

use domain::id::AccountId;

use super::script::AccountMoveWalk;
use crate::{Store, StoreError};

/// How many keys a step looks at: one command for each of most of them.
const KEYS_LOOKED_AT: u32 = 2_000;

/// How many blocks of history a step finds.
const BLOCKS: usize = 1_000;

/// Whether a key tells whose others are: it is copied before them, and removed after them.
pub(super) fn tells(name: &str) -> bool {
    name.starts_with("endpoint:") || name.starts_with("event:")
}

/// Whether it tells whose blocks are: it is copied before them. (A walk names it behind them, and its endpoint tells whose it is.)
pub(super) fn tells_of_blocks(name: &str) -> bool {
    name.starts_with("blocks:")
}

/// A walk through all keys of a shard.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Where it goes on, of which server; empty at first.
    cursor: String,
    server: String,
    is_over: bool,
    /// The indexes of blocks that it has met, and how many of their blocks it has named. Only they know whose a block is.
    indexes: VecDeque<(String, usize)>,
}

impl Walk {
    /// The names of some more keys, without the prefix; `None` after the last. An index of blocks comes after its blocks.
    pub(super) async fn next(
        &mut self,
        store: &Store,
        account: &AccountId,
    ) -> Result<Option<Vec<String>>, StoreError> {
        if let Some((index, named)) = self.indexes.pop_front() {
            return self.blocks(store, index, named).await.map(Some);
        } else if self.is_over {
            return Ok(None);
        }
        let step = AccountMoveWalk {
            account,
            cursor: &self.cursor,
            server: &self.server,
            keys_looked_at: KEYS_LOOKED_AT,
        };
        let (cursor, server, names) = store.call(&step).await?;
        self.is_over = cursor == "0";
        (self.cursor, self.server) = (cursor, server);
        let (indexes, names): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| name.starts_with("blocks:"));
        self.indexes.extend(indexes.into_iter().map(|index| (index, 0)));
        Ok(Some(names))
    }

    async fn blocks(
        &mut self,
        store: &Store,
        index: String,
        named: usize,
    ) -> Result<Vec<String>, StoreError> {
        let mut command = redis::cmd("ZRANGE");
        command
            .arg(store.keys().key(&index))
            .arg(named)
            .arg(named + BLOCKS - 1);
        let found: Vec<String> = store.query(&command).await?;
        let blocks = found.iter().filter_map(|descriptor| descriptor.split(' ').next());
        let mut names: Vec<_> = blocks.map(|block| format!("block:{block}")).collect();
        if found.len() == BLOCKS {
            self.indexes.push_front((index, named + BLOCKS));
        } else {
            names.push(index);
        }
        Ok(names)
    }
}
