//! One endpoint in full, with its rotation and its health.

use crate::health::EndpointHealth;
use crate::json::Json;
use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, SecretGrace};
use poem_openapi::{ApiResponse, Enum, Object};
use serde::{Deserialize, Serialize};
use store::health::EndpointFacts;

use super::super::schema::DateTime;
use super::health_view::HealthView;
use super::view::EndpointView;

/// An endpoint in full: with the rotation of its secret and with its health.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "EndpointDetail", rename_all = "camelCase")]
pub(crate) struct EndpointDetailView {
    /// The endpoint.
    #[serde(flatten)]
    #[oai(flatten)]
    endpoint: EndpointView,
    /// The latest rotation of the secret, while its grace period lasts; `null` otherwise.
    #[oai(nullable)]
    secret_rotation: Option<RotationView>,
    /// How well deliveries to the endpoint work.
    health: HealthView,
}

/// A rotation of the signing secret whose grace period has not ended: the previous secret still signs.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "SecretRotation", rename_all = "camelCase")]
pub(crate) struct RotationView {
    /// Until then, `webhook-signature` also contains a signature made with the previous secret.
    previous_secret_valid_until: DateTime,
    /// Which secret makes `X-RKT-Signature` until then.
    legacy_signature: LegacySignature,
}

/// Which secret makes `X-RKT-Signature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "lowercase", try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum LegacySignature {
    /// The new secret.
    New,
    /// The secret that was in use before the rotation.
    Previous,
}

impl TryFrom<String> for LegacySignature {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "new" => Ok(Self::New),
            "previous" => Ok(Self::Previous),
            _ => Err("`new` or `previous`"),
        }
    }
}

/// The answer to a look at one endpoint.
#[derive(Debug, ApiResponse)]
pub(crate) enum Detailed {
    /// The endpoint.
    #[oai(status = 200)]
    Found(
        Json<EndpointDetailView>,
        /// The endpoint's `etag`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl From<EndpointFacts> for Detailed {
    fn from(facts: EndpointFacts) -> Self {
        let tag = facts.endpoint.tag.to_string();
        Self::Found(Json(facts.into()), tag)
    }
}

impl From<EndpointFacts> for EndpointDetailView {
    fn from(facts: EndpointFacts) -> Self {
        Self {
            secret_rotation: lasting_grace(&facts.endpoint, facts.now).map(Into::into),
            health: EndpointHealth::of(&facts).into(),
            endpoint: facts.endpoint.into(),
        }
    }
}

/// The grace period of the last rotation, unless it is over.
fn lasting_grace(endpoint: &Endpoint, now: Timestamp) -> Option<SecretGrace> {
    endpoint.grace.filter(|grace| grace.until > now)
}

impl From<SecretGrace> for RotationView {
    fn from(grace: SecretGrace) -> Self {
        Self {
            previous_secret_valid_until: grace.until.into(),
            legacy_signature: if grace.legacy_uses_previous {
                LegacySignature::Previous
            } else {
                LegacySignature::New
            },
        }
    }
}
