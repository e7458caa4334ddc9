//! The look-ups under way: one for each name, each in a place that belongs to an account's share.
//!
//! Whoever asks for a name that is being looked up waits for the same answer, whoever began. Others begin a look-up if their
//! share allows ([`Shares`]), or wait for a turn, first come, first served within an account; among accounts, the one with the
//! fewest look-ups under way is next. A turn that doesn't come is our own shortage, never a failure. A name that was not found is
//! not asked for again for a moment ([`Failures`]). When nobody waits for a look-up any more, it is stopped and its place is free.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use reqwest::dns::Resolve;
use tokio::sync::oneshot;

use super::failures::Failures;
use super::{Asker, SharedError};
use crate::fault::{Fault, NotAttempted};
use crate::shares::Shares;
use crate::transport::BoxError;
use crate::transport::cause::{find, is_ours};

/// Look-ups under way, of all accounts together. Each needs two sockets for each name server that it asks.
const MAX_LOOKUPS: usize = 256;

/// What a look-up comes to.
type Found = Result<Arc<[IpAddr]>, SharedError>;

/// A look-up under way. It goes on while somebody holds a clone.
type Lookup = Shared<BoxFuture<'static, Found>>;

/// Looks names up. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lookups(Arc<Inner>);

struct Inner {
    names: Arc<dyn Resolve>,
    /// How long somebody waits for a turn.
    wait: Duration,
    desk: Mutex<Desk>,
}

struct Desk {
    shares: Shares<Asker>,
    under_way: HashMap<String, UnderWay>,
    waiting: HashMap<Asker, Vec<Waiting>>,
    failures: Failures,
    last_ticket: u64,
}

struct UnderWay {
    ticket: u64,
    lookup: WeakShared<BoxFuture<'static, Found>>,
}

/// Somebody who waits for a turn, or for somebody else's turn for the same name.
struct Waiting {
    name: String,
    turn: oneshot::Sender<Lookup>,
}

/// What there is for somebody who asks for a name.
enum Answer {
    Known(SharedError),
    UnderWay(Lookup),
    Turn(oneshot::Receiver<Lookup>),
}

/// The place of one look-up; free again when this is dropped.
struct Place {
    lookups: Lookups,
    asker: Asker,
    name: String,
    ticket: u64,
}

impl Lookups {
    /// Looks up with `names`. Nobody waits longer than `wait` for a turn.
    pub(super) fn new(names: Arc<dyn Resolve>, wait: Duration) -> Self {
        Self(Arc::new(Inner {
            names,
            wait,
            desk: Mutex::new(Desk {
                shares: Shares::of(MAX_LOOKUPS),
                under_way: HashMap::new(),
                waiting: HashMap::new(),
                failures: Failures::default(),
                last_ticket: 0,
            }),
        }))
    }

    /// The addresses of a name, looked up for `asker`.
    ///
    /// # Errors
    ///
    /// Why there is none; a [`Fault`] if this worker had no place for the look-up.
    pub(super) async fn find(&self, asker: &Asker, name: &str) -> Result<Arc<[IpAddr]>, BoxError> {
        let lookup = match self.ask(asker, name) {
            Answer::Known(error) => return Err(error.into()),
            Answer::UnderWay(lookup) => lookup,
            Answer::Turn(turn) => match tokio::time::timeout(self.0.wait, turn).await {
                Ok(Ok(lookup)) => lookup,
                _ => return Err(Fault::from(NotAttempted::Names).into()),
            },
        };
        Ok(lookup.await?)
    }

    fn ask(&self, asker: &Asker, name: &str) -> Answer {
        let mut desk = self.desk();
        // This worker's own questions are about now.
        if asker.is_some()
            && let Some(error) = desk.failures.of(name, Instant::now())
        {
            return Answer::Known(error);
        }
        let under_way = desk.under_way.get(name);
        if let Some(lookup) = under_way.and_then(|under_way| under_way.lookup.upgrade()) {
            return Answer::UnderWay(lookup);
        }
        if desk.shares.may_take(asker) {
            return Answer::UnderWay(self.begin(&mut desk, asker, name));
        }
        let (turn, comes) = oneshot::channel();
        let waiting = desk.waiting.entry(asker.clone()).or_default();
        waiting.retain(|waiting| !waiting.turn.is_closed());
        waiting.push(Waiting {
            name: name.to_owned(),
            turn,
        });
        Answer::Turn(comes)
    }

    /// Begins a look-up, in a place that `asker` may take.
    fn begin(&self, desk: &mut Desk, asker: &Asker, name: &str) -> Lookup {
        desk.shares.take(asker);
        desk.last_ticket += 1;
        let place = Place {
            lookups: self.clone(),
            asker: asker.clone(),
            name: name.to_owned(),
            ticket: desk.last_ticket,
        };
        let lookup = place.look_up().boxed().shared();
        if let Some(weak) = lookup.downgrade() {
            let under_way = UnderWay {
                ticket: desk.last_ticket,
                lookup: weak,
            };
            desk.under_way.insert(name.to_owned(), under_way);
        }
        lookup
    }

    /// Lets as many begin as may, and tells with them whoever waits for the same names. To be told without the lock: whoever has
    /// gone meanwhile gives the place back.
    fn next(&self, desk: &mut Desk) -> Vec<(oneshot::Sender<Lookup>, Lookup)> {
        let mut told = Vec::new();
        while let Some((asker, first)) = desk.next_waiting() {
            let lookup = self.begin(desk, &asker, &first.name);
            for waiting in desk.waiting.values_mut() {
                let same = waiting.extract_if(.., |waiting| waiting.name == first.name);
                told.extend(same.map(|waiting| (waiting.turn, lookup.clone())));
            }
            told.push((first.turn, lookup));
        }
        desk.waiting.retain(|_, waiting| !waiting.is_empty());
        told
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Takes out the next one who may begin: of the account with the fewest look-ups under way, the first that still waits.
    fn next_waiting(&mut self) -> Option<(Asker, Waiting)> {
        let shares = &self.shares;
        self.waiting.retain(|_, waiting| {
            waiting.retain(|waiting| !waiting.turn.is_closed());
            !waiting.is_empty()
        });
        let asker = self
            .waiting
            .keys()
            .filter(|asker| shares.may_take(asker))
            .min_by_key(|asker| shares.held_by(asker))?
            .clone();
        let first = self.waiting.get_mut(&asker)?.remove(0);
        Some((asker, first))
    }
}

impl Place {
    async fn look_up(self) -> Found {
        let began = Instant::now();
        let found = match self.name.parse() {
            Ok(name) => self.lookups.0.names.resolve(name).await,
            Err(error) => Err(Box::new(error).into()),
        };
        let error = match found {
            Ok(addresses) => return Ok(addresses.map(|address| address.ip()).collect()),
            Err(error) => SharedError(error.into()),
        };
        if !is_ours(&error) && find::<Fault>(&error).is_none() {
            let mut desk = self.lookups.desk();
            desk.failures
                .remember(self.name.clone(), error.clone(), began.elapsed(), Instant::now());
        }
        Err(error)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let told = {
            let mut desk = self.lookups.desk();
            desk.shares.give_back(&self.asker);
            let under_way = desk.under_way.get(&self.name);
            if under_way.is_some_and(|under_way| under_way.ticket == self.ticket) {
                desk.under_way.remove(&self.name);
            }
            self.lookups.next(&mut desk)
        };
        for (turn, lookup) in told {
            drop(turn.send(lookup));
        }
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let desk = self.desk();
        write!(formatter, "Lookups({} under way)", desk.under_way.len())
    }
}

#[cfg(test)]
mod tests;
