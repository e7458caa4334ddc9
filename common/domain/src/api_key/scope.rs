//! What a key may do: its scopes, such as `endpoints:write`. To write includes to read.

use std::fmt;
use std::str::FromStr;

/// A text that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope")]
pub struct UnknownScope;

/// What a scope is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Endpoints: creating, changing, removing and testing them; the event types that they can subscribe to.
    Endpoints,
    /// Deliveries, events, and what became of them.
    Deliveries,
    /// Sending again what was finished.
    Replay,
}

/// Whether something is only looked at, or changed as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Nothing changes.
    Read,
    /// Something may change.
    Write,
}

/// A scope of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(pub Subject, pub Right);

impl Scope {
    /// Every scope.
    pub fn all() -> impl Iterator<Item = Self> {
        let subjects = [Subject::Endpoints, Subject::Deliveries, Subject::Replay];
        subjects
            .into_iter()
            .flat_map(|subject| [Right::Read, Right::Write].map(|right| Self(subject, right)))
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self(Subject::Endpoints, Right::Read) => "endpoints:read",
            Self(Subject::Endpoints, Right::Write) => "endpoints:write",
            Self(Subject::Deliveries, Right::Read) => "deliveries:read",
            Self(Subject::Deliveries, Right::Write) => "deliveries:write",
            Self(Subject::Replay, Right::Read) => "replay:read",
            Self(Subject::Replay, Right::Write) => "replay:write",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::all()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The scopes of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Whether whoever has these may do what takes `needed`.
    #[must_use]
    pub fn cover(&self, needed: Scope) -> bool {
        let Scope(subject, right) = needed;
        self.0
            .iter()
            .any(|Scope(about, most)| *about == subject && *most >= right)
    }

    /// Reads their names, separated by commas. Those that this release doesn't know allow nothing in it, and are left out.
    #[must_use]
    pub fn read(names: &str) -> Self {
        names.split(',').filter_map(|name| name.parse().ok()).collect()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// Their names, separated by commas.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::as_str).collect();
        formatter.write_str(&names.join(","))
    }
}
