//! The one place where errors of other layers become problems: the store's and the domain's here, serde's in `json`, poem's
//! in `foreign`.

mod json;

mod foreign;

pub(crate) use foreign::answer_to;
pub use foreign::{from_panic, replace_foreign_error};

use doctor::{InvalidHeaders, MAX_HEADER_BYTES, MAX_HEADERS};
use domain::api_key::Scope;
use domain::catalog::Catalog;
use domain::endpoint::{FIRST_FREE_PORT, MAX_URL, UrlError};
use domain::event::{EventType, MAX_DEPTH, PayloadError, Subscription};
use store::StoreError;

use super::{Code, Problem};
use crate::auth::AuthError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::OutOfMemory => {
                tracing::warn!("Redis is out of memory: the request was refused");
                Self::new(Code::StoreFull).retry_after(30)
            }
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "Redis is not available: the request was refused");
                Self::new(Code::StoreUnavailable).retry_after(2)
            }
            StoreError::Replaced(_) => {
                tracing::warn!(%error, "the request was refused");
                Self::new(Code::StoreReplaced).retry_after(30)
            }
            StoreError::Unsafe(_) => {
                tracing::warn!(%error, "the request was refused");
                Self::new(Code::StoreUnsafe).retry_after(30)
            }
            StoreError::UpgradePending(_) => {
                tracing::info!(%error, "the request was refused");
                Self::new(Code::UpgradePending).retry_after(30)
            }
            StoreError::Misplaced(_) => Self::new(Code::StoreUnavailable).retry_after(1),
            StoreError::BeingErased(_) => Self::new(Code::AccountBeingErased),
            StoreError::AccountMoving(_) => Self::new(Code::AccountMoving).retry_after(5),
            // This program learns within a second where it is.
            StoreError::AccountMoved(_) => Self::new(Code::AccountMoving).retry_after(1),
            StoreError::Unexpected(_) => {
                tracing::error!(%error, "Redis refused a call or answered something unknown");
                Self::new(Code::StoreUnavailable).retry_after(2)
            }
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let code = match error {
            AuthError::Missing => Code::MissingToken,
            AuthError::Expired => Code::TokenExpired,
            AuthError::NotYetValid => Code::TokenNotYetValid,
            AuthError::Pending => Code::SessionPending,
            AuthError::NoParty => Code::PartyMissing,
            AuthError::Role => Code::RoleNotAllowed,
            AuthError::NotASession
            | AuthError::NotAServiceKey
            | AuthError::NotASessionToken
            | AuthError::NotAManageKey => Code::WrongTokenKind,
            AuthError::PortalSessionExpired => Code::PortalSessionExpired,
            AuthError::PortalSession => Code::InvalidPortalSession,
            AuthError::PortalSessionReads => Code::PortalSessionReadOnly,
            AuthError::NotForPortal => Code::NotForPortalSessions,
            AuthError::Scope(scope) => return Self::insufficient_scope(scope),
            AuthError::AccountHeader => Code::AccountHeaderNotAllowed,
            AuthError::KeyExpired => {
                return Self::new(Code::TokenExpired).detail(
                    "The API key has expired. Make a new one, and give it to the program that calls.",
                );
            }
            AuthError::Unavailable => return Self::new(Code::AuthUnavailable).retry_after(5),
            AuthError::StoreUnseen => return Self::new(Code::StoreUnavailable).retry_after(2),
            AuthError::Malformed
            | AuthError::Algorithm
            | AuthError::UnknownKey
            | AuthError::Signature
            | AuthError::Issuer
            | AuthError::Party
            | AuthError::Version
            | AuthError::Critical
            | AuthError::ApiKey
            | AuthError::ServiceKey => Code::InvalidToken,
        };
        let problem = Self::new(code);
        match code {
            Code::InvalidToken | Code::WrongTokenKind => {
                problem.detail(capitalised(&format!("{error}. {}", code.advice())))
            }
            _ => problem,
        }
    }
}

impl From<UrlError> for Problem {
    fn from(error: UrlError) -> Self {
        let code = match &error {
            UrlError::TooLong => Code::UrlTooLong,
            UrlError::Malformed(_) | UrlError::Host => Code::UrlMalformed,
            UrlError::Scheme(_) => Code::UrlSchemeNotAllowed,
            UrlError::Credentials => Code::UrlHasCredentials,
            UrlError::Fragment => Code::UrlHasFragment,
            UrlError::Port(_) => Code::UrlPortNotAllowed,
            UrlError::Address(_) | UrlError::Local(_) | UrlError::SingleLabel(_) => Code::UrlAddressBlocked,
        };
        let text = error.to_string();
        let detail = format!("The URL {}. {}", text.trim_end_matches('.'), code.advice());
        let problem = Self::new(code).detail(detail).field("url");
        match error {
            UrlError::TooLong => problem.param("max", MAX_URL),
            UrlError::Scheme(allowed) => problem.param("allowed", allowed.split(" or ").collect::<Vec<_>>()),
            UrlError::Port(_) => problem.param("min", FIRST_FREE_PORT),
            _ => problem,
        }
    }
}

