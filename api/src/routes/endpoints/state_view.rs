//! The states of an endpoint, as answers show them and as requests name them.

use domain::endpoint::{DisabledReason, EndpointState, HoldAction, OperatorHold, StateChange};
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

use super::super::schema::{DateTime, RatePerSecond};
use crate::problem::{Code, Problem};

/// What became of an endpoint.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "EndpointState", rename_all = "lowercase")]
pub(crate) enum EndpointStateView {
    /// It gets deliveries.
    Active,
    /// You paused it: its deliveries are parked, and so are those of new events.
    Paused,
    /// Failures disabled it: its deliveries are parked, and so are those of new events.
    Disabled,
    /// Its owner switched it off: it gets no new deliveries.
    Off,
}

/// Why an endpoint is not active.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "DisabledReason", rename_all = "snake_case")]
pub(crate) enum DisabledReasonView {
    /// Too many attempts failed in a row.
    ConsecutiveFailures,
    /// The receiver answered `410 Gone`.
    Gone,
    /// Its owner switched it off.
    Owner,
}

/// What the operator of the service has decided about an endpoint.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "OperatorHold", rename_all = "camelCase")]
pub(crate) struct OperatorHoldView {
    /// What the operator does.
    action: HoldActionView,
    /// Whether it concerns this endpoint, or all of the account.
    scope: HoldScope,
    /// The most deliveries that are sent in a second, if your own `rateLimit` isn't lower; `null` unless the endpoint is throttled.
    #[oai(nullable)]
    rate_limit: Option<RatePerSecond>,
    /// Since when.
    since: DateTime,
    /// Why, in the operator's words; `null` if they gave no reason.
    #[oai(nullable)]
    reason: Option<String>,
}

/// What an operator does to an endpoint.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "HoldAction", rename_all = "lowercase")]
enum HoldActionView {
    /// Nothing is sent; what comes is parked, as while the endpoint is paused.
    Pause,
    /// Only so many deliveries are sent in a second.
    Throttle,
}

/// What an operator's decision concerns.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
enum HoldScope {
    /// This endpoint.
    Endpoint,
    /// All endpoints of the account.
    Account,
}

/// The state to give an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Enum)]
#[serde(try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum WantedState {
    /// It gets deliveries, and those that were parked.
    Active,
    /// Its deliveries are parked, and so are those of new events. What is in flight finishes, and counts.
    Paused,
    /// Its deliveries are parked, and it gets no new ones.
    Off,
    /// It stays as failures left it. For forms that send back what they read: refused unless the endpoint is disabled.
    Disabled,
}

impl TryFrom<String> for WantedState {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "active" => Ok(Self::Active),
            "paused" => Ok(Self::Paused),
            "off" => Ok(Self::Off),
            "disabled" => Ok(Self::Disabled),
            _ => Err("`active`, `paused` or `off`"),
        }
    }
}

/// The change that `active` and `state` ask for together: they must not contradict each other. `active: false` alone says no more than
/// that, and what is paused isn't active.
pub(super) fn state_change(
    active: Option<bool>,
    state: Option<WantedState>,
) -> Result<Option<StateChange>, Problem> {
    let Some(state) = state else {
        return Ok(active.map(StateChange::of_switch));
    };
    if active.is_some_and(|active| active != (state == WantedState::Active)) {
        return Err(Problem::new(Code::InvalidValue)
            .detail("`active` and `state` say different things: give one of them.")
            .field("state"));
    }
    Ok(Some(match state {
        WantedState::Active => StateChange::Active,
        WantedState::Paused => StateChange::Paused,
        WantedState::Off => StateChange::Off,
        WantedState::Disabled => StateChange::Disabled,
    }))
}

/// The endpoint isn't disabled, as the request supposed.
pub(super) fn not_disabled() -> Problem {
    Problem::new(Code::InvalidValue)
        .detail("The endpoint is not disabled (any more). Only failures disable one: give `active`, `paused` or `off`, or no `state`.")
        .field("state")
}

impl From<EndpointState> for EndpointStateView {
    fn from(state: EndpointState) -> Self {
        match state {
            EndpointState::Active | EndpointState::Suspended => Self::Active,
            EndpointState::Paused => Self::Paused,
            EndpointState::Disabled => Self::Disabled,
            EndpointState::Off => Self::Off,
        }
    }
}

impl From<DisabledReason> for DisabledReasonView {
    fn from(reason: DisabledReason) -> Self {
        match reason {
            DisabledReason::ConsecutiveFailures => Self::ConsecutiveFailures,
            DisabledReason::Gone => Self::Gone,
            DisabledReason::Owner => Self::Owner,
        }
    }
}

impl From<OperatorHold> for OperatorHoldView {
    fn from(hold: OperatorHold) -> Self {
        let (action, rate_limit) = match hold.action {
            HoldAction::Pause => (HoldActionView::Pause, None),
            HoldAction::Throttle(rate) => (HoldActionView::Throttle, Some(rate.into())),
        };
        Self {
            action,
            scope: if hold.is_of_account {
                HoldScope::Account
            } else {
                HoldScope::Endpoint
            },
            rate_limit,
            since: DateTime(hold.since.to_string()),
            reason: Some(hold.reason).filter(|reason| !reason.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_and_state_together_ask_for_one_change_or_contradict_each_other() {
        use WantedState::{Active, Disabled, Off, Paused};
        for (active, state, change) in [
            (None, None, Ok(None)),
            (Some(true), None, Ok(Some(StateChange::Active))),
            (Some(false), None, Ok(Some(StateChange::Inactive))),
            (None, Some(Active), Ok(Some(StateChange::Active))),
            (Some(true), Some(Active), Ok(Some(StateChange::Active))),
            (Some(false), Some(Active), Err(())),
            (None, Some(Paused), Ok(Some(StateChange::Paused))),
            (Some(false), Some(Paused), Ok(Some(StateChange::Paused))),
            (Some(true), Some(Paused), Err(())),
            (Some(false), Some(Off), Ok(Some(StateChange::Off))),
            (Some(true), Some(Off), Err(())),
            (Some(false), Some(Disabled), Ok(Some(StateChange::Disabled))),
            (Some(true), Some(Disabled), Err(())),
        ] {
            assert_eq!(
                state_change(active, state).map_err(drop),
                change,
                "{active:?} {state:?}"
            );
        }
    }
}
