//! What the backend should know of an event that was accepted all the same.

use poem_openapi::{Enum, Object};
use serde::Serialize;

/// Something that is probably a mistake, though the event was accepted.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "EventWarning")]
pub(crate) struct Warning {
    /// What it is, as a stable code.
    code: WarningCode,
    /// What it is, and what to do about it.
    detail: String,
}

/// What may be a mistake.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "EventWarningCode", rename_all = "snake_case")]
pub(crate) enum WarningCode {
    /// The account has no endpoint, and no session token has such an id.
    UnknownAccount,
}

/// What is probably wrong with an account's id.
pub(super) const UNKNOWN_ACCOUNT: &str = "The account has no endpoint, and its id has not the form that session tokens give it (with Clerk, \
                               `org:org_…` or `user:user_…`): is it misspelt?";

impl Warning {
    /// For an event of an account that nobody may ever have.
    pub(super) fn event_of_unknown_account() -> Self {
        Self {
            code: WarningCode::UnknownAccount,
            detail: format!("{UNKNOWN_ACCOUNT} Nobody gets this event."),
        }
    }
}
