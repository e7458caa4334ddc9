//! Why a call to the store has no result.

use super::identity::Replaced;

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
    Replaced(Replaced),
    /// The server is set up so that it would lose what it accepts, or refuses our scripts.
    #[error("Redis can't be trusted with events: {0}")]
    Unsafe(String),
    /// What was asked for takes a form that the store has once no program of an older release is connected. Nothing was changed.
    #[error("the store is in an older form: {0}")]
    UpgradePending(String),
    /// The account is being erased. Nothing was changed.
    #[error("an account is being erased: {0}")]
    BeingErased(String),
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
    pub(crate) fn unless_overwritten<T>(self, absent: T) -> Result<T, Self> {
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
            Self::Replaced(Replaced::from_reply(error.detail().unwrap_or_default()))
        } else if error.code() == Some("UPGRADE_PENDING") {
            Self::UpgradePending(error.detail().unwrap_or_default().to_owned())
        } else if error.code() == Some("BEING_ERASED") {
            Self::BeingErased(error.detail().unwrap_or_default().to_owned())
        } else if error.code() == Some("ACCOUNT_MOVING") {
            Self::AccountMoving(error.detail().unwrap_or_default().to_owned())
        } else if error.code() == Some("ACCOUNT_MOVED") {
            Self::AccountMoved(error.detail().unwrap_or_default().to_owned())
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
                        | "MOVED"
                        | "ASK"
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
