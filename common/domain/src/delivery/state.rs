//! The life of a delivery: the states that it can be in, and the transitions between them.
//!
//! The scripts in `store` make these transitions, so nothing here runs when a delivery moves. What holds the two together:
//! the model test in `e2e` takes every delivery through [`DeliveryState::after`] while Redis moves it, and finds each
//! transition that only one of them makes; `webhooksctl check` asks the same function whether a delivery's record fits its
//! place and its log; and a test compares it with the diagram in docs/ARCHITECTURE.md.

use std::fmt;

/// Where a delivery is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waits for its turn.
    Pending,
    /// A worker holds a lease on it.
    InFlight,
    /// Waits for the time of its next attempt.
    Retrying,
    /// Waits apart from the others, since it may be what kills workers. Its owner sees a pending delivery.
    Quarantined,
    /// Waits because its endpoint is not active. No record says so: it follows from the endpoint's state.
    Parked,
    /// A receiver answered 2xx in time. Final.
    Succeeded,
    /// It was given up: its last attempt failed, or it could not wait any longer. Final.
    Exhausted,
    /// Its owner discarded it, removed its endpoint, or erased its event. Final.
    Canceled,
}

/// What moves a delivery from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// A worker fetched it.
    Fetched,
    /// A worker fetched it to see whether its endpoint, which failures disabled, is well again.
    Probed,
    /// Its attempt succeeded.
    Succeeded,
    /// Its attempt failed, and another will be made.
    FailedForNow,
    /// Its attempt failed, and it was the last.
    FailedForGood,
    /// Its attempt was refused because the receiver gets too much. Its endpoint is held, and it is the first to be sent then.
    Held,
    /// The same, and the receiver wants a longer pause than an endpoint is held for.
    HeldForLonger,
    /// The worker gave it back without an attempt.
    GivenBack,
    /// The worker gave it back without an attempt, and none makes sense for a while.
    GivenBackToWait,
    /// Its lease was lost: it expired, or the attempt panicked.
    LeaseLost,
    /// It is a suspect: it lost its third lease, a worker gave the suspect back, or the suspect had been parked and its
    /// turn came.
    Quarantined,
    /// The time of its next attempt came, or upkeep released it.
    Due,
    /// Its endpoint stopped being active, or it came to one that wasn't.
    Parked,
    /// Its endpoint was switched on, where it stood in line.
    Released,
    /// Its endpoint was switched on, where it stood among the retries; upkeep puts it in line.
    ReleasedForRetry,
    /// Its owner discarded what was parked.
    Discarded,
    /// Its endpoint was removed. What is in flight notices when its lease ends.
    Removed,
    /// Its event was erased.
    Erased,
    /// It was parked for longer than `RETENTION_FAILED`.
    ParkedTooLong,
    /// What was parked with it took more space than `PARKED_BUDGET_BYTES`.
    ParkedOverflow,
    /// Its endpoint held over half of its account's bytes, and an event that another endpoint wants needed room.
    EndpointOverBudget,
    /// Its turn came, and its payload was gone.
    PayloadMissing,
}

impl Transition {
    /// Every transition.
    pub const ALL: [Self; 22] = [
        Self::Fetched,
        Self::Probed,
        Self::Succeeded,
        Self::FailedForNow,
        Self::FailedForGood,
        Self::Held,
        Self::HeldForLonger,
        Self::GivenBack,
        Self::GivenBackToWait,
        Self::LeaseLost,
        Self::Quarantined,
        Self::Due,
        Self::Parked,
        Self::Released,
        Self::ReleasedForRetry,
        Self::Discarded,
        Self::Removed,
        Self::Erased,
        Self::ParkedTooLong,
        Self::ParkedOverflow,
        Self::EndpointOverBudget,
        Self::PayloadMissing,
    ];

    /// Whether the same step adds an entry for the delivery to the log, with the state that it comes to. (That of a held one says
    /// `held`, which leads to every state that a pending one can come to.)
    const fn is_logged(self) -> bool {
        matches!(
            self,
            Self::Succeeded
                | Self::FailedForNow
                | Self::FailedForGood
                | Self::Held
                | Self::HeldForLonger
                | Self::Erased
                | Self::ParkedTooLong
                | Self::ParkedOverflow
                | Self::EndpointOverBudget
                | Self::PayloadMissing
        )
    }
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::InFlight,
        Self::Retrying,
        Self::Quarantined,
        Self::Parked,
        Self::Succeeded,
        Self::Exhausted,
        Self::Canceled,
    ];

    /// The stable name, the same in Redis, logs and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Retrying => "retrying",
            Self::Quarantined => "quarantined",
            Self::Parked => "parked",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state after `transition`, or `None` when a delivery in this state can't take it.
    ///
    /// What comes to an endpoint that isn't active takes [`Transition::Parked`] in the same step. A delivery that is in
    /// flight when its endpoint stops being active finishes its attempt first.
    #[must_use]
    pub const fn after(self, transition: Transition) -> Option<Self> {
        use Transition as T;
        let next = match (self, transition) {
            (Self::Pending | Self::Quarantined, T::Fetched) | (Self::Parked, T::Probed) => Self::InFlight,
            (Self::InFlight, T::Succeeded) => Self::Succeeded,
            (Self::InFlight, T::FailedForNow | T::HeldForLonger | T::GivenBackToWait) => Self::Retrying,
            (Self::InFlight, T::FailedForGood) => Self::Exhausted,
            (Self::InFlight, T::Held | T::GivenBack | T::LeaseLost) => Self::Pending,
            (Self::InFlight | Self::Pending, T::Quarantined) => Self::Quarantined,
            (Self::Retrying, T::Due) => Self::Pending,
            (Self::Pending | Self::Retrying | Self::Quarantined, T::Parked) => Self::Parked,
            (Self::Parked, T::Released) => Self::Pending,
            (Self::Parked, T::ReleasedForRetry) => Self::Retrying,
            (Self::Parked, T::ParkedTooLong | T::ParkedOverflow) => Self::Exhausted,
            (Self::Pending | Self::Quarantined, T::PayloadMissing) => Self::Exhausted,
            (Self::Pending | Self::Retrying | Self::Parked, T::EndpointOverBudget) => Self::Exhausted,
            (Self::Parked, T::Discarded) => Self::Canceled,
            (
                Self::Pending | Self::InFlight | Self::Retrying | Self::Quarantined | Self::Parked,
                T::Removed | T::Erased,
            ) => Self::Canceled,
            _ => return None,
        };
        Some(next)
    }

    /// Whether it stays in this state: no transition leads out of it.
    #[must_use]
    pub fn is_final(self) -> bool {
        Transition::ALL
            .into_iter()
            .all(|transition| self.after(transition).is_none())
    }

    /// Whether a delivery can be in this state while `logged` is the newest state that the log tells of it: whether
    /// transitions that the log doesn't tell lead here from there.
    #[must_use]
    pub fn can_follow(self, logged: Self) -> bool {
        let mut reached = vec![logged];
        let mut looked_at = 0;
        while let Some(from) = reached.get(looked_at).copied() {
            if from == self {
                return true;
            }
            for transition in Transition::ALL {
                let next = from.after(transition).filter(|_| !transition.is_logged());
                reached.extend(next.filter(|next| !reached.contains(next)));
            }
            looked_at += 1;
        }
        false
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
