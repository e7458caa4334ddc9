//! What the shards say of an account that moves.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::id::AccountId;

use crate::decode::{parse, unexpected};
use crate::shards::Shards;
use crate::{Store, StoreError};

/// An account is on its way to another shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// The shard that it leaves.
    pub from: u16,
    /// The shard that it goes to.
    pub to: u16,
    /// How far it has got.
    pub phase: Phase,
    /// When that began.
    pub since: Timestamp,
    /// What its terms were before.
    pub(super) terms: String,
    /// How many of its deliveries wait.
    pub(super) waiting: u64,
}

/// How far an account has got on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is paused, its events are accepted, and what is under way ends.
    Draining,
    /// Nothing is done for it any more.
    Closing,
    /// It is copied.
    Closed,
    /// The other shard has it.
    Switched,
    /// What is left of it goes.
    Leaving,
}

impl Phase {
    fn from_word(word: &str) -> Result<Self, StoreError> {
        Ok(match word {
            "draining" => Self::Draining,
            "closing" => Self::Closing,
            "closed" => Self::Closed,
            "switched" => Self::Switched,
            "leaving" => Self::Leaving,
            _ => return Err(unexpected("a move")),
        })
    }

    /// Whether the account can still stay where it was.
    #[must_use]
    pub const fn can_be_undone(self) -> bool {
        matches!(self, Self::Draining | Self::Closing | Self::Closed)
    }
}

impl Shards {
    /// The move that an account is on, whoever began it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn move_of(&self, account: &AccountId) -> Result<Option<Moving>, StoreError> {
        for store in self.all() {
            let found = store.leaves(account).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

impl Store {
    /// The fields of what this shard says of an account's move.
    pub(super) async fn move_fields(
        &self,
        account: &AccountId,
    ) -> Result<HashMap<String, String>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:move"));
        self.query(redis::cmd("HGETALL").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(HashMap::new()))
    }

    /// How far an account has got that leaves this shard.
    pub(crate) async fn leaves(&self, account: &AccountId) -> Result<Option<Moving>, StoreError> {
        let fields = self.move_fields(account).await?;
        let Some(to) = fields.get("to") else {
            return Ok(None);
        };
        let text = |name: &str| fields.get(name).map_or("", String::as_str);
        Ok(Some(Moving {
            from: self.shard().number,
            to: parse(to)?,
            phase: Phase::from_word(text("phase"))?,
            since: Timestamp::from_millis(parse(text("since"))?).ok_or_else(|| unexpected("a move"))?,
            terms: text("terms").to_owned(),
            waiting: text("waiting").parse().unwrap_or(0),
        }))
    }
}
