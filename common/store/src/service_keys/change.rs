//! Making and revoking service keys, in all shards.

use super::entries::StoredServiceKey;
use super::spread::Change;
use crate::StoreError;
use crate::audit::Order;
use crate::shards::Shards;

/// How many ids there may be, with those that were revoked: each change takes all to each shard, in one call.
const MOST: usize = 1_000;

/// What operators are said to have done.
const CREATE: &str = "keys create";
const REVOKE: &str = "keys revoke";

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// There is a key with this id.
    #[error(
        "nothing was changed: there is a service key with this id in the store; take another id, or revoke that key first"
    )]
    Exists,
    /// Too many ids are known.
    #[error(
        "nothing was changed: the store knows {} ids of service keys, with those that were revoked; give one of these again",
        MOST
    )]
    TooMany,
    /// No shard can be asked.
    #[error("nothing was changed: {0}")]
    Store(#[from] StoreError),
    /// A shard can't be asked.
    #[error("nothing was changed: a key is made in every shard, and shard {0} can't be asked now ({1})")]
    Away(u16, StoreError),
    /// A shard couldn't be told, so the key was revoked where it was made.
    #[error("no key was made, since shard {0} couldn't be told of it ({1}); the same command tries again")]
    Withdrawn(u16, StoreError),
    /// The same, and revoking it failed as well.
    #[error(
        "shard {0} couldn't be told of the key ({1}), so nobody is given it: make it again, and revoke it first if its id is there by then"
    )]
    Unfinished(u16, StoreError),
}

/// Why a key wasn't revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The store doesn't know this id, and can't note one more.
    #[error(
        "nothing was changed: the store has no service key with this id, and knows {} others, as many as it may; an API that accepts it forgets it with a restart",
        MOST
    )]
    TooMany,
    /// Somebody else has made, or revoked, a key with this id at the same moment.
    #[error(
        "a key with this id was made or revoked at the same moment: look with `webhooksctl keys list`, and try again"
    )]
    Overtaken,
    /// No shard can be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key was revoked.
#[derive(Debug)]
pub struct Revoked {
    /// The store had the id. One that it was set back to before has no entry, though programs that run may still accept the key: they hear of it now.
    pub was_known: bool,
    /// It had been revoked before.
    pub was_revoked: bool,
    /// The shards that couldn't be told, and why. The same call again tells them.
    pub untold: Vec<(u16, StoreError)>,
}

impl Shards {
    /// Makes a service key in all shards, at this order. The same id may have had a key that was revoked.
    ///
    /// # Errors
    ///
    /// [`CreateError`]: nobody may be given the key.
    pub async fn create_service_key(
        &self,
        order: &Order,
        id: &str,
        hash: [u8; 32],
        may_manage: bool,
    ) -> Result<(), CreateError> {
        let (mut known, away) = self.service_keys().await?;
        if let Some((shard, error)) = away.into_iter().next() {
            return Err(CreateError::Away(shard, error));
        }
        if known.has(id) {
            return Err(CreateError::Exists);
        }
        let seen = known.version(id);
        if seen == 0 && known.len() >= MOST {
            return Err(CreateError::TooMany);
        }
        let now = self.time().await?;
        let key = StoredServiceKey {
            hash,
            may_manage,
            by: order.words().0.to_owned(),
        };
        let version = known.set(id, now, Some(key));
        let change = Change {
            order,
            action: CREATE,
            result: if may_manage { "made, may manage" } else { "made" },
            id,
            seen,
        };
        let untold = match self.spread(&known, change).await {
            Some(untold) => untold,
            None => return Err(CreateError::Exists),
        };
        let Some((shard, error)) = untold.into_iter().next() else {
            return Ok(());
        };
        known.set(id, now, None);
        let withdrawal = Change {
            action: REVOKE,
            result: "withdrawn: it couldn't be made in every shard",
            seen: version,
            ..change
        };
        // One shard that knows it is enough: what is newest counts.
        match self.spread(&known, withdrawal).await {
            Some(untold) if untold.len() < self.all().len() => Err(CreateError::Withdrawn(shard, error)),
            _ => Err(CreateError::Unfinished(shard, error)),
        }
    }

    /// Revokes a service key in all shards that can be told, at this order, also one that the store doesn't know any more. The same again
    /// tells those that could not.
    ///
    /// # Errors
    ///
    /// [`RevokeError`].
    pub async fn revoke_service_key(&self, order: &Order, id: &str) -> Result<Revoked, RevokeError> {
        let (mut known, _) = self.service_keys().await?;
        let seen = known.version(id);
        let was_known = seen > 0;
        if !was_known && known.len() >= MOST {
            return Err(RevokeError::TooMany);
        }
        let was_revoked = was_known && !known.has(id);
        if !was_revoked {
            known.set(id, self.time().await?, None);
        }
        let change = Change {
            order,
            action: REVOKE,
            result: if was_known {
                "revoked"
            } else {
                "revoked; the store had no such key"
            },
            id,
            seen,
        };
        let mut untold = self.spread(&known, change).await.ok_or(RevokeError::Overtaken)?;
        if untold.len() == self.all().len()
            && let Some((_, error)) = untold.pop()
        {
            return Err(error.into());
        }
        Ok(Revoked {
            was_known,
            was_revoked,
            untold,
        })
    }

    /// The time of a shard that can be asked.
    async fn time(&self) -> Result<u64, StoreError> {
        let mut failed = None;
        for store in self.all() {
            match store.time().await {
                Ok(time) => return Ok(time.as_millis()),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(|| StoreError::Unexpected("the store has no shards".to_owned())))
    }
}
