//! Where calls find the store. The program listens at once; until it has reached a Redis that it may use, calls get a 503 here.

mod waiting_for;

use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use domain::clock::Timestamp;
use domain::id::{AccountId, EventId};
use program::config::MemoryArgs;
use store::Store;
use store::condition::{Readiness, StoreWarning};
use store::server::{AckDurability, AssumedArgs, Expectations};
use store::shards::{Shard, Shards};
use tokio::sync::SetOnce;

use self::waiting_for::WaitingFor;
use crate::problem::{Code, Problem};

/// How durable an event has to be before the API accepts it.
#[derive(Debug, Clone, Args)]
pub struct DurabilityArgs {
    /// What a 202 waits for: `memory`, `aof`, or `replicas:N`, which is `aof` and N replicas that have the event. `aof` needs a server
    /// that runs `appendonly yes` and `appendfsync always`; so do its replicas.
    #[arg(long, env, default_value = "aof", value_parser = AckDurability::parse)]
    pub ack_durability: AckDurability,

    /// What the operator says of a server that doesn't tell.
    #[command(flatten)]
    pub assumed: AssumedArgs,
}

impl DurabilityArgs {
    /// What the program expects of the server.
    #[must_use]
    pub fn expectations(&self, memory: &MemoryArgs) -> Expectations {
        Expectations {
            durability: self.ack_durability,
            assumed: self.assumed.durability_assumed.clone(),
            budget_bytes: memory.store_budget_bytes.map(|size| size.0),
        }
    }
}

/// The store, once the program has reached it. Each shard is reached, and can fail, by itself.
#[derive(Debug, Default)]
pub struct StoreSlot {
    found: SetOnce<Found>,
    /// Set once all shards have been reached, or some, and the others are waited for no longer.
    reached: SetOnce<()>,
    /// Whether those that can be reached suffice.
    is_impatient: AtomicBool,
    /// Why the shards are not known yet.
    waiting_for: WaitingFor,
}

#[derive(Debug)]
struct Found {
    shards: Shards,
    /// For each of the shards.
    slots: Box<[ShardSlot]>,
}

#[derive(Debug, Default)]
struct ShardSlot {
    /// The warnings that the store doesn't check again, once the shard has been reached.
    ready: SetOnce<Vec<String>>,
    /// Why it hasn't yet.
    waiting_for: WaitingFor,
}

impl StoreSlot {
    /// The shard that has an account.
    ///
    /// # Errors
    ///
    /// [`Problem`] while it hasn't been reached, or when it is another store than before.
    pub fn of(&self, account: &AccountId) -> Result<&Store, Problem> {
        let found = self.found.get().ok_or_else(not_reached)?;
        found.shard(found.shards.number_of(account))
    }

    /// Each shard, for what none is known to have.
    ///
    /// # Errors
    ///
    /// [`Problem`] while the shards aren't known; in the place of one, as [`Self::of`].
    pub fn each(&self) -> Result<impl Iterator<Item = Result<&Store, Problem>>, Problem> {
        let found = self.found.get().ok_or_else(not_reached)?;
        Ok((0..found.slots.len()).map(|number| found.shard(number)))
    }

    /// The same for calls that push events, which are also refused while the server would lose them.
    ///
    /// # Errors
    ///
    /// As [`Self::of`], and [`Problem`] while the server's settings would make it lose events.
    pub fn for_events(&self, account: &AccountId) -> Result<&Store, Problem> {
        let store = self.of(account)?;
        store.takes_events()?;
        Ok(store)
    }

    /// All shards that have been reached.
    pub fn all_reached(&self) -> impl Iterator<Item = &Store> {
        let found = self.found.get();
        let each = found
            .into_iter()
            .flat_map(|found| found.shards.all().iter().zip(&found.slots));
        each.filter(|(_, slot)| slot.ready.get().is_some())
            .map(|(store, _)| store)
    }

    /// Which of the shards has an account, for sorting; 0 while they aren't known.
    #[must_use]
    pub fn shard_of(&self, account: &AccountId) -> usize {
        self.found
            .get()
            .map_or(0, |found| found.shards.number_of(account))
    }

