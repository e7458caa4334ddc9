//! What the owner of an endpoint should know of what they asked for, though it was done.

use domain::catalog::Catalog;
use domain::event::Subscription;
use poem_openapi::{Enum, Object};
use serde::Serialize;

use super::super::warning::UNKNOWN_ACCOUNT;

/// Something that was done, and that is better done otherwise.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "EndpointWarning")]
pub(crate) struct Warning {
    /// What it is, as a stable code.
    code: WarningCode,
    /// What it is, and what to do about it.
    detail: String,
    /// The event type concerned, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    event: Option<String>,
}

/// What is better done otherwise.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename = "EndpointWarningCode", rename_all = "snake_case")]
pub(crate) enum WarningCode {
    /// The event type is on its way out.
    DeprecatedEvent,
    /// The account that the call was made for has no endpoint, and no session token has such an id.
    UnknownAccount,
}

impl Warning {
    /// For a call in the name of an account that nobody may ever have.
    pub(super) fn unknown_account() -> Self {
        Self {
            code: WarningCode::UnknownAccount,
            detail: UNKNOWN_ACCOUNT.to_owned(),
            event: None,
        }
    }
}

/// What to say of what somebody subscribes to; `None`: nothing.
pub(super) fn about(subscriptions: &[Subscription], catalog: &Catalog) -> Option<Vec<Warning>> {
    let entries = subscriptions.iter().filter_map(|one| catalog.describe(*one));
    let warnings: Vec<_> = entries
        .filter(|entry| entry.deprecated)
        .map(|entry| Warning {
            code: WarningCode::DeprecatedEvent,
            detail: format!(
                "`{}` is deprecated: events of this type still come, but may cease to. Choose another type for what is new; \
                 `GET /api/event-types` lists all.",
                entry.subscription
            ),
            event: Some(entry.subscription.into()),
        })
        .collect();
    (!warnings.is_empty()).then_some(warnings)
}
