//! Growing: the number of shards rises while the system serves.
//!
//! 1. The new shards are made, and all are told what they grow to. Nothing else changes: accounts go on beginning where they did.
//! 2. All programs are started again, one after the other. From then on each has all shards.
//! 3. For some moments no account may begin (`closed`; those that are there are served). Whoever is there by then, and whose id would
//!    name another shard from now on, is entered in the directory. Then the number rises, shard after shard. A program that goes by
//!    the old number can't make an account begin in one that has the new (`lua/shared/placed.lua`), and the other way round.
//!
//! Each step may be repeated, and goes on where another left off.

use std::collections::HashMap;

use domain::id::AccountId;

use super::routing::named_by_id;
use super::{FindError, Recorded, Routes, Shards};
use crate::identity::{Known, Sight, StoreFacts, StoreId, that_have_fewer};
use crate::scripts::script;
use crate::settings::RedisArgs;
use crate::{Store, StoreError};

/// The store is being given more shards.
#[derive(Debug)]
pub struct Growth {
    all: Shards,
    routes: Routes,
    /// How many there are, and are to be.
    from: u16,
    to: u16,
    /// Some shards have the new number already, so the directory is complete.
    is_entered: bool,
}

/// The store has more shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grown {
    /// How many there were.
    pub from: u16,
    /// How many there are.
    pub to: u16,
    /// How many accounts stay in another shard than their ids name now.
    pub entered: usize,
}

/// Why the store doesn't grow.
#[derive(Debug, thiserror::Error)]
pub enum GrowError {
    /// It can't: a sentence.
    #[error("{0}")]
    Refused(String),
    /// The shards were not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Redis failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

script! {
    /// Takes a shard from one step of growing to the next.
    "shards_grow": AllowOom, Writes, needs [PENDING];
    struct ShardsGrow<'a> {
        to: u16,
        /// `told`, `closed` or `done`.
        step: &'a str
    } -> ()
}

impl Growth {
    /// Makes the new shards, and tells all what they grow to.
    ///
    /// # Errors
    ///
    /// [`GrowError`]. Nothing is changed if it is refused, but that no account begins to move to another shard while one still does.
    pub async fn begin(args: &RedisArgs, to: u16) -> Result<Self, GrowError> {
        let growth = Self::prepare(args, to).await?;
        if growth.is_entered {
            return Ok(growth);
        }
        let model = growth.all.all()[0].store_marks().await?;
        for store in &growth.all.all()[usize::from(growth.from)..] {
            store.begin_like(&model).await?;
        }
        let (_, new) = growth.all.all().split_at(usize::from(growth.from));
        growth.step("told", growth.all.all()).await?;
        // Only now: whoever changes keys from here on does so in the new shards too.
        growth.all.copy_service_keys(new).await?;
        // From here on none begins to move.
        for store in growth.old() {
            if let Some(account) = store.one_that_leaves().await? {
                return Err(GrowError::Refused(format!(
                    "{account} is moving to another shard: let that go on (`webhooksctl account move`), or undo it, then run `webhooksctl shards grow {to}` again"
                )));
            }
        }
        Ok(growth)
    }

    async fn prepare(args: &RedisArgs, to: u16) -> Result<Self, GrowError> {
        let args = RedisArgs {
            shards: None,
            ..args.clone()
        };
        let found = Shards::find(&args).await?;
        let (mut from, mut is_entered) = (to, false);
        for store in found.all() {
            let marks = store.store_marks().await?;
            let refusal = refusal(&marks, to).map(|why| format!("shard {}: {why}", store.shard().number));
            if let Some(refusal) = refusal {
                return Err(GrowError::Refused(format!("nothing was changed: {refusal}")));
            }
            if let Some(shards) = marks.shards.as_deref().and_then(super::readable) {
                from = from.min(shards);
                is_entered |= shards == to;
            }
        }
        if from == to {
            return Err(GrowError::Refused(format!(
                "nothing is to be done: the store has {to} shards"
            )));
        }
        let routes = Routes {
            elsewhere: found.all()[0].directory().await?,
            ..Routes::by(from)
        };
        let servers = args.servers().map_err(FindError::from)?;
        let recorded = Recorded {
            has: to,
            routes: routes.clone(),
        };
        Ok(Self {
            all: Shards::prepare(&args, &servers, recorded),
            routes,
            from,
            to,
            is_entered,
        })
    }

