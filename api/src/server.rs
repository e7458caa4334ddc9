//! The HTTP server: routing, and what is done around every request.
//!
//! Every answer that is an error is a problem document, a panic in a handler included; every request is counted under
//! its route, and 5xx answers are logged.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use poem::endpoint::make_sync;
use poem::http::{Method, header};
use poem::listener::TcpAcceptor;
use poem::{Endpoint, EndpointExt as _, IntoResponse, Request, Response, Result, Route, Server};
use tokio::net::TcpListener;

use crate::app::App;
use crate::body::tolerate_early_answer;
use crate::metrics::Metrics;
use crate::openapi::{self, RouteTable};
use crate::problem;
use crate::rate_limit::Told;

/// How long open requests may take to finish once the program was asked to stop.
const DRAIN: Duration = Duration::from_secs(8);

/// What `/docs` may load: nothing from elsewhere.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Serves until `shutdown` is ready, then ends live streams and lets open requests finish for a while.
///
/// # Errors
///
/// When the listener fails.
pub async fn run(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> std::io::Result<()> {
    let acceptor = TcpAcceptor::from_tokio(listener)?;
    let streams = Arc::clone(&app.streams);
    let shutdown = async move {
        shutdown.await;
        streams.stop();
    };
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(endpoint(app), shutdown, Some(DRAIN))
        .await
}

/// The whole API.
pub fn endpoint(app: App) -> impl Endpoint<Output = Response> + 'static {
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
        inner: Told::new(route.data(app.clone()), app.limits.rates),
        app,
        routes: Arc::new(routes),
    }
}

/// Everything that is done around a request.
struct Observed<E> {
    inner: E,
    app: App,
    routes: Arc<RouteTable>,
}

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let began = Instant::now();
        let _in_flight = InFlight::new(&self.app.metrics);
        let route = self.routes.find(request.uri().path());
        let method = known_method(request.method());
        tolerate_early_answer(&mut request);
        let answered = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        let response = match answered {
            Ok(Ok(response)) => response.into_response(),
            Ok(Err(error)) => error.into_response(),
            Err(panic) => problem::from_panic(panic.as_ref()).into_response(),
        };
        let response = problem::replace_foreign_error(response, route.map(|route| route.allow.as_str()));
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
        Ok(response)
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
