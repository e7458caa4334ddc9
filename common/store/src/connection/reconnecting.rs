//! One connection that comes back by itself.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
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
pub(crate) struct Connection(Mutex<State>);

#[derive(Default)]
struct State {
    open: Option<Open>,
    /// How many were opened so far.
    opened: u64,
    /// When and why the last try to open one failed.
    failed: Option<(Instant, String)>,
}

struct Open {
    number: u64,
    connection: MultiplexedConnection,
    since: Instant,
    /// What `Connections::moves` was before it was opened, and how often another server had been named.
    moves: u64,
    changes: u64,
}

/// A connection on its way.
type Opening<'a> = Pin<Box<dyn Future<Output = RedisResult<(MultiplexedConnection, u64)>> + Send + 'a>>;

impl Connection {
    /// The open connection with its number. One caller opens it; those who wait for that share its failure.
    pub(super) async fn get(
        &self,
        connections: &Connections,
        since: Instant,
        answer_within: Option<Duration>,
    ) -> Result<(u64, MultiplexedConnection), StoreError> {
        let mut state = self.0.lock().await;
        let moves = connections.moves.load(Ordering::Relaxed);
        if let Some(open) = &state.open
            && open.changes == connections.way.changes()
            && (open.moves == moves || open.since.elapsed() < Refusal::NotPrimary.is_borne_for())
        {
            return Ok((open.number, open.connection.clone()));
        }
        state.open = None;
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
                state.opened += 1;
                state.failed = None;
                let number = state.opened;
                state.open = Some(Open {
                    number,
                    connection: connection.clone(),
                    since: Instant::now(),
                    moves,
                    changes,
                });
                Ok((number, connection))
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.to_string()));
                Err(error.into())
            }
        }
    }

    /// Forgets the connection, whose server does not answer others.
    pub(crate) fn lost(&self) -> StoreError {
        if let Ok(mut state) = self.0.try_lock() {
            state.open = None;
        }
        timed_out()
    }

    /// Forgets connection `number` if it is at least that old; whether it is forgotten now. If another caller opens one right
    /// now, it has been forgotten already.
    pub(super) fn give_up(&self, number: u64, age: Duration) -> bool {
        let Ok(mut state) = self.0.try_lock() else {
            return true;
        };
        let is_kept = |open: &Open| open.number == number && open.since.elapsed() < age;
        if state.open.as_ref().is_some_and(is_kept) {
            return false;
        }
        if state.open.as_ref().is_some_and(|open| open.number == number) {
            state.open = None;
        }
        true
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
