//! The live streams: attempts and changes of state as they happen, as server-sent events; of one endpoint, or of all of an account.

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::registry::MetaSchemaRef;
use poem_openapi::types::Type;
use store::log::{AccountPlace, EntryId};

use super::super::{Call, Group, Resource, fields};
use super::event_stream::EventStream;
use super::follow::Follower;
use super::followed::{Followed, scope};
use crate::app::App;
use crate::caller::Caller;
use crate::headers::{HeaderParam, OnceHeader};
use crate::problem::{Code, Problem};
use crate::streams::NoPlace;

const LAST_EVENT_ID: &str = "Last-Event-ID";

/// The call.
#[derive(Debug, Clone, Copy)]
pub struct StreamApi;

#[OpenApi(tag = "Group::Deliveries")]
impl StreamApi {
    /// Follow deliveries as they happen
    ///
    /// Sends what happens at the endpoint as server-sent events whose data is JSON: first `start` (a `StreamedStart`), then `attempt` (a `StreamedAttempt`), `state` if the
    /// endpoint itself changed (`StreamedState`), `canceled` if its owner discarded parked deliveries (`StreamedCancellation`),
    /// `gap` if the log dropped entries before they were sent (`StreamedGap`), and finally `end` (`StreamedEnd`).
    ///
    /// The stream begins with whatever happens next. To resume after a broken connection, send the last `id` that you got as the
    /// header `Last-Event-ID`, or as the parameter `lastEventId`: what the log has kept since comes first. If it hasn't kept all of it,
    /// or the id can't be read, the stream begins with `gap` in place of `start`. A comment every few seconds keeps the connection open.
    /// The stream ends when the token expires: connect again with a new one. An account may have 10 streams open. The `EventSource` of browsers can't send the header `Authorization`: use `fetch` instead, and read the body.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries/stream",
        method = "get",
        operation_id = "streamDeliveries"
    )]
    async fn stream(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The `id` of the last event that you got, to resume after it.
        #[oai(name = "Last-Event-ID")]
        last: OnceHeader<LastEventId>,
        /// The same, for clients that can't set the header; the header wins.
        #[oai(name = "lastEventId")]
        last_in_query: Query<Option<String>>,
    ) -> Result<EventStream, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let given = last.0.map(|LastEventId(text)| text);
        let given = given.or(last_in_query.0);
        let keys = app.secrets.get();
        let scope = scope(&keys, &caller.account, Some(&endpoint));
        let after: Option<EntryId> = given.as_ref().and_then(|text| scope.read(text).ok());
        let store = app.store.of(&caller.account)?.clone();
        store
            .get_endpoint(&caller.account, &endpoint)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        let place = app.streams.take(&caller.share()).map_err(no_place)?;
        let tail = store.tail_log(&endpoint, after).await?;
        let follower = Follower {
            app: app.0.clone(),
            store,
            account: caller.account,
            followed: Followed::Endpoint(endpoint, tail),
            is_lost: given.is_some() && after.is_none(),
            told: None,
            lasting: caller.lasting,
        };
        Ok(EventStream::of(follower.start(place)))
    }

    /// Follow the deliveries of all endpoints as they happen
    ///
    /// Sends what happens at all endpoints of the account over one connection, with the same events as the stream of one endpoint, each
    /// with its `endpointId`. Endpoints that are made meanwhile are followed within two seconds, from their first attempt on.
    ///
    /// It resumes and ends like the stream of one endpoint, and counts as one of the account's 10 streams. An `id` of the one is
    /// good for the other no more than any text: then the stream begins with `gap`.
    #[oai(
        path = "/api/webhooks-deliveries/stream",
        method = "get",
        operation_id = "streamAccountDeliveries"
    )]
    async fn stream_account(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The `id` of the last event that you got, to resume after it.
        #[oai(name = "Last-Event-ID")]
        last: OnceHeader<LastEventId>,
        /// The same, for clients that can't set the header; the header wins.
        #[oai(name = "lastEventId")]
        last_in_query: Query<Option<String>>,
    ) -> Result<EventStream, Problem> {
        let given = last.0.map(|LastEventId(text)| text).or(last_in_query.0);
        let keys = app.secrets.get();
        let scope = scope(&keys, &caller.account, None);
        let after: Option<AccountPlace> = given.as_ref().and_then(|text| scope.read(text).ok());
        let store = app.store.of(&caller.account)?.clone();
        let place = app.streams.take(&caller.share()).map_err(no_place)?;
        let tail = store.tail_account(&caller.account, after.as_ref()).await?;
        let follower = Follower {
            app: app.0.clone(),
            store,
            account: caller.account,
            followed: Followed::Account(tail),
            is_lost: given.is_some() && after.is_none(),
            told: None,
            lasting: caller.lasting,
        };
        Ok(EventStream::of(follower.start(place)))
    }
}

impl Resource for StreamApi {
    const CALLS: &'static [Call] = &[
        Call::new("streamDeliveries", &[Code::InvalidCursor, Code::TooManyStreams])
            .hiding_parameter("lastEventId"),
        Call::new(
            "streamAccountDeliveries",
            &[Code::InvalidCursor, Code::TooManyStreams],
        )
        .hiding_parameter("lastEventId")
        .strict(),
    ];
    const EXAMPLES: &'static str = include_str!("stream.json");
}

fn wrong_id() -> Problem {
    Problem::new(Code::InvalidCursor)
        .detail("Give the `id` of an event of this stream once, exactly as it came, or none to begin with what happens next.")
        .field(LAST_EVENT_ID)
}

fn no_place(error: NoPlace) -> Problem {
    let text = error.to_string();
    let capital = text.get(..1).unwrap_or_default().to_uppercase();
    let rest = text.get(1..).unwrap_or_default();
    Problem::new(Code::TooManyStreams)
        .detail(format!("{capital}{rest}. {}", Code::TooManyStreams.advice()))
        .retry_after(10)
        .param("max", error.most())
        .param("retryAfter", 10)
}

/// The value of the header `Last-Event-ID`.
#[derive(Debug)]
struct LastEventId(String);

impl HeaderParam for LastEventId {
    const NAME: &'static str = LAST_EVENT_ID;

    /// Any text: one that can't be read makes a gap.
    fn schema() -> MetaSchemaRef {
        String::schema_ref()
    }

    fn read(text: &str) -> Result<Self, Problem> {
        Ok(Self(text.to_owned()))
    }

    fn malformed() -> Problem {
        wrong_id()
    }
}
