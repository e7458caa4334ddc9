//! The connection: one that all callers share, that comes back by itself, with a bounded wait for every answer.
//!
//! A call whose answer does not come (connection cut, half-open, server too slow) gives the connection up, so that the
//! next call makes a new one; calls that still wait on the old one keep it. Calls that were cut are repeated once: every
//! script can be.
//!
//! After a failover the address leads to another server, and connections to the old one may stay open. So a server that
//! says that it is no primary (any more) is left as well, and the call made once more on a new connection. That server may
//! also be the only one there is, so a connection is not left for what it answers before it is a second old.

mod answers;
mod line;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Client, Value};

use crate::settings::{InvalidRedis, RedisArgs};

use self::answers::Refusal;
use self::line::Line;
use super::StoreError;
use super::identity::Guard;
use super::intake::Intake;
use super::keys::{Keys, META};
use super::scripts::{Scripts, Step};

/// How long a call may take in all before it fails as unavailable.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_millis(1800);

/// How long one try to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_millis(800);

/// A handle to everything that is kept in Redis. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    client: Client,
    shared: Line,
    /// A blocking command would hold up all others, so it has a connection of its own.
    wake: Line,
    /// How often a server was left because it is no primary. Connections that are older than the last time are made anew: a
    /// replica doesn't tell those who only read.
    moves: AtomicU64,
    intake: Intake,
    keys: Keys,
    shards: u16,
    scripts: Scripts,
    guard: Guard,
}

/// Why a call has no result, and whether it may be made again at once.
struct Failed {
    error: StoreError,
    again: Again,
}

/// Whether a call that failed may be made again at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    No,
    /// The connection was cut, or could not be made: Redis may have executed the call.
    Cut,
    /// The server refused the call because of what it is, and was left.
    Elsewhere,
}

impl Store {
    /// Prepares the connection; it is made at the first call.
    ///
    /// # Errors
    ///
    /// A sentence that names the variables, when they can't be used at all.
    pub fn new(args: &RedisArgs) -> Result<Self, InvalidRedis> {
        let client = args.client()?;
        Ok(Self {
            inner: Arc::new(Inner {
                client,
                shared: Line::default(),
                wake: Line::default(),
                moves: AtomicU64::new(0),
                intake: Intake::default(),
                keys: Keys::new(0),
                shards: args.shards,
                scripts: Scripts::new(),
                guard: Guard::new(args.store_id.clone()),
            }),
        })
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(crate) fn intake(&self) -> &Intake {
        &self.inner.intake
    }

    pub(crate) fn scripts(&self) -> &Scripts {
        &self.inner.scripts
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    pub(crate) fn shards(&self) -> u16 {
        self.inner.shards
    }

    /// Runs a script with the shard's keys and these arguments, in our store and no other; once more if the connection was
    /// cut.
    pub(crate) async fn run<A: redis::ToRedisArgs>(
        &self,
        step: &Step,
        arguments: &[A],
    ) -> Result<Value, StoreError> {
        let identity = self.introduced().await?;
        let answer = self.invoke(step, arguments, Some(identity.as_str())).await;
        self.guard().heard(step.writes, answer.as_ref().err());
        answer
    }

    /// Runs a script that looks after the identity itself.
    pub(crate) async fn run_anywhere(&self, step: &Step, arguments: &[&str]) -> Result<Value, StoreError> {
        self.invoke(step, arguments, None).await
    }

    async fn invoke<A: redis::ToRedisArgs>(
        &self,
        step: &Step,
        arguments: &[A],
        identity: Option<&str>,
    ) -> Result<Value, StoreError> {
        let mut invocation = step.script.prepare_invoke();
        let keys = self.inner.keys.declared();
        let keys = &keys[..step.keys.min(keys.len())];
        let invocation = &*invocation.key(keys).key(META).arg(arguments).arg(identity);
        self.repeat(|mut connection| async move { invocation.invoke_async(&mut connection).await })
            .await
            .map_err(refused_script)
    }

    /// Asks something that may be asked twice, unless the store was last seen to be another one.
    pub(crate) async fn repeatable<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        ask: impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError> {
        self.guard().permit()?;
        self.repeat(ask).await
    }

    /// The same of any store.
    pub(crate) async fn repeat<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        ask: impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let both = async {
            match self.inner.ask(&self.inner.shared, started, None, &ask).await {
                Err(failed) if failed.again != Again::No => {
                    self.inner
                        .ask(&self.inner.shared, Instant::now(), None, &ask)
                        .await
                }
                other => other,
            }
            .map_err(|failed| failed.error)
        };
        tokio::time::timeout(ANSWER_WITHIN, both)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
    }

    /// Asks for wake tokens, which blocks in Redis for up to `blocks`.
    pub(crate) async fn blocking<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        blocks: Duration,
        ask: impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError> {
        self.inner.wait(&self.inner.wake, blocks, &ask).await
    }

    /// A connection for somebody who listens; it is made at the first call, and closed with the listener.
    #[must_use]
    pub fn listener(&self) -> Listener {
        Listener {
            inner: Arc::clone(&self.inner),
            line: Line::default(),
        }
    }
}

/// A connection of its own for commands that block.
pub struct Listener {
    inner: Arc<Inner>,
    line: Line,
}

impl Listener {
    /// Asks something that blocks in Redis for up to `blocks`.
    pub(crate) async fn blocking<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        blocks: Duration,
        ask: impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError> {
        self.inner.wait(&self.line, blocks, &ask).await
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Listener")
    }
}

impl Inner {
    async fn wait<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        line: &Line,
        blocks: Duration,
        ask: &impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, StoreError> {
        self.guard.permit()?;
        match self.wait_once(line, blocks, ask).await {
            Err(failed) if failed.again == Again::Elsewhere => self.wait_once(line, blocks, ask).await,
            other => other,
        }
        .map_err(|failed| failed.error)
    }

