//! The dashboard's calls about endpoints: check, create, list, change and remove them, retry at once, rotate a secret, send a
//! test event.
//!
//! Every call sees only the account of its token: to it, another account's endpoint doesn't exist.

mod answers;
mod bulk;
mod change;
mod check;
mod choice;
mod create;
mod detail;
mod glance;
mod headers;
mod health_view;
mod list;
mod made;
mod named;
mod one;
mod one_or_many;
mod parked;
mod request;
mod retry;
mod rotation;
mod state_view;
mod test_event;
mod view;
mod warning;

pub use check::CheckApi;
pub(super) use named::QueryId;
pub use one::OneEndpointApi;
pub use retry::RetryApi;
pub use rotation::RotationApi;
pub use test_event::TestEventApi;

use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use self::bulk::{ChangeEndpoints, ChangedEndpoints, change_many};
use self::create::create;
use self::glance::EndpointList;
use self::list::Given;
use self::made::{Created, Removed};
use self::named::{BodyId, not_named, only_one};
use self::one::{change, remove};
use self::one_or_many::{ChangedOneOrMany, OneOrMany};
use self::request::CreateEndpoint;
use super::Group;
use super::idempotency::IdempotencyHeader;
use super::schema::{
    BoolText, ChatbotId, CursorText, EndpointLimit, SearchText, StateName, SubscriptionName,
};
use crate::app::App;
use crate::caller::Caller;
use crate::headers::{IfMatch, OnceHeader};
use crate::json::Json;
use crate::problem::Problem;

/// Creating and listing endpoints, and changing and removing one that the body or the query names.
#[derive(Debug, Clone, Copy)]
pub struct EndpointsApi;

