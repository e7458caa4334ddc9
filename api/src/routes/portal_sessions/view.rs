//! Portal sessions as the backend asks for them and gets them.

use domain::api_key::Right;
use domain::clock::Timestamp;
use domain::portal_session::PortalToken;
use poem_openapi::{ApiResponse, Enum, Object};
use serde::{Deserialize, Serialize};

use super::super::fields;
use super::super::schema::{AccountName, DateTime, SecretText};
use crate::app::App;
use crate::json::{Json, JsonRequest};
use crate::problem::Problem;

/// The session to make.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreatePortalSession {
    /// The account whose webhooks the dashboard shows: `org:<organisation id>` or `user:<user id>`. An id alone that says itself what it is
    /// of, as Clerk's do (`org_…`, `user_…`), means the same.
    pub(super) account_id: AccountName,
    /// What whoever sits there may do.
    pub(super) access: AccessName,
}

/// What a portal session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Enum)]
#[serde(try_from = "String", rename_all = "snake_case")]
#[oai(rename = "PortalAccess", rename_all = "snake_case")]
pub(crate) enum AccessName {
    /// Looking at all that the dashboard shows.
    Read,
    /// Changing it as well, as the account's people may: but neither its API keys nor anything about the account as a whole.
    Write,
}

/// A portal session, with its token.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct PortalSession {
    /// Its id. What is made or changed with the session bears it as `createdBy` or `updatedBy`, so keep it with whom you made it for.
    id: String,
    /// Its token, which the dashboard sends as `Authorization: Bearer <token>`. It is shown only here. Its last part says when it expires,
    /// in milliseconds since 1970.
    token: SecretText,
    /// The account, as it is kept.
    account_id: String,
    /// What whoever sits there may do.
    access: AccessName,
    /// When it expires: 15 minutes after it was made.
    expires_at: DateTime,
}

/// The answer to making a session.
#[derive(Debug, ApiResponse)]
pub(crate) enum Created {
    /// The session was made.
    #[oai(status = 201)]
    Created(Json<PortalSession>),
}

/// The answer to revoking a session.
#[derive(Debug, ApiResponse)]
pub(crate) enum Revoked {
    /// The session is good for nothing any more.
    #[oai(status = 204)]
    Revoked,
}

impl JsonRequest for CreatePortalSession {
    const REQUIRED: &'static [(&'static str, &'static str)] =
        &[("accountId", "\"org:x\""), ("access", "\"read\"")];

    fn fault(self, _: &App) -> Option<Problem> {
        fields::account_id(&self.account_id.0).err()
    }
}

impl TryFrom<String> for AccessName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            _ => Err("one of `read`, `write`"),
        }
    }
}

impl From<AccessName> for Right {
    fn from(name: AccessName) -> Self {
        match name {
            AccessName::Read => Self::Read,
            AccessName::Write => Self::Write,
        }
    }
}

impl PortalSession {
    pub(super) fn of(token: &PortalToken, access: AccessName, expires: Timestamp) -> Self {
        Self {
            id: token.id().to_string(),
            token: token.until(expires).into(),
            account_id: token.account().to_string(),
            access,
            expires_at: expires.into(),
        }
    }
}
