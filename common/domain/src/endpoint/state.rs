//! Whether an endpoint gets deliveries, and who decided that: its owner, its failures, or an operator.

use super::RateLimit;
use crate::clock::Timestamp;

/// Whether an endpoint gets deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    /// It gets deliveries.
    Active,
    /// Its owner paused it: its deliveries are parked, and so are new ones.
    Paused,
    /// Its owner wants it active, and an operator pauses it: its deliveries are parked, and so are new ones.
    Suspended,
    /// Failures switched it off: its deliveries are parked, and so are new ones.
    Disabled,
    /// Its owner switched it off: its deliveries are parked, and it gets no new ones.
    Off,
}

impl EndpointState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Active,
        Self::Paused,
        Self::Suspended,
        Self::Disabled,
        Self::Off,
    ];

    /// The stable name, the same in Redis and in the API, which calls what is suspended active.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Suspended => "suspended",
            Self::Disabled => "disabled",
            Self::Off => "off",
        }
    }

    /// Reads the stable name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// The state that its owner gave it, or its failures: what an operator does stands beside that.
    #[must_use]
    pub const fn without_operator(self) -> Self {
        match self {
            Self::Suspended => Self::Active,
            state => state,
        }
    }

    /// Whether what its attempts come to counts for it. What was in flight when it was paused still does.
    #[must_use]
    pub const fn counts_attempts(self) -> bool {
        matches!(self, Self::Active | Self::Paused | Self::Suspended)
    }

    /// Whether it gets deliveries of new events, sent or parked.
    #[must_use]
    pub const fn takes_events(self) -> bool {
        !matches!(self, Self::Off)
    }
}

/// The state that an endpoint's owner gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateChange {
    /// It gets deliveries, and what was parked.
    Active,
    /// What it has and what comes is parked.
    Paused,
    /// It gets no new deliveries.
    Off,
    /// The same, unless it is paused: that is no more active.
    Inactive,
    /// It stays as failures left it; nothing is changed if they didn't disable it.
    Disabled,
}

impl StateChange {
    /// The name that scripts know it by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Off => "off",
            Self::Inactive => "inactive",
            Self::Disabled => "disabled",
        }
    }

    /// What switching on or off means.
    #[must_use]
    pub const fn of_switch(on: bool) -> Self {
        if on { Self::Active } else { Self::Inactive }
    }
}

/// What an operator does to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAction {
    /// Nothing is sent; what comes is parked.
    Pause,
    /// At most so many deliveries are sent in a second.
    Throttle(RateLimit),
}

/// What an operator has decided about an endpoint. Its owner sees it and can't change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorHold {
    /// What it does.
    pub action: HoldAction,
    /// Whether it is of the whole account.
    pub is_of_account: bool,
    /// Since when.
    pub since: Timestamp,
    /// Why, in the operator's words; may be empty.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_name_by_which_it_is_read() {
        for state in EndpointState::ALL {
            assert_eq!(EndpointState::from_name(state.as_str()), Some(state));
        }
        assert_eq!(EndpointState::from_name("inactive"), None);
    }

    #[test]
    fn what_an_operator_does_is_no_state_that_an_owner_sees() {
        let seen = EndpointState::ALL.map(|state| state.without_operator().as_str());
        assert_eq!(seen, ["active", "paused", "active", "disabled", "off"]);
    }
}