#[OpenApi(tag = "Group::Endpoints")]
impl EndpointsApi {
    /// Create an endpoint
    ///
    /// Registers a URL that events of the account are sent to. The answer contains the signing secret, which is never shown
    /// again: save it.
    #[oai(
        path = "/api/webhooks-config",
        method = "post",
        operation_id = "createEndpoint"
    )]
    async fn create(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// Makes it safe to send a request again whose answer was lost: within 24 hours, the same key returns the same endpoint, with its
        /// secret. The same key with other settings is refused (409), and so is one whose endpoint was removed since, or got another
        /// secret. Each account has keys of its own.
        #[oai(name = "Idempotency-Key")]
        key: OnceHeader<IdempotencyHeader>,
        body: Json<CreateEndpoint>,
    ) -> Result<Created, Problem> {
        create(&app, &caller, body.0, key.0).await
    }

    /// List all endpoints
    ///
    /// Returns the endpoints of the account, oldest first, each with its state, its health in short, and its attempts in each of the
    /// last 24 hours. Without `limit` all come at once.
    #[oai(path = "/api/webhooks-config", method = "get", operation_id = "listEndpoints")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the call")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// List only endpoints that are active (`true`), or that aren't (`false`).
        active: Query<Option<BoolText>>,
        /// List only endpoints in this state.
        state: Query<Option<StateName>>,
        /// List only endpoints that get events of this chatbot: its own, and those of all chatbots.
        #[oai(name = "chatbotId")]
        chatbot: Query<Option<ChatbotId>>,
        /// List only endpoints that get events of this type.
        event: Query<Option<SubscriptionName>>,
        /// List only endpoints whose URL or description contains this text, in small or capital letters.
        search: Query<Option<SearchText>>,
        /// Where the page begins: the `nextCursor` of the previous page, with the same filters.
        cursor: Query<Option<CursorText>>,
        /// The largest number of endpoints on the page; without it, all come.
        limit: Query<Option<EndpointLimit>>,
    ) -> Result<Json<EndpointList>, Problem> {
        let given = Given {
            active: active.0.map(|BoolText(text)| text),
            state: state.0.map(|StateName(text)| text),
            chatbot: chatbot.0.map(|ChatbotId(text)| text),
            event: event.0.map(|SubscriptionName(text)| text),
            search: search.0.map(|SearchText(text)| text),
            cursor: cursor.0.map(|CursorText(text)| text),
            limit: limit.0.map(|EndpointLimit(text)| text),
        };
        let query = request.uri().query().unwrap_or_default();
        list::list(&app, &caller, query, given).await.map(Json)
    }

    /// Change an endpoint, or switch it on or off
    ///
    /// With `id` alone, switches the endpoint off if it is active, and on if it isn't, whether it was off, disabled or paused. With other fields, sets exactly the
    /// values given, so that the request can safely be repeated. Switching an endpoint on resets its failure counter and sends
    /// the deliveries that were parked (or discards them, if `parked` says so). That, and another URL, ends a wait that the
    /// receiver asked for; then one attempt is made at a time, and twice as many with each success.
    ///
    /// `state: "paused"` pauses it and loses nothing: what is in flight finishes, and counts; what waits, and what comes, is parked. So
    /// it is `active` again with all of it, sent in turns with what comes then.
    ///
    /// The query may name the endpoint in place of the body: `?id=<endpoint id>`. A body with `ids` is answered as by
    /// `PATCH /api/webhooks-config/bulk`.
    #[oai(
        path = "/api/webhooks-config",
        method = "patch",
        operation_id = "changeEndpoint"
    )]
    async fn change(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id, if the body doesn't name it.
        id: QueryId<false>,
        /// Make the change only if the endpoint has this `etag`, or one of several; otherwise the answer is 412. Then a toggle is safe
        /// even if two people press the same button.
        #[oai(name = "If-Match")]
        condition: IfMatch,
        request: &Request,
        body: OneOrMany,
    ) -> Result<ChangedOneOrMany, Problem> {
        let body = match body {
            OneOrMany::One(body) => body,
            OneOrMany::Many(body) => {
                not_named(id.names())?;
                let changed = change_many(&app, &caller, request, body, &condition.0).await?;
                return Ok(ChangedOneOrMany::Many(changed));
            }
        };
        let named = body.id.clone();
        let wanted = body.into_change(Some(caller.by.clone()), &app)?;
        let id = only_one(id.names().chain([named.as_deref()]))?;
        let toggles = named.is_some() && wanted.is_empty();
        let changed = change(&app, &caller, &id, wanted, toggles, condition.0).await?;
        Ok(ChangedOneOrMany::One(Box::new(changed)))
    }

    /// Switch many endpoints on or off, or pause them
    ///
    /// Each is switched by itself, and has a result of its own: one that is refused doesn't affect the others. Ten endpoints count as
    /// one call of the dashboard. `PATCH /api/webhooks-config` with such a body does the same.
    #[oai(
        path = "/api/webhooks-config/bulk",
        method = "patch",
        operation_id = "changeEndpoints"
    )]
    async fn change_many(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// Change only the endpoints that have one of these `etag`s; the others get 412.
        #[oai(name = "If-Match")]
        condition: IfMatch,
        body: Json<ChangeEndpoints>,
    ) -> Result<Json<ChangedEndpoints>, Problem> {
        change_many(&app, &caller, request, body.0, &condition.0).await
    }

    /// Remove an endpoint
    ///
    /// Removes the endpoint with its queue and its log. An attempt that is in flight is completed, but not recorded. The body may
    /// name the endpoint in place of the query: `{"id": "<endpoint id>"}`.
    #[oai(
        path = "/api/webhooks-config",
        method = "delete",
        operation_id = "removeEndpoint"
    )]
    async fn remove(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: QueryId<true>,
        /// Remove the endpoint only if it has this `etag`, or one of several; otherwise the answer is 412.
        #[oai(name = "If-Match")]
        condition: IfMatch,
        in_body: BodyId,
    ) -> Result<Removed, Problem> {
        let id = only_one(id.names().chain([in_body.name()]))?;
        remove(&app, &caller, &id, &condition.0).await
    }
}
