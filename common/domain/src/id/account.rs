//! Accounts as others write them.

use super::{AccountId, InvalidId};

impl AccountId {
    /// Reads an account as people outside write it: in the form that we store, or as Clerk's id of the organisation or the user
    /// alone (`org_…` and `user_…`), which means the same.
    ///
    /// # Errors
    ///
    /// [`InvalidId`] when it has neither form.
    pub fn from_outside(text: &str) -> Result<Self, InvalidId> {
        let kind = ["org", "user"].into_iter().find(|kind| {
            text.strip_prefix(kind)
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(|rest| !rest.is_empty())
        });
        match kind {
            Some(kind) => format!("{kind}:{text}").parse(),
            None => text.parse(),
        }
    }

    /// Whether it is made of one of Clerk's ids: `org:org_…` or `user:user_…`.
    #[must_use]
    pub fn is_of_clerk(&self) -> bool {
        let (kind, id) = self.as_str().split_once(':').unwrap_or_default();
        id.strip_prefix(kind).is_some_and(|rest| rest.starts_with('_'))
    }
}
