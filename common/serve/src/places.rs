//! The places of a server: who has one, who has to leave for a newcomer, and how many are kept for service keys.
//!
//! [`verdict`] decides; [`Places`] keeps the list. How far each connection is stands behind a lock of its own, and to look at a
//! thousand of them takes longer than to answer many a request. So that is done every [`LOOK_AGAIN`] at most, however many newcomers
//! there are; whoever has to leave is looked at once more.

mod turnover;

mod verdict;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::turnover::Turnover;
use self::verdict::{Admission, Seated, Verdict, judge, ordinary, staying};
use crate::limits::Limits;
use crate::progress::SharedProgress;

/// How long a look at all connections is good for, and how often to look again for somebody who could leave, while a newcomer waits.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The places of one server.
#[derive(Debug)]
pub(crate) struct Places {
    limits: Limits,
    list: Mutex<List>,
    /// A place became free.
    freed: Notify,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    seated: BTreeMap<u64, SharedProgress>,
    /// How far they were when they were last looked at, in the same order, if there was a reason to look.
    seen: Option<Seen>,
    /// When the next of them may have to leave.
    turnover: Turnover,
    /// How many requests are open for an account.
    open: HashMap<Arc<str>, usize>,
}

/// What a look at all connections has shown.
#[derive(Debug)]
struct Seen {
    at: Instant,
    seated: Vec<Seated>,
}

/// A place. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    number: u64,
    pub(crate) progress: SharedProgress,
}

impl Places {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            list: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// A place for a newcomer, once there is one. `crowded` hears of it when somebody has to leave, or the newcomer to wait.
    pub(crate) async fn take(self: &Arc<Self>, mut crowded: impl FnMut()) -> Place {
        loop {
            if let Some(place) = self.try_take(&mut crowded) {
                return place;
            }
            // Whichever comes first: the look is repeated in any case.
            let now = Instant::now();
            let look = now + LOOK_AGAIN;
            let turn = self.lock().turnover.not_before(now).unwrap_or(look);
            drop(tokio::time::timeout_at(look.min(turn).into(), self.freed.notified()).await);
        }
    }

    fn try_take(self: &Arc<Self>, crowded: &mut impl FnMut()) -> Option<Place> {
        let mut list = self.lock();
        let mut is_on_kept_place = false;
        if list.seated.len() >= ordinary(&self.limits) {
            let verdict = list.judge(&self.limits);
            if !verdict.leave.is_empty() || verdict.admits != Admission::Place {
                crowded();
            }
            if verdict.admits == Admission::Wait {
                return None;
            }
            is_on_kept_place = verdict.admits == Admission::KeptPlace;
        } else {
            list.seen = None;
        }
        let progress = SharedProgress::new();
        progress.lock().is_on_kept_place = is_on_kept_place;
        let number = list.next;
        list.next += 1;
        if let Some(seen) = &mut list.seen {
            seen.seated.push(Seated::of(number, &progress, &self.limits));
        }
        list.seated.insert(number, progress.clone());
        Some(Place {
            places: Arc::clone(self),
            number,
            progress,
        })
    }

    /// Lets the connection that has been idle or slow for longest leave, whoever it is: the system has no more.
    pub(crate) fn make_room(&self) {
        self.lock().judge(&Limits {
            connections: 0,
            ..self.limits
        });
    }

    /// Whether a connection on a kept place may stay there without a service key, since an ordinary place has become free.
    pub(crate) fn is_uncrowded(&self) -> bool {
        // One of them is the connection itself.
        staying(self.lock().look(&self.limits, Instant::now())) <= ordinary(&self.limits)
    }

    /// Counts an open request for an account; `false` if it has as many as it may.
    pub(crate) fn open_for(&self, account: &Arc<str>) -> bool {
        let mut list = self.lock();
        let open = list.open.entry(Arc::clone(account)).or_default();
        let has_room = *open < self.limits.per_account;
        if has_room {
            *open += 1;
        }
        has_room
    }

    /// A request for an account has ended.
    pub(crate) fn ended_for(&self, account: &str) {
        let mut list = self.lock();
        match list.open.get_mut(account) {
            Some(open) if *open > 1 => *open -= 1,
            _ => {
                list.open.remove(account);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    /// Decides about a newcomer, and tells those who have to leave.
    fn judge(&mut self, limits: &Limits) -> Verdict {
        let now = Instant::now();
        loop {
            let turnover = self.turnover;
            let verdict = judge(self.look(limits, now), limits, &turnover, now);
            if self.tell_to_leave(&verdict.leave, limits, now) {
                return verdict;
            }
        }
    }

    /// How far all connections are, as of a moment ago.
    fn look(&mut self, limits: &Limits, now: Instant) -> &[Seated] {
        let known = self.seen.take().filter(|seen| now < seen.at + LOOK_AGAIN);
        let seen = known.unwrap_or_else(|| {
            let seated = self.seated.iter();
            Seen {
                at: now,
                seated: seated
                    .map(|(number, progress)| Seated::of(*number, progress, limits))
                    .collect(),
            }
        });
        &self.seen.insert(seen).seated
    }

    /// Tells them to leave, unless one has gone on since it was looked at: then `false`.
    fn tell_to_leave(&mut self, numbers: &[u64], limits: &Limits, now: Instant) -> bool {
        let mut all_leave = true;
        for number in numbers {
            let seen = self.seen.as_mut().and_then(|seen| seen.of(*number));
            let (Some(seen), Some(progress)) = (seen, self.seated.get(number)) else {
                continue;
            };
            let before = std::mem::replace(seen, Seated::of(*number, progress, limits));
            let may_leave = seen.makes_room_from.is_some_and(|from| from <= now);
            if may_leave && seen.is_backend == before.is_backend {
                progress.lock().tell_to_leave(now);
                self.turnover.left(now);
                (seen.is_leaving, seen.makes_room_from) = (true, None);
            } else {
                all_leave = false;
            }
        }
        all_leave
    }

    fn remove(&mut self, number: u64) {
        self.seated.remove(&number);
        if let Some(seen) = &mut self.seen
            && let Ok(place) = seen.place_of(number)
        {
            seen.seated.remove(place);
        }
    }
}

impl Seen {
    fn place_of(&self, number: u64) -> Result<usize, usize> {
        self.seated.binary_search_by_key(&number, |one| one.number)
    }

    fn of(&mut self, number: u64) -> Option<&mut Seated> {
        let place = self.place_of(number).ok()?;
        self.seated.get_mut(place)
    }
}

impl Place {
    /// The places of the server.
    pub(crate) const fn places(&self) -> &Arc<Places> {
        &self.places
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(self.number);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
