//! Which errors each call answers.

use crate::problem::Code;
use crate::problem::Code::{
    AccountOverBudget, AuthUnavailable, BadRequest, BodyTooLarge, DataTooDeep, DeliveryNotFound,
    DuplicateEvent, DuplicateField, EmptyEvents, EndpointNotFound, IdempotencyConflict, InternalError,
    InvalidAccountId, InvalidChatbotId, InvalidCursor, InvalidDescription, InvalidFilter, InvalidHeaders,
    InvalidIdempotencyKey, InvalidJson, InvalidSpan, InvalidTimestamp, InvalidToken, InvalidType,
    InvalidUtf8, InvalidValue, MissingField, MissingToken, NoWorker, PayloadExpired, PayloadTooLarge,
    RateLimited, ReplayInProgress, ReplayNotFound, RequestTimeout, RotationInProgress, SessionPending,
    StoreFull, StoreReplaced, StoreUnavailable, StoreUnsafe, TokenExpired, TokenNotYetValid,
    TooManyEndpoints, TooManyEvents, TooManyStreams, TooManyTests, UnknownEvent, UnknownField,
    UnsupportedMediaType, UrlAddressBlocked, UrlHasCredentials, UrlHasFragment, UrlMalformed,
    UrlPortNotAllowed, UrlSchemeNotAllowed, UrlTooLong, WrongTokenKind,
};

const SESSION: &[Code] = &[
    MissingToken,
    InvalidToken,
    TokenExpired,
    TokenNotYetValid,
    SessionPending,
    WrongTokenKind,
    AuthUnavailable,
    RateLimited,
];
const SERVICE_KEY: &[Code] = &[MissingToken, InvalidToken, WrongTokenKind];
const STORE: &[Code] = &[
    StoreUnavailable,
    StoreFull,
    StoreReplaced,
    StoreUnsafe,
    InternalError,
];
const BODY: &[Code] = &[
    UnsupportedMediaType,
    BodyTooLarge,
    RequestTimeout,
    BadRequest,
    InvalidUtf8,
    InvalidJson,
    UnknownField,
    MissingField,
    DuplicateField,
    InvalidType,
];
const ENDPOINT: &[Code] = &[
    EmptyEvents,
    TooManyEvents,
    DuplicateEvent,
    UnknownEvent,
    InvalidChatbotId,
    InvalidDescription,
    UrlTooLong,
    UrlMalformed,
    UrlSchemeNotAllowed,
    UrlHasCredentials,
    UrlHasFragment,
    UrlPortNotAllowed,
    UrlAddressBlocked,
];
const EVENT: &[Code] = &[
    InvalidAccountId,
    UnknownEvent,
    InvalidChatbotId,
    InvalidTimestamp,
    InvalidIdempotencyKey,
    DataTooDeep,
    PayloadTooLarge,
    IdempotencyConflict,
    AccountOverBudget,
    RateLimited,
];

/// The codes that a call answers, by its operation id.
pub(super) fn of(operation: &str) -> Vec<Code> {
    let groups: &[&[Code]] = match operation {
        "createEndpoint" => &[SESSION, BODY, ENDPOINT, &[TooManyEndpoints], STORE],
        "changeEndpoint" => &[SESSION, BODY, ENDPOINT, &[InvalidValue, EndpointNotFound], STORE],
        "listEndpoints" => &[SESSION, STORE],
        "getEndpoint" => &[SESSION, &[EndpointNotFound, BadRequest], STORE],
        "removeEndpoint" => &[SESSION, &[EndpointNotFound, MissingField], STORE],
        "rotateSecret" => &[
            SESSION,
            BODY,
            &[InvalidValue, EndpointNotFound, RotationInProgress],
            STORE,
        ],
        "sendTestEvent" => &[
            SESSION,
            BODY,
            &[UnknownEvent, EndpointNotFound, TooManyTests, NoWorker],
            STORE,
        ],
        "listDeliveries" => &[
            SESSION,
            &[
                EndpointNotFound,
                InvalidFilter,
                InvalidTimestamp,
                InvalidSpan,
                InvalidCursor,
                BadRequest,
            ],
            STORE,
        ],
        "getDelivery" => &[SESSION, &[EndpointNotFound, DeliveryNotFound, BadRequest], STORE],
        "replayDelivery" => &[
            SESSION,
            &[
                EndpointNotFound,
                DeliveryNotFound,
                InvalidIdempotencyKey,
                PayloadExpired,
                AccountOverBudget,
                BadRequest,
            ],
            STORE,
        ],
        "streamDeliveries" => &[
            SESSION,
            &[EndpointNotFound, InvalidCursor, TooManyStreams, BadRequest],
            STORE,
        ],
        "replayDeliveries" => &[
            SESSION,
            BODY,
            &[
                InvalidValue,
                InvalidTimestamp,
                InvalidSpan,
                EndpointNotFound,
                ReplayInProgress,
            ],
            STORE,
        ],
        "getReplay" | "cancelReplay" => &[SESSION, &[EndpointNotFound, ReplayNotFound, BadRequest], STORE],
        "getSummary" => &[SESSION, STORE],
        "verifySignature" => &[SESSION, BODY, &[EndpointNotFound, InvalidHeaders], STORE],
        "listEventTypes" => &[SESSION, STORE],
        "pushEvent" => &[SERVICE_KEY, BODY, EVENT, STORE],
        "pushEvents" => &[SERVICE_KEY, BODY, &[EmptyEvents, TooManyEvents], STORE],
        _ => &[],
    };
    groups.concat()
}
