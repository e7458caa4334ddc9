//! One connection: hyper speaks HTTP on it, and a [`watchdog`] closes it when it idles or stalls.

mod request;

mod socket;

mod watchdog;

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::task::Poll;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::limits::Limits;
use super::occupant::Occupant;
use super::places::Place;
use super::stage::Stage;
use request::OpenRequest;
use socket::ObservedSocket;
use watchdog::{Event, Watchdog};

/// The longest head of a request, in bytes. hyper refuses longer ones without words; a handler that wants to explain its
/// refusal needs a lower limit of its own.
const MAX_HEAD: usize = 32 << 10;

/// The most fields of a head; hyper refuses more without words, too.
const MAX_FIELDS: usize = 256;

/// The most that hyper buffers of a connection, in bytes, in each direction.
const MAX_BUFFER: usize = 64 << 10;

/// Serves one connection until it ends, is idle or slow for too long, makes room for another, or the server stops.
pub(crate) async fn serve<H, A, B>(
    stream: TcpStream,
    place: Place,
    limits: Limits,
    handler: H,
    mut stage: watch::Receiver<Stage>,
) where
    H: Fn(Request<Incoming>) -> A,
    A: Future<Output = Result<Response<B>, Infallible>>,
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>> + Unpin + 'static,
{
    let (shared, places) = (place.progress.clone(), Arc::clone(place.places()));
    let progress = shared.clone();
    let (kept, told) = (limits.keep_alive(), stage.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        let open = OpenRequest::begin(&progress, &places, !request.body().is_end_stream());
        let occupant = Occupant::new(progress.clone(), Arc::clone(&places));
        request.extensions_mut().insert(occupant);
        let answer = handler(request);
        let (kept, told) = (kept.clone(), told.clone());
        async move {
            let (mut head, body) = answer.await?.into_parts();
            if *told.borrow() != Stage::Serving {
                head.headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if let Some(kept) = kept.filter(|_| !head.headers.contains_key(CONNECTION)) {
                head.headers.insert(HeaderName::from_static("keep-alive"), kept);
            }
            Ok::<_, Infallible>(Response::from_parts(head, open.with_body(body)))
        }
    });
    let io = TokioIo::new(ObservedSocket::new(stream, &shared));
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            // hyper's own timeout would close idle connections as early as slow ones.
            .header_read_timeout(None)
            .max_header_size(MAX_HEAD)
            .max_headers(MAX_FIELDS)
            .max_buf_size(MAX_BUFFER)
            .serve_connection(io, service)
    );
    let mut stopping = std::pin::pin!(async move {
        // An error would mean that the server is gone, and it goes only after it has said stop.
        drop(stage.wait_for(|stage| *stage == Stage::Stopping).await);
    });
    let mut watchdog = Watchdog::new(&shared, limits);
    let (mut is_stopping, mut is_closing) = (false, false);
    loop {
        let event = std::future::poll_fn(|context| {
            if connection.as_mut().poll(context).is_ready() {
                return Poll::Ready(Event::Ended);
            }
            is_stopping = is_stopping || stopping.as_mut().poll(context).is_ready();
            if is_stopping && !is_closing && shared.lock().stop() {
                return Poll::Ready(Event::Close("the server stops"));
            }
            watchdog.poll(context)
        });
        match event.await {
            Event::Ended => return,
            // An idle connection closes at once; any other, after the answer that is being made.
            Event::Close(reason) => {
                tracing::trace!(reason, "a connection is being closed");
                is_closing = true;
                connection.as_mut().graceful_shutdown();
            }
            Event::CutOff(reason) => {
                tracing::debug!(reason, "a connection was cut off");
                return;
            }
        }
    }
}
