//! A system with a receiver and a load: where most faults of Redis happen.

use std::time::Duration;

use e2e::account::{Account, Balance};
use e2e::client::{NewEndpoint, Pushed};
use e2e::fault_proxy::FaultProxy;
use e2e::load::{Load, Loaded, Shape};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use redis::{FromRedisValue, ToRedisArgs};
use store::Store;
use store::policy::Policy;

/// No answer of the API may take longer than this, whatever Redis does; it is meant to take less than two seconds.
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A system, a receiver that answers 200, and endpoints that lead to it.
pub(crate) struct Scene {
    pub(crate) system: System,
    pub(crate) receiver: Receiver,
    pub(crate) endpoints: Vec<NewEndpoint>,
}

/// A system whose logs keep every attempt, so that the account can compare them with the counters.
pub(crate) fn builder() -> Builder {
    System::builder().env("LOG_LENGTH", "100000")
}

/// A Redis behind a fault proxy.
pub(crate) async fn behind_proxy() -> (RedisServer, FaultProxy) {
    let redis = RedisServer::start();
    let proxy = FaultProxy::start(redis.address()).await;
    (redis, proxy)
}

impl Scene {
    /// Starts the system and the receiver, with two endpoints that get every event.
    pub(crate) async fn start(builder: Builder) -> Self {
        let (system, receiver) = (builder.start().await, Receiver::start().await);
        let customer = system.customer();
        let mut endpoints = Vec::new();
        for path in ["/one", "/two"] {
            endpoints.push(customer.create_endpoint(&receiver.url(path), &["*"]).await);
        }
        Self {
            system,
            receiver,
            endpoints,
        }
    }

    /// Starts a gentle load on the account.
    pub(crate) fn load(&self) -> Load {
        Load::start(&self.system, &Shape::gentle(self.system.account()))
    }

    /// Ends the load, and asserts that every answer of the API came in time, that every program runs, and that every event arrived
    /// once.
    pub(crate) async fn ends_well(mut self, load: Load) {
        let loaded = load.stop().await;
        assert!(
            loaded.slowest < ANSWERS_WITHIN,
            "an answer took {:?}",
            loaded.slowest
        );
        self.assert_all_run();
        self.all_delivered(loaded, 0).await;
    }

    /// Asserts that every event arrived, and stops all programs cleanly.
    pub(crate) async fn all_delivered(self, loaded: Loaded, duplicates: usize) -> Balance {
        let balance = self.all_delivered_but(loaded, duplicates, 0).await;
        assert_eq!(balance.delivered, balance.deliveries);
        balance
    }

    /// Asserts that each of these events arrived once, and stops all programs cleanly.
    pub(crate) async fn every_event_delivered(self, accepted: Vec<Pushed>) -> Balance {
        let loaded = Loaded {
            accepted,
            ..Loaded::default()
        };
        self.all_delivered(loaded, 0).await
    }

    /// Does as [`Self::all_delivered`], and allows this many further events whose acceptance no caller learned of.
    pub(crate) async fn all_delivered_but(
        mut self,
        loaded: Loaded,
        duplicates: usize,
        others: usize,
    ) -> Balance {
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .accepted(loaded.accepted)
            .duplicates_at_most(duplicates)
            .unacknowledged_at_most(others)
            .balance()
            .await;
        assert_eq!((balance.exhausted, balance.parked, balance.canceled), (0, 0, 0));
        self.system.stop();
        balance
    }

    /// Sends one command to Redis itself.
    pub(crate) fn redis<T: FromRedisValue>(&self, words: &[impl ToRedisArgs]) -> T {
        ask(&self.system.redis, words)
    }

    /// Asserts that every program runs.
    pub(crate) fn assert_all_run(&mut self) {
        for process in self.system.workers.iter_mut().chain([&mut self.system.api]) {
            assert!(process.is_running(), "ended:\n{}", process.log());
        }
    }
}

/// Sends one command to Redis itself.
pub(crate) fn ask<T: FromRedisValue>(redis: &RedisServer, words: &[impl ToRedisArgs]) -> T {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    command.query(&mut e2e::state::connect(redis)).unwrap()
}

/// Waits until the API has accepted this many more events.
pub(crate) async fn more_accepted(load: &Load, count: usize) {
    let goal = load.accepted() + count;
    eventually(LONG, "more accepted events", async || {
        check(load.accepted() >= goal, format!("{} of {goal}", load.accepted()))
    })
    .await;
}

/// Waits until the API has refused this many more events.
pub(crate) async fn more_refused(load: &Load, count: usize) {
    let goal = load.refused() + count;
    eventually(LONG, "the fault to be felt", async || {
        check(
            load.refused() >= goal,
            format!("{} of {goal} refused", load.refused()),
        )
    })
    .await;
}

/// Does something that blocks, such as a restart of Redis, while receivers and loads go on.
pub(crate) fn blocking<T>(act: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(act)
}

/// The workers' policy, for tests that work on the queue themselves.
pub(crate) fn policy() -> Policy {
    Policy {
        endpoint_concurrency: 32,
        destination_concurrency: 64,
        disable_after: 10,
        disable_min_span: Duration::ZERO,
        retention_succeeded: Duration::from_secs(86_400),
        retention_failed: Duration::from_secs(14 * 86_400),
        log_length: 100_000,
        max_attempts: 10,
        exhausted_budget: 1 << 30,
        history_budget: 1 << 30,
        operator_events: false,
        delivery_timeout: Duration::from_secs(10),
    }
}

/// The test's own handle on the store.
pub(crate) fn store(redis: &RedisServer) -> Store {
    Store::new(&redis.args()).unwrap()
}

/// Sets Redis's clock forward or back, as the scripts see it.
pub(crate) fn step_clock(redis: &RedisServer, millis: i64) {
    let millis = millis.to_string();
    ask::<i64>(redis, &["HINCRBY", "wh:{0}:stats", "clockOffset", &millis]);
}

/// Lets a minute pass for the scripts, in steps that upkeep doesn't take for an outage: all leases expire, and upkeep takes them
/// back.
pub(crate) async fn expire_leases(redis: &RedisServer) {
    let store = store(redis);
    for _ in 0..12 {
        step_clock(redis, 5000);
        while store.upkeep(&policy()).await.unwrap().more {}
    }
}

/// Asserts that both programs refuse to start with this Redis, and say these words.
pub(crate) fn assert_refused_at_start(scene: &Scene, words: &[&str]) {
    assert_programs_refused(scene, ["webhooks-api", "webhooks-worker"], words);
}

/// The same of programs that may be others than today's: an API and a worker.
pub(crate) fn assert_programs_refused(scene: &Scene, programs: [impl AsRef<str>; 2], words: &[&str]) {
    for (program, variable) in programs.iter().zip(["API_LISTEN", "WORKER_LISTEN"]) {
        let program = program.as_ref();
        let mut environment = scene.system.environment.clone();
        environment.push((variable.to_owned(), format!("127.0.0.1:{}", free_port())));
        let output = blocking(|| Process::run(program, &[], &environment));
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(
            !output.status.success(),
            "{program} ended with {}: {said}",
            output.status
        );
        for word in words {
            assert!(said.contains(word), "{program} does not say {word}: {said}");
        }
    }
}
