//! A system with endpoints at real servers, and what becomes of the deliveries.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use e2e::client::Pushed;
use e2e::distance::Distance;
use e2e::state;
use e2e::system::{Builder, System};
use e2e::wait::{check, eventually};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::real::Server;

/// What no one is to blame for, but is allowed to happen to one endpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Allowed {
    /// Attempts that got no answer in time.
    pub(super) timeouts: usize,
    /// Attempts whose connection failed or broke.
    pub(super) broken: usize,
    /// Requests that brought what had arrived before.
    pub(super) duplicates: usize,
}

/// One endpoint of the scene.
#[derive(Debug)]
pub(super) struct Watched {
    name: String,
    id: String,
}

/// A system whose retries come after a second, as long as a test may wait for one. What disables an endpoint is the default.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) system: System,
    endpoints: Vec<Watched>,
}

/// What happened to the deliveries of one endpoint.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// How many succeeded.
    pub(super) succeeded: usize,
    /// How many attempts the receiver asked to wait for.
    pub(super) held: usize,
    /// How many attempts got no answer in time.
    pub(super) timeouts: usize,
    /// How many connections failed or broke.
    pub(super) broken: usize,
    /// Everything else that went wrong, in words.
    pub(super) others: Vec<String>,
    /// Whether it was ever disabled.
    pub(super) disabled: bool,
}

impl Scene {
    pub(super) async fn start() -> Self {
        Self::with(|builder| builder).await
    }

    /// Starts a scene with a system that is changed before.
    pub(super) async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = System::builder()
            .env("RETRY_SCHEDULE", "1s,1s,1s,2s,4s,8s,8s,8s,8s")
            .env("DISABLE_MIN_SPAN", "10s")
            .env("LOG_LENGTH", "100000");
        Self {
            system: change(builder).start().await,
            endpoints: Vec::new(),
        }
    }

    /// Adds an endpoint that gets every event: a path of a server, or of what stands before it.
    pub(super) async fn add(&mut self, name: &str, address: SocketAddr, path: &str) {
        self.add_url(name, &format!("http://{address}{path}")).await;
    }

    /// Adds an endpoint by its URL.
    pub(super) async fn add_url(&mut self, name: &str, url: &str) {
        self.add_url_for(name, url, "*").await;
    }

    /// Adds an endpoint that gets one type of event.
    pub(super) async fn add_url_for(&mut self, name: &str, url: &str, event: &str) {
        let id = self.system.customer().create_endpoint(url, &[event]).await.id;
        self.endpoints.push(Watched {
            name: name.to_owned(),
            id,
        });
    }

    /// Adds an endpoint at a server that gets one type of event (`*`: all), behind a distance if that isn't zero. Keep the distance.
    pub(super) async fn add_behind(
        &mut self,
        server: &Server,
        name: &str,
        event: &str,
        each_way: Duration,
    ) -> Option<Distance> {
        let distance = if each_way.is_zero() {
            None
        } else {
            Some(Distance::start(server.address(), each_way).await)
        };
        let address = distance.as_ref().map_or(server.address(), Distance::address);
        self.add_url_for(name, &format!("http://{address}/hook"), event)
            .await;
        distance
    }

    /// Pushes this many events in one batch.
    pub(super) async fn push(&self, count: usize) -> Vec<Pushed> {
        let event = |number| {
            json!({
                "accountId": self.system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {"number": number},
            })
        };
        let events: Vec<_> = (0..count).map(event).collect();
        self.system.backend().push_batch(&events).await
    }

    /// Pushes this many events of a type, each at its time, however late those before it were accepted.
    pub(super) async fn push_steadily(&self, event: &str, every: Duration, count: usize) {
        let (mut times, mut pushes) = (interval(every), JoinSet::new());
        for number in 0..count {
            times.tick().await;
            let (backend, account) = (self.system.backend(), self.system.account());
            let event = event.to_owned();
            pushes.spawn(async move { backend.push(account, &event, json!({"number": number})).await });
        }
        pushes.join_all().await;
    }

    /// What its log says about each endpoint.
    pub(super) fn told(&self) -> Vec<Told> {
        let connection = &mut state::connect(&self.system.redis);
        self.endpoints
            .iter()
            .map(|endpoint| told(connection, &endpoint.id))
            .collect()
    }

    /// Waits until each endpoint has got `each` deliveries, and asserts that nobody was blamed.
    pub(super) async fn hold(&self, each: usize, within: Duration, allowed: Allowed) {
        self.hold_counts(&vec![each; self.endpoints.len()], within, allowed)
            .await;
    }

    /// Waits until each endpoint has got as many deliveries as stand in its place, and asserts that nobody was blamed.
    pub(super) async fn hold_counts(&self, counts: &[usize], within: Duration, allowed: Allowed) {
        eventually(within, "all deliveries", async || {
            let told = self.told();
            assert!(told.iter().all(|told| !told.disabled), "{}", self.describe(&told));
            let all = told
                .iter()
                .zip(counts)
                .all(|(told, count)| told.succeeded >= *count);
            check(all, self.describe(&told))
        })
        .await;
        let told = self.told();
        let is_fine = |(told, count): (&Told, &usize)| {
            told.succeeded == *count
                && told.timeouts <= allowed.timeouts
                && told.broken <= allowed.broken
                && told.others.is_empty()
                && !told.disabled
        };
        assert!(
            told.iter().zip(counts).all(is_fine),
            "{allowed:?}: {}",
            self.describe(&told)
        );
        for endpoint in &self.endpoints {
            let stored = self.system.customer().endpoint(&endpoint.id).await;
            assert_eq!(
                (&stored["active"], &stored["consecutiveFailures"]),
                (&json!(true), &json!(0)),
                "{stored}"
            );
        }
    }

    fn describe(&self, told: &[Told]) -> String {
        let lines = self.endpoints.iter().zip(told);
        lines
            .map(|(endpoint, told)| format!("\n{}: {told:?}", endpoint.name))
            .collect()
    }
}

fn told(connection: &mut redis::Connection, id: &str) -> Told {
    let entries: Vec<(String, HashMap<String, String>)> = redis::cmd("XRANGE")
        .arg(state::key(&format!("log:{id}")))
        .arg("-")
        .arg("+")
        .query(connection)
        .unwrap();
    let mut told = Told::default();
    for (_, mut entry) in entries {
        store::log::unpack(&mut entry);
        let field = |name: &str| entry.get(name).map_or("", String::as_str);
        match (field("outcome"), field("error")) {
            ("succeeded", _) => told.succeeded += 1,
            ("held", _) => told.held += 1,
            ("retrying" | "exhausted", "timeout") => told.timeouts += 1,
            ("retrying" | "exhausted", "connect" | "protocol") => told.broken += 1,
            ("", _) => told.disabled |= field("state") == "disabled",
            (outcome, error) => told.others.push(format!("{outcome} {error} {}", field("detail"))),
        }
    }
    told
}

/// Asserts that `count` deliveries arrived, and how many more requests came than that.
pub(super) fn hold_arrivals(server: &Server, count: usize, allowed: Allowed) {
    let arrivals = server.arrivals();
    let distinct: HashSet<_> = arrivals.iter().collect();
    assert_eq!(distinct.len(), count, "{}: deliveries that arrived", server.name);
    let duplicates = arrivals.len() - distinct.len();
    assert!(
        duplicates <= allowed.duplicates,
        "{}: {duplicates} duplicates among {} requests",
        server.name,
        arrivals.len()
    );
}
