//! Verifies session tokens, of Clerk or of any OpenID Connect issuer, service keys, and tokens of accounts (keys and portal sessions): a
//! token goes in, and out comes whose it is, or why we refuse it.
//!
//! The form of a token shows its kind. A token of the wrong kind gets a 403, whatever else may be wrong with it; any other
//! mistake gets a 401.

pub mod claims;

pub mod clerk;

pub mod jwks;

pub mod oidc;

pub mod service_key;

pub mod service_key_book;

pub mod look_ups;

mod settings;

pub use settings::AuthArgs;

use domain::api_key::Scope;
use domain::portal_session;

/// Why we refuse a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no bearer token.
    #[error("there is no bearer token")]
    Missing,
    /// It isn't a token at all.
    #[error("the token is malformed")]
    Malformed,
    /// It is signed with another algorithm than ours.
    #[error("the token is signed with an algorithm that is not accepted")]
    Algorithm,
    /// It names a key that we don't have.
    #[error("the token is signed with a key that is not in use")]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the signature is wrong")]
    Signature,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It isn't valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Somebody else issued it.
    #[error("the token was issued by another issuer")]
    Issuer,
    /// It was issued to another site or service.
    #[error("the token was issued to a party or an audience that is not allowed")]
    Party,
    /// It doesn't say to which site it was issued, and must.
    #[error("the token does not say to which party it was issued")]
    NoParty,
    /// Its claims are of a version that we don't know.
    #[error("the token's claims are of an unknown version")]
    Version,
    /// It has extensions that must be understood, and we understand none.
    #[error("the token has extensions that are not understood")]
    Critical,
    /// The user's role in the organisation doesn't allow changes.
    #[error("the role in the organisation does not allow changes")]
    Role,
    /// The user has yet to finish signing in.
    #[error("the session is pending")]
    Pending,
    /// It comes from Clerk, but not from a session.
    #[error("the token belongs to a machine or a template, not to a session")]
    NotASession,
    /// It is a session token, and the call takes a service key.
    #[error("this call takes a service key, not a session token")]
    NotAServiceKey,
    /// It is a key of a form that is none of ours, and the call takes a session token.
    #[error("this call takes a session token or a key of the account, not a key of this kind")]
    NotASessionToken,
    /// It is a service key that can push events, and the call is one for an account.
    #[error("this service key can push events, and nothing else: a `manage` key may call for accounts")]
    NotAManageKey,
    /// The service key is not one of ours.
    #[error("the service key is not valid")]
    ServiceKey,
    /// It may be a service key that the store has, which wasn't seen yet.
    #[error("the service keys that are kept in the store are not known yet")]
    StoreUnseen,
    /// No account has this key.
    #[error("there is no such API key: it was revoked, or never made")]
    ApiKey,
    /// The account's key has expired.
    #[error("the API key has expired")]
    KeyExpired,
    /// The account's key may not make the call without this scope, or with any.
    #[error("the key may not make this call")]
    Scope(Option<Scope>),
    /// No account has this portal session.
    #[error("there is no such portal session: it was revoked, or never made")]
    PortalSession,
    /// The portal session has expired.
    #[error("the portal session has expired")]
    PortalSessionExpired,
    /// The portal session may read, and the call may change something.
    #[error("the portal session may look, but not change anything")]
    PortalSessionReads,
    /// The call is not for portal sessions, whatever they may do.
    #[error("no portal session may make this call")]
    NotForPortal,
    /// The request names an account in its header, and the token doesn't let it.
    #[error("this token belongs to no backend that may name an account")]
    AccountHeader,
    /// The keys that verify tokens can't be fetched.
    #[error("the keys that verify tokens can't be fetched")]
    Unavailable,
}

impl AuthError {
    /// The reason as metrics and logs name it.
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
            Self::NoParty => "no_party",
            Self::Version => "version",
            Self::Critical => "critical",
            Self::Role => "role",
            Self::Pending => "pending",
            Self::NotASession | Self::NotAServiceKey | Self::NotASessionToken | Self::NotAManageKey => {
                "wrong_kind"
            }
            Self::ServiceKey => "service_key",
            Self::StoreUnseen => "unavailable",
            Self::ApiKey => "api_key",
            Self::KeyExpired => "expired",
            Self::PortalSession => "portal_session",
            Self::PortalSessionExpired => "expired",
            Self::PortalSessionReads | Self::NotForPortal => "portal_access",
            Self::Scope(_) => "scope",
            Self::AccountHeader => "account_header",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What Clerk's opaque machine credentials and our own keys begin with: none of them is a session token.
const KEY_PREFIXES: [&str; 7] = [
    service_key::PREFIX,
    portal_session::PREFIX,
    "rk_",
    "ak_",
    "oat_",
    "mt_",
    "m2m_",
];

/// Whether a token has the form of a machine's key.
fn is_key(token: &str) -> bool {
    KEY_PREFIXES.iter().any(|prefix| token.starts_with(prefix))
}

/// Whether a token has the form of a session token.
fn is_jwt(token: &str) -> bool {
    token.starts_with("eyJ") && token.bytes().filter(|byte| *byte == b'.').count() == 2
}

#[cfg(test)]
mod tests;
