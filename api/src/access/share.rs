//! Whose share is used of what an account may have at a time, or in a minute.

use std::sync::Arc;

use domain::id::AccountId;

use super::Kind;

/// What the callers of one kind have for one account. An account's people, its keys, its portal sessions and the backend in its name have a share each, so that
/// an automation that runs wild can't lock people out of their dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share(Arc<str>);

impl Share {
    /// The share of callers of this kind.
    #[must_use]
    pub fn of(kind: Kind, account: &AccountId) -> Self {
        let account = account.as_str();
        Self(match kind {
            Kind::Session => account.into(),
            Kind::Key => format!("keys {account}").into(),
            Kind::Portal => format!("portal {account}").into(),
            Kind::Manage => format!("manage {account}").into(),
        })
    }

    /// As a text that no other share has.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
