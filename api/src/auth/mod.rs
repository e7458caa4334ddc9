//! Whose a token is: the verifiers of Clerk's session tokens and of service keys. A token goes in; out comes who it is, or why
//! it is refused.
//!
//! The form of a token shows its kind. One of the wrong kind is a 403, whatever else may be wrong with it; everything else is
//! a 401.

pub mod clerk;

pub mod jwks;

pub mod service_key;

mod settings;

pub use settings::AuthArgs;

/// Why a request is refused before anything else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no bearer token.
    #[error("there is no bearer token")]
    Missing,
    /// It is no token at all.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed in a way that is not allowed.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// It names a key that we don't have.
    #[error("the token is signed with a key that is not in use")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It was made by somebody else.
    #[error("the token was issued by another issuer")]
    Issuer,
    /// It was made for another site.
    #[error("the token was issued to a party that is not allowed")]
    Party,
    /// The session has tasks to finish.
    #[error("the session is pending")]
    Pending,
    /// It is Clerk's, but no session's.
    #[error("the token belongs to a machine or a template, not to a session")]
    NotASession,
    /// A session token where a service key is wanted.
    #[error("this call takes a service key, not a session token")]
    NotAServiceKey,
    /// A service key or a machine's key where a session token is wanted.
    #[error("this call takes a session token, not a key")]
    NotASessionToken,
    /// The service key is not one of ours.
    #[error("the service key is not valid")]
    ServiceKey,
    /// The keys that verify tokens can't be fetched.
    #[error("the keys that verify tokens can't be fetched")]
    Unavailable,
}

impl AuthError {
    /// The word for metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Party => "party",
            Self::Pending => "pending",
            Self::NotASession | Self::NotAServiceKey | Self::NotASessionToken => "wrong_kind",
            Self::ServiceKey => "service_key",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What Clerk's opaque machine credentials and our service keys begin with: none of them is a session token.
const KEY_PREFIXES: [&str; 5] = [service_key::PREFIX, "ak_", "oat_", "mt_", "m2m_"];

/// Whether a token is a key of a machine by its form.
fn is_key(token: &str) -> bool {
    KEY_PREFIXES.iter().any(|prefix| token.starts_with(prefix))
}

/// Whether a token is a session token by its form.
fn is_jwt(token: &str) -> bool {
    token.starts_with("eyJ") && token.bytes().filter(|byte| *byte == b'.').count() == 2
}

#[cfg(test)]
mod tests;
