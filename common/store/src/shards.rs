//! Shards: slices of the accounts. Each is a whole store of its own, a [`Store`], whose keys share one hash slot, so that no script
//! needs a key of another. Most stores have one.
//!
//! How many there are is recorded at the first start, and `growing` raises it. An account's id says in which of them everything of it
//! lies, unless the directory says another (`routing`, `directory`).

mod accounts;
mod adopting;
mod checking;
mod directory;
mod growing;
mod routing;

use std::sync::Arc;
use std::time::Duration;

use domain::id::AccountId;

pub use adopting::AdoptError;
pub(crate) use directory::DirectoryEnter;
pub(crate) use growing::ShardsGrow;
pub use growing::{GrowError, Grown, Growth};
use routing::named_by_id;
pub(crate) use routing::{Routes, Routing};

use super::connection::Lost;
use super::identity::StoreFacts;
use super::server::Readings;
use super::settings::{InvalidRedis, RedisArgs, Servers};
use super::{Store, StoreError};

/// How many shards a store in a cluster gets: four times as many as it is likely to have primaries, so that they can be spread evenly.
const IN_A_CLUSTER: u16 = 16;

/// One of the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 0 on.
    pub number: u16,
    /// How many there are.
    pub of: u16,
}

impl Shard {
    /// All there is.
    pub const ONLY: Self = Self { number: 0, of: 1 };

    /// Whether there are others.
    #[must_use]
    pub const fn has_others(self) -> bool {
        self.of > 1
    }

    /// Why no program may use this shard, if another number of shards is recorded than it has, and than the store is growing to.
    pub(crate) fn differs(self, marks: &StoreFacts) -> Option<String> {
        let recorded = marks.shards.as_ref()?;
        let has = self.of.to_string();
        (*recorded != has && marks.grows_to() != Some(self.of)).then(|| differ(&has, recorded))
    }

    /// How many shards there are, if a program that has this one doesn't have all of them.
    pub(crate) fn outgrown(self, recorded: Option<&str>) -> Option<u16> {
        recorded.and_then(readable).filter(|shards| *shards > self.of)
    }
}

/// What the shards of a program have in common.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    /// Where accounts lie.
    pub(crate) routing: Arc<Routing>,
    /// What is known of the servers that they are on.
    pub(crate) readings: Readings,
}

impl Common {
    fn new(routes: Routes) -> Self {
        Self {
            routing: Arc::new(Routing::new(routes)),
            readings: Readings::default(),
        }
    }
}

impl Default for Common {
    /// That of a store of one shard.
    fn default() -> Self {
        Self::new(Routes::by(1))
    }
}

/// All shards of the store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shards {
    all: Arc<[Store]>,
    routing: Arc<Routing>,
}

impl Shards {
    /// Asks how many shards the store has, and which accounts lie elsewhere than their ids say, and prepares the connections to them. A
    /// store that isn't there yet gets as many as `SHARDS` says, or 1 on one server and 16 in a cluster: the first
    /// [`inspect_server`](Store::inspect_server) records it. Of a store that grows it has those that are to come as well.
    ///
    /// # Errors
    ///
    /// [`FindError`].
    pub async fn find(args: &RedisArgs) -> Result<Self, FindError> {
        let servers = args.servers()?;
        let found = recorded(args, &servers).await?;
        if let Some(refusal) = args.shards.and_then(|wanted| found.differs_from(wanted)) {
            return Err(InvalidRedis::shards(refusal).into());
        }
        Ok(Self::prepare(args, &servers, found))
    }

    fn prepare(args: &RedisArgs, servers: &Servers, found: Recorded) -> Self {
        let shard = |number| Shard {
            number,
            of: found.has,
        };
        let common = Common::new(found.routes);
        let shards = (0..found.has).map(|number| Store::of(args, servers, shard(number), &common));
        Self {
            all: shards.collect(),
            routing: common.routing,
        }
    }

