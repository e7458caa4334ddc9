//! The answer that goes on: server-sent events.

use bytes::Bytes;
use futures_util::stream;
use poem::http::{HeaderName, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::payload::Payload;
use poem_openapi::registry::{
    MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use tokio::sync::mpsc::Receiver;

use super::stream_events::{
    StreamedAttempt, StreamedCancellation, StreamedEnd, StreamedGap, StreamedStart, StreamedState,
};

const MEDIA_TYPE: &str = "text/event-stream";

/// The pieces of a stream, each sent as soon as it is there.
#[derive(Debug)]
pub(super) struct EventStream(Receiver<Bytes>);

impl EventStream {
    pub(super) const fn of(pieces: Receiver<Bytes>) -> Self {
        Self(pieces)
    }
}

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
