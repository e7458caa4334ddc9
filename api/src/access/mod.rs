//! Who may make which call. The table in `table.rs` has every operation of the API, and all that depends on the caller is taken from it:
//! whom [`crate::caller`] lets in, whose role or key is not enough, and what the document says of tokens and of 403.

mod table;

mod share;

pub use domain::api_key::{Right, Scope};
pub use share::Share;
pub(crate) use table::of_operation;
#[cfg(test)]
pub(crate) use table::operations;

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token.
    Open,
    /// A backend, with any service key. The request names the accounts.
    Backend,
    /// Whoever acts for an account: its people, at the embedded dashboard as well, the backend in its name, and keys of the account with this
    /// scope.
    Account(Scope),
    /// The account's people, at the embedded dashboard as well, and the backend in its name. To whom it belongs that an endpoint's secret changes is not for a program to say
    /// that was given a key.
    People(Right),
    /// The account's people at a dashboard that they signed in to themselves, and the backend in its name: for what decides who may act for
    /// the account at all.
    Owner(Right),
    /// The backend, with a `manage` key. The path or the body names the account.
    Manage,
}

/// What a caller came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The session of one of the account's people.
    Session,
    /// A key of the account.
    Key,
    /// A portal session of the account, at the embedded dashboard.
    Portal,
    /// A `manage` key of the backend, which says for which account it calls.
    Manage,
}

impl Access {
    /// Whether a caller of this kind can make the call for an account, whatever else they may or may not.
    #[must_use]
    pub const fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Account(_) => true,
            Self::People(_) => !matches!(kind, Kind::Key),
            Self::Owner(_) => matches!(kind, Kind::Session | Kind::Manage),
            Self::Open | Self::Backend | Self::Manage => false,
        }
    }

    /// The scope that a key needs.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Account(scope) => Some(scope),
            Self::Open | Self::Backend | Self::People(_) | Self::Owner(_) | Self::Manage => None,
        }
    }

    /// Whether it may change something: not every role may.
    #[must_use]
    pub const fn writes(self) -> bool {
        match self {
            Self::Account(Scope(_, right)) | Self::People(right) | Self::Owner(right) => {
                matches!(right, Right::Write)
            }
            Self::Open => false,
            Self::Backend | Self::Manage => true,
        }
    }
}

#[cfg(test)]
mod tests;
