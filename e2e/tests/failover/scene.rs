//! A system on a primary with a replica, and three sentinels that watch them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use e2e::account::{Account, Balance};
use e2e::client::Pushed;
use e2e::load::{Load, Loaded, Shape};
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::sentinels::{NAME, Sentinels};
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::{Commands as _, FromRedisValue, ToRedisArgs};

/// Within this the API accepts events again, once the sentinels agree on a new primary.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// No answer of the API may take longer than this, whatever Redis does.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// The system's Redis is the primary, as far as the test knows.
pub(crate) struct Group {
    pub(crate) system: System,
    pub(crate) replica: RedisServer,
    pub(crate) sentinels: Sentinels,
    pub(crate) receiver: Receiver,
}

/// A primary, and a replica that is in step.
async fn pair() -> (RedisServer, RedisServer) {
    let server = || RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]);
    let (primary, replica) = (server(), server());
    replica.follow(&primary).await;
    (primary, replica)
}

/// Waits until a server is a replica that is in step.
pub(crate) async fn in_step(replica: &RedisServer) {
    eventually(LONG, "the replica to be in step", async || {
        // The sentinels cut all connections to a server that they make a replica.
        let info = replica
            .raw("INFO replication")
            .map_err(|error| error.to_string())?;
        check(info.contains("master_link_status:up"), info)
    })
    .await;
}

/// Waits until a replica has read all that its primary wrote. One that is in step may still wait for what came after it began.
pub(crate) async fn has_everything(replica: &RedisServer, primary: &RedisServer) {
    eventually(LONG, "the replica to have everything", async || {
        let (written, read) = (
            offset(primary, "master_repl_offset"),
            offset(replica, "slave_repl_offset"),
        );
        check(written == read, format!("{read} of {written}"))
    })
    .await;
}

/// Where a server's replication is.
fn offset(server: &RedisServer, name: &str) -> u64 {
    let info: String = ask(server, &["INFO", "replication"]);
    let line = info.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.strip_prefix(':')?.trim().parse().ok());
    number.unwrap_or_else(|| panic!("no {name} in {info}"))
}

/// Sends one command to a server.
pub(crate) fn ask<T: FromRedisValue>(redis: &RedisServer, words: &[impl ToRedisArgs]) -> T {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    command.query(&mut connect(redis)).unwrap()
}

/// Waits until the API has accepted this many more events.
pub(crate) async fn more_accepted(load: &Load, count: usize) {
    let goal = load.accepted() + count;
    eventually(LONG, "more accepted events", async || {
        check(load.accepted() >= goal, format!("{} of {goal}", load.accepted()))
    })
    .await;
}

/// How many connections of our programs a server has.
pub(crate) fn guests(redis: &RedisServer) -> usize {
    let clients: String = ask(redis, &["CLIENT", "LIST"]);
    clients
        .lines()
        .filter(|client| client.contains("name=webhooks-"))
        .count()
}

impl Group {
    /// Starts two workers and the API, and an endpoint that gets every event.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with further lines of configuration for the sentinels.
    pub(crate) async fn start_with(lines: &[&str]) -> Self {
        let (primary, replica) = pair().await;
        let sentinels = tokio::task::block_in_place(|| Sentinels::start_with(&primary, 1, lines));
        Self::on(primary, replica, sentinels, &[]).await
    }

    /// The same on these servers, with variables of both programs.
    pub(crate) async fn on(
        primary: RedisServer,
        replica: RedisServer,
        sentinels: Sentinels,
        environment: &[(&str, &str)],
    ) -> Self {
        let mut builder = System::builder().env("LOG_LENGTH", "100000").workers(2);
        for (name, value) in environment {
            builder = builder.env(name, *value);
        }
        let builder = builder.on(primary).env("REDIS_URL", sentinels.url());
        let (system, receiver, _) = builder.start_with_hook().await;
        Self {
            system,
            replica,
            sentinels,
            receiver,
        }
    }

