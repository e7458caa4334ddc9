//! The live stream: an endpoint's attempts and changes of state as they happen, as server-sent events.

use bytes::Bytes;
use futures_util::stream;
use poem::http::{HeaderName, header};
use poem::web::Data;
use poem::{Body, IntoResponse, Response};
use poem_openapi::param::Path;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};
use store::log::EntryId;
use tokio::sync::mpsc::Receiver;

use super::super::schema::CursorText;
use super::super::{Call, Group, Resource, fields};
use super::follow::{Follower, scope};
use super::stream_events::{StreamedAttempt, StreamedCancellation, StreamedEnd, StreamedGap, StreamedState};
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
    /// Server-sent events, each with JSON as its data: `attempt` (a `StreamedAttempt`), `state` when the endpoint itself
    /// changed (`StreamedState`), `canceled` when its owner discarded what was parked (`StreamedCancellation`), `gap` when
    /// something was dropped from the log before it was sent (`StreamedGap`), and `end` as the last one (`StreamedEnd`).
    /// It begins with what happens next. To go on where a connection broke, give the last `id` that came as the header
    /// `Last-Event-ID`: what the log kept meanwhile comes first. A comment every few seconds keeps the connection open. The
    /// stream ends when the session token expires: connect again with a new one. An account may have 10 streams open.
    /// `EventSource` of browsers can't send the header `Authorization`: use `fetch` and read the body.
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
        /// The `id` of the last event that came, to go on behind it.
        #[oai(name = "Last-Event-ID")]
        last: OnceHeader<LastEventId>,
    ) -> Result<EventStream, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let after: Option<EntryId> = last
            .0
            .map(|LastEventId(text)| scope(&app, &user.account, &endpoint).read(&text))
            .transpose()
            .map_err(|_| wrong_id())?;
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
            expires_at: user.expires_at,
        };
        Ok(EventStream(follower.start(place)))
    }
}

impl Resource for StreamApi {
    const CALLS: &'static [Call] = &[Call::new(
        "streamDeliveries",
        &[Code::InvalidCursor, Code::TooManyStreams],
    )];
    const EXAMPLES: &'static str = include_str!("stream.json");
}

fn wrong_id() -> Problem {
    Problem::new(Code::InvalidCursor)
        .detail("Give the `id` of an event of this stream exactly as it came, or none to begin with what happens next.")
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

    fn schema() -> MetaSchemaRef {
        CursorText::schema_ref()
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
            .header(header::CACHE_CONTROL, "no-store")
            // Proxies that know this header pass each event on at once.
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
