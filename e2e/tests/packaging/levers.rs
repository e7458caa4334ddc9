//! The operator's levers, as the user `operator-write`, on a system that has something to mend: each says first what it would do, asks before
//! it does much, and is in the audit afterwards.
//!
//! Proves (guarantees): what an operator changes is noted in the same step

use e2e::client::NewEndpoint;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// A system with an access list, in which what fails waits half an hour, and disables nobody.
pub(super) fn patient() -> Builder {
    System::builder()
        .on_guarded(RedisServer::start_guarded())
        .env("RETRY_SCHEDULE", "30m")
        .env("DISABLE_AFTER", "1000000")
}

struct Scene {
    system: System,
    receiver: Receiver,
    failing: NewEndpoint,
}

impl Scene {
    /// A system with an endpoint whose receiver answers 500, and this many events that wait for a retry in half an hour.
    async fn with_retries(count: u64) -> Self {
        let system = patient().start().await;
        let receiver = Receiver::start().await;
        receiver.always("/hook", Answer::status(500));
        let failing = system
            .customer()
            .create_endpoint(&receiver.url("/hook"), &["*"])
            .await;
        let scene = Self {
            system,
            receiver,
            failing,
        };
        scene.push(count).await;
        scene.wait_for("retrying", count).await;
        scene
    }

    async fn push(&self, count: u64) {
        let account = self.system.account();
        let event = json!({"accountId": account, "event": "session.created", "chatbotId": "bot", "data": {}});
        for _ in 0..count.div_ceil(100) {
            let batch = vec![event.clone(); usize::try_from(count.min(100)).unwrap()];
            self.system.backend().push_batch(&batch).await;
        }
    }

