//! One connection that comes back by itself.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tokio::sync::Mutex;

use super::answers::Refusal;
use super::{ANSWER_WITHIN, CONNECT_WITHIN, Inner, unavailable};
use crate::StoreError;

/// A connection, or why there is none.
#[derive(Default)]
pub(super) struct Line(Mutex<LineState>);

#[derive(Default)]
struct LineState {
    live: Option<Live>,
    made: u64,
    failed: Option<(Instant, String)>,
}

struct Live {
    number: u64,
    connection: MultiplexedConnection,
    since: Instant,
    /// What `Inner::moves` was before it was made.
    moves: u64,
}

impl Line {
    /// The connection with its number. One caller connects; those who wait for it share its failure.
    pub(super) async fn get(
        &self,
        inner: &Inner,
        since: Instant,
        answer_within: Option<Duration>,
    ) -> Result<(u64, MultiplexedConnection), StoreError> {
        let mut state = self.0.lock().await;
        let moves = inner.moves.load(Ordering::Relaxed);
        if let Some(live) = &state.live
            && (live.moves == moves || live.since.elapsed() < Refusal::NotPrimary.is_borne_for())
        {
            return Ok((live.number, live.connection.clone()));
        }
        state.live = None;
        if let Some((when, reason)) = &state.failed
            && *when > since
        {
            return Err(unavailable(reason.clone()));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(answer_within.unwrap_or(ANSWER_WITHIN - CONNECT_WITHIN / 2)));
        match inner
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await
        {
            Ok(connection) => {
                state.made += 1;
                state.failed = None;
                let number = state.made;
                state.live = Some(Live {
                    number,
                    connection: connection.clone(),
                    since: Instant::now(),
                    moves,
                });
                Ok((number, connection))
            }
            Err(error) => {
                state.failed = Some((Instant::now(), error.to_string()));
                Err(error.into())
            }
        }
    }

    /// Forgets connection `number` if it is at least that old; whether it is forgotten now. If another caller is connecting
    /// right now, it has been forgotten already.
    pub(super) fn give_up(&self, number: u64, age: Duration) -> bool {
        let Ok(mut state) = self.0.try_lock() else {
            return true;
        };
        let is_kept = |live: &Live| live.number == number && live.since.elapsed() < age;
        if state.live.as_ref().is_some_and(is_kept) {
            return false;
        }
        if state.live.as_ref().is_some_and(|live| live.number == number) {
            state.live = None;
        }
        true
    }
}
