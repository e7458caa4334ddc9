//! What operators and their tools ask the worker over HTTP: `/healthz` (it runs), `/readyz` (Redis answers, takes writes and has
//! the store that it had, and the worker lacks nothing for its work, nor is it to take none), `/metrics` (Prometheus).

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use poem::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use poem::http::uri::Scheme;
use poem::http::{HeaderValue, StatusCode};
use poem::web::{Data, LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, EndpointExt as _, Request, Response, Route, get, handler};
use serve::{self, Limits, OpenConnections};
use store::condition::{Readiness, Replication, StoreWarning};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::drain::Drain;
use crate::egress::Egress;
use crate::fitness::Fitness;
use crate::metrics::Metrics;
use crate::observer::Interest;
use crate::outage::Trouble;
use crate::shards::KnownShards;
use crate::stop::Stop;

/// Probes and Prometheus need one or two.
const MAX_CONNECTIONS: usize = 64;

const JSON: &str = "application/json";

/// What the pages need.
#[derive(Debug, Clone)]
pub(crate) struct Probes {
    pub(crate) shards: KnownShards,
    /// Why they aren't known, until they are.
    pub(crate) trouble: Trouble,
    pub(crate) fitness: Fitness,
    pub(crate) egress: Egress,
    pub(crate) metrics: Metrics,
    pub(crate) interest: Interest,
    pub(crate) stopping: Stop,
    pub(crate) drain: Drain,
    pub(crate) clock: Clock,
}

/// Serves for as long as it is polled.
pub(crate) async fn serve(probes: Probes, listener: TcpListener) -> std::io::Result<()> {
    let local = LocalAddr(Addr::SocketAddr(listener.local_addr()?));
    let pages = Arc::new(routes(probes));
    let handler = move |request, client| {
        let (pages, local) = (Arc::clone(&pages), local.clone());
        let client = RemoteAddr(Addr::SocketAddr(client));
        async move {
            let request = Request::from((request, local, client, Scheme::HTTP));
            http::Response::from(answer(&*pages, request).await)
        }
    };
    serve::run(
        listener,
        Limits::usual(MAX_CONNECTIONS),
        OpenConnections::default(),
        handler,
        pending(),
        pending(),
    )
    .await;
    Ok(())
}

fn routes(probes: Probes) -> impl Endpoint<Output = Response> {
    Route::new()
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz))
        .at("/metrics", get(metrics))
        .data(Arc::new(probes))
        .map_to_response()
}

/// Answers a request; what goes wrong is a problem document.
async fn answer(pages: &impl Endpoint<Output = Response>, request: Request) -> Response {
    let answered = AssertUnwindSafe(pages.get_response(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!("a page could not be made");
        Response::from(StatusCode::INTERNAL_SERVER_ERROR)
    });
    let status = response.status();
    if !status.is_success() && response.content_type() != Some(JSON) {
        response = problem(status);
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn problem(status: StatusCode) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    json(
        status,
        &serde_json::json!({"title": title, "status": status.as_u16()}),
    )
    .set_content_type("application/problem+json")
}

#[handler]
fn healthz() -> Response {
    json(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}

#[handler]
fn readyz(Data(probes): Data<&Arc<Probes>>) -> Response {
    let Readiness {
        reasons,
        warnings,
        server,
        shards,
        durability_assumed,
    } = probes.readiness();
    let (code, status) = if reasons.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    let warnings: Vec<_> = warnings.into_iter().map(|warning| warning.message).collect();
    let mut page = serde_json::json!({"status": status, "reasons": reasons, "warnings": warnings});
    if let Some(server) = server {
        page["store"] = server_page(&server);
    }
    if !shards.is_empty() {
        let each = shards.iter().enumerate().map(
            |(shard, server)| serde_json::json!({"shard": shard, "store": server.as_ref().map(server_page)}),
        );
        page["shards"] = each.collect();
    }
    if let Some(assumed) = durability_assumed {
        page["durabilityAssumed"] = assumed.into();
    }
    json(code, &page)
}

/// The server that keeps everything, or a shard.
fn server_page(server: &Replication) -> serde_json::Value {
    serde_json::json!({
        "runId": server.run_id,
        "role": server.role(),
        "replicas": server.replicas,
        "behindBytes": server.behind.map(|behind| behind.bytes),
        "lagSeconds": server.behind.map(|behind| behind.seconds),
    })
}

#[handler]
fn metrics(Data(probes): Data<&Arc<Probes>>) -> Response {
    probes.interest.asked();
    probes.fitness.measure();
    probes.metrics.due.measure(Instant::now(), probes.drain.is_on());
    probes.metrics.store.shards_ready(probes.shards.each_ready());
    match probes.metrics.render() {
        Ok(text) => Response::builder()
            .header(CONTENT_TYPE, prometheus::TEXT_FORMAT)
            .body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            Response::from(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

impl Probes {
    /// Why the worker is not ready, if it isn't, and what an operator should know, as of the last look.
    fn readiness(&self) -> Readiness {
        let mut found = self.shards.readiness(&self.trouble);
        self.fitness.tell(&mut found);
        found.warnings.extend(self.egress.warning());
        if self.drain.is_on() {
            let reason = "the worker takes nothing new, since an operator wants that (`webhooksctl drain`)";
            found.reasons.insert(0, reason.to_owned());
        }
        if self.stopping.is_set() {
            found.reasons.insert(0, "the worker is stopping".to_owned());
        }
        found
            .warnings
            .extend(self.clock.warning().map(|message| StoreWarning {
                code: "clock",
                message,
            }));
        found
    }
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    Response::builder()
        .status(status)
        .content_type(JSON)
        .body(body.to_string())
}

#[cfg(test)]
mod tests;
