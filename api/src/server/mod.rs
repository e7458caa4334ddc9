//! The HTTP server: routing, and what is done around every request.
//!
//! Every answer that is an error is a problem document, a panic in a handler included; every request has an id, is counted
//! under its route, and 5xx answers are logged. What clients can make the connections hold is bounded by
//! [`serve`], how long their bodies take by [`crate::body`].

mod settings;

pub use settings::{ServerArgs, Settings};

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use poem::endpoint::make_sync;
use poem::http::uri::Scheme;
use poem::http::{Method, header};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt as _, IntoResponse, Request, Response, Result, Route};
use tokio::net::TcpListener;
use tracing::Instrument as _;

use crate::app::App;
use crate::body;
use crate::metrics::Metrics;
use crate::openapi::{self, KnownRoute, RouteTable};
use crate::problem::{self, Code, Problem};
use crate::rate_limit::RateLimitHeaders;
use crate::{headers, request_id};

/// What `/docs` may load: nothing from elsewhere.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves until `shutdown` is ready, then ends live streams and lets open requests finish for a while.
///
/// # Errors
///
/// When the listener has no address.
pub async fn run(
    listener: TcpListener,
    app: App,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let local = LocalAddr(Addr::SocketAddr(listener.local_addr()?));
    let (limits, streams) = (settings.limits, Arc::clone(&app.streams));
    let endpoint = Arc::new(endpoint(app, settings));
    let handler = move |request, client| {
        let (endpoint, local) = (Arc::clone(&endpoint), local.clone());
        let client = RemoteAddr(Addr::SocketAddr(client));
        async move {
            let request = Request::from((request, local, client, Scheme::HTTP));
            hyper::Response::from(endpoint.get_response(request).await)
        }
    };
    let shutdown = async move {
        shutdown.await;
        streams.stop();
    };
    serve::run(listener, limits, handler, shutdown).await;
    Ok(())
}

/// The whole API.
pub fn endpoint(app: App, settings: Settings) -> impl Endpoint<Output = Response> + 'static {
    let service = openapi::service();
    let document = openapi::document();
    let docs = openapi::docs_page(&service, &document);
    let routes = RouteTable::of(&document);
    let route = Route::new()
        .at(
            "/openapi.json",
            poem::get(make_sync(move |_| {
                Response::builder()
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(document.clone())
            })),
        )
        .at(
            "/docs",
            poem::get(make_sync(move |_| {
                Response::builder()
                    .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
                    .header(header::CONTENT_SECURITY_POLICY, DOCS_POLICY)
                    .body(docs.clone())
            })),
        )
        .nest_no_strip("/", service);
    Observed {
        inner: RateLimitHeaders::new(route.data(app.clone()), app.rates),
        app,
        routes,
        settings,
    }
}

/// Everything that is done around a request.
struct Observed<E> {
    inner: E,
    app: App,
    routes: RouteTable,
    settings: Settings,
}

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = request_id::of(request.headers());
        let asking = self.settings.origins.asking(request.headers());
        // On at every level: whatever is logged because of a request tells of which.
        let span = tracing::error_span!("request", id = id.to_str().unwrap_or_default());
        let mut response = self.observe(request).instrument(span).await;
        let headers = response.headers_mut();
        headers.insert(request_id::HEADER, id);
        headers::secure(headers);
        self.settings.origins.complete(asking, headers);
        Ok(response)
    }
}

impl<E: Endpoint> Observed<E> {
    /// Answers a request, whatever happens, and tells of it.
    async fn observe(&self, request: Request) -> Response {
        let began = Instant::now();
        let _in_flight = InFlight::new(&self.app.metrics);
        let route = self.routes.find(request.uri().path());
        let method = known_method(request.method());
        let response = self.answer(request, route).await;
        let status = response.status();
        let path = route.map_or("other", |route| route.path.as_str());
        let took = began.elapsed();
        self.app
            .metrics
            .request_ended(path, method, status.as_str(), took);
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        // Being asked again and again whether it is ready is no failure of the program.
        if status.is_server_error() && path != "/readyz" {
            tracing::warn!(
                method,
                path,
                status = status.as_u16(),
                took_ms,
                "a request failed"
            );
        } else {
            tracing::debug!(
                method,
                path,
                status = status.as_u16(),
                took_ms,
                "answered a request"
            );
        }
        response
    }

    async fn answer(&self, mut request: Request, route: Option<&KnownRoute>) -> Response {
        if headers::is_too_large(&request) {
            return Problem::new(Code::HeadTooLarge).into_response();
        }
        let allow = route.map(|route| route.allow.as_str());
        if let Some(preflight) = allow.and_then(|allow| self.settings.origins.preflight(&request, allow)) {
            return preflight;
        }
        body::limit(&mut request, self.settings.patience, route.is_some());
        let answered = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        let response = match answered {
            Ok(Ok(response)) => response.into_response(),
            Ok(Err(error)) => error.into_response(),
            Err(panic) => problem::from_panic(panic.as_ref()).into_response(),
        };
        problem::replace_foreign_error(response, allow)
    }
}

/// Counts a request as in flight, also when its client goes away.
struct InFlight<'a>(&'a Metrics);

impl<'a> InFlight<'a> {
    fn new(metrics: &'a Metrics) -> Self {
        metrics.request_began();
        Self(metrics)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.request_left();
    }
}

/// Clients may invent methods; metrics don't follow them.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests;
