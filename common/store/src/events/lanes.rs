//! Events that replicas must have before they are acknowledged (`ACK_DURABILITY=replicas:N`).
//!
//! `WAIT` answers how many replicas have what *its own connection* wrote, and blocks that connection meanwhile. So accepting has
//! connections of its own: a [`Lane`] runs the script of a call, and then waits. One wait serves all events of a call, and while a
//! lane waits, the next call runs on another one: the calls are as full as without waiting, one after the other, and only the
//! answers come later.
//!
//! All that one use of a lane asks goes to one connection, hence to one server. After a failover, what the old primary ran must not
//! be confirmed by the replicas of the new one: a use whose connection is lost fails, and its events are in doubt.
//!
//! `WAIT` says that replicas have the write in memory. Where there is `WAITAOF` (Redis from 7.2, Valkey), a second wait asks whether
//! they, and the primary, have it in their files (`confirm`). `WAITAOF` alone would take a second: a replica is asked how far it is as soon as
//! it has the write, before it has synced, and tells anew only once a second. After `WAIT` it is asked once more, and then it has.

use std::fmt;
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisResult, Value, from_redis_value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{ANSWER_WITHIN, Connection, Question, timed_out};
use crate::scripts::Line;
use crate::{Store, StoreError};

/// How long replicas may take to receive a call's writes, and then again to sync them.
pub(super) const HAVE_WITHIN: Duration = Duration::from_secs(1);

/// How much later than without replicas a result may come: both waits, and their way.
const CONFIRMED_WITHIN: Duration = Duration::from_millis(2500);

/// As many calls may wait at a time.
const MOST_LANES: usize = 16;

/// How long a server may refuse to write before its connection is opened anew, at most this often.
const REFUSALS_FOR: Duration = Duration::from_secs(1);

/// The lanes, once it is known that replicas are to be waited for.
#[derive(Default)]
pub(super) struct Lanes(OnceLock<Open>);

struct Open {
    replicas: NonZeroU16,
    places: Arc<Semaphore>,
    /// Connections that nobody uses, the one that was used last at the end.
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

/// The use of a connection of its own: scripts, and then a wait.
pub(super) struct Lane {
    store: Store,
    pub(super) replicas: NonZeroU16,
    idle: Option<Idle>,
    /// What all of this use is asked on.
    pub(super) connection: Option<MultiplexedConnection>,
    has_answered: bool,
    /// Why its connection is no good any more.
    failed: Option<StoreError>,
    /// Whether its connection is blocked.
    pub(super) is_waiting: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl Store {
    /// From now on an event is acknowledged once so many replicas have it. The first call decides.
    pub(crate) fn acknowledge_by_replicas(&self, replicas: NonZeroU16) {
        self.intake().lanes.0.get_or_init(|| Open {
            replicas,
            places: Arc::new(Semaphore::new(MOST_LANES)),
            idle: Mutex::default(),
        });
    }

    /// A lane that is free; `None` if no replica is waited for.
    pub(super) async fn lane(&self) -> Option<Lane> {
        let open = self.intake().lanes.0.get()?;
        let place = Arc::clone(&open.places).acquire_owned().await;
        let idle = open.idle().pop();
        Some(Lane {
            store: self.clone(),
            replicas: open.replicas,
            idle: Some(idle.unwrap_or_else(Idle::fresh)),
            connection: None,
            has_answered: false,
            failed: None,
            is_waiting: false,
            _place: place.ok(), // never closed
        })
    }
}

impl Idle {
    fn fresh() -> Self {
        Self {
            connection: Connection::default(),
            since: Instant::now(),
        }
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replicas = self.0.get().map_or(0, |open| open.replicas.get());
        write!(formatter, "Lanes(replicas: {replicas})")
    }
}

impl Lanes {
    /// How long a caller waits for its result.
    pub(super) fn answer_within(&self) -> Duration {
        if self.are_used() {
            ANSWER_WITHIN + CONFIRMED_WITHIN
        } else {
            ANSWER_WITHIN
        }
    }

    /// Whether replicas are waited for.
    pub(super) fn are_used(&self) -> bool {
        self.0.get().is_some()
    }
}

impl Open {
    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line for Lane {
    /// Asks on this use's connection; once more, on a fresh one, if that was cut, or led to the wrong node, before it has answered anything. Once that has
    /// failed, so does all else of this use, without a further wait.
    async fn ask<T: FromRedisValue + Send>(&mut self, question: &impl Question) -> Result<T, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let mut answer = self.ask_once(question).await;
        if !self.has_answered && answer.as_ref().is_err_and(is_in_vain) {
            answer = self.ask_once(question).await;
        }
        if let Err(error @ StoreError::Unavailable(_)) = &answer {
            self.failed = Some(error.clone());
        }
        answer
    }
}

impl Lane {
    async fn ask_once<T: FromRedisValue>(&mut self, question: &impl Question) -> Result<T, StoreError> {
        let connection = self.connection().await?;
        let asked = tokio::time::timeout(ANSWER_WITHIN, question.ask(connection)).await;
        let error = match asked {
            Ok(Ok(answer)) => {
                self.has_answered = true;
                return Ok(answer);
            }
            Ok(Err(error)) => {
                self.store.connections().follow(&error);
                StoreError::from(error)
            }
            Err(_) => timed_out(),
        };
        if let StoreError::Unavailable(reason) = &error {
            self.leave(reason.is_io_error() || reason.is_timeout());
        }
        Err(error)
    }

    /// The connection of this use.
    async fn connection(&mut self) -> Result<MultiplexedConnection, StoreError> {
        if let Some(connection) = &self.connection {
            return Ok(connection.clone());
        }
        let borrow = Borrow::default();
        let idle = self.idle.get_or_insert_with(Idle::fresh);
        let connections = &self.store.inner.connections;
        let _: Value = connections
            .ask_blocking(&idle.connection, HAVE_WITHIN, &borrow)
            .await?;
        self.connection = borrow.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.connection.clone().ok_or_else(cut)
    }

    /// Gives the connection up: because it is broken, or because its server has refused to write for a while. If it is broken, others
    /// that nobody uses probably are, too.
    pub(super) fn leave(&mut self, is_broken: bool) {
        self.connection = None;
        let is_to_be_left = |idle: &Idle| is_broken || idle.since.elapsed() >= REFUSALS_FOR;
        if self.idle.as_ref().is_some_and(is_to_be_left) {
            self.idle = None;
        }
        if let Some(open) = self.store.intake().lanes.0.get().filter(|_| is_broken) {
            open.idle().clear();
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // Whoever gives up while replicas are waited for leaves a connection that is blocked.
        if let Some(idle) = self.idle.take().filter(|_| !self.is_waiting)
            && let Some(open) = self.store.intake().lanes.0.get()
        {
            open.idle().push(idle);
        }
    }
}

/// Asks nothing, and keeps the connection.
#[derive(Default)]
struct Borrow(Mutex<Option<MultiplexedConnection>>);

impl Question for Borrow {
    async fn ask<T: FromRedisValue>(&self, connection: MultiplexedConnection) -> RedisResult<T> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(from_redis_value(Value::Nil)?)
    }
}

/// The connection was cut, or the slot is at another node, where the next connection leads.
fn is_in_vain(error: &StoreError) -> bool {
    let StoreError::Unavailable(error) = error else {
        return false;
    };
    error.is_io_error() && !error.is_timeout() || error.code() == Some("MOVED")
}

pub(super) fn cut() -> StoreError {
    StoreError::Unavailable(redis::RedisError::from(std::io::Error::other(
        "the connection was cut before replicas had said that they have the events",
    )))
}