    /// Waits until all shards have been reached, or some, if that has taken too long.
    pub async fn reached(&self) {
        self.reached.wait().await;
    }

    /// From now on it is enough if some shards have been reached: the others may be away for long.
    pub fn wait_no_longer(&self) {
        self.is_impatient.store(true, Ordering::Relaxed);
        if self.all_reached().next().is_some() {
            // It may have been set before.
            self.reached.set(()).ok();
        }
    }

    /// An id for a new event, which goes by the store's clock once that is known.
    #[must_use]
    pub fn fresh_event(&self) -> EventId {
        let by_this_clock = || EventId::new(Timestamp::now().as_millis());
        self.all_reached()
            .next()
            .map_or_else(by_this_clock, Store::fresh_event)
    }

    /// For calls that ask nothing of the store: refuses them only if Redis is known to hold another store than before, in all shards.
    ///
    /// # Errors
    ///
    /// [`Problem`] when it does.
    pub fn not_replaced(&self) -> Result<(), Problem> {
        let mut replaced = Ok(());
        for store in self.all_reached() {
            match store.is_ours() {
                Ok(()) => return Ok(()),
                Err(error) => replaced = Err(error.into()),
            }
        }
        replaced
    }

    /// Whether the program can serve requests, judging by its latest look at the store, and what an operator should know.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let Some(found) = self.found.get() else {
            return Readiness::not_yet(self.waiting_for.get());
        };
        let each = found.shards.all().iter().zip(&found.slots);
        if self.reached.get().is_none() {
            let waits = found.slots.iter().find(|slot| slot.ready.get().is_none());
            return Readiness::not_yet(waits.map_or_else(String::new, |slot| slot.waiting_for.get()));
        }
        Readiness::of_all(each.map(|(store, slot)| slot.readiness(store)))
    }

    /// Whether each of the shards can be used, as [`Self::readiness`] tells it; none before they are known.
    pub fn each_ready(&self) -> impl Iterator<Item = bool> {
        let found = self.found.get().into_iter();
        let each = found.flat_map(|found| found.shards.all().iter().zip(&found.slots));
        each.map(|(store, slot)| slot.readiness(store).reasons.is_empty())
    }

    /// Says why the shards aren't known yet, for `/readyz`.
    pub fn set_waiting_for(&self, reason: String) {
        self.waiting_for.set(reason);
    }

    /// Says why a shard has not been reached yet, for `/readyz`.
    pub fn shard_waits_for(&self, shard: Shard, reason: String) {
        if let Some(found) = self.found.get() {
            found.slots[usize::from(shard.number)].waiting_for.set(reason);
        }
    }

    /// The shards are known. A second call changes nothing.
    pub fn set(&self, shards: Shards) {
        let slots = shards.all().iter().map(|_| ShardSlot::default()).collect();
        if self.found.set(Found { shards, slots }).is_err() {
            tracing::debug!("the store was already found");
        }
    }

    /// Hands a shard to the calls, with the warnings that the store doesn't check again.
    pub fn set_ready(&self, shard: Shard, warnings: Vec<String>) {
        if let Some(found) = self.found.get() {
            // Each is reached once.
            found.slots[usize::from(shard.number)].ready.set(warnings).ok();
            if self.is_impatient.load(Ordering::Relaxed) || self.all_reached().count() == found.slots.len() {
                self.reached.set(()).ok();
            }
        }
    }
}

impl Found {
    fn shard(&self, number: usize) -> Result<&Store, Problem> {
        self.slots[number].ready.get().ok_or_else(not_reached)?;
        let store = &self.shards.all()[number];
        store.is_ours()?;
        Ok(store)
    }
}

fn not_reached() -> Problem {
    Problem::new(Code::StoreUnavailable).retry_after(2)
}

impl ShardSlot {
    fn readiness(&self, store: &Store) -> Readiness {
        let Some(warnings) = self.ready.get() else {
            return Readiness::not_yet(self.waiting_for.get());
        };
        let mut readiness = store.readiness();
        let lasting = warnings.iter().map(|message| StoreWarning {
            code: "start",
            message: message.clone(),
        });
        readiness.warnings.extend(lasting);
        readiness
    }
}
