//! What is measured: our system, or the peer that it is compared with. Both take the same events at the same path.

use std::time::{Duration, Instant};

use e2e::redis_server::RedisServer;
use e2e::state;
use e2e::system::{Builder, SERVICE_KEY, System};
use redis::Commands;
use serde_json::json;
use tokio::task::JoinSet;

use crate::load::Target;
use crate::peer::Peer;

/// The default of `RETRY_SCHEDULE`, which the harness of the tests shortens.
const RETRY_SCHEDULE: &str = "5s,30s,3m,15m,1h,4h,10h,20h,24h";

/// The organisation whose events are pushed where one is enough.
pub(crate) const ORGANISATION: &str = "org_2bench";

/// A running system.
#[derive(Debug)]
pub(crate) enum Subject {
    /// Ours.
    Webhooks(Box<System>),
    /// BullMQ, Fastify and undici.
    Bullmq(Box<Peer>),
}

impl Subject {
    /// Our system with its default configuration, but for what loopback needs and what `change` changes.
    pub(crate) async fn webhooks(change: impl FnOnce(Builder) -> Builder) -> Self {
        // One receiver stands for those of many customers.
        let builder = System::builder()
            .env("RETRY_SCHEDULE", RETRY_SCHEDULE)
            .worker_env("DESTINATION_CONCURRENCY", "4096");
        Self::Webhooks(Box::new(change(builder).start().await))
    }

    /// The peer.
    pub(crate) fn bullmq() -> Self {
        Self::Bullmq(Box::new(Peer::start()))
    }

    /// Our system.
    ///
    /// # Panics
    ///
    /// When it is the peer.
    pub(crate) fn system(&mut self) -> &mut System {
        match self {
            Self::Webhooks(system) => system,
            Self::Bullmq(_) => panic!("only our own system can do that"),
        }
    }

    /// Makes an endpoint that gets all events of its organisation, or those of one chatbot.
    pub(crate) async fn add_endpoint(&self, organisation: &str, url: &str, chatbot: Option<&str>) {
        let endpoint = (url.to_owned(), chatbot.map(str::to_owned));
        self.add_endpoints(organisation, &[endpoint]).await;
    }

    /// Makes endpoints, each with its URL and, where it gets the events of only one, its chatbot.
    pub(crate) async fn add_endpoints(&self, organisation: &str, endpoints: &[(String, Option<String>)]) {
        let wanted = endpoints
            .iter()
            .map(|(url, chatbot)| json!({"url": url, "events": ["*"], "chatbotId": chatbot}));
        match self {
            Self::Webhooks(system) => {
                let customer = system.customer_of(organisation);
                let mut made = wanted.map(|wanted| {
                    let customer = customer.clone();
                    async move { customer.post("/api/webhooks-config", &wanted).await }
                });
                loop {
                    // No more at once than an account may have open.
                    let some: JoinSet<_> = made.by_ref().take(64).collect();
                    if some.is_empty() {
                        break;
                    }
                    for reply in some.join_all().await {
                        drop(reply.expect(201));
                    }
                }
            }
            Self::Bullmq(peer) => {
                for wanted in wanted {
                    peer.add_endpoint(&account(organisation), wanted).await;
                }
            }
        }
    }

    /// Stops the workers where they are (SIGSTOP), so that work gathers.
    pub(crate) fn pause_workers(&mut self) {
        for worker in &self.system().workers {
            worker.stop_signal();
        }
    }

    /// Lets the workers go on.
    pub(crate) fn resume_workers(&mut self) {
        for worker in &self.system().workers {
            worker.cont();
        }
    }

    /// Where events go.
    pub(crate) fn target(&self) -> Target {
        match self {
            Self::Webhooks(system) => Target {
                address: system.api.variable("API_LISTEN").unwrap().parse().unwrap(),
                authorization: format!("Bearer {SERVICE_KEY}"),
            },
            Self::Bullmq(peer) => peer.target(),
        }
    }

    /// Its processes by name.
    pub(crate) fn processes(&self) -> Vec<(String, u32)> {
        match self {
            Self::Webhooks(system) => {
                let workers = system
                    .workers
                    .iter()
                    .map(|worker| ("worker".to_owned(), worker.id()));
                std::iter::once(("api".to_owned(), system.api.id()))
                    .chain(workers)
                    .collect()
            }
            Self::Bullmq(peer) => peer.processes(),
        }
    }

    /// Its Redis.
    pub(crate) fn redis(&self) -> &RedisServer {
        match self {
            Self::Webhooks(system) => &system.redis,
            Self::Bullmq(peer) => &peer.redis,
        }
    }

    /// Waits until what was delivered is also recorded.
    pub(crate) async fn settle(&self) {
        let busy: &[&str] = match self {
            Self::Webhooks(_) => &["wh:{0}:leases"],
            Self::Bullmq(_) => &["bull:deliveries:active", "bull:deliveries:wait"],
        };
        let connection = &mut state::connect(self.redis());
        let deadline = Instant::now() + Duration::from_secs(60);
        while connection.exists::<_, u32>(busy).unwrap() > 0 {
            assert!(
                Instant::now() < deadline,
                "{busy:?} are still there a minute later"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it.
    ///
    /// # Panics
    ///
    /// When a program of ours does not end well, or panicked.
    pub(crate) fn stop(self) {
        if let Self::Webhooks(mut system) = self {
            system.stop();
        }
    }
}

/// The account of an organisation.
pub(crate) fn account(organisation: &str) -> String {
    format!("org:{organisation}")
}
