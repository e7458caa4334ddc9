//! For operators: is the program alive, and is it ready?

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::condition::Replication;

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
    /// The server that keeps everything, as it was last seen (it is looked at every five seconds). Absent before it was, and where it
    /// doesn't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    store: Option<StoreServer>,
    /// If the accounts are cut into several shards: the server of each, by its number. Absent if there is one shard. `warnings` says
    /// which of them don't work.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    shards: Option<Vec<ShardServer>>,
    /// What keeps accepted events, in the operator's words, where the server doesn't let its settings be read (`DURABILITY_ASSUMED`).
    #[serde(rename = "durabilityAssumed", skip_serializing_if = "Option::is_none")]
    #[oai(rename = "durabilityAssumed", skip_serializing_if_is_none)]
    durability_assumed: Option<String>,
}

/// The Redis server, by what it says of itself.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub struct StoreServer {
    /// Its `run_id`: `INFO server` shows it on the server itself. Each start of a server has another one.
    run_id: String,
    /// `primary`, or `replica`: then nothing can be written.
    role: String,
    /// How many replicas follow it and are in step.
    replicas: u32,
    /// How many bytes of writes the replica has not confirmed yet that is furthest behind. Absent without replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    behind_bytes: Option<u64>,
    /// Since how many seconds a replica has not been heard of; usually 0 or 1. Absent without replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    lag_seconds: Option<u64>,
}

/// The server of a shard.
#[derive(Debug, Serialize, Object)]
pub struct ShardServer {
    /// The shard's number, from 0 on.
    shard: u32,
    /// The server, as it was last seen; absent before it was, and where it doesn't say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    store: Option<StoreServer>,
}

impl From<Replication> for StoreServer {
    fn from(server: Replication) -> Self {
        Self {
            role: server.role().to_owned(),
            replicas: server.replicas,
            behind_bytes: server.behind.map(|behind| behind.bytes),
            lag_seconds: server.behind.map(|behind| behind.seconds),
            run_id: server.run_id,
        }
    }
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
            store: found.server.map(Into::into),
            shards: (!found.shards.is_empty()).then(|| {
                let each = (0..).zip(found.shards).map(|(shard, server)| ShardServer {
                    shard,
                    store: server.map(Into::into),
                });
                each.collect()
            }),
            durability_assumed: found.durability_assumed,
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
