//! Restarts and kills a Redis with the shipped access list, and lets it rewrite its file: the oldest server here, every other
//! one in `long`.
//!
//! Proves (guarantees): Redis, guarded by the shipped access list, is restarted, killed, or rewrites its file
//! Proves (guarantees): the server's user `default` may not replay the file
//! Proves (security): Nobody logs in as `default`, which is off and has no password

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use e2e::client::Pushed;
use e2e::load::Loaded;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::Answer;
use e2e::redis_server::{Program, RedisServer, oldest_program, shipped_users};
use e2e::state::connect;
use e2e::wait::{LONG, check, eventually};
use redis::{Commands, Connection};
use serde_json::{Value, json};

use crate::scene::{Scene, blocking, builder, store};

/// What `default` may do, as shipped.
const SHIPPED: &str = "user default off resetpass ~* resetchannels +@all\n";

/// What the previous list allowed it.
const OLD: &str = "user default off resetpass resetkeys resetchannels -@all\n";

/// The shipped access list with other rights of `default`.
fn users_with(default: &str) -> String {
    let shipped = shipped_users();
    assert!(shipped.contains(SHIPPED));
    shipped.replace(SHIPPED, default)
}

/// The whole system on a guarded server, each program as its own user, with what has to survive: endpoints, one of them
/// switched off by failures, delivered events, and a parked one.
struct Guarded {
    scene: Scene,
    failing: String,
    accepted: Vec<Pushed>,
}

impl Guarded {
    async fn start(program: &Program) -> Self {
        let server = RedisServer::start_guarded_on(program);
        let builder = builder().on_guarded(server).worker_env("DISABLE_AFTER", "2");
        let scene = Scene::start(builder).await;
        scene.receiver.always("/fails", Answer::status(500));
        let url = scene.receiver.url("/fails");
        let failing = scene
            .system
            .customer()
            .create_endpoint(&url, &["lead.captured"])
            .await;
        let mut guarded = Self {
            scene,
            failing: failing.id,
            accepted: Vec::new(),
        };
        guarded.push("lead.captured", 3).await;
        guarded.push("message.sent", 2).await;
        guarded
            .scene
            .system
            .wait_for_endpoint(&guarded.failing, "it to be disabled", |endpoint| {
                endpoint["active"] == false
            })
            .await;
        guarded
    }

    /// Pushes an event, and waits until both good endpoints got it.
    async fn push(&mut self, event: &str, deliveries: u64) {
        let (backend, account) = (self.scene.system.backend(), self.scene.system.account());
        let pushed = backend.push(account, event, json!({})).await;
        assert_eq!(pushed.deliveries, deliveries);
        self.accepted.push(pushed);
        for path in ["/one", "/two"] {
            self.scene.receiver.wait_for_at(path, self.accepted.len()).await;
        }
    }

    async fn endpoints(&self) -> Value {
        let customer = self.scene.system.customer();
        customer.get("/api/webhooks-config").await.expect(200).body
    }

    /// Waits until the last reports are in and upkeep has put in order what was parked, and gives back all that is kept.
    async fn at_rest(&self) -> Kept {
        let redis = &self.scene.system.redis;
        eventually(LONG, "nothing to be under way", async || {
            let connection = &mut connect(redis);
            let busy: usize = connection
                .exists(&["ready", "leases", "sweeps", "timers"].map(e2e::state::key))
                .unwrap();
            let now = Timestamp::now().as_millis();
            let parked: usize = connection.zcount(e2e::state::key("parked"), "-inf", now).unwrap();
            check(
                busy + parked == 0,
                format!("{busy} keys of what is under way, {parked} endpoints to be looked at"),
            )
        })
        .await;
        Kept::read(redis)
    }

    /// Does something to the server, after which it runs again, and asserts that all is as before.
    async fn holds_through(&mut self, what: &str, act: impl FnOnce(&mut RedisServer)) {
        let (kept, listed) = (self.at_rest().await, self.endpoints().await);
        assert_eq!(listed["endpoints"].as_array().unwrap().len(), 3, "{listed}");
        blocking(|| act(&mut self.scene.system.redis));
        assert_eq!(
            kept.missing_from(&Kept::read(&self.scene.system.redis)),
            "",
            "{what}"
        );
        assert_closed(&self.scene.system.redis);
        self.scene.system.wait_ready().await;
        assert_eq!(self.endpoints().await, listed, "{what}");
        let check = blocking(|| {
            let url = ("REDIS_URL".to_owned(), self.scene.system.redis.url_as("operator"));
            Process::run("webhooksctl", &["check"], &[url])
        });
        let printed = String::from_utf8([check.stdout, check.stderr].concat()).unwrap();
        assert!(check.status.success(), "{what}: {printed}");
        self.push("message.sent", 2).await;
        self.push("lead.captured", 3).await;
    }

