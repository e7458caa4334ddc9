//! The connections to Redis: one that all callers share and one for each caller that blocks. They come back by themselves,
//! and every wait for an answer is bounded.
//!
//! When no answer comes (connection cut, half-open, server too slow), the caller gives the connection up and the next one
//! opens a new one; whoever still waits on the old one keeps it. A question whose connection was cut is asked once more:
//! every one can be.
//!
//! After a failover the address leads to another server, and connections to the old one may stay open. So we also leave a
//! server that says that it is not (or no longer) the primary, and ask once more on a new connection. That server may be
//! the only one there is, so what it answers in a connection's first second is no reason to leave it.
//!
//! `way` finds the server for each connection: at one address, where `sentinels` say, or at the node of a `cluster` that serves the
//! store's hash slot. They are asked again about once a second
//! as well (the watch): a primary that is cut off from the others goes on answering us, and what it accepts then is lost.
//!
//! In a cluster a node that serves the slot no longer says which one does (`MOVED`): we ask once more there. While a slot is
//! taken to another node key by key (`ASK`, `TRYAGAIN`), nothing is asked at either, and calls fail as unavailable until it has
//! arrived. A script looks at the whole shard, which is nowhere then, and the servers see to it by themselves: each script declares the shard's
//! prefix, a key that never exists, so both nodes refuse to run it. `CLUSTER MIGRATESLOTS` (Valkey from 9) moves a slot in one step.

mod cluster;
mod gather;
mod kept;
mod lost;
mod primary;
mod question;
mod reconnecting;
mod refusal;
mod sentinels;
mod server;
mod turns;
mod way;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, RedisError};

use super::StoreError;

use self::refusal::Refusal;

pub(crate) use self::cluster::{Nodes, Slot};
pub(crate) use self::gather::Address;
pub(crate) use self::lost::Lost;
pub(crate) use self::question::Question;
pub(crate) use self::reconnecting::Connection;
pub(crate) use self::sentinels::Sentinels;
pub(crate) use self::way::Way;

/// How long a call may take in all before it fails as unavailable.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_millis(1800);

/// How long one try to connect may take.
const CONNECT_WITHIN: Duration = Duration::from_millis(800);

/// The way to a Redis server, or to the one that takes its place.
pub(crate) struct Connections {
    way: Way,
    /// What its connections are called on the server.
    name: String,
    /// What all callers share that don't block.
    shared: Connection,
    /// How often we left a server because it is no primary. Connections older than the last time are opened anew: a
    /// replica does not say what it is to those who only read.
    moves: AtomicU64,
}

/// Why a question has no answer, and whether it may be asked again at once.
struct Failed {
    error: StoreError,
    again: Again,
}

/// Whether a question that failed may be asked again at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    No,
    /// The connection was cut, or could not be opened: Redis may have executed the command.
    Cut,
    /// The server refused the command because of what it is, and we left it.
    Elsewhere,
}

impl Connections {
    /// Connects at the first question.
    pub(crate) fn new(way: Way, name: String) -> Self {
        Self {
            way,
            name,
            shared: Connection::default(),
            moves: AtomicU64::new(0),
        }
    }

    /// The way to the server.
    pub(crate) const fn way(&self) -> &Way {
        &self.way
    }

    /// The server's address, those of the nodes, or what sentinels call it, for people.
    pub(crate) fn address(&self) -> String {
        self.way.described()
    }

    /// The server that was asked last, for people.
    pub(crate) fn served_by(&self) -> String {
        self.way.served_by()
    }

    /// Whether this is a cluster, where a key's hash slot matters. It is known once anything was asked.
    pub(crate) fn are_to_cluster(&self) -> bool {
        self.way.is_in_cluster()
    }

    /// Asks the sentinels or the cluster, if there are any and none was asked so lately, whether they name another server by now. Connections
    /// to the old one are left before their next question.
    pub(crate) async fn look_for_server(&self, believed_for: Duration) -> Result<(), Lost> {
        self.way.look(believed_for).await
    }

