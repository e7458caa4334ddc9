//! The whole system for one test: Redis, the API and workers as real processes, set up as for development.
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

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::clerk::{Claims, ISSUER, PARTY, SigningKey};
use crate::client::Caller;
use crate::ports::free_port;
use crate::process::Process;
use crate::redis_server::RedisServer;
use crate::state::assert_nothing_left;
use crate::wait::{LONG, eventually};

/// The service key that tests push events with.
pub const SERVICE_KEY: &str = "whk_test_c2VydmljZS1rZXktb2YtdGVzdHM";

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
    /// What both programs were started with.
    pub environment: Vec<(String, String)>,
    /// What workers are started with besides.
    pub worker_environment: Vec<(String, String)>,
}

/// How a system is to be started.
#[derive(Debug)]
pub struct Builder {
    workers: usize,
    overrides: Vec<(String, String)>,
    api_overrides: Vec<(String, String)>,
    worker_overrides: Vec<(String, String)>,
    redis: Vec<String>,
    server: Option<RedisServer>,
}

impl Builder {
    /// This many workers instead of one; they may be 0.
    #[must_use]
    pub const fn workers(mut self, count: usize) -> Self {
        self.workers = count;
        self
    }

    /// A variable of both programs. `API_LISTEN` and `WORKER_LISTEN` are set by the harness.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.overrides.push((name.to_owned(), value.into()));
        self
    }

    /// A variable of the API alone.
    #[must_use]
    pub fn api_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.api_overrides.push((name.to_owned(), value.into()));
        self
    }

    /// A variable of the workers alone.
    #[must_use]
    pub fn worker_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.worker_overrides.push((name.to_owned(), value.into()));
        self
    }

    /// On this Redis server, instead of one of its own.
    #[must_use]
    pub fn on(mut self, server: RedisServer) -> Self {
        self.server = Some(server);
        self
    }

    /// Arguments of the Redis server.
    #[must_use]
    pub fn redis(mut self, arguments: &[&str]) -> Self {
        self.redis.extend(arguments.iter().map(|text| (*text).to_owned()));
        self
    }

    /// Starts all, and waits until all are ready.
    pub async fn start(self) -> System {
        let extra: Vec<_> = self.redis.iter().map(String::as_str).collect();
        let redis = self.server.unwrap_or_else(|| RedisServer::start_with(&extra));
        let key = SigningKey::generate("ins_test");
        let mut environment = environment(&redis, &key);
        environment.extend(self.overrides);
        let mut api_environment = environment.clone();
        api_environment.extend(self.api_overrides);
        let mut system = System {
            api: start_api(&api_environment),
            workers: Vec::new(),
            redis,
            key,
            environment,
            worker_environment: self.worker_overrides,
        };
        for _ in 0..self.workers {
            system.add_worker();
        }
        system.wait_ready().await;
        system
    }
}

impl System {
    /// A system with one worker, whose retries come after 100 ms.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// The same, to be changed.
    #[must_use]
    pub const fn builder() -> Builder {
        Builder {
            workers: 1,
            overrides: Vec::new(),
            api_overrides: Vec::new(),
            worker_overrides: Vec::new(),
            redis: Vec::new(),
            server: None,
        }
    }

    /// Starts one more worker; [`Self::wait_ready`] waits for it.
    pub fn add_worker(&mut self) -> &mut Process {
        let mut environment = self.environment.clone();
        environment.extend(self.worker_environment.clone());
        environment.push(("WORKER_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
        self.workers.push(Process::start("webhooks-worker", &environment));
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

    /// Where the API is, without a slash at the end.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api.variable("API_LISTEN").unwrap())
    }

    /// A customer: a user of the organisation that [`Self::account`] names.
    #[must_use]
    pub fn customer(&self) -> Caller {
        self.customer_of(ORGANISATION)
    }

    /// A customer of another organisation; its account is `org:<organisation>`.
    #[must_use]
    pub fn customer_of(&self, organisation: &str) -> Caller {
        self.caller(&Claims::v2("user_2test", Some(organisation)).sign(&self.key))
    }

    /// The account of [`Self::customer`].
    #[must_use]
    pub fn account(&self) -> &'static str {
        "org:org_2test"
    }

    /// The chatbot backend, with its service key.
    #[must_use]
    pub fn backend(&self) -> Caller {
        self.caller(SERVICE_KEY)
    }

    /// Somebody with any token.
    #[must_use]
    pub fn caller(&self, token: &str) -> Caller {
        Caller::new(&self.api_url(), Some(token))
    }

    /// Waits until an endpoint is as `condition` wants it, and gives it back.
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

    /// Asserts that nothing is left to do or in flight, then ends all programs and asserts that they ended well.
    pub async fn finish(mut self) {
        assert_nothing_left(&self.redis).await;
        self.stop();
    }

    /// Ends all programs with SIGTERM and asserts that they ended well.
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

fn start_api(environment: &[(String, String)]) -> Process {
    let mut environment = environment.to_vec();
    environment.push(("API_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
    Process::start("webhooks-api", &environment)
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

fn environment(redis: &RedisServer, key: &SigningKey) -> Vec<(String, String)> {
    [
        ("REDIS_URL", redis.url()),
        // As one line, the other form that the API reads.
        ("CLERK_JWT_KEY", key.public_pem().trim_end().replace('\n', "\\n")),
        ("CLERK_ISSUER", ISSUER.to_owned()),
        ("CLERK_AUTHORIZED_PARTIES", PARTY.to_owned()),
        ("SERVICE_KEYS", service_key_entry(SERVICE_KEY)),
        ("SECRETS_KEY", secrets_key(7)),
        ("ALLOW_HTTP", "true".to_owned()),
        ("ALLOW_NETWORKS", "127.0.0.0/8,::1/128".to_owned()),
        ("RETRY_SCHEDULE", ["100ms"; 9].join(",")),
        // Tests that wait for something ask again and again; those of the limit set one.
        ("RATE_LIMIT_DASHBOARD", "0".to_owned()),
        ("LOG_FORMAT", "text".to_owned()),
        ("NO_COLOR", "1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}