    /// The shard that has everything of an account.
    #[must_use]
    pub fn of(&self, account: &AccountId) -> &Store {
        &self.all[self.number_of(account)]
    }

    /// Which of [`Self::all`] that is.
    #[must_use]
    pub fn number_of(&self, account: &AccountId) -> usize {
        let place = usize::from(self.routing.now().place(account));
        // A program that has too few of them is told so by all.
        place.min(self.all.len() - 1)
    }

    /// The number of the shard that an account's id names among so many: there it begins, and lies unless it was moved.
    #[must_use]
    pub fn named(account: &AccountId, shards: u16) -> u16 {
        named_by_id(account, shards)
    }

    /// All of them, in order; there is at least one.
    #[must_use]
    pub fn all(&self) -> &[Store] {
        &self.all
    }
}

/// Why the shards were not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] InvalidRedis),
    /// Redis can't be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The server that has the shard, once it was asked anything: an address, or what sentinels call it.
    #[must_use]
    pub fn served_by(&self) -> String {
        self.connections().served_by()
    }
}

/// What is to be known of the shards before there is a handle to each.
struct Recorded {
    /// How many a program is to have.
    has: u16,
    routes: Routes,
}

/// How many shards the store has, or is to get. In a cluster each has the number: one that is away now keeps nobody from the others.
async fn recorded(args: &RedisArgs, servers: &Servers) -> Result<Recorded, FindError> {
    let asked = async |number| {
        let store = Store::of(args, servers, Shard { number, of: 1 }, &Common::default());
        if let Err(Lost::Nowhere(reason)) = store.connections().look_for_server(Duration::ZERO).await {
            return Err(InvalidRedis::url(&reason));
        }
        let read = store.recorded().await;
        Ok((read, store.connections().are_to_cluster()))
    };
    let (first, is_cluster) = asked(0).await?;
    let default = if is_cluster { IN_A_CLUSTER } else { 1 };
    let failed = match first {
        Ok(Some(recorded)) => return Ok(recorded),
        Ok(None) => return Ok(Recorded::new(args.shards.unwrap_or(default))),
        Err(error) => error,
    };
    for number in 1..args.shards.unwrap_or(default) {
        if let (Ok(Some(recorded)), _) = asked(number).await? {
            return Ok(recorded);
        }
    }
    Err(failed.into())
}

impl Recorded {
    fn new(has: u16) -> Self {
        Self {
            has,
            routes: Routes::by(has),
        }
    }

    /// What is wrong with another number in `SHARDS`. One that is growing may have the number of before, and the one that it grows to.
    fn differs_from(&self, wanted: u16) -> Option<String> {
        let recorded = self.routes.by;
        (wanted != recorded && wanted != self.has).then(|| differ(&wanted.to_string(), &recorded.to_string()))
    }
}

impl Store {
    /// What this shard says of all; `None` if nothing is recorded.
    async fn recorded(&self) -> Result<Option<Recorded>, StoreError> {
        // An operator's user may read this, and run no script.
        let marks = self.store_marks().await;
        let marks = marks.or_else(|error| error.unless_overwritten(StoreFacts::default()))?;
        // What can't be read is refused by whoever compares it.
        let Some(by) = marks.shards.as_deref().and_then(readable) else {
            return Ok(None);
        };
        let routes = self.routes(by, marks.directory).await?;
        let has = marks.grows_to().unwrap_or(by);
        Ok(Some(Recorded { has, routes }))
    }
}

fn differ(wanted: &str, recorded: &str) -> String {
    format!(
        "SHARDS is {wanted}, and the store has {recorded}: set it to {recorded}, or leave it out; `webhooksctl shards grow` raises the number"
    )
}

fn readable(recorded: &str) -> Option<u16> {
    recorded.parse().ok().filter(|shards| *shards > 0)
}

#[cfg(test)]
mod tests;
