//! Which errors each call gives: those that it declares, and those that follow from its signature.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::access::{self, Access, Kind};
use crate::problem::Code;
use crate::problem::Code::{
    AccountBeingErased, AccountHeaderNotAllowed, AccountMoving, AuthUnavailable, BadRequest, BodyTooLarge,
    DeliveryNotFound, DuplicateField, EndpointNotFound, EventNotFound, InsufficientScope, InternalError,
    InvalidAccountId, InvalidJson, InvalidPortalSession, InvalidToken, InvalidType, InvalidUtf8,
    MissingField, MissingToken, NotForPortalSessions, PartyMissing, PortalSessionExpired,
    PortalSessionNotFound, PortalSessionReadOnly, RateLimited, ReplayNotFound, RequestTimeout,
    RoleNotAllowed, ServerCrowded, SessionPending, StoreFull, StoreReplaced, StoreUnavailable, StoreUnsafe,
    TokenExpired, TokenNotYetValid, TooManyAtOnce, UnknownField, UnknownParameter, UnsupportedMediaType,
    WrongTokenKind,
};
use crate::routes::Call;

/// Of every call that takes a token. A key of an account has a scope that is enough or not, and most tokens let nobody name an account
/// in the header.
const TOKEN: &[Code] = &[
    MissingToken,
    InvalidToken,
    WrongTokenKind,
    InsufficientScope,
    AccountHeaderNotAllowed,
    UnknownParameter,
];

/// Of a call that portal sessions may make.
const PORTAL: &[Code] = &[PortalSessionExpired, InvalidPortalSession];

/// Of a call for an account: whoever makes it is verified, or names the account, then the call is counted. Its connection needs a place,
/// and the account one of its share.
const ACCOUNT: &[Code] = &[
    TokenExpired,
    TokenNotYetValid,
    PartyMissing,
    SessionPending,
    InvalidAccountId,
    MissingField,
    AuthUnavailable,
    RateLimited,
    TooManyAtOnce,
    ServerCrowded,
    AccountBeingErased,
    AccountMoving,
];

/// Of a call whose path names the account.
const MANAGE: &[Code] = &[
    InvalidAccountId,
    RateLimited,
    TooManyAtOnce,
    ServerCrowded,
    AccountBeingErased,
    AccountMoving,
];

/// Of every call that takes a token: none is answered without the store.
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
pub(super) fn of(call: &Call, operation: &Value) -> BTreeSet<Code> {
    call.errors().chain(implied(operation)).collect()
}

/// The errors that follow from an operation's token, body and path.
pub(super) fn implied(operation: &Value) -> Vec<Code> {
    let mut errors = Vec::new();
    let access = operation["operationId"].as_str().and_then(access::of_operation);
    let access = access.unwrap_or(Access::Open);
    if access != Access::Open {
        errors.extend(TOKEN);
        errors.extend(STORE);
    }
    if access == Access::Manage {
        errors.extend(MANAGE);
    }
    if matches!(access, Access::Account(_) | Access::People(_) | Access::Owner(_)) {
        errors.extend(ACCOUNT);
        // Not every role may change something.
        errors.extend(access.writes().then_some(RoleNotAllowed));
    }
    if access.takes(Kind::Portal) {
        errors.extend(PORTAL);
        errors.extend(access.writes().then_some(PortalSessionReadOnly));
    } else if access != Access::Open {
        errors.push(NotForPortalSessions);
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
        "sessionId" => Some(PortalSessionNotFound),
        _ => None,
    }
}
