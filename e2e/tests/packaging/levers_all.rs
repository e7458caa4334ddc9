//! The operator's levers for all accounts: each says first how much it would do, wants to be told that it is meant, and can be stopped and run
//! again.

use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::state::connect;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};

struct Scene {
    system: System,
    receiver: Receiver,
    /// The organisations, each with an endpoint.
    endpoints: Vec<(String, String)>,
}

impl Scene {
    /// Two shards, so many accounts with an endpoint that fails, and two events for each.
    async fn with_accounts(count: usize, events: usize) -> Self {
        let system = super::levers::patient().env("SHARDS", "2").start().await;
        let receiver = Receiver::start().await;
        receiver.always("/hook", Answer::status(500));
        let mut endpoints = Vec::new();
        for number in 0..count {
            let organisation = format!("org_{number}");
            let customer = system.customer_of(&organisation);
            let made = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await;
            let account = format!("org:{organisation}");
            for _ in 0..events {
                system
                    .backend()
                    .push(&account, "session.created", json!({}))
                    .await;
            }
            endpoints.push((account, made.id));
        }
        Self {
            system,
            receiver,
            endpoints,
        }
    }

    fn environment(&self) -> Vec<(String, String)> {
        vec![("REDIS_URL".to_owned(), self.system.redis.url_as("operator-write"))]
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output =
            tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &self.environment()));
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--json"]].concat();
        let output =
            tokio::task::block_in_place(|| Process::run("webhooksctl", &arguments, &self.environment()));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        // How far it is stands beside that.
        let said = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
    }

    /// Waits until each endpoint has so many that wait like this.
    async fn wait_for(&self, how: &str, count: u64) {
        for (_, id) in &self.endpoints {
            eventually(LONG, "deliveries to be where they belong", async || {
                let shown = self.json(&["show", id]);
                check(shown[how] == count, shown.to_string())
            })
            .await;
        }
    }

    /// Nothing happens unless it is said to be meant; the dry run says how much it is.
    #[track_caller]
    fn asks(&self, arguments: &[&str], deliveries: u64) {
        let would = self.json(&[arguments, &["--dry-run"]].concat());
        assert_eq!(
            [&would["deliveries"], &would["accounts"], &would["dryRun"]],
            [&json!(deliveries), &json!(self.endpoints.len()), &json!(true)],
            "{would}"
        );
        let (good, said) = self.run(arguments);
        let accounts = format!("of {} accounts", self.endpoints.len());
        assert!(
            !good && said.contains("--yes") && said.contains(&accounts),
            "{said}"
        );
    }

    fn finish(self) {
        let Self { mut system, .. } = self;
        let (good, said) = tokio::task::block_in_place(|| {
            let url = ("REDIS_URL".to_owned(), system.redis.url_as("operator"));
            let output = Process::run("webhooksctl", &["check"], &[url]);
            let said = [output.stdout, output.stderr].concat();
            (output.status.success(), String::from_utf8(said).unwrap())
        });
        assert!(good, "{said}");
        system.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_paused_resumed_throttled_sent_again_and_discarded() {
    let scene = Scene::with_accounts(3, 2).await;
    scene.wait_for("retrying", 2).await;
    let first = scene.endpoints[0].1.as_str();
    scene.json(&["pause", first, "--reason", "before"]);

    scene.asks(&["pause", "--all"], 6);
    let done = scene.json(&["pause", "--all", "--yes", "--reason", "we move"]);
    assert_eq!([&done["accounts"], &done["endpoints"]], [3, 3], "{done}");
    scene.wait_for("parked", 2).await;
    // The same again finds nothing to do.
    let again = scene.json(&["pause", "--all", "--yes", "--reason", "we move"]);
    assert_eq!(again["accounts"], 0, "{again}");
    let done = scene.json(&["resume", "--all", "--yes", "--reason", "another"]);
    assert_eq!(done["accounts"], 0, "{done}");
    let done = scene.json(&["resume", "--all", "--yes", "--reason", "we move"]);
    assert_eq!([&done["accounts"], &done["endpoints"]], [3, 3], "{done}");
    assert_eq!(
        scene.json(&["show", first])["state"],
        "suspended",
        "its own pause stays"
    );
    let done = scene.json(&["resume", "--all", "--yes", "--endpoints"]);
    assert_eq!(done["endpoints"], 1, "{done}");
    // What was parked goes at once, and these attempts are their last.
    let noted = scene.json(&["audit", "--limit", "1"]);
    let since = super::levers::hour_before(&noted["entries"][0]);
    eventually(LONG, "all to be exhausted", async || {
        let would = scene.json(&["requeue", "--all", "--since", &since, "--dry-run"]);
        check(would["deliveries"] == 6, would.to_string())
    })
    .await;

    // What lets less through stays.
    scene.json(&["pause", first, "--reason", "before"]);
    scene.json(&["throttle", &scene.endpoints[1].1, "--per-second", "5"]);
    scene.asks(&["throttle", "--all", "--per-second", "900"], 0);
    let done = scene.json(&["throttle", "--all", "--per-second", "900", "--yes"]);
    assert_eq!(done["endpoints"], 1, "{done}");
    for ((account, id), wanted) in scene
        .endpoints
        .iter()
        .zip(["pause 0 ", "throttle 5 ", "throttle 900 "])
    {
        let shown = scene.json(&["show", id]);
        let hold = shown["operatorHold"].as_str().unwrap();
        assert!(hold.starts_with(wanted), "{account}: {shown}");
    }
    let (account, _) = &scene.endpoints[0];
    scene.json(&["pause", account, "--reason", "unpaid"]);
    let left = scene.json(&["resume", account, "--reason", "another"]);
    assert_eq!(left["hold"]["reason"], "unpaid", "{left}");
    scene.json(&["resume", account]);
    let done = scene.json(&["resume", "--all", "--yes", "--endpoints"]);
    assert_eq!(done["endpoints"], 3, "{done}");

    scene.asks(&["requeue", "--all", "--since", &since], 6);
    let done = scene.json(&["requeue", "--all", "--since", &since, "--yes", "--wait"]);
    assert_eq!(done["endpoints"].as_array().unwrap().len(), 3, "{done}");
    scene.wait_for("retrying", 2).await;

    scene.receiver.always("/hook", Answer::status(200));
    let before = scene.receiver.received().len();
    scene.asks(&["release", "--all"], 6);
    let done = scene.json(&["release", "--all", "--yes"]);
    assert_eq!(done["deliveries"], 6, "{done}");
    scene.receiver.wait_for_at("/hook", before + 6).await;
    scene.wait_for("retrying", 0).await;

    scene.receiver.always("/hook", Answer::status(500));
    let (account, id) = &scene.endpoints[1];
    let pushed = scene
        .system
        .backend()
        .push(account, "session.created", json!({}))
        .await;
    eventually(LONG, "it to fail", async || {
        let shown = scene.json(&["show", id]);
        check(shown["retrying"] == 1, shown.to_string())
    })
    .await;
    let done = scene.json(&["discard", "--all", "--yes"]);
    assert_eq!([&done["deliveries"], &done["accounts"]], [1, 3], "{done}");
    // It was canceled, so a replay of its event says so, and how to send it.
    let delivery = format!(
        "dlv_{}{}",
        pushed.id.trim_start_matches("evt_"),
        id.trim_start_matches("ep")
    );
    eventually(LONG, "upkeep to cancel it", async || {
        let (_, said) = scene.run(&["replay", &pushed.id, "--account", account]);
        check(
            said.contains("1 delivery was canceled")
                && said.contains(&format!("webhooksctl replay {delivery}"))
                || said.contains("of evt") && said.contains(&delivery),
            said,
        )
    })
    .await;
    let (good, said) = scene.run(&["cancel", "--all"]);
    assert!(!good && said.contains("webhooksctl discard --all"), "{said}");
    scene.finish();
}

/// What comes back to an endpoint is in none of its queues, and counts.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_back_counts() {
    let mut scene = Scene::with_accounts(1, 120).await;
    scene.wait_for("retrying", 120).await;
    let id = scene.endpoints[0].1.clone();
    scene.json(&["pause", &id]);
    // Without workers nothing comes back.
    for worker in &mut scene.system.workers {
        assert!(worker.terminate().success());
    }
    scene.json(&["resume", &id]);
    assert_eq!(scene.json(&["show", &id])["retrying"], 0);
    let would = scene.json(&["discard", &id, "--dry-run"]);
    assert_eq!(would["deliveries"], 120, "{would}");
    let (good, said) = scene.run(&["discard", &id]);
    assert!(!good && said.contains("cancel about 120 deliveries"), "{said}");
    let done = scene.json(&["discard", &id, "--yes"]);
    assert_eq!(done["deliveries"], 120, "{done}");
    scene.system.stop();
}

