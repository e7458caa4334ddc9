//! Starts a system as a test wants it.

use std::path::{Path, PathBuf};

use super::{MANAGE_KEY, SERVICE_KEY, System, secrets_key, service_key_entry};
use crate::clerk::{ISSUER, PARTY, SigningKey};
use crate::client::NewEndpoint;
use crate::ports::free_port;
use crate::process::Process;
use crate::receiver::Receiver;
use crate::redis_server::RedisServer;

/// A system that isn't started yet.
#[derive(Debug)]
pub struct Builder {
    workers: usize,
    overrides: Vec<(String, String)>,
    api_overrides: Vec<(String, String)>,
    worker_overrides: Vec<(String, String)>,
    redis: Vec<String>,
    server: Option<RedisServer>,
    programs: Option<PathBuf>,
}

impl Builder {
    pub(super) const fn new() -> Self {
        Self {
            workers: 1,
            overrides: Vec::new(),
            api_overrides: Vec::new(),
            worker_overrides: Vec::new(),
            redis: Vec::new(),
            server: None,
            programs: None,
        }
    }

    /// Starts this many workers instead of one; 0 is allowed.
    #[must_use]
    pub const fn workers(mut self, count: usize) -> Self {
        self.workers = count;
        self
    }

    /// Sets a variable of both programs. The harness sets `API_LISTEN`, `API_ADMIN_LISTEN` and `WORKER_LISTEN`.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.overrides.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a variable of the API alone.
    #[must_use]
    pub fn api_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.api_overrides.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a variable of the workers alone.
    #[must_use]
    pub fn worker_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.worker_overrides.push((name.to_owned(), value.into()));
        self
    }

    /// Uses this Redis server instead of starting one.
    #[must_use]
    pub fn on(mut self, server: RedisServer) -> Self {
        self.server = Some(server);
        self
    }

    /// Uses this server with an access list, each program as its own user.
    #[must_use]
    pub fn on_guarded(self, server: RedisServer) -> Self {
        let (api, worker) = (server.url_as("api"), server.url_as("worker"));
        self.on(server)
            .api_env("REDIS_URL", api)
            .worker_env("REDIS_URL", worker)
    }

    /// Starts the programs of this directory instead of today's.
    #[must_use]
    pub fn programs(mut self, directory: Option<PathBuf>) -> Self {
        self.programs = directory;
        self
    }

    /// Adds arguments of the Redis server.
    #[must_use]
    pub fn redis(mut self, arguments: &[&str]) -> Self {
        self.redis.extend(arguments.iter().map(|text| (*text).to_owned()));
        self
    }

    /// Starts everything, and waits until all programs are ready.
    pub async fn start(self) -> System {
        let extra: Vec<_> = self.redis.iter().map(String::as_str).collect();
        let redis = self.server.unwrap_or_else(|| RedisServer::start_with(&extra));
        let key = SigningKey::generate("ins_test");
        let mut environment = environment(&redis, &key);
        if self.programs.is_none() {
            // Older programs don't know keys that may call for accounts.
            let keys = [
                service_key_entry(SERVICE_KEY),
                format!("{}:manage", service_key_entry(MANAGE_KEY)),
            ];
            environment.push(("SERVICE_KEYS".to_owned(), keys.join(",")));
        }
        environment.extend(self.overrides);
        let mut api_environment = environment.clone();
        api_environment.extend(self.api_overrides);
        let mut system = System {
            api: start_api(
                &in_directory(self.programs.as_deref(), "webhooks-api"),
                &api_environment,
            ),
            workers: Vec::new(),
            redis,
            key,
            environment,
            worker_environment: self.worker_overrides,
            programs: self.programs,
        };
        for _ in 0..self.workers {
            system.add_worker();
        }
        system.wait_ready().await;
        system
    }

    /// Starts everything and a receiver, and creates an endpoint of [`System::customer`] that gets every event at `/hook`.
    pub async fn start_with_hook(self) -> (System, Receiver, NewEndpoint) {
        let (system, receiver) = (self.start().await, Receiver::start().await);
        let url = receiver.url("/hook");
        let endpoint = system.customer().create_endpoint(&url, &["*"]).await;
        system.end_slow_start(&endpoint.id);
        (system, receiver, endpoint)
    }
}

/// A program of this directory, or today's.
pub(super) fn in_directory(directory: Option<&Path>, name: &str) -> String {
    directory.map_or_else(
        || name.to_owned(),
        |directory| directory.join(name).display().to_string(),
    )
}

fn start_api(program: &str, environment: &[(String, String)]) -> Process {
    let mut environment = environment.to_vec();
    for listen in ["API_LISTEN", "API_ADMIN_LISTEN"] {
        environment.push((listen.to_owned(), format!("127.0.0.1:{}", free_port())));
    }
    Process::start(program, &environment)
}

fn environment(redis: &RedisServer, key: &SigningKey) -> Vec<(String, String)> {
    [
        ("REDIS_URL", redis.url()),
        // As one line: the API also reads that form.
        ("CLERK_JWT_KEY", key.public_pem().trim_end().replace('\n', "\\n")),
        ("CLERK_ISSUER", ISSUER.to_owned()),
        ("CLERK_AUTHORIZED_PARTIES", PARTY.to_owned()),
        ("SERVICE_KEYS", service_key_entry(SERVICE_KEY)),
        ("SECRETS_KEY", secrets_key(7)),
        ("ALLOW_HTTP", "true".to_owned()),
        ("ALLOW_NETWORKS", "127.0.0.0/8,::1/128".to_owned()),
        ("RETRY_SCHEDULE", ["100ms"; 9].join(",")),
        // Tests of the streak's span set it.
        ("DISABLE_MIN_SPAN", "0s".to_owned()),
        // Tests that wait for something ask again and again. The tests of the limit set one.
        ("RATE_LIMIT_DASHBOARD", "0".to_owned()),
        ("LOG_FORMAT", "text".to_owned()),
        ("NO_COLOR", "1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}
