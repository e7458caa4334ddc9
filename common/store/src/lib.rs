//! The store: everything that is kept in Redis, and the only code that talks to it.
//!
//! Whatever must happen together happens in one Lua script (`lua/`), and every script can be repeated: callers make ids,
//! secrets and target states before the call, so that a call whose answer was lost is simply sent again.
//!
//! Asking Redis:
//!
//! - [`settings`]: where Redis is. [`shards`]: which [`Store`] has an account. [`slot_moving`]: moving one to another node. `handle`: how one asks. `connection`: what it asks on.
//! - [`keys`]: every key. `scripts`: how Rust calls Lua; `script_list` has them all. `decode`: how answers are read.
//!
//! Is the server sound, and is this our store?
//!
//! - [`server`]: the server's version, settings and memory.
//! - [`identity`]: whether it is still the store that it was. `watch` looks again and again; `quiet`: less often where nothing happens.
//! - [`condition`]: what the watch found, as `/readyz` tells it. [`ready`]: waiting at start until all is well.
//! - [`check`]: whether what is stored agrees with itself.
//!
//! Endpoints and their secrets:
//!
//! - [`endpoints`]: making, listing, changing and removing them. [`health`]: the facts about one, and about an account.
//! - [`rotation`]: new signing secrets, with a grace for the old ones. [`rewrap`]: the same secrets, sealed with another key.
//!
//! Who calls for an account:
//!
//! - [`service_keys`]: the backend's keys that are kept here. [`api_keys`]: the keys of its own programs. [`portal_sessions`]: whoever sits at the embedded dashboard. [`accounts`]: what is decided of it as a whole: limits of its own, and its erasure.
//!
//! Events and deliveries:
//!
//! - [`events`]: accepting an event with all its deliveries, or nothing. [`event_types`]: which types an API has.
//! - [`rates`]: how many calls and events are left in this minute. [`operator_events`]: what the operator is told of all accounts.
//! - [`queue`]: what workers do: fetch, report, park, reap. [`policy`]: the rules that they do it by. [`workers`]: who they are. [`parked`]: a search for
//!   endpoints that upkeep doesn't know of. [`egress`]: what the workers know together of their way out.
//! - [`log`]: what became of deliveries, as their owner reads it. [`history`]: the part of the past that was packed.
//! - [`live`]: the logs of a shard as they grow, for an operator.
//! - [`replays`]: sending again what was finished. [`test_events`]: test events, past the queue. `erasing`: a person's right to be
//!   forgotten.
//! - [`mending`]: what an operator does about what waits. [`repair`]: what can be mended of what [`check`] finds. [`audit`]: who did it, and why.

use std::sync::{Arc, Mutex};

pub mod settings;

pub mod shards;
pub mod slot_moving;

mod connection;
mod handle;

pub mod keys;

mod script_list;
mod scripts;

mod decode;

mod clock;
pub mod condition;
pub mod identity;
mod quiet;
pub mod ready;
pub mod server;
mod watch;

pub mod check;
pub mod diagnosis;
pub mod overview;

pub mod live;

pub mod endpoints;
pub mod health;
pub mod rewrap;
pub mod rotation;
pub mod secrets_key;

pub mod service_keys;

pub mod api_keys;

pub mod portal_sessions;

pub mod accounts;

pub mod moving;

pub mod events;

pub mod event_types;

pub mod operator_events;

pub mod rates;

pub mod queue;

pub mod policy;

pub mod workers;

pub mod parked;

pub mod egress;

pub mod history;

pub mod log;

pub mod replays;

pub mod test_events;

mod erasing;

pub mod audit;
pub mod mending;

pub mod repair;

use clock::ScriptClock;
use condition::Condition;
use connection::{Connection, Connections, Way};
use events::SharedIntake;
pub use handle::Listener;
use identity::Guard;
use keys::Keys;
use quiet::Quiet;
pub use script_list::{assembled_scripts, script_calls};
use scripts::Functions;
pub use scripts::ScriptCalls;
use settings::{InvalidRedis, RedisArgs, Servers};
use shards::{Common, Shard};
use tokio::sync::watch as watch_channel;
pub use watch::Turn;

