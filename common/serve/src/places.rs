//! The places of a server: who has one, who has to leave for a newcomer, and how many are kept for service keys.
//!
//! [`judge`] decides, and is pure; [`Places`] keeps the list.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::Limits;
use crate::progress::SharedProgress;

/// How often to look again for somebody who could leave, while a newcomer waits.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A connection that has a place.
#[derive(Debug, Clone, Copy)]
struct Seated {
    number: u64,
    is_backend: bool,
    is_leaving: bool,
    makes_room_from: Option<Instant>,
}

/// What becomes of a newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    admits: Admission,
    /// Who has to leave.
    leave: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Admission {
    /// It gets a place.
    Place,
    /// It gets a place that is kept for service keys, and has to show one.
    KeptPlace,
    /// It has to wait.
    Wait,
}

/// Decides about a newcomer. Who has waited for its client for longest leaves first, and one with a service key only when no place
/// at all is free, and none becomes free within [`Limits::grace`] because of somebody else: a backend's next event must not queue
/// behind a crowd that comes again and again.
///
/// Leaving can take a moment, so when all places are taken, one of sixteen may be about to become free.
fn judge(seated: &[Seated], limits: &Limits, now: Instant) -> Verdict {
    let has_room = seated.len() < limits.connections;
    if has_room && staying(seated) < ordinary(limits) {
        return Verdict {
            admits: Admission::Place,
            leave: Vec::new(),
        };
    }
    let could_leave = |one: &Seated| {
        let from = one.makes_room_from.filter(|from| *from <= now)?;
        Some((one.is_backend, from, one.number))
    };
    let mut could: Vec<_> = seated.iter().filter_map(could_leave).collect();
    let soon = now + limits.grace;
    let leaves_soon = |one: &Seated| one.is_leaving || one.makes_room_from.is_some_and(|from| from <= soon);
    if has_room || seated.iter().any(|one| !one.is_backend && leaves_soon(one)) {
        could.retain(|(is_backend, ..)| !is_backend);
    }
    could.sort_unstable();
    let leaving = seated.iter().filter(|one| one.is_leaving).count();
    let most = if has_room {
        1
    } else {
        (limits.connections / 16).max(1).saturating_sub(leaving)
    };
    Verdict {
        admits: match (has_room, could.is_empty()) {
            (true, false) => Admission::Place,
            (true, true) => Admission::KeptPlace,
            (false, _) => Admission::Wait,
        },
        leave: could.iter().take(most).map(|(.., number)| *number).collect(),
    }
}

/// How many connections without a service key stay.
fn staying(seated: &[Seated]) -> usize {
    seated
        .iter()
        .filter(|one| !one.is_backend && !one.is_leaving)
        .count()
}

/// How many places aren't kept.
const fn ordinary(limits: &Limits) -> usize {
    limits.connections.saturating_sub(limits.kept)
}

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
    /// How many requests are open for an account.
    open: HashMap<Arc<str>, usize>,
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
            drop(tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await);
        }
    }

    fn try_take(self: &Arc<Self>, crowded: &mut impl FnMut()) -> Option<Place> {
        let mut list = self.lock();
        let mut is_on_kept_place = false;
        if list.seated.len() >= ordinary(&self.limits) {
            let now = Instant::now();
            let seated = list.look(&self.limits);
            let verdict = judge(&seated, &self.limits, now);
            if !verdict.leave.is_empty() || verdict.admits != Admission::Place {
                crowded();
            }
            list.tell_to_leave(&verdict.leave, now);
            if verdict.admits == Admission::Wait {
                return None;
            }
            is_on_kept_place = verdict.admits == Admission::KeptPlace;
        }
        let progress = SharedProgress::new();
        progress.lock().is_on_kept_place = is_on_kept_place;
        let number = list.next;
        list.next += 1;
        list.seated.insert(number, progress.clone());
        Some(Place {
            places: Arc::clone(self),
            number,
            progress,
        })
    }

    /// Lets the connection that has been idle or slow for longest leave, whoever it is: the system has no more.
    pub(crate) fn make_room(&self) {
        let list = self.lock();
        let full = Limits {
            connections: 0,
            ..self.limits
        };
        let now = Instant::now();
        list.tell_to_leave(&judge(&list.look(&self.limits), &full, now).leave, now);
    }

    /// Whether a connection on a kept place may stay there without a service key, since an ordinary place has become free.
    pub(crate) fn is_uncrowded(&self) -> bool {
        // One of them is the connection itself.
        staying(&self.lock().look(&self.limits)) <= ordinary(&self.limits)
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
    fn look(&self, limits: &Limits) -> Vec<Seated> {
        let seated = self.seated.iter().map(|(number, progress)| {
            let progress = progress.lock();
            Seated {
                number: *number,
                is_backend: progress.is_backend,
                is_leaving: progress.is_leaving(),
                makes_room_from: progress.makes_room_from(limits),
            }
        });
        seated.collect()
    }

    fn tell_to_leave(&self, numbers: &[u64], now: Instant) {
        for progress in numbers.iter().filter_map(|number| self.seated.get(number)) {
            progress.lock().tell_to_leave(now);
        }
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
        self.places.lock().seated.remove(&self.number);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