    pub(crate) fn load(&self) -> Load {
        Load::start(&self.system, &Shape::gentle(self.system.account()))
    }

    /// Waits until events are refused, as the contract says.
    pub(crate) async fn is_refused(&self) {
        let backend = self.system.backend();
        eventually(LONG, "an event to be refused", async || {
            let event = serde_json::json!({
                "accountId": self.system.account(), "event": "ticket.created", "chatbotId": "bot_1", "data": {},
            });
            let answer = backend.post("/api/events", &event).await;
            let again = answer.headers.get("retry-after").is_some();
            check(
                answer.status == 503 && answer.code() == "store_unavailable" && again,
                format!("{} {}", answer.status, answer.text),
            )
        })
        .await;
    }

    /// Waits until two sentinels name the replica, which is the system's server from then on, and until events are accepted
    /// again. Returns how long that took from their agreement on.
    pub(crate) async fn goes_on(&mut self, load: &Load) -> Duration {
        let port = self.replica.address().port();
        self.sentinels_name(port).await;
        let agreed = Instant::now();
        more_accepted(load, 1).await;
        let took = agreed.elapsed();
        assert!(took < BACK_WITHIN, "events were accepted again after {took:?}");
        std::mem::swap(&mut self.system.redis, &mut self.replica);
        took
    }

    /// Waits until most sentinels name the server at this port.
    pub(crate) async fn sentinels_name(&self, port: u16) {
        eventually(LONG, "the sentinels to agree", async || {
            let named: Vec<_> = (0..3).map(|number| self.sentinels.primary(number)).collect();
            let voices = named.iter().filter(|named| **named == port).count();
            check(voices >= 2, format!("{named:?} and not {port}"))
        })
        .await;
    }

    /// Waits until no connection of ours is left at the replica, and all are at the primary.
    pub(crate) async fn everybody_moved(&self) {
        eventually(LONG, "everybody to be at the new primary", async || {
            let (here, there) = (guests(&self.system.redis), guests(&self.replica));
            // The API has one connection at least, and each worker three.
            check(
                here >= 7 && there == 0,
                format!("{here} are there, {there} are left behind"),
            )
        })
        .await;
    }

    /// Waits until each program has counted this many failovers.
    pub(crate) async fn each_counts(&self, failovers: u64) {
        eventually(LONG, "the failovers to be counted", async || {
            let mut counted = Vec::new();
            for metrics in self.all_metrics().await {
                counted.push(number(&metrics, "store_failovers_total"));
            }
            check(
                counted.iter().all(|count| *count == failovers),
                format!("{counted:?} and not {failovers}"),
            )
        })
        .await;
    }

    /// What the programs together say was lost, in their own unit.
    pub(crate) async fn lost_writes(&self) -> u64 {
        let metrics = self.all_metrics().await;
        metrics
            .iter()
            .map(|text| number(text, "store_failover_lost_writes_total"))
            .sum()
    }

    async fn all_metrics(&self) -> Vec<String> {
        let mut all = vec![self.system.api_metrics().await];
        for worker in &self.system.workers {
            let listen = worker.variable("WORKER_LISTEN").unwrap();
            let caller = e2e::client::Caller::new(&format!("http://{listen}"), None);
            all.push(caller.get("/metrics").await.expect(200).text);
        }
        all
    }

    /// The primary's counter of seconds in which a program wrote.
    pub(crate) fn writes(&self) -> u64 {
        ask(&self.system.redis, &["HGET", "wh:meta", "writes"])
    }

    /// The events that the primary has, and those that it lacks.
    pub(crate) fn sort(&self, accepted: Vec<Pushed>) -> (Vec<Pushed>, Vec<Pushed>) {
        let connection = &mut connect(&self.system.redis);
        accepted
            .into_iter()
            .partition(|event| connection.exists(key(&format!("event:{}", event.id))).unwrap())
    }

