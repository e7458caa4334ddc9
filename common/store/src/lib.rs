//! The store: everything that is kept in Redis, and the only code that talks to it.
//!
//! Whatever must happen together happens in one Lua script (`lua/`), and every script can be repeated: ids, secrets
//! and target states are made before the call, so that a call whose answer was lost is simply sent again. Keys are
//! built in [`keys`] alone.
//!
//! - [`settings`]: where Redis is.
//! - [`endpoints`]: make, list, change and remove endpoints.
//! - [`events`]: accept an event with all its deliveries, or nothing.
//! - [`queue`]: fetch, complete, retry, park, reap: what workers do.
//! - [`rates`]: how many calls and events are left in this minute.
//! - [`log`]: what became of deliveries, as their owner reads it.
//! - [`parked`]: finding endpoints that no release entered where upkeep looks for what is parked.
//! - [`replays`]: send again what was finished.
//! - [`test_events`]: test events, past the queue.
//! - [`rotation`]: new signing secrets, with a grace for the old ones.
//! - [`rewrap`]: the same secrets, sealed anew with another key.
//! - [`health`]: the facts about an endpoint, and about an account.
//! - [`policy`]: what the workers are configured to.
//! - [`memory`]: how much memory is used, and how much has to be freed.
//! - [`server`]: is this Redis reachable and sane?
//! - [`ready`]: waiting at start until it is.
//! - [`identity`]: is it still the store that it was?
//! - [`condition`]: what is wrong with it now, as `/readyz` tells it.
//! - [`check`]: does the stored state agree with itself?

pub mod settings;

mod handle;

mod connection;

mod decode;

pub mod keys;

mod scripts;

mod script_list;

pub mod endpoints;

pub mod events;

pub mod queue;

pub mod rates;

pub mod log;

pub mod parked;

pub mod replays;

pub mod test_events;

pub mod rotation;

pub mod rewrap;

pub mod health;

pub mod policy;

mod info;

pub mod memory;

pub mod server;

pub mod ready;

pub mod identity;

pub mod condition;

mod watch;

pub mod check;

pub use handle::{Listener, Store};
pub use script_list::assembled_scripts;

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

impl From<redis::RedisError> for StoreError {
    fn from(error: redis::RedisError) -> Self {
        let text = error.to_string();
        if error.code() == Some("REPLACED") {
            Self::Replaced(identity::Replaced::from_reply(error.detail().unwrap_or_default()))
        } else if error.code() == Some("OOM") || text.contains("OOM command not allowed") {
            Self::OutOfMemory
        } else if error.is_io_error()
            || error.is_timeout()
            || error.is_connection_dropped()
            || error.is_connection_refusal()
            || matches!(
                error.code(),
                Some(
                    "LOADING"
                        | "READONLY"
                        | "MASTERDOWN"
                        | "MISCONF"
                        | "CLUSTERDOWN"
                        | "TRYAGAIN"
                        | "UNBLOCKED"
                        | "NOREPLICAS"
                )
            )
        {
            Self::Unavailable(error)
        } else {
            Self::Unexpected(text)
        }
    }
}