    /// The connections of programs that don't have the new shards: they have to be started again. `None` if a server doesn't tell.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn behind(&self) -> Result<Option<Vec<String>>, StoreError> {
        let mut behind = Vec::new();
        for store in self.old() {
            match store.client_list().await? {
                Some(list) => behind.extend(that_have_fewer(&list, self.to)),
                None => return Ok(None),
            }
        }
        behind.sort();
        behind.dedup();
        Ok(Some(behind))
    }

    /// Raises the number. No program may be without the new shards any more. `on_progress` is told how many accounts were found.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. Until it is finished, by the same again, no account may begin.
    pub async fn finish(&self, mut on_progress: impl FnMut(usize)) -> Result<Grown, StoreError> {
        let mut entered = 0;
        if !self.is_entered {
            self.step("closed", self.old()).await?;
            let entries = self.entries(&mut on_progress).await?;
            self.all.enter_all(&entries, false).await?;
            entered = entries.len();
        }
        let (old, new) = self.all.all().split_at(usize::from(self.from));
        self.step("done", new).await?;
        self.step("done", old).await?;
        Ok(Grown {
            from: self.from,
            to: self.to,
            entered,
        })
    }

    fn old(&self) -> &[Store] {
        &self.all.all()[..usize::from(self.from)]
    }

    async fn step(&self, step: &str, stores: &[Store]) -> Result<(), StoreError> {
        for store in stores {
            store.call(&ShardsGrow { to: self.to, step }).await?;
        }
        Ok(())
    }

    /// The accounts that stay in another shard than their ids name from now on.
    async fn entries(
        &self,
        on_progress: &mut impl FnMut(usize),
    ) -> Result<Vec<(AccountId, u16)>, StoreError> {
        let mut found: HashMap<AccountId, u16> = self.routes.elsewhere.clone();
        for store in self.old() {
            let known = found.len();
            for account in store.accounts(|count| on_progress(known + count)).await? {
                let place = self.routes.place(&account);
                found.insert(account, place);
            }
            // Those that began something while they were looked for.
            found.extend(store.directory().await?);
        }
        found.retain(|account, place| named_by_id(account, self.to) != *place);
        Ok(found.into_iter().collect())
    }
}

/// Why a shard can't grow to so many.
fn refusal(marks: &StoreFacts, to: u16) -> Option<String> {
    let shards = marks.shards.as_deref().and_then(super::readable);
    match (shards, marks.grows_to()) {
        (None, _) => Some("there is no store with a number of shards here".to_owned()),
        (Some(shards), _) if shards > to => Some(format!(
            "it has {shards} shards, and their number can't be lowered"
        )),
        (_, Some(other)) if other != to => Some(format!(
            "it grows to {other} shards already: finish that first, with `webhooksctl shards grow {other}`"
        )),
        _ => None,
    }
}

impl Store {
    /// Makes this shard, if it isn't there, of the identity and the schema that another has.
    async fn begin_like(&self, model: &StoreFacts) -> Result<(), GrowError> {
        let wanted = model.identity.clone().unwrap_or_else(StoreId::random);
        let seen = self.sight(&Known::default(), None).await?;
        let refused = |why: &str| {
            let number = self.shard().number;
            Err(GrowError::Refused(format!("shard {number} can't be made: {why}")))
        };
        match &seen.identity {
            Some(found) if *found == wanted => Ok(()),
            Some(found) => refused(&format!("the store {found} is there")),
            None if seen.has_others => refused("there are keys of ours, and nothing says whose"),
            None => {
                let schema = model.schema.clone();
                self.claim(&Sight { schema, ..seen }, &wanted, false).await?;
                Ok(())
            }
        }
    }
}
