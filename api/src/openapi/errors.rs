//! Which errors each call gives: those that it declares, and those that follow from its signature.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::problem::Code;
use crate::problem::Code::{
    AuthUnavailable, BadRequest, BodyTooLarge, DeliveryNotFound, DuplicateField, EndpointNotFound,
    EventNotFound, InternalError, InvalidJson, InvalidToken, InvalidType, InvalidUtf8, MissingField,
    MissingToken, PartyMissing, RateLimited, ReplayNotFound, RequestTimeout, RoleNotAllowed, ServerCrowded,
    SessionPending, StoreFull, StoreReplaced, StoreUnavailable, StoreUnsafe, TokenExpired, TokenNotYetValid,
    TooManyAtOnce, UnknownField, UnknownParameter, UnsupportedMediaType, WrongTokenKind,
};
use crate::routes::Call;

/// The calls whose caller is a [`crate::caller::Reader`]: they change nothing, though their method doesn't say so.
const READS: [&str; 3] = ["verifySignature", "countReplay", "checkEndpoint"];

/// Of a call that takes a session token: the token is verified, then the call is counted. Its connection
/// needs a place, and the account one of its share.
const SESSION: &[Code] = &[
    MissingToken,
    InvalidToken,
    TokenExpired,
    TokenNotYetValid,
    PartyMissing,
    SessionPending,
    WrongTokenKind,
    AuthUnavailable,
    RateLimited,
    TooManyAtOnce,
    ServerCrowded,
];

/// Of a call that takes a service key.
const SERVICE_KEY: &[Code] = &[MissingToken, InvalidToken, WrongTokenKind];

/// Of every call that takes either: none is answered without the store.
const STORE: &[Code] = &[
    StoreUnavailable,
    StoreFull,
    StoreReplaced,
    StoreUnsafe,
    InternalError,
];

/// Of a call that takes a body.
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

/// All errors of a call, in the order in which [`Code`] declares them.
pub(super) fn of(call: &Call, method: &str, operation: &Value) -> BTreeSet<Code> {
    call.errors().chain(implied(method, operation)).collect()
}

/// The errors that follow from an operation's method, token, body and path.
pub(super) fn implied(method: &str, operation: &Value) -> Vec<Code> {
    let mut errors = Vec::new();
    let changes = method != "get" && !READS.iter().any(|id| operation["operationId"] == *id);
    for scheme in operation["security"][0].as_object().into_iter().flatten() {
        errors.extend(match scheme.0.as_str() {
            "serviceKey" => SERVICE_KEY,
            _ => SESSION,
        });
        // Not every role may change something.
        errors.extend((changes && scheme.0 != "serviceKey").then_some(RoleNotAllowed));
        errors.extend(STORE);
        errors.push(UnknownParameter);
    }
    if operation.get("requestBody").is_some() {
        errors.extend(BODY);
    }
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    for parameter in parameters.filter(|parameter| parameter["in"] == "path") {
        // A path whose escapes are malformed can't be read.
        errors.push(BadRequest);
        errors.extend(parameter["name"].as_str().and_then(unknown_id));
    }
    errors
}

/// What an id in a path is answered with when nothing has it.
fn unknown_id(parameter: &str) -> Option<Code> {
    match parameter {
        "id" => Some(EndpointNotFound),
        "deliveryId" => Some(DeliveryNotFound),
        "replayId" => Some(ReplayNotFound),
        "eventId" => Some(EventNotFound),
        _ => None,
    }
}
