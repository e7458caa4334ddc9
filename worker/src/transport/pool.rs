//! Connections that are kept between exchanges.
//!
//! No more are kept for a destination than it has lately used at once, and none for longer than servers commonly do, or
//! than the receiver says. The one that was used last is used next, so that those too many grow old.

mod demand;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::destination::Destination;
use super::http1::head::Keeps;
use super::places::Place as AtAddress;
use demand::Demand;

/// The longest that a connection idles. Shorter than the 5 s after which many servers close it: a request that crosses such
/// a close on the wire has to be sent again.
const MAX_IDLE: Duration = Duration::from_secs(4);

/// How much earlier than the receiver a connection is given up here.
const MARGIN: Duration = Duration::from_secs(1);

/// How often connections are closed that are too old or too many, or that the receiver has closed.
const SWEEP_EVERY: Duration = Duration::from_millis(500);

/// The connections that are kept. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Places>>);

/// A place is locked after the map, never before: so one that the map has let go of is nobody's.
type Places = HashMap<Destination, SharedPlace>;

type SharedPlace = Arc<Mutex<Place>>;

/// What there is for one destination.
#[derive(Debug, Default)]
struct Place {
    /// Those that are kept, the one that was used last at the end.
    kept: Vec<Kept>,
    demand: Demand,
}

#[derive(Debug)]
struct Kept {
    connection: Connection,
    until: Instant,
}

/// A connection to a destination is in use, or about to be made, for as long as this lives.
#[derive(Debug)]
pub(super) struct InUse {
    at: SharedPlace,
    /// Its account's place at the address.
    pub(super) place: Option<AtAddress>,
}

impl Pool {
    /// A pool that is swept until it is dropped. To be called within a runtime.
    pub(super) fn swept() -> Self {
        let pool = Self::default();
        let swept = Arc::downgrade(&pool.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                match swept.upgrade() {
                    Some(places) => Self(places).sweep(Instant::now()),
                    None => return,
                }
            }
        });
        pool
    }

    /// Begins to use a connection to a destination: a kept one, if there is one.
    pub(super) fn begin(&self, destination: &Destination, now: Instant) -> (InUse, Option<Connection>) {
        let mut found = None;
        // Dropped, and thereby closed, after the lock is released.
        let mut closed = Vec::new();
        let at = {
            let mut places = self.places();
            let at = match places.get(destination) {
                Some(at) => Arc::clone(at),
                None => Arc::clone(places.entry(destination.clone()).or_default()),
            };
            // While the map is locked: no sweep takes it out before somebody uses it.
            let mut place = lock(&at);
            drop(places);
            place.demand.begin(now);
            while let Some(mut kept) = place.kept.pop() {
                if now < kept.until && kept.connection.is_idle() {
                    found = Some(kept.connection);
                    break;
                }
                closed.push(kept);
            }
            drop(place);
            at
        };
        (InUse { at, place: None }, found)
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        lock(&self.0)
    }

    /// Closes what is too old or too many, or was closed by the receiver.
    fn sweep(&self, now: Instant) {
        let mut closed = Vec::new();
        self.places().retain(|_, place| {
            let mut place = lock(place);
            let old = place
                .kept
                .extract_if(.., |kept| now >= kept.until || !kept.connection.is_idle());
            closed.extend(old);
            closed.extend(place.surplus(now));
            !place.kept.is_empty() || place.demand.in_use() > 0
        });
    }
}

impl Place {
    /// Takes out those that are more than were lately in use at once, the oldest first.
    fn surplus(&mut self, now: Instant) -> impl Iterator<Item = Kept> {
        let most = self.demand.idle_at_most(now);
        let surplus = self.kept.len().saturating_sub(most);
        self.kept.drain(..surplus)
    }
}

impl InUse {
    /// Ends the use of a connection, and keeps it, if the receiver does.
    pub(super) fn keep(self, mut connection: Connection, keeps: Keeps, now: Instant) {
        let Some(idle) = idle_for(keeps).filter(|_| connection.is_idle()) else {
            return;
        };
        let until = now + idle;
        let mut closed = Vec::new();
        let mut place = lock(&self.at);
        place.kept.push(Kept { connection, until });
        // This one is still counted as in use.
        if place.kept.len() > place.demand.idle_at_most(now) + 1 {
            closed.push(place.kept.remove(0));
        }
        drop(place);
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        lock(&self.at).demand.end();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For how long a connection is kept; `None` if it isn't.
fn idle_for(keeps: Keeps) -> Option<Duration> {
    match keeps {
        Keeps::No => None,
        Keeps::Open => Some(MAX_IDLE),
        Keeps::For(timeout) => timeout
            .checked_sub(MARGIN)
            .filter(|idle| !idle.is_zero())
            .map(|idle| idle.min(MAX_IDLE)),
    }
}

#[cfg(test)]
mod tests;
