//! What every other module does with the handle to the store: ask Redis something.

use std::fmt;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use redis::{FromRedisValue, Pipeline, RedisResult, Value};
use tokio::sync::watch;

use super::clock::ScriptClock;
use super::condition::Condition;
use super::connection::{Connection, Connections, Question};
use super::events::SharedIntake;
use super::identity::{Guard, Replaced};
use super::keys::Keys;
use super::quiet::Quiet;
use super::scripts::Functions;
use super::server::Readings;
use super::shards::{Routing, Shard};
use super::{Store, StoreError};

impl Store {
    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn intake(&self) -> &SharedIntake {
        &self.inner.intake
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.inner.functions
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.inner.connections
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    pub(crate) fn condition(&self) -> MutexGuard<'_, Condition> {
        self.inner
            .condition
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clock(&self) -> &ScriptClock {
        &self.inner.clock
    }

    pub(crate) fn routing(&self) -> &Routing {
        &self.inner.common.routing
    }

    pub(crate) fn quiet(&self) -> &Quiet {
        &self.inner.quiet
    }

    pub(crate) fn service_key_count(&self) -> &watch::Sender<u64> {
        &self.inner.service_key_count
    }

    pub(crate) fn readings(&self) -> &Readings {
        &self.inner.common.readings
    }

    /// Which shard it is.
    #[must_use]
    pub fn shard(&self) -> Shard {
        self.inner.shard
    }

    /// Asks a command or a pipeline that no script guards, unless the store was last seen to be another one.
    pub(crate) async fn query<T: FromRedisValue>(&self, question: &impl Question) -> Result<T, StoreError> {
        self.guard().ensure_ours()?;
        self.query_anywhere(question).await
    }

    /// Sends a pipeline that ignores errors, and returns the answer to each command. `WRONGTYPE` is an answer, too; any other refusal
    /// is an error.
    pub(crate) async fn query_each(
        &self,
        pipeline: &Pipeline,
    ) -> Result<Vec<RedisResult<Value>>, StoreError> {
        let answers: Vec<RedisResult<Value>> = self.query(pipeline).await?;
        let refusal = answers
            .iter()
            .filter_map(|answer| answer.as_ref().err())
            .find(|error| error.code() != Some("WRONGTYPE"));
        match refusal {
            Some(error) => Err(error.clone().into()),
            None => Ok(answers),
        }
    }

    /// Asks any store.
    pub(crate) async fn query_anywhere<T: FromRedisValue>(
        &self,
        question: &impl Question,
    ) -> Result<T, StoreError> {
        self.inner.connections.ask(question).await
    }

    /// Asks for wake tokens, which blocks in Redis for up to `blocks`; see [`Listener::wait`].
    pub(crate) async fn query_wake<T: FromRedisValue>(
        &self,
        blocks: Duration,
        question: &impl Question,
    ) -> Result<T, StoreError> {
        self.wait_on(&self.inner.wake, blocks, question).await
    }

    async fn wait_on<T: FromRedisValue>(
        &self,
        connection: &Connection,
        blocks: Duration,
        question: &impl Question,
    ) -> Result<T, StoreError> {
        self.guard().ensure_ours()?;
        let asked = self.inner.connections.ask_blocking(connection, blocks, question);
        let answer = tokio::select! {
            answer = asked => answer,
            () = self.quiet().lost(), if self.shard().has_others() => Err(connection.lost()),
        };
        if let Err(StoreError::Unavailable(_)) = &answer {
            self.guard().trouble.notify_one();
        }
        answer
    }

    /// A connection for somebody who listens. It is opened at the first call, and closed with the listener.
    #[must_use]
    pub fn listener(&self) -> Listener {
        Listener {
            store: self.clone(),
            connection: Connection::default(),
        }
    }
}

/// A connection of its own for commands that block.
pub struct Listener {
    store: Store,
    connection: Connection,
}

impl Listener {
    /// Asks what blocks in Redis for up to `blocks`, unless the store was last seen to be another one.
    pub(crate) async fn query<T: FromRedisValue>(
        &self,
        blocks: Duration,
        question: &impl Question,
    ) -> Result<T, StoreError> {
        self.store.guard().ensure_ours()?;
        self.store
            .inner
            .connections
            .ask_blocking(&self.connection, blocks, question)
            .await
    }

    /// The same for what may block for long: a look at the shard that gets no answer ends it, since nothing comes on this connection then either,
    /// and the next question opens another one. And what fails here has the watch look.
    pub(crate) async fn wait<T: FromRedisValue>(
        &self,
        blocks: Duration,
        question: &impl Question,
    ) -> Result<T, StoreError> {
        self.store.wait_on(&self.connection, blocks, question).await
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Store({})", self.inner.connections.address())
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Listener")
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
        } else if error.code() == Some("MISPLACED") {
            Self::Misplaced(error.detail().unwrap_or_default().to_owned())
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
