//! The answers to creating, changing and removing an endpoint.

use domain::endpoint::Endpoint;
use poem_openapi::{ApiResponse, Object};
use serde::Serialize;

use super::super::schema::SecretText;
use super::view::EndpointView;
use super::warning::Warning;
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

/// The answer to changing an endpoint.
#[derive(Debug, ApiResponse)]
pub(crate) enum Changed {
    /// The endpoint as it is now.
    #[oai(status = 200)]
    Changed(
        Json<EndpointView>,
        /// The endpoint's `etag`.
        #[oai(header = "ETag")]
        String,
    ),
}

impl Changed {
    /// An endpoint, and what its owner should know.
    pub(super) fn of(endpoint: Endpoint, warnings: Option<Vec<Warning>>) -> Self {
        let tag = endpoint.tag.to_string();
        Self::Changed(Json(EndpointView::warned(endpoint, warnings)), tag)
    }
}

/// The answer to removing an endpoint.
#[derive(Debug, ApiResponse)]
pub(crate) enum Removed {
    /// The endpoint was removed, with its queue and its log.
    #[oai(status = 204)]
    Removed,
}