    /// Accounts for everything after one failover: all events that the primary has were delivered. Those that are lost may have been
    /// delivered, too, and so may each caller's one that was repeated as another event, since its answer was lost.
    pub(crate) async fn ends(self, loaded: Loaded, lost_at_most: usize, duplicates: usize) -> Balance {
        assert!(loaded.slowest < ANSWERS_WITHIN, "{:?}", loaded.slowest);
        let (kept, lost) = self.sort(loaded.accepted);
        eprintln!("{} events are kept, {} are lost", kept.len(), lost.len());
        assert!(lost.len() <= lost_at_most, "{} are lost: {lost:?}", lost.len());
        self.accounts_for(kept, lost.len() + CALLERS, duplicates).await
    }

    /// Asserts that each of these events was delivered, and that no program has ended, or asked for a hand.
    pub(crate) async fn accounts_for(
        mut self,
        kept: Vec<Pushed>,
        unacknowledged: usize,
        duplicates: usize,
    ) -> Balance {
        for process in self.system.workers.iter_mut().chain([&mut self.system.api]) {
            assert!(process.is_running(), "ended:\n{}", process.log());
            let log = process.log();
            assert!(!log.contains("store accept"), "asks for a hand:\n{log}");
        }
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .accepted(kept)
            .duplicates_at_most(duplicates)
            .unacknowledged_at_most(unacknowledged)
            .balance()
            .await;
        assert_eq!((balance.exhausted, balance.parked, balance.canceled), (0, 0, 0));
        eprintln!("{balance:?}");
        self.system.stop();
        balance
    }

    /// The server that was killed comes back as a replica, once all sentinels know the new primary, and everything is ready for the
    /// next failover: one that comes back at once could be promoted with its old data, if the new primary died then.
    pub(crate) async fn killed_comes_back(&mut self) {
        self.sentinels_are_done().await;
        tokio::task::block_in_place(|| self.replica.restart());
        in_step(&self.replica).await;
        self.everybody_moved().await;
        self.is_watched().await;
    }

    /// Waits until all sentinels name the primary, and have no failover under way.
    async fn sentinels_are_done(&self) {
        let port = self.system.redis.address().port().to_string();
        eventually(LONG, "the sentinels to be done", async || {
            for sentinel in 0..3 {
                let primary: HashMap<String, String> =
                    self.sentinels.ask(sentinel, &["SENTINEL", "MASTER", NAME]);
                check(
                    primary["flags"] == "master" && primary["port"] == port,
                    format!("{primary:?}"),
                )?;
            }
            Ok(())
        })
        .await;
    }

    /// Waits until the sentinels have no failover under way, and know that the replica is well: they can do another one.
    pub(crate) async fn is_watched(&self) {
        let port = self.replica.address().port().to_string();
        eventually(LONG, "the sentinels to be ready", async || {
            for sentinel in 0..3 {
                let primary: HashMap<String, String> =
                    self.sentinels.ask(sentinel, &["SENTINEL", "MASTER", NAME]);
                let replicas: Vec<HashMap<String, String>> =
                    self.sentinels.ask(sentinel, &["SENTINEL", "REPLICAS", NAME]);
                let is_well = |replica: &HashMap<String, String>| {
                    replica["port"] == port
                        && replica["flags"] == "slave"
                        && replica["master-link-status"] == "ok"
                };
                if primary["flags"] != "master" || !replicas.iter().any(is_well) {
                    return Err(format!("{primary:?}, {replicas:?}"));
                }
            }
            Ok(())
        })
        .await;
    }
}

/// Those of the gentle load.
const CALLERS: usize = 4;

/// The value of a metric, whichever program it is of.
fn number(metrics: &str, name: &str) -> u64 {
    let line = metrics
        .lines()
        .find(|line| !line.starts_with('#') && line.contains(name));
    let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {metrics}"))
}