    /// Switches the endpoint on again: what was parked arrives, and every event is accounted for.
    async fn ends_well(mut self) {
        self.scene.assert_all_run();
        self.scene.receiver.always("/fails", Answer::status(200));
        self.scene.system.customer().toggle(&self.failing).await;
        let loaded = Loaded {
            accepted: self.accepted,
            ..Loaded::default()
        };
        self.scene.all_delivered(loaded, 0).await;
    }
}

/// Keys with what they hold, without what ends by itself or changes while nothing happens.
struct Kept(BTreeMap<String, String>);

impl Kept {
    fn read(redis: &RedisServer) -> Self {
        let connection: &mut Connection = &mut connect(redis);
        let keys: Vec<String> = connection.keys("*").unwrap();
        let mut kept = BTreeMap::new();
        for key in keys {
            let lasts: i64 = connection.pttl(&key).unwrap();
            // The watch counts in `wh:meta`, upkeep notes its next look, and packing takes off the list what it has looked at.
            let changes = ["stats", "wake", "parked", "packing"]
                .map(e2e::state::key)
                .contains(&key)
                || key == "wh:meta";
            if changes || (0..2 * 3_600_000).contains(&lasts) {
                continue;
            }
            let digest: Vec<String> = redis::cmd("DEBUG")
                .arg("DIGEST-VALUE")
                .arg(&key)
                .query(connection)
                .unwrap();
            kept.insert(key, digest.concat());
        }
        Self(kept)
    }