    async fn wait_once<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        line: &Line,
        blocks: Duration,
        ask: &impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, Failed> {
        let answer_within = blocks + ANSWER_WITHIN;
        let asked = self.ask(line, Instant::now(), Some(answer_within), ask);
        tokio::time::timeout(answer_within + CONNECT_WITHIN, asked)
            .await
            .unwrap_or_else(|_| Err(Failed::for_good(timed_out())))
    }

    async fn ask<T, F: Future<Output = redis::RedisResult<T>>>(
        &self,
        line: &Line,
        since: Instant,
        answer_within: Option<Duration>,
        ask: &impl Fn(MultiplexedConnection) -> F,
    ) -> Result<T, Failed> {
        let (number, connection) = line
            .get(self, since, answer_within)
            .await
            .map_err(|error| Failed {
                again: cut_or_no(&error),
                error,
            })?;
        ask(connection).await.map_err(|error| {
            if error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error() {
                line.give_up(number, Duration::ZERO);
            }
            let left = Refusal::of(&error).is_some_and(|refusal| {
                let left = line.give_up(number, refusal.is_borne_for());
                if left && refusal == Refusal::NotPrimary {
                    self.moves.fetch_add(1, Ordering::Relaxed);
                }
                left
            });
            let error = StoreError::from(error);
            let again = if left { Again::Elsewhere } else { cut_or_no(&error) };
            Failed { error, again }
        })
    }
}

impl Failed {
    fn for_good(error: StoreError) -> Self {
        Self {
            error,
            again: Again::No,
        }
    }
}

fn cut_or_no(error: &StoreError) -> Again {
    match error {
        StoreError::Unavailable(error) if !error.is_timeout() && error.is_io_error() => Again::Cut,
        _ => Again::No,
    }
}

/// A server that doesn't run our scripts: its access list forbids it, or the command has another name there.
pub(crate) fn refused_script(error: StoreError) -> StoreError {
    let StoreError::Unexpected(text) = &error else {
        return error;
    };
    let lower = text.to_lowercase();
    if lower.contains("noperm") || lower.contains("unknown command") {
        StoreError::Unsafe("it refuses to run our scripts; `ACL LOG` and `ACL GETUSER` show why".to_owned())
    } else {
        error
    }
}

fn unavailable(reason: String) -> StoreError {
    StoreError::Unavailable(redis::RedisError::from(std::io::Error::other(reason)))
}

pub(crate) fn timed_out() -> StoreError {
    unavailable(format!("no answer within {} ms", ANSWER_WITHIN.as_millis()))
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Store({})",
            self.inner.client.get_connection_info().addr()
        )
    }
}