    /// Waits until the endpoint has so many that wait like this.
    async fn wait_for(&self, how: &str, count: u64) {
        let id = self.failing.id.as_str();
        eventually(LONG, "deliveries to be where they belong", async || {
            let shown = self.json(&["show", id]);
            check(shown[how] == count, shown.to_string())
        })
        .await;
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let environment = [
            ("REDIS_URL".to_owned(), self.system.redis.url_as("operator-write")),
            ("USER".to_owned(), "ann".to_owned()),
            ("SUDO_USER".to_owned(), String::new()),
        ];
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(printed).unwrap())
    }

    #[track_caller]
    fn done(&self, arguments: &[&str]) -> String {
        let (good, text) = self.run(arguments);
        assert!(good, "{arguments:?}: {text}");
        text
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.done(&[arguments, &["--json"]].concat());
        // Behind the document may stand how far it was.
        let document = printed
            .lines()
            .find(|line| line.starts_with('{'))
            .unwrap_or_default();
        serde_json::from_str(document).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Each note: who, what, to what, what came of it.
    fn audit(&self, more: &[&str]) -> Vec<Value> {
        let noted = self.json(&[&["audit"], more].concat());
        noted["entries"].as_array().unwrap().clone()
    }

    /// Nobody was refused anything, and what is stored agrees with itself.
    fn finish(self) {
        let refused: Vec<redis::Value> = redis::cmd("ACL")
            .arg("LOG")
            .query(&mut connect(&self.system.redis))
            .unwrap();
        assert!(refused.is_empty(), "Redis refused {refused:?}");
        self.done(&["check"]);
        let Self { mut system, .. } = self;
        system.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_discarded_after_a_look_and_sent_again_by_a_replay() {
    let scene = Scene::with_retries(200).await;
    let (id, account) = (scene.failing.id.as_str(), scene.system.account());
    let would = scene.json(&["discard", id, "--dry-run"]);
    assert_eq!(
        [&would["deliveries"], &would["dryRun"]],
        [&json!(200), &json!(true)],
        "{would}"
    );
    let (good, text) = scene.run(&["discard", id]);
    assert!(
        !good && text.contains("cancel about 200 deliveries") && text.contains("--yes"),
        "{text}"
    );
    scene.wait_for("retrying", 200).await;

    let done = scene.json(&["discard", account, "--yes", "--why", "the customer asked for it"]);
    assert_eq!([&done["deliveries"], &done["endpoints"]], [200, 1], "{done}");
    scene.wait_for("retrying", 0).await;
    let newest = &scene.audit(&[])[0];
    assert_eq!(newest["why"], "the customer asked for it");
    assert_eq!(newest["account"], account, "{newest}");

    // They are canceled, so a replay of what was undelivered finds them once upkeep has.
    scene.receiver.always("/hook", Answer::status(200));
    let since = hour_before(newest);
    let replay = ["replay", account, "--since", &since];
    eventually(LONG, "all to be canceled", async || {
        let would = scene.json(&[&replay[..], &["--dry-run"]].concat());
        check(would["deliveries"] == 200, would.to_string())
    })
    .await;
    let before = scene.receiver.received().len();
    let (good, text) = scene.run(&replay);
    assert!(!good && text.contains("send 200 deliveries"), "{text}");
    let done = scene.json(&[&replay[..], &["--yes", "--wait", "--by", "bob"]].concat());
    assert_eq!(done["deliveries"], 200, "{done}");
    scene.receiver.wait_for_at("/hook", before + 200).await;
    let newest = &scene.audit(&["--account", account])[0];
    assert_eq!([&newest["by"], &newest["action"]], ["bob", "replay"], "{newest}");
    assert!(scene.audit(&["--account", "org:elsewhere"]).is_empty());
    scene.finish();
}

/// An hour before a note.
pub(crate) fn hour_before(note: &Value) -> String {
    let at: domain::clock::Timestamp = note["at"].as_str().unwrap().parse().unwrap();
    let before = i64::try_from(at.as_millis()).unwrap() - 3_600_000;
    domain::clock::Timestamp::from_millis(before).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_released_and_single_deliveries_are_canceled() {
    let scene = Scene::with_retries(3).await;
    let (id, account) = (scene.failing.id.as_str(), scene.system.account());
    let event = scene
        .system
        .backend()
        .push(account, "lead.captured", json!({}))
        .await
        .id;
    scene.wait_for("retrying", 4).await;
    let story = scene.json(&["show", &event]);
    let delivery = story["deliveries"][0]["id"].as_str().unwrap();
    let would = scene.done(&["cancel", delivery, "--dry-run"]);
    assert!(would.contains("would be canceled"), "{would}");
    scene.done(&["cancel", delivery]);
    let (good, text) = scene.run(&["cancel", delivery]);
    assert!(!good && text.contains("it has ended"), "{text}");
    let again = scene.json(&["cancel", &event]);
    assert_eq!(again["deliveries"], 0, "{again}");
    let (good, text) = scene.run(&["cancel", id]);
    assert!(!good && text.contains("webhooksctl discard"), "{text}");

    scene.receiver.always("/hook", Answer::status(200));
    let before = scene.receiver.received().len();
    let would = scene.json(&["release", id, "--dry-run"]);
    assert_eq!(would["deliveries"], 3, "{would}");
    let done = scene.json(&["release", account]);
    assert_eq!(done["deliveries"], 3, "{done}");
    scene.receiver.wait_for_at("/hook", before + 3).await;
    scene.wait_for("retrying", 0).await;

    scene.done(&["pause", id, "--reason", "too loud"]);
    let stays = scene.json(&["release", id]);
    let why = stays["endpoints"][0]["stays"].as_str().unwrap();
    assert!(why.contains("webhooksctl resume"), "{why}");
    scene.done(&["resume", id, "--why", "they are quiet now"]);

    // One that was canceled is sent again by its id.
    let sent = scene.json(&["replay", delivery]);
    let made = sent["deliveries"][0]["replay"].as_str().unwrap();
    assert!(made.starts_with(delivery), "{sent}");
    scene.receiver.wait_for_at("/hook", before + 4).await;
    scene.done(&["events", "erase", account, &event]);

    let noted: Vec<String> = scene
        .audit(&[])
        .iter()
        .map(|note| {
            assert!(note["by"].as_str().unwrap().starts_with("ann@"), "{note}");
            let word = |name: &str| note[name].as_str().unwrap().to_owned();
            format!(
                "{} {}: {} ({})",
                word("action"),
                word("target"),
                word("result"),
                word("why")
            )
        })
        .collect();
    let expected = [
        format!("erase {event}: erased ()"),
        format!("erase {event}: begins ()"),
        format!("replay {delivery}: {made} ()"),
        format!("resume {id}: done (they are quiet now)"),
        format!("pause {id}: done (too loud)"),
        format!("release {id}: 3 deliveries ()"),
        format!("cancel {delivery}: 1 deliveries ()"),
    ];
    assert_eq!(noted, expected);
    let table = scene.done(&["audit", "--limit", "1"]);
    assert!(table.lines().count() == 2 && table.contains("erase"), "{table}");
    scene.finish();
}