    /// The keys that the other one lacks, or has with other contents.
    fn missing_from(&self, other: &Self) -> String {
        let missing = self
            .0
            .iter()
            .filter(|(key, digest)| other.0.get(*key) != Some(digest));
        missing.map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// `default` has all rights, and nobody gets in as `default`: not without a password, with an empty one, or with any other.
fn assert_closed(redis: &RedisServer) {
    let client = redis::Client::open(format!("redis://{}", redis.address())).unwrap();
    let connection = &mut client.get_connection().unwrap();
    for (command, refusal) in [
        (vec!["HGET", "wh:meta", "schema"], "NOAUTH"),
        (vec!["AUTH", ""], "WRONGPASS"),
        (vec!["AUTH", "default", ""], "WRONGPASS"),
        (vec!["AUTH", "default", "default"], "WRONGPASS"),
        (vec!["HELLO", "3", "AUTH", "default", ""], "WRONGPASS"),
        (vec!["SET", "wh:meta", "1"], "NOAUTH"),
    ] {
        let answer: redis::RedisResult<redis::Value> =
            redis::cmd(command[0]).arg(&command[1..]).query(connection);
        let error = answer.expect_err("it let us in").to_string();
        assert!(error.contains(refusal), "{command:?}: {error}");
    }
}

/// Rewrites the append-only file, and waits until it is done.
fn rewrite(redis: &RedisServer) {
    let connection = &mut connect(redis);
    let info = |connection: &mut Connection| -> String {
        redis::cmd("INFO").arg("persistence").query(connection).unwrap()
    };
    let () = redis::cmd("BGREWRITEAOF").query(connection).unwrap();
    let end = std::time::Instant::now() + LONG;
    while !info(connection).contains("aof_rewrite_in_progress:0") {
        assert!(std::time::Instant::now() < end, "{}", info(connection));
    }
    assert!(info(connection).contains("aof_last_bgrewrite_status:ok"));
}

/// Restart, kill, and rewrite with a restart: everything is found again, and all goes on.
pub(crate) async fn everything_is_kept_on(program: &Program) {
    let mut guarded = Guarded::start(program).await;
    let name = &program.name;
    guarded
        .holds_through(&format!("{name} restarted"), RedisServer::restart)
        .await;
    guarded
        .holds_through(&format!("{name} killed"), |redis| {
            redis.kill9();
            redis.restart();
        })
        .await;
    guarded
        .holds_through(&format!("{name} rewritten"), |redis| rewrite(redis))
        .await;
    guarded
        .holds_through(&format!("{name} restarted after it was rewritten"), |redis| {
            redis.kill9();
            redis.restart();
        })
        .await;
    guarded.ends_well().await;
}

/// Both programs, each as its user, refuse a server whose `default` may not replay all that our scripts write.
pub(crate) async fn a_server_that_may_not_replay_is_refused_on(program: &Program) {
    let mut guarded = Guarded::start(program).await;
    let system = &mut guarded.scene.system;
    for default in [
        OLD,
        // All commands but one; all commands, but not on all keys of ours.
        "user default off resetpass ~* resetchannels +@all -zadd\n",
        "user default off resetpass ~wh:{0}:* resetchannels +@all\n",
        "user default off resetpass ~other:* resetchannels +@all\n",
    ] {
        system.redis.set_users(users_with(default));
        blocking(|| system.redis.restart());
        for (program, user, listen) in [
            ("webhooks-api", "api", "API_LISTEN"),
            ("webhooks-worker", "worker", "WORKER_LISTEN"),
        ] {
            let mut environment = system.environment.clone();
            environment.push((listen.to_owned(), format!("127.0.0.1:{}", free_port())));
            environment.push(("REDIS_URL".to_owned(), system.redis.url_as(user)));
            let output = blocking(|| Process::run(program, &[], &environment));
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(!output.status.success(), "{program}: {default}{said}");
            let last = said.lines().last().unwrap_or_default();
            for word in [
                "REDIS_URL: ",
                "`default`",
                SHIPPED.trim(),
                "docker/redis/users.acl",
            ] {
                assert!(last.contains(word), "{program}: {default}{said}");
            }
        }
    }
}

/// Under the previous list a restart loses nearly everything. The running programs notice it and wait: nothing is accepted or
/// written. What was written is still in the file, though: the shipped list, loaded before the file is rewritten, brings it back.
pub(crate) async fn what_the_old_list_lost_comes_back_on(program: &Program) {
    let mut guarded = Guarded::start(program).await;
    let (kept, listed) = (guarded.at_rest().await, guarded.endpoints().await);
    let redis = &mut guarded.scene.system.redis;
    redis.set_users(users_with(OLD));
    blocking(|| redis.restart());
    let left = Kept::read(redis).0.len();
    assert!(
        left < kept.0.len() / 2,
        "{}: {left} of {}",
        program.name,
        kept.0.len()
    );
    let system = &guarded.scene.system;
    let (customer, backend, account) = (system.customer(), system.backend(), system.account());
    eventually(LONG, "the loss to be noticed", async || {
        let ready = backend.get("/readyz").await;
        check(ready.status == 503, ready.text)
    })
    .await;
    let event = json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    for refused in [
        customer.get("/api/webhooks-config").await,
        backend.post("/api/events", &event).await,
    ] {
        assert_eq!(
            (refused.status, refused.code()),
            (503, "store_replaced"),
            "{}",
            refused.text
        );
    }

    let redis = &mut guarded.scene.system.redis;
    redis.set_users(shipped_users());
    blocking(|| {
        redis.kill9();
        redis.restart();
    });
    assert_eq!(kept.missing_from(&Kept::read(redis)), "");
    let report = store(redis).check().await.unwrap();
    assert_eq!(report.violations, []);
    guarded.scene.system.wait_ready().await;
    assert_eq!(guarded.endpoints().await, listed);
    guarded.push("message.sent", 2).await;
    guarded.push("lead.captured", 3).await;
    guarded.ends_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_kept_on_the_oldest_server() {
    everything_is_kept_on(&oldest_program()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oldest_server_that_may_not_replay_is_refused() {
    a_server_that_may_not_replay_is_refused_on(&oldest_program()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restart_with_the_old_list_lost_comes_back_with_the_shipped_one() {
    what_the_old_list_lost_comes_back_on(&oldest_program()).await;
}

/// The list of an older release lets nobody ask what `default` may do: the programs say so, and go on.
#[tokio::test(flavor = "multi_thread")]
async fn where_it_can_not_be_asked_the_programs_warn() {
    let mut guarded = Guarded::start(&oldest_program()).await;
    let system = &mut guarded.scene.system;
    system.redis.set_users(shipped_users().replace("+acl|dryrun", ""));
    blocking(|| system.redis.restart());
    blocking(|| system.api.restart());
    blocking(|| system.workers[0].restart());
    system.wait_ready().await;
    let ready = system.backend().get("/readyz").await.expect(200).body;
    let warning = ready["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("ACL DRYRUN") && warning.contains(SHIPPED.trim()),
        "{warning}"
    );
    let log = system.workers[0].log();
    assert!(log.contains("ACL DRYRUN"), "{log}");
    guarded.push("message.sent", 2).await;
    guarded.ends_well().await;
}
