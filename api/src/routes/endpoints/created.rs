//! An endpoint that was just made, or got another secret: the only answers that show one.

use domain::endpoint::Endpoint;
use domain::signing::SigningSecret;
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;

use super::super::schema::SecretText;
use super::super::warning::Warning;
use super::view::EndpointView;
use crate::json::Json;

/// A new endpoint with its signing secret.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "CreatedEndpoint", rename_all = "camelCase")]
pub(crate) struct CreatedEndpoint {
    /// The endpoint.
    #[serde(flatten)]
    #[oai(flatten)]
    pub(super) endpoint: EndpointView,
    /// The signing secret. It is never shown again: save it.
    pub(super) secret: SecretText,
    /// What is probably a mistake, though the endpoint was created. Only if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) warnings: Option<Vec<Warning>>,
}

/// The answer to creating an endpoint.
#[derive(Debug, ApiResponse)]
pub(crate) enum Created {
    /// The endpoint was created.
    #[oai(status = 201)]
    Created(
        Json<CreatedEndpoint>,
        /// The path of the new endpoint.
        #[oai(header = "Location")]
        String,
        /// The endpoint's `etag`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl Created {
    /// The new endpoint; `is_unknown`: of an account that is probably misspelt.
    pub(super) fn of(endpoint: Endpoint, secret: &SigningSecret, is_unknown: bool) -> Self {
        let location = format!("/api/webhooks-config/{}", endpoint.id);
        let tag = endpoint.tag.to_string();
        let created = CreatedEndpoint {
            endpoint: endpoint.into(),
            secret: secret.into(),
            warnings: is_unknown.then(|| vec![Warning::unknown_account()]),
        };
        Self::Created(Json(created), location, tag)
    }
}