/// A handle to everything that is kept in Redis, or to one of its [`shards`]. Cheap to clone.
///
/// Each module adds its own calls to it. It stands here, above all of them, so that none has to import another for it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// At whose order it is used, if an operator does.
    order: Option<audit::Order>,
}

struct Inner {
    connections: Connections,
    /// Waiting for a wake token blocks its connection, and would hold up all others.
    wake: Connection,
    intake: SharedIntake,
    keys: Keys,
    shard: Shard,
    common: Common,
    guard: Guard,
    functions: Functions,
    condition: Mutex<Condition>,
    clock: ScriptClock,
    quiet: Quiet,
    /// When the service keys that are kept here were last changed (ms): each change has another number.
    service_key_count: watch_channel::Sender<u64>,
}

impl Store {
    /// Prepares the connection to a store of one shard; it is opened at the first call.
    ///
    /// # Errors
    ///
    /// A sentence that names the variables, when they can't be used at all.
    pub fn new(args: &RedisArgs) -> Result<Self, InvalidRedis> {
        Ok(Self::of(args, &args.servers()?, Shard::ONLY, &Common::default()))
    }

    /// Prepares the connection to a shard.
    fn of(args: &RedisArgs, servers: &Servers, shard: Shard, common: &Common) -> Self {
        let way = servers.way(Keys::new(shard.number).slot());
        Self::on_way(args, way, shard, common)
    }

    fn on_way(args: &RedisArgs, way: Way, shard: Shard, common: &Common) -> Self {
        Self {
            inner: Arc::new(Inner {
                connections: Connections::new(way, identity::program_name(shard.of)),
                wake: Connection::default(),
                intake: SharedIntake::default(),
                keys: Keys::new(shard.number),
                shard,
                common: common.clone(),
                guard: Guard::new(args.store_id.clone()),
                functions: Functions::default(),
                condition: Mutex::default(),
                clock: ScriptClock::default(),
                quiet: Quiet::default(),
                service_key_count: watch_channel::Sender::default(),
            }),
            order: None,
        }
    }
}

/// Why a call to the store has no result. Every call can be repeated.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Redis can't be reached, or did not answer in time.
    #[error("Redis is not available: {0}")]
    Unavailable(redis::RedisError),
    /// Redis is at `maxmemory`; nothing was changed.
    #[error("Redis is out of memory")]
    OutOfMemory,
    /// The store is not the one that it was: nothing was read or written.
    #[error("the store was replaced: {0}")]
    Replaced(identity::Replaced),
    /// The server is set up so that it would lose what it accepts, or refuses our scripts.
    #[error("Redis can't be trusted with events: {0}")]
    Unsafe(String),
    /// What was asked for takes a form that the store has once no program of an older release is connected. Nothing was changed.
    #[error("the store is in an older form: {0}")]
    UpgradePending(String),
    /// The account is being erased. Nothing was changed.
    #[error("an account is being erased: {0}")]
    BeingErased(String),
    /// The account belongs in another shard by now, or nobody may begin in any while the store grows. Nothing was changed; the program
    /// looks at once.
    #[error("an account begins in another shard: {0}")]
    Misplaced(String),
    /// The account moves to another shard: for some moments nothing is done for it. Nothing was changed.
    #[error("an account moves to another shard: {0}")]
    AccountMoving(String),
    /// The account has moved to another shard than the one that was asked. Nothing was changed.
    #[error("an account has moved to another shard: {0}")]
    AccountMoved(String),
    /// Redis answered something that this version doesn't understand, or refused a command.
    #[error("Redis refused or answered unexpectedly: {0}")]
    Unexpected(String),
}

impl StoreError {
    /// `Ok` of what an absent key would have given, if something else has overwritten the key. The next script that needs
    /// it moves that away.
    fn unless_overwritten<T>(self, absent: T) -> Result<T, Self> {
        match &self {
            Self::Unexpected(text) if text.contains("WRONGTYPE") => Ok(absent),
            _ => Err(self),
        }
    }
}
