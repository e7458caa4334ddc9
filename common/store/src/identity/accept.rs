//! An operator looks at a store, and accepts what is there.

use std::collections::HashMap;

use super::look::TRIES;
use super::{Known, SCHEMA, Sight, StoreId};
use crate::keys::META;
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
    /// Its counter of seconds in which something was written, roughly.
    pub writes: u64,
    /// When an operator last accepted it (ms since 1970); 0 for never.
    pub accepted_at: u64,
    /// When it was last found to be set back (ms since 1970), and `writes` before and after.
    pub rewound: Option<(u64, u64, u64)>,
    /// Without an identity: whether there are other keys of ours.
    pub has_others: bool,
}

/// What an operator accepted, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// There was nothing of ours.
    Empty,
    /// There were keys of ours without an identity.
    Unmarked,
    /// A store with another identity than the one that was asked for.
    Other,
    /// A store that was set back to an earlier state.
    Older,
    /// The store that was asked for.
    Same,
}

/// What came of accepting a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// What there was.
    pub what: What,
    /// What there was, in detail.
    pub before: StoreFacts,
    /// The identity that it has now, or would have.
    pub identity: StoreId,
}

impl Store {
    /// What the store says of itself; needs the rights of an operator. Whether there are other keys is not looked at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn store_marks(&self) -> Result<StoreFacts, StoreError> {
        let meta: HashMap<String, String> = self.query_anywhere(redis::cmd("HGETALL").arg(META)).await?;
        let word = |name: &str| meta.get(name).filter(|word| !word.is_empty()).cloned();
        let number = |name: &str| word(name).and_then(|word| word.parse().ok());
        let of = |name: &str| number(name).unwrap_or(0);
        Ok(StoreFacts {
            identity: word("store").map(StoreId::from_stored),
            schema: word("schema"),
            shards: word("shards"),
            writes: of("writes"),
            accepted_at: of("acceptedAt"),
            rewound: number("rewoundAt").map(|at| (at, of("rewoundFrom"), of("rewoundTo"))),
            has_others: false,
        })
    }

    /// What there is, for an operator; needs the rights of a program and changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn store_facts(&self) -> Result<StoreFacts, StoreError> {
        Ok(facts(self.sight(&Known::default(), None).await?))
    }

    /// An operator accepts what is there as the store: it gets the identity that this handle insists on (`STORE_ID`), else it
    /// keeps its own, else it gets a random one. Programs that run take it for theirs. It can be repeated; a dry run changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the stored data has a schema that this version doesn't know.
    pub async fn accept_store(&self, dry_run: bool) -> Result<Acceptance, StoreError> {
        for _ in 0..TRIES {
            let seen = self.sight(&Known::default(), None).await?;
            if let Some(found) = seen.schema.as_deref().filter(|found| *found != SCHEMA) {
                return Err(StoreError::Unexpected(format!(
                    "the stored data has schema {found}, this program knows {SCHEMA}: use the version of the programs that wrote it"
                )));
            }
            let wanted = self.guard().known().insists_on;
            let what = match &seen.identity {
                None if seen.has_others => What::Unmarked,
                None => What::Empty,
                Some(found) if wanted.as_ref().is_some_and(|wanted| wanted != found) => What::Other,
                Some(_) if seen.rewound.is_some() => What::Older,
                Some(_) => What::Same,
            };
            let identity = wanted
                .or_else(|| seen.identity.clone())
                .unwrap_or_else(StoreId::random);
            if dry_run || self.claim(&seen, &identity, true).await? {
                return Ok(Acceptance {
                    what,
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

fn facts(sight: Sight) -> StoreFacts {
    StoreFacts {
        identity: sight.identity,
        schema: sight.schema,
        shards: sight.shards,
        writes: sight.writes,
        accepted_at: sight.accepted_at,
        rewound: sight.rewound,
        has_others: sight.has_others,
    }
}
