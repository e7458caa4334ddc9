//! The worker's own HTTP: `/healthz` (it runs), `/readyz` (Redis answers and takes writes), `/metrics` (Prometheus).

use std::sync::Arc;
use std::time::Duration;

use common::store::Store;
use poem::http::StatusCode;
use poem::http::header::CONTENT_TYPE;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt as _, IntoEndpoint, Response, Route, Server, get, handler};
use tokio::net::TcpListener;

use crate::metrics::Metrics;
use crate::outage::Trouble;
use crate::stop::Stop;

/// How long a ping may take before the worker counts as not ready.
const PING_WITHIN: Duration = Duration::from_secs(2);

/// What the pages need.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    pub(crate) store: Store,
    pub(crate) trouble: Trouble,
    pub(crate) metrics: Metrics,
    pub(crate) stopping: Stop,
}

/// Serves until it is ended.
pub(crate) async fn serve(health: Health, listener: TcpListener) -> std::io::Result<()> {
    let acceptor = TcpAcceptor::from_tokio(listener)?;
    Server::new_with_acceptor(acceptor)
        .idle_timeout(Duration::from_secs(30))
        .run(routes(health))
        .await
}

fn routes(health: Health) -> impl IntoEndpoint {
    Route::new()
        .at("/healthz", get(healthz))
        .at("/readyz", get(readyz))
        .at("/metrics", get(metrics))
        .data(Arc::new(health))
}

#[handler]
fn healthz() -> Response {
    json(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}

#[handler]
async fn readyz(Data(health): Data<&Arc<Health>>) -> Response {
    let reasons = health.reasons().await;
    if reasons.is_empty() {
        json(StatusCode::OK, &serde_json::json!({"status": "ready"}))
    } else {
        json(
            StatusCode::SERVICE_UNAVAILABLE,
            &serde_json::json!({"status": "unavailable", "reasons": reasons}),
        )
    }
}

#[handler]
fn metrics(Data(health): Data<&Arc<Health>>) -> Response {
    match health.metrics.render() {
        Ok(text) => Response::builder()
            .header(CONTENT_TYPE, prometheus::TEXT_FORMAT)
            .body(text),
        Err(error) => Response::builder()
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .body(error.to_string()),
    }
}

impl Health {
    /// Why the worker is not ready; empty when it is.
    async fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.stopping.is_set() {
            reasons.push("the worker is stopping".to_owned());
        }
        reasons.extend(self.trouble.reason());
        let pinged = tokio::time::timeout(PING_WITHIN, self.store.ping()).await;
        let reason = match pinged {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("Redis did not answer within {PING_WITHIN:?}")),
        };
        reasons.extend(reason.filter(|reason| !reasons.contains(reason)));
        reasons
    }
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(body.to_string())
}