/// Stopped in between, what is done stays done, and the same command goes on.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_interrupted_says_how_far_it_came_and_goes_on() {
    let scene = Scene::with_accounts(150, 0).await;
    let held = || {
        let mut redis = connect(&scene.system.redis);
        let of_shard = |shard: u16| format!("wh:{{{shard}}}:account:*:hold");
        let found = [0, 1].map(|shard| redis.keys::<_, Vec<String>>(of_shard(shard)).unwrap().len());
        found.iter().sum::<usize>()
    };
    let pause = ["pause", "--all", "--yes", "--reason", "all stop"];
    let mut going = Process::start_with("webhooksctl", &pause, &scene.environment());
    eventually(LONG, "it to begin", async || check(held() > 0, "nothing is held")).await;
    going.ask_to_end();
    assert!(!going.wait().success(), "{}", going.log());
    let said = going.log();
    assert!(
        said.contains("interrupted after") && said.contains("of 150 accounts: what is done stays done"),
        "{said}"
    );
    let first = held();
    assert!(first < 150, "{first}");
    let done = scene.json(&pause);
    assert_eq!(held(), 150, "{done}");
    let accounts = usize::try_from(done["accounts"].as_u64().unwrap()).unwrap();
    assert!(accounts <= 150 - first, "{done}");
    scene.finish();
}
