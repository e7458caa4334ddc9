//! The peer: the same job as a careful team would do it with BullMQ, Fastify and undici (`bench/peers/bullmq`), on a
//! Redis with the same durability.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::redis_server::RedisServer;
use serde_json::Value;

use crate::child::Server;
use crate::load::Target;

/// Where `scripts/bench` installs what the peer needs.
const MODULES: &str = "../.tools/bullmq/node_modules";

const KEY: &str = "peer-key";

/// The running peer.
#[derive(Debug)]
pub(crate) struct Peer {
    api: Server,
    worker: Server,
    client: reqwest::Client,
    /// Its Redis.
    pub(crate) redis: RedisServer,
}

/// Whether what the peer needs is installed.
pub(crate) fn is_installed() -> bool {
    modules().is_dir() && Command::new("node").arg("--version").output().is_ok()
}

fn modules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(MODULES)
}

impl Peer {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let redis = RedisServer::start();
        let start = |name, script: &str| {
            let script = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("peers/bullmq")
                .join(script);
            let mut command = Command::new("node");
            command
                .arg(script)
                .env("NODE_PATH", modules())
                .env("NODE_ENV", "production")
                .env("REDIS_PORT", redis.address().port().to_string())
                .env("SERVICE_KEY", KEY);
            Server::start(name, &mut command)
        };
        Self {
            api: start("peer-api", "api.js"),
            worker: start("peer-worker", "worker.js"),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            redis,
        }
    }

    /// Makes an endpoint.
    pub(crate) async fn add_endpoint(&self, account: &str, mut wanted: Value) {
        wanted["accountId"] = account.into();
        let url = format!("http://{}/api/endpoints", self.api.address());
        let request = self.client.post(url).bearer_auth(KEY).json(&wanted);
        let answer = request.send().await.unwrap().error_for_status();
        drop(answer.unwrap());
    }

    /// Where events go.
    pub(crate) fn target(&self) -> Target {
        Target {
            address: self.api.address(),
            authorization: format!("Bearer {KEY}"),
        }
    }

    /// Its processes by name.
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        vec![
            ("api".to_owned(), self.api.id()),
            ("worker".to_owned(), self.worker.id()),
        ]
    }
}
