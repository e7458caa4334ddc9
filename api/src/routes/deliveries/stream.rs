//! The live stream: an endpoint's attempts and changes of state as they happen, as server-sent events.

use bytes::Bytes;
use futures_util::stream;
use poem::http::{HeaderName, header};
use poem::web::Data;
use poem::{Body, IntoResponse, Response};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use store::log::EntryId;
use tokio::sync::mpsc::Receiver;

use super::super::{Call, Group, Resource, fields};
use super::follow::{Follower, scope};
use super::stream_events::{
    StreamedAttempt, StreamedCancellation, StreamedEnd, StreamedGap, StreamedStart, StreamedState,
};
use crate::app::App;
use crate::caller::DashboardUser;
use crate::headers::{HeaderParam, OnceHeader};
use crate::problem::{Code, Problem};
use crate::streams::NoPlace;

const MEDIA_TYPE: &str = "text/event-stream";

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
    /// The stream ends when the session token expires: connect again with a new one. An account may have 10 streams open. The
    /// `EventSource` of browsers can't send the header `Authorization`: use `fetch` instead, and read the body.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries/stream",
        method = "get",
        operation_id = "streamDeliveries"
    )]
    async fn stream(
        &self,
        user: DashboardUser,
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
        let after: Option<EntryId> = given
            .as_ref()
            .and_then(|text| scope(&app, &user.account, &endpoint).read(text).ok());
        let store = app.store.get()?.clone();
        store
            .get_endpoint(&user.account, &endpoint)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        let place = app.streams.take(&user.account).map_err(no_place)?;
        let tail = store.tail_log(&endpoint, after).await?;
        let follower = Follower {
            app: app.0.clone(),
            store,
            account: user.account,
            endpoint,
            tail,
            is_lost: given.is_some() && after.is_none(),
            told: None,
            expires_at: user.expires_at,
        };
        Ok(EventStream(follower.start(place)))
    }
}

impl Resource for StreamApi {
    const CALLS: &'static [Call] =
        &[
            Call::new("streamDeliveries", &[Code::InvalidCursor, Code::TooManyStreams])
                .hiding_parameter("lastEventId"),
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

/// The pieces of a stream, each sent as soon as it is there.
#[derive(Debug)]
struct EventStream(Receiver<Bytes>);

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let pieces = stream::unfold(self.0, async |mut receiver| {
            let piece = receiver.recv().await?;
            Some((Ok::<_, std::io::Error>(piece), receiver))
        });
        Response::builder()
            .header(header::CONTENT_TYPE, MEDIA_TYPE)
            .header(header::CACHE_CONTROL, "no-store, no-transform")
            // Proxies that know this header pass each event on at once; `no-transform` keeps the others from compressing them, for
            // which they would wait until there is more.
            .header(HeaderName::from_static("x-accel-buffering"), "no")
            .body(Body::from_bytes_stream(pieces))
    }
}

impl Payload for EventStream {
    const CONTENT_TYPE: &'static str = MEDIA_TYPE;

    /// A text; the types of its data are named beside it, so that generated clients have them.
    fn schema_ref() -> MetaSchemaRef {
        let text = MetaSchema {
            description: Some("Server-sent events; the other types are those of their data."),
            ..MetaSchema::new("string")
        };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            any_of: vec![
                MetaSchemaRef::Inline(Box::new(text)),
                StreamedStart::schema_ref(),
                StreamedAttempt::schema_ref(),
                StreamedState::schema_ref(),
                StreamedCancellation::schema_ref(),
                StreamedGap::schema_ref(),
                StreamedEnd::schema_ref(),
            ],
            ..MetaSchema::ANY
        }))
    }

    fn register(registry: &mut Registry) {
        StreamedStart::register(registry);
        StreamedAttempt::register(registry);
        StreamedState::register(registry);
        StreamedCancellation::register(registry);
        StreamedGap::register(registry);
        StreamedEnd::register(registry);
    }
}

impl ApiResponse for EventStream {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "Events as they happen",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: MEDIA_TYPE,
                    schema: <Self as Payload>::schema_ref(),
                }],
                headers: Vec::new(),
            }],
        }
    }

    fn register(registry: &mut Registry) {
        <Self as Payload>::register(registry);
    }
}