impl From<PayloadError> for Problem {
    fn from(error: PayloadError) -> Self {
        let problem = match error {
            PayloadError::NotAnObject => Self::new(Code::InvalidType)
                .detail("`data` must be a JSON object.")
                .param("expected", "a JSON object"),
            PayloadError::TooDeep => Self::new(Code::DataTooDeep).param("max", MAX_DEPTH),
            PayloadError::TooLarge { size, limit } => Self::new(Code::PayloadTooLarge)
                .detail(format!("`data` {error}. {}", Code::PayloadTooLarge.advice()))
                .param("length", size)
                .param("max", limit),
        };
        problem.field("data")
    }
}

impl From<InvalidHeaders> for Problem {
    fn from(error: InvalidHeaders) -> Self {
        let detail = format!(
            "{}. {}",
            capitalised(&error.to_string()),
            Code::InvalidHeaders.advice()
        );
        Self::new(Code::InvalidHeaders)
            .detail(detail)
            .field("headers")
            .param("max", MAX_HEADERS)
            .param("maxBytes", MAX_HEADER_BYTES)
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

/// The names of all event types, as long as that is no long text.
fn names_of(catalog: &Catalog) -> String {
    const MOST: usize = 20;
    let types = catalog.types();
    let shown: Vec<_> = types.iter().take(MOST).map(EventType::as_str).collect();
    let shown = shown.join(", ");
    match types.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown}, and {more} others, which `GET /api/event-types` lists"),
    }
}

impl Problem {
    /// For a key that would need this scope; `None` if no scope is enough.
    fn insufficient_scope(scope: Option<Scope>) -> Self {
        let problem = Self::new(Code::InsufficientScope);
        match scope {
            Some(scope) => problem
                .detail(format!(
                    "The key would need the scope `{scope}`. {}",
                    Code::InsufficientScope.advice()
                ))
                .param("required", scope.as_str()),
            None => problem.detail("No key of an account may make this call, whatever its scopes."),
        }
    }

    /// For an event of a type that there isn't.
    pub(crate) fn unknown_event(catalog: &Catalog) -> Self {
        let types: Vec<_> = catalog.types().iter().map(EventType::as_str).collect();
        Self::new(Code::UnknownEvent)
            .detail(format!("The event types are {}.", names_of(catalog)))
            .param("allowed", types)
    }

    /// For a subscription that is neither an event type nor an account event nor `*`.
    pub(crate) fn unknown_subscription(catalog: &Catalog) -> Self {
        let all: Vec<String> = catalog.subscriptions().map(String::from).collect();
        let types = names_of(catalog);
        let accounts = catalog
            .subscriptions()
            .filter_map(|subscription| match subscription {
                Subscription::Account(kind) => Some(kind.as_str()),
                _ => None,
            });
        let accounts = accounts.collect::<Vec<_>>().join(", ");
        Self::new(Code::UnknownEvent)
            .detail(format!(
                "The event types are {types}; `*` stands for all of them; {accounts} tell about the account's endpoints."
            ))
            .param("allowed", all)
    }

    /// For a subscription to a type that this program has, and the one that started last has not.
    pub(crate) fn type_gone(name: &str) -> Self {
        Self::new(Code::UnknownEvent)
            .detail(format!(
                "`{name}` is being removed from the event types: nobody can subscribe to it any more. Choose another one."
            ))
            .field("events")
    }

    /// For a subscription that the account's limits don't allow.
    pub(crate) fn type_not_allowed(name: &str) -> Self {
        Self::new(Code::EventTypeNotAllowed)
            .detail(format!("This account may not have events of the type `{name}`. Choose another one, or have its limits changed."))
            .field("events")
    }

    /// Makes a problem about a body one about an event of a batch.
    pub(crate) fn about_an_item(mut self) -> Self {
        for fault in std::iter::once(&mut self.first).chain(&mut self.others) {
            fault.detail = fault.detail.replace("The body", "The event").into();
        }
        self
    }
}
