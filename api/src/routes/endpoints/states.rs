//! What became of an endpoint, and why it is not active, as answers say it.

use domain::endpoint::{DisabledReason, EndpointState};
use poem_openapi::Enum;
use serde::Serialize;

/// What became of an endpoint.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "EndpointState", rename_all = "lowercase")]
pub(crate) enum EndpointStateView {
    /// It gets deliveries.
    Active,
    /// Failures disabled it: its deliveries are parked.
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

impl From<EndpointState> for EndpointStateView {
    fn from(state: EndpointState) -> Self {
        match state {
            EndpointState::Active => Self::Active,
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
