//! For operators: is the program alive, is it ready, and what has it done.

use poem::web::Data;
use poem_openapi::payload::PlainText;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use super::{Call, Group, Resource};
use crate::app::App;
use crate::json::Json;

/// Whether the program lives.
#[derive(Debug, Serialize, Object)]
pub struct Alive {
    /// `ok`.
    status: String,
    /// The program's version.
    version: String,
}

/// Whether the program can do its work.
#[derive(Debug, Serialize, Object)]
pub struct Readiness {
    /// `ready` or `unavailable`.
    status: String,
    /// Why it is not ready.
    reasons: Vec<String>,
    /// What an operator should know.
    warnings: Vec<String>,
}

/// The answer to `/readyz`.
#[derive(Debug, ApiResponse)]
pub enum Ready {
    /// Redis answers and takes writes.
    #[oai(status = 200)]
    Ready(Json<Readiness>),
    /// Requests would fail; the reasons are listed.
    #[oai(status = 503)]
    Unavailable(Json<Readiness>),
}

/// The calls.
#[derive(Debug, Clone, Copy)]
pub struct HealthApi;

#[OpenApi(tag = "Group::Operations")]
impl HealthApi {
    /// Is the program alive?
    #[oai(path = "/healthz", method = "get", operation_id = "healthz")]
    async fn healthz(&self) -> Json<Alive> {
        Json(Alive {
            status: "ok".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// Can the program do its work?
    ///
    /// It can when Redis is reachable, takes writes, has the store that it had, and would not lose events. Answers what was seen
    /// last; the program looks about once a second.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(&self, app: Data<&App>) -> Ready {
        let found = app.store.readiness();
        let readiness = Readiness {
            status: if found.reasons.is_empty() {
                "ready"
            } else {
                "unavailable"
            }
            .to_owned(),
            reasons: found.reasons,
            warnings: found
                .warnings
                .into_iter()
                .map(|warning| warning.message)
                .collect(),
        };
        if readiness.reasons.is_empty() {
            Ready::Ready(Json(readiness))
        } else {
            Ready::Unavailable(Json(readiness))
        }
    }

    /// Counters for Prometheus
    #[oai(path = "/metrics", method = "get", operation_id = "metrics")]
    async fn metrics(&self, app: Data<&App>) -> PlainText<String> {
        PlainText(app.metrics.render())
    }
}

impl Resource for HealthApi {
    const CALLS: &'static [Call] = &[
        Call::new("healthz", &[]),
        Call::new("readyz", &[]),
        Call::new("metrics", &[]),
    ];
    const EXAMPLES: &'static str = include_str!("health.json");
}
