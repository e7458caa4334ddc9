//! A worker inside the test, on a Redis of its own, with receivers that do as they are told.

use std::time::{Duration, Instant};

use clap::Parser as _;
use domain::address::AddressPolicy;
use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointUrl, NewEndpoint, UrlPolicy};
use domain::event::{EventType, Payload};
use domain::id::{AccountId, EndpointId, EventId};
use domain::sealing::SecretsKeyring;
use domain::signing::SigningSecret;
use e2e::ports::free_port;
use e2e::redis_server::RedisServer;
use store::Store;
use store::events::{AcceptOutcome, Budgets, NewEvent, Push};
use store::rates::EventLimits;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use worker::RunError;
use worker::config::Config;

pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A worker that runs.
pub(crate) struct Running {
    pub(crate) config: Config,
    pub(crate) store: Store,
    shutdown: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), RunError>>,
}

pub(crate) fn account() -> AccountId {
    "org:org_1".parse().unwrap()
}

impl Running {
    /// Starts a worker; `flags` come last, and so win.
    pub(crate) async fn start(redis: &RedisServer, flags: &[&str]) -> Self {
        let (listen, url) = (format!("127.0.0.1:{}", free_port()), redis.url());
        let schedule = ["50ms"; 9].join(",");
        let given = [
            &[
                "webhooks-worker",
                "--secrets-key",
                KEY,
                "--redis-url",
                &url,
                "--worker-listen",
                &listen,
            ][..],
            &[
                "--allow-http",
                "true",
                "--allow-networks",
                "127.0.0.0/8",
                "--retry-schedule",
                &schedule,
            ],
            flags,
        ];
        let mut config = Config::try_parse_from(given.concat()).unwrap();
        config.log.log_format = None;
        let store = Store::new(&config.redis).unwrap();
        let listener = TcpListener::bind(config.worker_listen).await.unwrap();
        let (shutdown, requested) = oneshot::channel();
        let running = worker::run(config.clone(), listener, async move {
            requested.await.unwrap();
        });
        Self {
            config,
            store,
            shutdown: Some(shutdown),
            task: tokio::spawn(running),
        }
    }

    /// An endpoint for all events at `url`, whose secret opens.
    pub(crate) async fn endpoint(&self, url: &str) -> EndpointId {
        endpoint(&self.store, url, &self.config.secrets.secrets_key).await
    }

    pub(crate) async fn get(&self, id: &EndpointId) -> Endpoint {
        self.store.get_endpoint(&account(), id).await.unwrap().unwrap()
    }

    /// Accepts this many events.
    pub(crate) async fn push(&self, count: usize) {
        push(&self.store, count).await;
    }

    /// A page of the worker's own: its status and its text.
    pub(crate) async fn page(&self, path: &str) -> Result<(u16, String), String> {
        let url = format!("http://{}{path}", self.config.worker_listen);
        let answer = reqwest::get(url).await.map_err(|error| error.to_string())?;
        Ok((
            answer.status().as_u16(),
            answer.text().await.map_err(|error| error.to_string())?,
        ))
    }

    pub(crate) async fn wait_ready(&self) {
        e2e::wait::eventually(e2e::wait::LONG, "the worker to be ready", async || {
            match self.page("/readyz").await {
                Ok((200, _)) => Ok(()),
                other => Err(format!("{other:?}")),
            }
        })
        .await;
    }

    /// The value of one series on `/metrics`.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let (_, text) = self.page("/metrics").await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        line.unwrap_or_else(|| panic!("{series} is not in {text}"))
            .trim()
            .parse()
            .unwrap()
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.task.is_finished()
    }

    /// Asks for the stop, waits for it, and tells how long it took.
    pub(crate) async fn stop(mut self) -> Duration {
        let started = Instant::now();
        self.shutdown.take().unwrap().send(()).unwrap();
        self.task.await.unwrap().unwrap();
        started.elapsed()
    }

    /// Waits for an end that nobody asked for.
    pub(crate) async fn end(self) -> Result<(), RunError> {
        self.task.await.unwrap()
    }
}

/// An endpoint for all events at `url`, its secret sealed by `keyring`.
pub(crate) async fn endpoint(store: &Store, url: &str, keyring: &SecretsKeyring) -> EndpointId {
    let urls = UrlPolicy {
        allow_http: true,
        addresses: AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]),
    };
    let id = EndpointId::random();
    let new = NewEndpoint {
        url: EndpointUrl::parse(url, &urls).unwrap(),
        events: vec!["*".parse().unwrap()],
        chatbots: domain::endpoint::Chatbots::default(),
        filters: domain::endpoint::Filters::default(),
        headers: domain::sealing::SealedHeaders::default(),
        description: None,
        rate_limit: None,
        auto_resume: false,
        active: true,
        by: None,
        secret: keyring.seal(&SigningSecret::generate(), &account(), &id),
        account: account(),
        id: id.clone(),
    };
    store.create_endpoint(&new, 1000).await.unwrap();
    id
}

/// Accepts this many events.
pub(crate) async fn push(store: &Store, count: usize) {
    let now = Timestamp::now();
    let event = EventType::LEAD_CAPTURED;
    let events: Vec<_> = (0..count)
        .map(|number| NewEvent {
            id: EventId::new(now.as_millis()),
            account: account(),
            event,
            chatbot_id: "bot".to_owned(),
            payload: Payload::build(event, "bot", now, &format!("{{\"number\":{number}}}"), 1 << 20).unwrap(),
            idempotency: None,
            trace: None,
        })
        .collect();
    let budgets = Budgets {
        account_bytes: 1 << 30,
        parked_bytes: 1 << 28,
    };
    let push = Push {
        events,
        budgets,
        limits: EventLimits::NONE,
    };
    for result in store.accept(push).await {
        assert!(matches!(result.unwrap().outcome, AcceptOutcome::Accepted(_)));
    }
}
