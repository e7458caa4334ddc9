//! What an operator does: look at a store, and accept what is on the server.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisResult};

use super::look::TRIES;
use super::{Known, Rewind, Sight, StoreId, unknown_schema};
use crate::connection::Question;
use crate::{Store, StoreError};

/// A store, as an operator sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFacts {
    /// Its identity.
    pub identity: Option<StoreId>,
    /// Its schema.
    pub schema: Option<String>,
    /// Its number of shards.
    pub shards: Option<String>,
    /// While that is being raised: to how many, and `closed` behind it while no account may begin.
    pub growth: Option<String>,
    /// The version of the directory of accounts that lie in another shard than their ids say.
    pub directory: u64,
    /// Its counter of seconds in which something was written, roughly.
    pub writes: u64,
    /// When an operator last accepted it (ms since 1970); 0 for never.
    pub accepted_at: u64,
    /// When it was last found to be set back.
    pub rewound: Option<Rewind>,
    /// Without an identity: whether there are other keys of ours.
    pub has_others: bool,
}

impl StoreFacts {
    /// How many shards the store is growing to, if it is.
    pub(crate) fn grows_to(&self) -> Option<u16> {
        let words = self.growth.as_deref()?;
        words.split(' ').next()?.parse().ok()
    }
}

/// What an operator found on the server, and accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing of ours.
    Empty,
    /// Keys of ours, without an identity.
    Unmarked,
    /// A store with another identity than `STORE_ID` names.
    Other,
    /// A store that was set back to an earlier state.
    Older,
    /// The store that `STORE_ID` names, or any store without it.
    Same,
}

/// What came of accepting a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// What was on the server.
    pub found: Found,
    /// The same in detail.
    pub before: StoreFacts,
    /// The identity that it has now, or would have.
    pub identity: StoreId,
}

impl Store {
    /// What `wh:meta` says; needs the rights of an operator. Does not look for other keys.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn store_marks(&self) -> Result<StoreFacts, StoreError> {
        let meta: HashMap<String, String> = self.query_anywhere(&Marks(self)).await?;
        let word = |name: &str| meta.get(name).filter(|word| !word.is_empty()).cloned();
        let number = |name: &str| word(name).and_then(|word| word.parse().ok());
        let of = |name: &str| number(name).unwrap_or(0);
        Ok(StoreFacts {
            identity: word("store").map(StoreId::from_stored),
            schema: word("schema"),
            shards: word("shards"),
            growth: word("growsTo"),
            directory: of("directory"),
            writes: of("writes"),
            accepted_at: of("acceptedAt"),
            rewound: number("rewoundAt").map(|at| Rewind {
                at,
                from: of("rewoundFrom"),
                to: of("rewoundTo"),
            }),
            has_others: false,
        })
    }

    /// What is on the server; needs the rights of a program and changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn store_facts(&self) -> Result<StoreFacts, StoreError> {
        Ok(facts(self.sight(&Known::default(), None).await?))
    }

    /// Accepts what is on the server as the store, for an operator. It gets the identity that this handle insists on
    /// (`STORE_ID`), else it keeps its own, else it gets a random one. Programs that run take it for theirs. The call can be
    /// repeated; a dry run changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the stored data has a schema that this version doesn't know.
    pub async fn accept_store(&self, dry_run: bool) -> Result<Acceptance, StoreError> {
        for _ in 0..TRIES {
            let seen = self.sight(&Known::default(), None).await?;
            if let Some(reason) = seen.schema.as_deref().and_then(unknown_schema) {
                return Err(StoreError::Unexpected(reason));
            }
            let wanted = self.guard().known().insists_on;
            let found = match &seen.identity {
                None if seen.has_others => Found::Unmarked,
                None => Found::Empty,
                Some(found) if wanted.as_ref().is_some_and(|wanted| wanted != found) => Found::Other,
                Some(_) if seen.rewound.is_some() => Found::Older,
                Some(_) => Found::Same,
            };
            let identity = wanted
                .or_else(|| seen.identity.clone())
                .unwrap_or_else(StoreId::random);
            if dry_run || self.claim(&seen, &identity, true).await? {
                return Ok(Acceptance {
                    found,
                    before: facts(seen),
                    identity,
                });
            }
        }
        Err(StoreError::Unexpected(
            "the store changes while it is accepted: run it again".to_owned(),
        ))
    }
}

/// Where the hash is: that depends on the server, so it is known once there is a connection.
struct Marks<'a>(&'a Store);

impl Question for Marks<'_> {
    async fn ask<T: FromRedisValue>(&self, mut connection: MultiplexedConnection) -> RedisResult<T> {
        let meta = self.0.keys().meta(self.0.connections().are_to_cluster());
        redis::cmd("HGETALL").arg(meta).query_async(&mut connection).await
    }
}

fn facts(sight: Sight) -> StoreFacts {
    StoreFacts {
        identity: sight.identity,
        schema: sight.schema,
        shards: sight.shards,
        growth: sight.growth,
        directory: sight.directory,
        writes: sight.writes,
        accepted_at: sight.accepted_at,
        rewound: sight.rewound,
        has_others: sight.has_others,
    }
}
