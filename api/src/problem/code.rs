//! Everything that can go wrong, each with a stable code, an HTTP status, a title and advice.

mod declare;

use poem::http::StatusCode;

use self::declare::codes;

codes! {
    /// No `Authorization: Bearer …`.
    MissingToken = "missing_token", UNAUTHORIZED, "No token",
        "Send a token in the header `Authorization: Bearer <token>`.";
    /// The token is not valid.
    InvalidToken = "invalid_token", UNAUTHORIZED, "The token is not valid",
        "The token is not one that this API accepts. Get a new one and try again.";
    /// The session token, or the key, has expired.
    TokenExpired = "token_expired", UNAUTHORIZED, "The token has expired",
        "Get a new token and send the request again.";
    /// The portal session has expired.
    PortalSessionExpired = "portal_session_expired", UNAUTHORIZED, "The portal session has expired",
        "A portal session lasts 15 minutes. Ask the page around the dashboard, or your backend, for a new one.";
    /// There is no such portal session.
    InvalidPortalSession = "invalid_portal_session", UNAUTHORIZED, "The portal session is not valid",
        "It was revoked, made room for a newer one, or never existed. Ask the page around the dashboard, or your backend, for a new one.";
    /// The session token is not valid yet.
    TokenNotYetValid = "token_not_yet_valid", UNAUTHORIZED, "The token is not valid yet",
        "Check the clock of the machine that issued the token, or wait until its time has come.";
    /// The user has not finished signing in.
    SessionPending = "session_pending", UNAUTHORIZED, "The session is pending",
        "Finish signing in (for example, choose an organisation), then get a new session token.";
    /// The session token doesn't say to which site it was issued.
    PartyMissing = "party_missing", UNAUTHORIZED, "The token names no party",
        "The session token has no `azp`, and this API wants to know which site it was issued to. Get one in a browser, or call from there.";
    /// The user may look, but not change anything.
    RoleNotAllowed = "role_not_allowed", FORBIDDEN, "The role allows no changes",
        "The user's role in the organisation may look at webhooks, but not change them. Ask somebody whose role may, or an administrator.";
    /// The call takes the other kind of token.
    WrongTokenKind = "wrong_token_kind", FORBIDDEN, "A token of the wrong kind",
        "Calls for an account take a session token, a key of the account, or a `manage` key with the header `X-Account-Id`. Events are pushed with a service key.";
    /// The key of an account may not make this call.
    InsufficientScope = "insufficient_scope", FORBIDDEN, "The key may not make this call",
        "Use a key of the account with the scope that the call needs, or ask somebody who may sign in.";
    /// The portal session may look, but not change anything.
    PortalSessionReadOnly = "portal_session_read_only", FORBIDDEN, "The portal session allows no changes",
        "This portal session has the access `read`. To change something, ask your backend for one with the access `write`.";
    /// No portal session may make this call.
    NotForPortalSessions = "not_for_portal_sessions", FORBIDDEN, "Not for portal sessions",
        "Portal sessions neither see nor change who may act for the account (API keys and portal sessions), decide nothing about whole accounts, and push no events. Sign in at the dashboard itself, or let your backend make this call.";
    /// The request names an account in its header, and may not.
    AccountHeaderNotAllowed = "account_header_not_allowed", FORBIDDEN, "An account in the header",
        "Only a `manage` key of the backend names the account in the header `X-Account-Id`, and only where nothing else in the request names it. Leave the header out.";
    /// The account has no such endpoint.
    EndpointNotFound = "endpoint_not_found", NOT_FOUND, "No such endpoint",
        "This account has no endpoint with this id. List the endpoints to see their ids.";
    /// The endpoint has no such delivery.
    DeliveryNotFound = "delivery_not_found", NOT_FOUND, "No such delivery",
        "Nothing is kept of a delivery of this endpoint with this id. List the deliveries to see their ids.";
    /// The account has no such event.
    EventNotFound = "event_not_found", NOT_FOUND, "No such event",
        "Nothing is kept of an event of this account with this id or key. The answer to the push has the event's id.";
    /// The endpoint has no such replay.
    ReplayNotFound = "replay_not_found", NOT_FOUND, "No such replay",
        "This endpoint has no replay with this id, it ended more than 14 days ago, or 20 others have ended since.";
    /// The account has no such key.
    ApiKeyNotFound = "api_key_not_found", NOT_FOUND, "No such API key",
        "This account has no API key with this id. List the keys to see their ids.";
    /// There is no such portal session.
    PortalSessionNotFound = "portal_session_not_found", NOT_FOUND, "No such portal session",
        "There is no portal session with this id: it has expired, was revoked, or made room for a newer one.";
    /// No such path.
    NotFound = "not_found", NOT_FOUND, "No such path",
        "There is nothing at this path. The calls are described at /docs.";
    /// The path doesn't take this method.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "This path takes other methods only; the header `Allow` lists them.";
    /// The body is not declared as JSON.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Not declared as JSON",
        "Send the body as JSON with the header `Content-Type: application/json`.";
    /// The whole body is too long.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large",
        "Send a shorter body, or split it into several requests.";
    /// The body came too slowly.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The body came too slowly",
        "The body did not come in time. Send the same request again, over a faster connection or in smaller parts.";
    /// The head of the request is too long.
    HeadTooLarge = "head_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too large",
        "Send fewer or shorter headers: at most 64, and 16 KiB together with the path.";
    /// One event's payload is too long.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The payload is too large",
        "Send less `data`, for example a reference instead of the content.";
    /// The HTTP request itself is malformed.
    BadRequest = "bad_request", BAD_REQUEST, "Malformed request",
        "The request could not be read. Check its path, its headers and its body.";
    /// The body isn't UTF-8.
    InvalidUtf8 = "invalid_utf8", BAD_REQUEST, "The body is not UTF-8",
        "Encode the body as UTF-8.";
    /// The body isn't JSON.
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not JSON",
        "Correct the JSON syntax of the body.";
    /// The body has a field that doesn't exist.
    UnknownField = "unknown_field", UNPROCESSABLE_ENTITY, "Unknown field",
        "Remove the field, or correct its name.";
    /// A field that is required is missing.
    MissingField = "missing_field", UNPROCESSABLE_ENTITY, "Missing field",
        "Add the field.";
    /// A field is there twice.
    DuplicateField = "duplicate_field", UNPROCESSABLE_ENTITY, "Field given twice",
        "Give each field once.";
    /// A value has the wrong JSON type.
    InvalidType = "invalid_type", UNPROCESSABLE_ENTITY, "Wrong type",
        "Give a value of the type that is described.";
    /// A value has the right type, but is not allowed.
    InvalidValue = "invalid_value", UNPROCESSABLE_ENTITY, "Value not allowed",
        "Give one of the values that are described.";
    /// `events` is empty.
    EmptyEvents = "empty_events", UNPROCESSABLE_ENTITY, "`events` is empty",
        "Give at least one entry in `events`.";
    /// `events` has too many entries.
    TooManyEvents = "too_many_events", UNPROCESSABLE_ENTITY, "`events` is too long",
        "Give fewer entries in `events`.";
    /// `events` has an entry twice.
    DuplicateEvent = "duplicate_event", UNPROCESSABLE_ENTITY, "Event type given twice",
        "Give each event type once.";
    /// No event of a batch was accepted, for different reasons.
    NothingAccepted = "nothing_accepted", UNPROCESSABLE_ENTITY, "No event was accepted",
        "Look at `results`: each says what is wrong with its event.";
    /// Not one of the event types.
    UnknownEvent = "unknown_event", UNPROCESSABLE_ENTITY, "Unknown event type",
        "Give one of the documented event types.";
    /// Not `org:…` or `user:…`.
    InvalidAccountId = "invalid_account_id", UNPROCESSABLE_ENTITY, "Not an account id",
        "Give the account as `org:<organisation id>` or `user:<user id>`, or an id alone that says itself what it is of, as Clerk's do (`org_…`, `user_…`).";
    /// Not a chatbot id.
    InvalidChatbotId = "invalid_chatbot_id", UNPROCESSABLE_ENTITY, "Not a chatbot id",
        "Give 1 to 128 characters, none of them a control character.";
    /// Not a description.
    InvalidDescription = "invalid_description", UNPROCESSABLE_ENTITY, "Not a description",
        "Give at most 500 characters, none of them a control character but line feeds.";
    /// Not a date and time.
    InvalidTimestamp = "invalid_timestamp", UNPROCESSABLE_ENTITY, "Not a date and time",
        "Give an RFC 3339 date and time from 1970 on, such as 2026-03-26T15:30:00.000Z.";
    /// Not a cursor, or one of something else.
    InvalidCursor = "invalid_cursor", UNPROCESSABLE_ENTITY, "Not a cursor of this listing",
        "Give a cursor exactly as it was answered, with the same filters, or none to begin anew.";
    /// Not a filter.
    InvalidFilter = "invalid_filter", UNPROCESSABLE_ENTITY, "Unknown filter",
        "Give one of the values that are described.";
    /// A query has a parameter that its call doesn't take.
    UnknownParameter = "unknown_parameter", UNPROCESSABLE_ENTITY, "Unknown parameter",
        "Remove the query parameter, or correct its name.";
    /// A time span is empty, too long, or ends in the future.
    InvalidSpan = "invalid_span", UNPROCESSABLE_ENTITY, "Time span not allowed",
        "Give a `since` that lies before `until`.";
    /// Headers that the signature doctor doesn't examine: too many, too long, or one of them twice.
    InvalidHeaders = "invalid_headers", UNPROCESSABLE_ENTITY, "Headers not allowed",
        "Give at most 100 headers, each once and of at most 8 KiB.";
    /// The name or the value of an endpoint's header is none.
    InvalidHeader = "invalid_header", UNPROCESSABLE_ENTITY, "Not a header",
        "Give a value of visible ASCII characters, with spaces and tabs between them only, or `null` to remove the header.";
    /// An endpoint may not have a header of this name.
    HeaderNotAllowed = "header_not_allowed", UNPROCESSABLE_ENTITY, "Header not allowed",
        "Leave the header out, or give it another name.";
    /// An endpoint would have too many headers, or too long ones.
    TooManyHeaders = "too_many_headers", UNPROCESSABLE_ENTITY, "Too many headers",
        "An endpoint may have 20 headers, whose names and values have 8 KiB together. Remove some (`null`), or give shorter values.";
    /// An account's lists of chatbots and filters would take more than they may.
    FiltersTooLong = "filters_too_long", UNPROCESSABLE_ENTITY, "Filters are too long",
        "All filters of an account, and its lists of several chatbots, may have 64 KiB together. Give shorter ones, or fewer.";
    /// Not an idempotency key.
    InvalidIdempotencyKey = "invalid_idempotency_key", UNPROCESSABLE_ENTITY, "Not an idempotency key",
        "Give 1 to 255 visible ASCII characters.";
    /// `data` has too many levels.
    DataTooDeep = "data_too_deep", UNPROCESSABLE_ENTITY, "`data` is nested too deep",
        "Give `data` with at most 64 levels of objects and arrays.";
    /// The URL is too long.
    UrlTooLong = "url_too_long", UNPROCESSABLE_ENTITY, "The URL is too long",
        "Give a URL of at most 2048 bytes.";
    /// The URL isn't one.
    UrlMalformed = "url_malformed", UNPROCESSABLE_ENTITY, "Not an absolute URL",
        "Give an absolute URL such as https://your-server.com/webhook.";
    /// The URL's scheme is not allowed.
    UrlSchemeNotAllowed = "url_scheme_not_allowed", UNPROCESSABLE_ENTITY, "URL scheme not allowed",
        "Give a URL that starts with https://.";
    /// The URL contains credentials.
    UrlHasCredentials = "url_has_credentials", UNPROCESSABLE_ENTITY, "The URL contains credentials",
        "Give the URL without user name and password; verify the signature instead.";
    /// The URL contains a fragment.
    UrlHasFragment = "url_has_fragment", UNPROCESSABLE_ENTITY, "The URL contains a fragment",
        "Give the URL without the part from `#` on.";
    /// The account may not have events of this type.
    EventTypeNotAllowed = "event_type_not_allowed", UNPROCESSABLE_ENTITY, "Not among the account's event types",
        "The account's limits name the event types that it may have, and this one isn't among them. Choose another one, or have the limits changed.";
    /// The URL's port is not allowed.
    UrlPortNotAllowed = "url_port_not_allowed", UNPROCESSABLE_ENTITY, "URL port not allowed",
        "Use port 443, or a port from 1024.";
    /// The URL points to an address that is not public.
    UrlAddressBlocked = "url_address_blocked", UNPROCESSABLE_ENTITY, "The URL's address is not public",
        "Give a URL whose host is reachable from the internet.";
    /// The account has as many endpoints as it may have.
    TooManyEndpoints = "too_many_endpoints", CONFLICT, "Too many endpoints",
        "Remove an endpoint that is no longer needed, then try again.";
    /// The account has as many keys as it may have.
    TooManyApiKeys = "too_many_api_keys", CONFLICT, "Too many API keys",
        "Revoke a key that is no longer needed, then try again.";
    /// The account is being erased.
    AccountBeingErased = "account_being_erased", CONFLICT, "The account is being erased",
        "Everything of this account is being erased, so nothing is accepted for it, and nothing is shown. `GET /api/accounts/{accountId}` says how far that has got.";
    /// The grace period of an earlier rotation has not ended.
    RotationInProgress = "rotation_in_progress", CONFLICT, "A rotation is in progress",
        "The secret before the last rotation is still good. Wait until its time ends, or give `force: true`, which ends it at once.";
    /// The idempotency key was used for another request.
    IdempotencyConflict = "idempotency_conflict", CONFLICT, "Idempotency key used before",
        "This key was used with a different request within the last 24 hours. Use a new key for what is new.";
    /// An endpoint is no longer as the request expects it.
    PreconditionFailed = "precondition_failed", PRECONDITION_FAILED, "Changed meanwhile",
        "The endpoint has none of the tags in `If-Match`: somebody changed it, or it was disabled. Nothing was changed. Look at it, then decide anew with its present `etag`.";
    /// The endpoint already has a running replay.
    ReplayInProgress = "replay_in_progress", CONFLICT, "A replay is running",
        "An endpoint has one replay at a time: wait until it has finished, or cancel it.";
    /// The endpoint is not active.
    EndpointNotActive = "endpoint_not_active", CONFLICT, "The endpoint is not active",
        "What is parked is sent when the endpoint is active. Switch it on or resume it, with `active: true`; if an operator pauses it (`operatorHold`), wait until that ends.";
    /// The payload is no longer kept.
    PayloadExpired = "payload_expired", GONE, "The payload is no longer kept",
        "What was sent is no longer kept, so it can't be sent again.";
    /// The account or the service key has used up its calls or events of this minute.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests",
        "Wait for the seconds that `Retry-After` says, then send the same request again.";
    /// The account has too many requests open.
    TooManyAtOnce = "too_many_at_once", TOO_MANY_REQUESTS, "Too many requests at once",
        "As many requests of this account are open as may be. Wait until some have been answered, then send the same request again.";
    /// The account has too many live streams open.
    TooManyStreams = "too_many_streams", TOO_MANY_REQUESTS, "Too many streams",
        "Close a stream that is no longer read, then try again.";
    /// Too many bytes of the account are waiting.
    AccountOverBudget = "account_over_budget", TOO_MANY_REQUESTS, "The account's queue is full",
        "Too many bytes of this account wait for delivery, and no other endpoint that gets this event can make room for it. Fix \
         endpoints that fail, or discard what they have, then try again.";
    /// The account has used up its test events of this minute.
    TooManyTests = "too_many_tests", TOO_MANY_REQUESTS, "Too many test events",
        "An account may have 10 test events in a minute. Wait for the seconds that `Retry-After` says, then try again.";
    /// Another signature of the account is being examined.
    ExaminationUnderWay = "examination_under_way", TOO_MANY_REQUESTS, "An examination is under way",
        "An account has one signature examined at a time. Wait for the seconds that `Retry-After` says, then try again.";
    /// No worker took the test event.
    NoWorker = "no_worker", SERVICE_UNAVAILABLE, "No worker answered",
        "No worker answered in time: is one running? Send the same request again shortly.";
    /// All places for connections are taken.
    ServerCrowded = "server_crowded", SERVICE_UNAVAILABLE, "The server has no place",
        "As many connections are open as may be. Send the same request again shortly.";
    /// Redis can't be reached.
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE, "The store can't be reached",
        "Send the same request again shortly; with an Idempotency-Key an event is never accepted twice.";
    /// The account moves to another part of the store.
    AccountMoving = "account_moving", SERVICE_UNAVAILABLE, "The account is being moved",
        "Everything of this account goes to another part of the store, and for some moments nothing is done for it. Nothing was changed. Wait for the seconds that `Retry-After` says, then send the same request again.";
    /// Redis is full.
    StoreFull = "store_full", SERVICE_UNAVAILABLE, "The store is full",
        "Nothing was changed. Send the same request again later.";
    /// Fewer replicas than are asked for have what was accepted.
    NotReplicated = "not_replicated", SERVICE_UNAVAILABLE, "Not replicated yet",
        "The event is stored and will be delivered, but in time too few replicas of the store had it: if the store failed over now, the event might be lost. This is the one refusal after which the event stays. Send the same request again with the same Idempotency-Key: it finds the event, and is accepted once enough replicas have it. Without a key it would be a second event.";
    /// The store was replaced by another one.
    StoreReplaced = "store_replaced", SERVICE_UNAVAILABLE, "The store was replaced",
        "The store is not the one that it was, so nothing is answered, accepted or delivered until its data is back or an operator has accepted what is there (`/readyz` says what was found). Nothing was changed. Send the same request again later.";
    /// The store is set up so that it would lose events.
    StoreUnsafe = "store_unsafe", SERVICE_UNAVAILABLE, "The store would lose events",
        "As it is set up, the server that stores events would lose them or refuses to take them, so none is accepted until an operator has put that right (`/readyz` says what is wrong). Nothing was changed. Send the same request again later.";
    /// The store is in a form of before, which can't hold what was asked for.
    UpgradePending = "upgrade_pending", SERVICE_UNAVAILABLE, "An upgrade is under way",
        "The service is being upgraded, and what was asked for waits until programs of the release before are gone. Nothing was changed. Send the same request again in a few minutes.";
    /// The keys that verify session tokens can't be fetched.
    AuthUnavailable = "auth_unavailable", SERVICE_UNAVAILABLE, "Tokens can't be verified",
        "The keys that verify session tokens can't be fetched at the moment. Send the same request again shortly.";
    /// There is a defect in this program.
    InternalError = "internal_error", INTERNAL_SERVER_ERROR, "Internal error",
        "This is a defect on our side and has been logged. Send the same request again, or report it.";
}

#[cfg(test)]
mod tests;
