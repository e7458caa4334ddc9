//! Keys as their owner sees them.

use domain::api_key::{ApiKeyToken, Right, Scope, Subject};
use poem_openapi::{ApiResponse, Enum, Object};
use serde::{Deserialize, Serialize};
use store::api_keys::ApiKey;

use super::super::schema::{DateTime, KeyName, SecretText};
use crate::json::Json;

/// The keys of an account.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ApiKeyList {
    /// The keys, oldest first.
    pub(super) keys: Vec<ApiKeyView>,
}

/// A key, without its text.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "ApiKey", rename_all = "camelCase")]
pub(crate) struct ApiKeyView {
    /// Its id, which is what the key ends with, up to its last 32 characters.
    id: String,
    /// What its owner calls it.
    name: KeyName,
    /// What it may do.
    scopes: Vec<ScopeName>,
    /// When it was made.
    created_at: DateTime,
    /// Who made it: a user's id, or `service:<id>` of a `manage` key.
    created_by: String,
    /// When it ends; `null` if only its owner ends it.
    #[oai(nullable)]
    expires_at: Option<DateTime>,
    /// When it was last used, give or take a minute; `null` if it never was.
    #[oai(nullable)]
    last_used_at: Option<DateTime>,
}

/// A key that was made, with its text.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreatedApiKey {
    /// The key.
    #[serde(flatten)]
    #[oai(flatten)]
    about: ApiKeyView,
    /// The key's text, to be sent as `Authorization: Bearer <key>`. It is shown only here.
    key: SecretText,
}

/// A scope. `write` includes `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
#[serde(try_from = "String")]
#[oai(rename = "Scope")]
pub(crate) enum ScopeName {
    /// Looking at endpoints and event types, and having signatures examined.
    #[serde(rename = "endpoints:read")]
    #[oai(rename = "endpoints:read")]
    EndpointsRead,
    /// Creating, changing, removing and testing endpoints.
    #[serde(rename = "endpoints:write")]
    #[oai(rename = "endpoints:write")]
    EndpointsWrite,
    /// Looking at deliveries, at events, and at the summary of the account.
    #[serde(rename = "deliveries:read")]
    #[oai(rename = "deliveries:read")]
    DeliveriesRead,
    /// Having what waits retried at once, and erasing events.
    #[serde(rename = "deliveries:write")]
    #[oai(rename = "deliveries:write")]
    DeliveriesWrite,
    /// Looking at replays, and counting what one would send.
    #[serde(rename = "replay:read")]
    #[oai(rename = "replay:read")]
    ReplayRead,
    /// Sending deliveries again.
    #[serde(rename = "replay:write")]
    #[oai(rename = "replay:write")]
    ReplayWrite,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::EndpointsRead => Self(Subject::Endpoints, Right::Read),
            ScopeName::EndpointsWrite => Self(Subject::Endpoints, Right::Write),
            ScopeName::DeliveriesRead => Self(Subject::Deliveries, Right::Read),
            ScopeName::DeliveriesWrite => Self(Subject::Deliveries, Right::Write),
            ScopeName::ReplayRead => Self(Subject::Replay, Right::Read),
            ScopeName::ReplayWrite => Self(Subject::Replay, Right::Write),
        }
    }
}

impl From<Scope> for ScopeName {
    fn from(Scope(subject, right): Scope) -> Self {
        match (subject, right) {
            (Subject::Endpoints, Right::Read) => Self::EndpointsRead,
            (Subject::Endpoints, Right::Write) => Self::EndpointsWrite,
            (Subject::Deliveries, Right::Read) => Self::DeliveriesRead,
            (Subject::Deliveries, Right::Write) => Self::DeliveriesWrite,
            (Subject::Replay, Right::Read) => Self::ReplayRead,
            (Subject::Replay, Right::Write) => Self::ReplayWrite,
        }
    }
}

impl TryFrom<String> for ScopeName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse::<Scope>().map(Into::into).map_err(|_| {
            "one of `endpoints:read`, `endpoints:write`, `deliveries:read`, `deliveries:write`, `replay:read`, `replay:write`"
        })
    }
}

/// The answer to making a key.
#[derive(Debug, ApiResponse)]
pub(crate) enum Created {
    /// The key was made.
    #[oai(status = 201)]
    Created(Json<CreatedApiKey>),
}

/// The answer to revoking a key.
#[derive(Debug, ApiResponse)]
pub(crate) enum Revoked {
    /// The key is good for nothing any more.
    #[oai(status = 204)]
    Revoked,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.into(),
            name: KeyName(key.name),
            scopes: key.scopes.iter().map(Into::into).collect(),
            created_at: key.created_at.into(),
            created_by: key.created_by,
            expires_at: key.expires_at.map(Into::into),
            last_used_at: key.last_used_at.map(Into::into),
        }
    }
}

impl CreatedApiKey {
    pub(super) fn of(key: ApiKey, token: &ApiKeyToken) -> Self {
        Self {
            about: key.into(),
            key: token.into(),
        }
    }
}
