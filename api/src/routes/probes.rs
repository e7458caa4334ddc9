//! For operators: is the program alive, and is it ready?

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;

use super::{Call, Group, Resource};
use crate::app::App;
use crate::json::Json;

/// The program is alive.
#[derive(Debug, Serialize, Object)]
pub struct Alive {
    /// Always `ok`.
    status: String,
    /// The program's version.
    version: String,
}

/// Whether the program can do its work.
#[derive(Debug, Serialize, Object)]
pub struct Readiness {
    /// `ready` or `unavailable`.
    status: String,
    /// Why the program is not ready; empty if it is.
    reasons: Vec<String>,
    /// What an operator should know, although the program works.
    warnings: Vec<String>,
}

/// The answer to `/readyz`.
#[derive(Debug, ApiResponse)]
pub enum Ready {
    /// The program is ready.
    #[oai(status = 200)]
    Ready(Json<Readiness>),
    /// Requests would fail, for the reasons listed.
    #[oai(status = 503)]
    Unavailable(Json<Readiness>),
}

/// Probes.
#[derive(Debug, Clone, Copy)]
pub struct ProbesApi;

#[OpenApi(tag = "Group::Operations")]
impl ProbesApi {
    /// Is the program alive?
    ///
    /// Answers as soon as the program accepts connections, whatever the state of Redis.
    #[oai(path = "/healthz", method = "get", operation_id = "healthz")]
    async fn healthz(&self) -> Json<Alive> {
        Json(Alive {
            status: "ok".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// Can the program do its work?
    ///
    /// It can if Redis is reachable, accepts writes, still holds the same store, and is set up so that it doesn't lose events. The
    /// program checks that about once a second, and answers with the latest result. A program that has been asked to stop isn't ready,
    /// though it still serves for a while: whatever balances the load should send requests elsewhere.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(&self, app: Data<&App>) -> Ready {
        let mut found = app.store.readiness();
        if let Some(reason) = app.stopping.reason() {
            found.reasons.insert(0, reason.to_owned());
        }
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
}

impl Resource for ProbesApi {
    const CALLS: &'static [Call] = &[Call::new("healthz", &[]), Call::new("readyz", &[])];
    const EXAMPLES: &'static str = include_str!("probes.json");
}
