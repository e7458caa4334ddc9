//! The whole system for one test: Redis, the API and workers as real processes, configured as for development.
//!
//! ```no_run
//! # async fn example() {
//! use e2e::receiver::Receiver;
//! use e2e::system::System;
//!
//! let system = System::builder().workers(2).env("DISABLE_AFTER", "3").start().await;
//! let receiver = Receiver::start().await;
//! let customer = system.customer();
//! customer.create_endpoint(&receiver.url("/hook"), &["*"]).await;
//! system.backend().push(system.account(), "lead.captured", serde_json::json!({"name": "John"})).await;
//! receiver.wait_for(1).await;
//! system.finish().await;
//! # }
//! ```

mod builder;

mod callers;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub use self::builder::Builder;
use self::builder::in_directory;
use crate::clerk::SigningKey;
use crate::client::{Caller, NewEndpoint};
use crate::ports::free_port;
use crate::process::Process;
use crate::receiver::Receiver;
use crate::redis_server::RedisServer;
use crate::state::assert_nothing_left;
use crate::wait::{LONG, eventually};

/// The service key that tests push events with.
pub const SERVICE_KEY: &str = "whk_test_c2VydmljZS1rZXktb2YtdGVzdHM";

/// The service key that tests call for accounts with.
pub const MANAGE_KEY: &str = "whk_owner_bWFuYWdlLWtleS1vZi10aGUtdGVzdHM";

/// The organisation of [`System::customer`].
const ORGANISATION: &str = "org_2test";

/// A running system.
#[derive(Debug)]
pub struct System {
    /// The API.
    pub api: Process,
    /// The workers.
    pub workers: Vec<Process>,
    /// Redis; last, so that it outlives the others when a test fails.
    pub redis: RedisServer,
    /// The key that signs session tokens.
    pub key: SigningKey,
    /// The environment of both programs.
    pub environment: Vec<(String, String)>,
    /// What the workers' environment has in addition.
    pub worker_environment: Vec<(String, String)>,
    /// Where its programs are, if they aren't today's.
    pub programs: Option<PathBuf>,
}

impl System {
    /// Starts a system with one worker, which retries after 100 ms.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Starts a system and a receiver, and creates an endpoint of [`Self::customer`] that gets every event at `/hook`; its slow
    /// start is over.
    pub async fn start_with_hook() -> (Self, Receiver, NewEndpoint) {
        Self::builder().start_with_hook().await
    }

    /// Begins a system like that of [`Self::start`], to be changed before it starts.
    #[must_use]
    pub const fn builder() -> Builder {
        Builder::new()
    }

    /// As if the endpoint had proved itself: it may have as many attempts in flight as any, and usually answers within a second.
    pub fn end_slow_start(&self, endpoint: &str) {
        let mut connection = crate::state::connect(&self.redis);
        let most = self
            .worker_variable("ENDPOINT_CONCURRENCY")
            .unwrap_or_else(|| "64".to_owned());
        redis::cmd("HSET")
            .arg(format!("wh:{{0}}:endpoint:{endpoint}"))
            .arg("limit")
            .arg(most)
            .arg("carries")
            .arg("1000 0 0 4 0 0 0 0")
            .exec(&mut connection)
            .expect("Redis takes the limit");
    }

    fn worker_variable(&self, name: &str) -> Option<String> {
        let set = self.environment.iter().chain(&self.worker_environment);
        set.filter(|(variable, _)| variable == name)
            .map(|(_, value)| value.clone())
            .next_back()
    }

    /// What [`Process`] calls one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> String {
        in_directory(self.programs.as_deref(), name)
    }

    /// Starts one more worker; [`Self::wait_ready`] waits for it.
    pub fn add_worker(&mut self) -> &mut Process {
        let mut environment = self.environment.clone();
        environment.extend(self.worker_environment.clone());
        environment.push(("WORKER_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
        let program = self.program("webhooks-worker");
        self.workers.push(Process::start(&program, &environment));
        self.workers.last_mut().expect("it was just pushed")
    }

    /// Waits until the API and all workers say that they are ready.
    pub async fn wait_ready(&mut self) {
        let api = format!("{}/readyz", self.api_url());
        self.api.wait_ready(&api).await;
        for worker in &mut self.workers {
            let url = format!("http://{}/readyz", worker.variable("WORKER_LISTEN").unwrap());
            worker.wait_ready(&url).await;
        }
    }

    /// Starts one more API, and waits until it is ready. It has ports of its own: `API_LISTEN` says where it listens.
    pub async fn another_api(&self) -> Process {
        let mut environment = self.environment.clone();
        for name in ["API_LISTEN", "API_ADMIN_LISTEN"] {
            environment.push((name.to_owned(), format!("127.0.0.1:{}", free_port())));
        }
        let mut api = Process::start(&self.program("webhooks-api"), &environment);
        let listen = api.variable("API_LISTEN").unwrap();
        api.wait_ready(&format!("http://{listen}/readyz")).await;
        api
    }

    /// Where the API is, without a slash at the end.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api.variable("API_LISTEN").unwrap())
    }

    /// The API's metrics.
    pub async fn api_metrics(&self) -> String {
        let admin = self.api.variable("API_ADMIN_LISTEN").unwrap();
        let operator = Caller::new(&format!("http://{admin}"), None);
        operator.get("/metrics").await.expect(200).text
    }

    /// Waits until `condition` holds for an endpoint, and returns it.
    pub async fn wait_for_endpoint(
        &self,
        id: &str,
        what: &str,
        condition: impl Fn(&serde_json::Value) -> bool,
    ) -> serde_json::Value {
        let customer = self.customer();
        eventually(LONG, what, async || {
            let endpoint = customer.endpoint(id).await;
            if condition(&endpoint) {
                Ok(endpoint)
            } else {
                Err(endpoint.to_string())
            }
        })
        .await
    }

    /// Asserts that nothing is left to do or in flight, then does as [`Self::stop`].
    pub async fn finish(mut self) {
        assert_nothing_left(&self.redis).await;
        self.stop();
    }

    /// Terminates all programs, and asserts that they end without an error and have not panicked.
    pub fn stop(&mut self) {
        for process in self.workers.iter_mut().chain([&mut self.api]) {
            if process.is_running() {
                let status = process.terminate();
                assert!(status.success(), "ended with {status}:\n{}", process.log());
            }
            let log = process.log();
            assert!(!log.contains("panicked at"), "a panic:\n{log}");
        }
    }
}

/// A `SECRETS_KEY` of 32 equal bytes.
#[must_use]
pub fn secrets_key(byte: u8) -> String {
    STANDARD.encode([byte; 32])
}

/// The entry of `SERVICE_KEYS` for a key `whk_<id>_<random>`.
#[must_use]
pub fn service_key_entry(key: &str) -> String {
    let id = key.split('_').nth(1).expect("a key whk_<id>_<random>");
    format!("{id}:{}", hex::encode(Sha256::digest(key)))
}
