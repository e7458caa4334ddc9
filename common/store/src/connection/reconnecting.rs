//! One connection that comes back by itself.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult};
use tokio::sync::Mutex;

use super::refusal::Refusal;
use super::{ANSWER_WITHIN, CONNECT_WITHIN, Connections, timed_out, unavailable};
use crate::StoreError;

/// A connection that is opened when somebody needs it.
#[derive(Default)]
pub(crate) struct Connection {
    state: Mutex<State>,
    /// How many were opened so far.
    opened: AtomicU64,
    /// The connections up to this number are forgotten. It is beside the lock, which may be somebody's who has yet to run.
    forgotten: AtomicU64,
}

#[derive(Default)]
struct State {
    open: Option<Open>,
    /// When and why the last try to open one failed.
    failed: Option<(Instant, String)>,
}

struct Open {
    asked: Asked,
    /// What `Connections::moves` was before it was opened, and how often another server had been named.
    moves: u64,
    changes: u64,
}

/// A connection to ask on, which can be given up by its number.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) connection: MultiplexedConnection,
    number: u64,
    since: Instant,
}

/// A connection on its way.
type Opening<'a> = Pin<Box<dyn Future<Output = RedisResult<(MultiplexedConnection, u64)>> + Send + 'a>>;

impl Connection {
    /// The open connection. One caller opens it; those who wait for that share its failure.
    pub(super) async fn get(
        &self,
        connections: &Connections,
        since: Instant,
        answer_within: Option<Duration>,
    ) -> Result<Asked, StoreError> {
        let mut state = self.state.lock().await;
        let moves = connections.moves.load(Ordering::Relaxed);
        if let Some(open) = &state.open
            && !self.is_forgotten(open.asked.number)
            && open.changes == connections.way.changes()
            && (open.moves == moves || open.asked.since.elapsed() < Refusal::NotPrimary.is_borne_for())
        {
            return Ok(open.asked.clone());
        }
        if let Some(left) = state.open.take() {
            self.forget(left.asked.number);
        }
        if let Some((when, reason)) = &state.failed
            && (*when > since || when.elapsed() < connections.way.rests_for())
        {
            return Err(unavailable(reason.clone()));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(answer_within.unwrap_or(ANSWER_WITHIN - CONNECT_WITHIN / 2)));
        // Boxed, or the types of whatever asks nest too deep for the compiler.
        let opening: Opening<'_> = Box::pin(connections.way.open(&config));
        match opening.await {
            Ok((connection, changes)) => {
                give_name(connection.clone(), connections.name.clone()).await;
                state.failed = None;
                let asked = Asked {
                    connection,
                    number: self.opened.fetch_add(1, Ordering::Relaxed) + 1,
                    since: Instant::now(),
                };
                state.open = Some(Open {
                    asked: asked.clone(),
                    moves,
                    changes,
                });
                Ok(asked)
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.to_string()));
                Err(error.into())
            }
        }
    }

    /// Forgets the connection, whose server does not answer others.
    pub(crate) fn lost(&self) -> StoreError {
        self.forget(self.opened.load(Ordering::Relaxed));
        self.close_forgotten();
        timed_out()
    }

    /// Closes a connection that is forgotten, so that its server serves nothing more there, such as a wait that was broken off. If
    /// somebody is about to ask, that one finds it forgotten and closes it.
    fn close_forgotten(&self) {
        if let Ok(mut state) = self.state.try_lock()
            && state
                .open
                .as_ref()
                .is_some_and(|open| self.is_forgotten(open.asked.number))
        {
            state.open = None;
        }
    }

    /// Forgets a connection if it is at least that old; whether it is forgotten now.
    pub(super) fn give_up(&self, asked: &Asked, age: Duration) -> bool {
        if asked.since.elapsed() >= age {
            self.forget(asked.number);
            self.close_forgotten();
        }
        self.is_forgotten(asked.number)
    }

    fn forget(&self, number: u64) {
        self.forgotten.fetch_max(number, Ordering::Relaxed);
    }

    fn is_forgotten(&self, number: u64) -> bool {
        number <= self.forgotten.load(Ordering::Relaxed)
    }
}

/// Tells the server whose connection this is. That goes out before anything that is asked on the connection, and nobody waits for
/// the answer: a server that refuses it serves us all the same.
async fn give_name(mut connection: MultiplexedConnection, name: String) {
    let mut naming = Box::pin(async move {
        let _refused: Result<(), _> = redis::cmd("CLIENT")
            .arg("SETNAME")
            .arg(name)
            .exec_async(&mut connection)
            .await;
    });
    let is_done = poll_fn(|context| Poll::Ready(naming.as_mut().poll(context).is_ready())).await;
    if !is_done {
        tokio::spawn(naming);
    }
}
