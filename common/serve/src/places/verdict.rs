//! Who leaves for a newcomer. Pure, but for the look at a connection.

use std::time::Instant;

use super::turnover::Turnover;
use crate::limits::Limits;
use crate::progress::SharedProgress;

/// A connection that has a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seated {
    pub(super) number: u64,
    pub(super) is_backend: bool,
    pub(super) is_leaving: bool,
    pub(super) makes_room_from: Option<Instant>,
}

impl Seated {
    /// How far a connection is.
    pub(super) fn of(number: u64, progress: &SharedProgress, limits: &Limits) -> Self {
        let progress = progress.lock();
        Self {
            number,
            is_backend: progress.is_backend,
            is_leaving: progress.is_leaving(),
            makes_room_from: progress.makes_room_from(limits),
        }
    }
}

/// What becomes of a newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) admits: Admission,
    /// Who has to leave.
    pub(super) leave: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
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
/// Leaving can take a moment, so when all places are taken, one of sixteen may be about to become free. Where somebody would have to
/// leave before `turnover` lets the next one, the newcomer waits.
pub(super) fn judge(seated: &[Seated], limits: &Limits, turnover: &Turnover, now: Instant) -> Verdict {
    let has_room = seated.len() < limits.connections;
    if has_room && staying(seated) < ordinary(limits) {
        return Verdict {
            admits: Admission::Place,
            leave: Vec::new(),
        };
    }
    if turnover.not_before(now).is_some() {
        return Verdict {
            admits: Admission::Wait,
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
    let is_nobody = could.is_empty();
    let leaving = seated.iter().filter(|one| one.is_leaving).count();
    let most = if has_room {
        1
    } else {
        (limits.connections / 16).max(1).saturating_sub(leaving)
    };
    if most < could.len() {
        could.select_nth_unstable(most);
        could.truncate(most);
    }
    could.sort_unstable();
    Verdict {
        admits: match (has_room, is_nobody) {
            (true, false) => Admission::Place,
            (true, true) => Admission::KeptPlace,
            (false, _) => Admission::Wait,
        },
        leave: could.iter().map(|(.., number)| *number).collect(),
    }
}

/// How many connections without a service key stay.
pub(super) fn staying(seated: &[Seated]) -> usize {
    seated
        .iter()
        .filter(|one| !one.is_backend && !one.is_leaving)
        .count()
}

/// How many places aren't kept.
pub(super) const fn ordinary(limits: &Limits) -> usize {
    limits.connections.saturating_sub(limits.kept)
}