    /// How often the sentinels named another server than before, or the cluster promoted a replica.
    pub(crate) fn failovers(&self) -> u64 {
        self.way.failovers()
    }

    /// Whether they did so within this time.
    pub(crate) fn failed_over_within(&self, time: Duration) -> bool {
        self.way.failed_over_since().is_some_and(|since| since <= time)
    }

    /// Asks on the shared connection; once more if that was cut or led to a server that is no primary.
    pub(crate) async fn ask<T: FromRedisValue>(&self, question: &impl Question) -> Result<T, StoreError> {
        let started = Instant::now();
        let both = async {
            match self.ask_once(&self.shared, started, None, question).await {
                Err(failed) if failed.again != Again::No => {
                    self.ask_once(&self.shared, Instant::now(), None, question).await
                }
                other => other,
            }
            .map_err(|failed| failed.error)
        };
        tokio::time::timeout(ANSWER_WITHIN, both)
            .await
            .unwrap_or_else(|_| Err(timed_out()))
    }

    /// Notes where to ask from now on, if that is what an error says; whether it is.
    pub(crate) fn follow(&self, error: &RedisError) -> bool {
        let is_elsewhere = Refusal::of(error) == Some(Refusal::Moved);
        if is_elsewhere {
            self.way.follow(error);
        }
        is_elsewhere
    }

    /// Asks what blocks in Redis for up to `blocks`, on a connection that nobody shares.
    pub(crate) async fn ask_blocking<T: FromRedisValue>(
        &self,
        connection: &Connection,
        blocks: Duration,
        question: &impl Question,
    ) -> Result<T, StoreError> {
        match self.block_once(connection, blocks, question).await {
            Err(failed) if failed.again == Again::Elsewhere => {
                self.block_once(connection, blocks, question).await
            }
            other => other,
        }
        .map_err(|failed| failed.error)
    }

    async fn block_once<T: FromRedisValue>(
        &self,
        connection: &Connection,
        blocks: Duration,
        question: &impl Question,
    ) -> Result<T, Failed> {
        let answer_within = blocks + ANSWER_WITHIN;
        let asked = self.ask_once(connection, Instant::now(), Some(answer_within), question);
        tokio::time::timeout(answer_within + CONNECT_WITHIN, asked)
            .await
            .unwrap_or_else(|_| {
                Err(Failed {
                    error: timed_out(),
                    again: Again::No,
                })
            })
    }

    async fn ask_once<T: FromRedisValue>(
        &self,
        connection: &Connection,
        since: Instant,
        answer_within: Option<Duration>,
        question: &impl Question,
    ) -> Result<T, Failed> {
        let asked = connection
            .get(self, since, answer_within)
            .await
            .map_err(|error| Failed {
                again: cut_or_no(&error),
                error,
            })?;
        question.ask(asked.connection.clone()).await.map_err(|error| {
            if error.is_io_error() || error.is_timeout() || error.is_unrecoverable_error() {
                connection.give_up(&asked, Duration::ZERO);
            }
            let left = Refusal::of(&error).is_some_and(|refusal| {
                let left = connection.give_up(&asked, refusal.is_borne_for());
                if left && refusal == Refusal::NotPrimary {
                    self.moves.fetch_add(1, Ordering::Relaxed);
                }
                left
            });
            self.follow(&error);
            let error = StoreError::from(error);
            let again = if left { Again::Elsewhere } else { cut_or_no(&error) };
            Failed { error, again }
        })
    }
}

fn cut_or_no(error: &StoreError) -> Again {
    match error {
        StoreError::Unavailable(error) if !error.is_timeout() && error.is_io_error() => Again::Cut,
        _ => Again::No,
    }
}

fn unavailable(reason: String) -> StoreError {
    StoreError::Unavailable(fault(reason))
}

/// A failure of ours, as if the connection had one.
fn fault(reason: impl Into<String>) -> RedisError {
    std::io::Error::other(reason.into()).into()
}

pub(crate) fn timed_out() -> StoreError {
    unavailable(format!("no answer within {} ms", ANSWER_WITHIN.as_millis()))
}
