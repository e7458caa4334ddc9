//! What the server does around every request, whatever its call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use poem::http::Method;
use poem::http::header::CONNECTION;
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use program::telemetry::EACH;
use serve::Occupant;
use tracing::Instrument as _;

use super::Settings;
use crate::app::App;
use crate::metrics::Metrics;
use crate::openapi::{KnownRoute, RouteTable};
use crate::problem::{self, Code, Problem};
use crate::{body, caller, headers, request_id};

/// Answers requests through `inner`, and does what every request needs.
pub(super) struct Observed<E> {
    pub(super) inner: E,
    pub(super) app: App,
    pub(super) routes: RouteTable,
    pub(super) settings: Settings,
}

impl<E: Endpoint> Endpoint for Observed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = request_id::of(request.headers());
        let origin = self.settings.origins.known_origin(request.headers());
        // An error span is on at every level: whatever a request makes us log names its id.
        let span = tracing::error_span!("request", id = id.to_str().unwrap_or_default());
        let mut response = self.observe(request).instrument(span).await;
        let headers = response.headers_mut();
        headers.insert(request_id::HEADER, id);
        headers::secure(headers);
        self.settings.origins.add_headers(origin, headers);
        Ok(response)
    }
}

impl<E: Endpoint> Observed<E> {
    /// Answers a request, counts it, and logs what became of it.
    async fn observe(&self, request: Request) -> Response {
        let began = Instant::now();
        let _in_flight = InFlight::new(&self.app.metrics);
        // Not poem's `PathPattern`: only a routed answer carries it, so preflights, heads that are too large and panics would
        // have none. And which path it is has to be known before routing, for `Allow` and for the body.
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
        let code = response.extensions().get::<Code>().map(|code| code.as_str());
        // Probes ask again and again; that the program isn't ready yet is no failure.
        if status.is_server_error() && path != "/readyz" {
            tracing::warn!(
                method,
                path,
                status = status.as_u16(),
                code,
                took_ms,
                "a request failed"
            );
        } else if status.is_client_error() {
            tracing::info!(
                name: EACH,
                method,
                path,
                status = status.as_u16(),
                code,
                took_ms,
                "refused a request"
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
        // First of all: whatever it is answered, the client must be able to read that.
        body::limit(&mut request, self.settings.patience);
        if headers::is_too_large(&request) {
            return Problem::new(Code::HeadTooLarge).into_response();
        }
        if let Err(problem) = headers::host::check(&request) {
            return problem.into_response();
        }
        if !self.has_a_place(&request) {
            let refusal = Problem::new(Code::ServerCrowded).retry_after(1);
            return refusal
                .into_response()
                .with_header(CONNECTION, "close")
                .into_response();
        }
        if let Some(preflight) = self.settings.origins.preflight(&request) {
            return preflight;
        }
        if let Some(rules) = route.and_then(|route| route.rules(request.method())) {
            if let Some(access) = rules.access {
                request.set_data(access);
            }
            if request.uri().query().is_some() {
                request.set_data(Arc::clone(&rules.query));
            }
        }
        let answered = AssertUnwindSafe(self.inner.call(request)).catch_unwind().await;
        let response = match answered {
            Ok(Ok(response)) => response.into_response(),
            Ok(Err(error)) => problem::answer_to(error),
            Err(panic) => problem::from_panic(panic.as_ref()).into_response(),
        };
        let allow = route.map(|route| route.allow.as_str());
        problem::replace_foreign_error(response, allow, route.map_or("", |route| &route.calls))
    }

    /// Whether the request may keep the place that its connection has. The last ones are kept for service keys; probes, whose answers
    /// take no time, may use them too, or an operator's proxy would take a crowded server for one that is down.
    fn has_a_place(&self, request: &Request) -> bool {
        let Some(occupant) = request.data::<Occupant>().filter(|one| one.is_on_kept_place()) else {
            return true;
        };
        matches!(request.uri().path(), "/healthz" | "/readyz")
            || caller::has_service_key(&self.app, request)
            || occupant.may_stay()
    }
}

/// Counts a request as in flight, until it is dropped: its client may go away before the answer.
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

/// The method as a label. Clients may invent methods, which must not make new series.
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
