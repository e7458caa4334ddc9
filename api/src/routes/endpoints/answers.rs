//! What calls about endpoints may be refused with, and their examples.

use super::super::{Call, Resource};
use super::EndpointsApi;
use crate::problem::Code;

/// Errors about a body that names an endpoint, and that the document doesn't show.
pub(super) const BODY_ERRORS: &[Code] = &[Code::BodyTooLarge, Code::RequestTimeout, Code::InvalidValue];

/// Errors about the fields of an endpoint.
pub(super) const FIELD_ERRORS: &[Code] = &[
    Code::EmptyEvents,
    Code::TooManyEvents,
    Code::DuplicateEvent,
    Code::UnknownEvent,
    Code::EventTypeNotAllowed,
    Code::InvalidChatbotId,
    Code::InvalidDescription,
    Code::InvalidHeader,
    Code::HeaderNotAllowed,
    Code::TooManyHeaders,
    Code::FiltersTooLong,
    Code::UrlTooLong,
    Code::UrlMalformed,
    Code::UrlSchemeNotAllowed,
    Code::UrlHasCredentials,
    Code::UrlHasFragment,
    Code::UrlPortNotAllowed,
    Code::UrlAddressBlocked,
];

impl Resource for EndpointsApi {
    const CALLS: &'static [Call] = &[
        Call::new(
            "createEndpoint",
            &[
                Code::TooManyEndpoints,
                Code::InvalidValue,
                Code::InvalidIdempotencyKey,
                Code::IdempotencyConflict,
                Code::UpgradePending,
            ],
        )
        .with(FIELD_ERRORS),
        Call::new(
            "listEndpoints",
            &[
                Code::InvalidFilter,
                Code::UnknownEvent,
                Code::InvalidChatbotId,
                Code::InvalidCursor,
            ],
        ),
        Call::new(
            "changeEndpoint",
            &[
                Code::EndpointNotFound,
                Code::InvalidValue,
                Code::PreconditionFailed,
                Code::UpgradePending,
            ],
        )
        .with(FIELD_ERRORS),
        Call::new("changeEndpoints", &[Code::InvalidValue, Code::UpgradePending]).strict(),
        Call::new(
            "removeEndpoint",
            &[Code::EndpointNotFound, Code::BadRequest, Code::PreconditionFailed],
        )
        .with(BODY_ERRORS),
    ];
    const EXAMPLES: &'static str = include_str!("endpoints.json");
}
