//! `webhooksctl status` says at once whether anything is lost, how fast things go, and when all was last checked; as the user `operator`.

use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// A system on a server with the access list.
struct Scene {
    system: System,
    receiver: Receiver,
}

impl Scene {
    async fn start() -> Self {
        let server = RedisServer::start_guarded();
        let system = System::builder().on_guarded(server).start().await;
        let receiver = Receiver::start().await;
        Self { system, receiver }
    }

    fn ask(&self, user: &str, arguments: &[&str]) -> String {
        let url = ("REDIS_URL".to_owned(), self.system.redis.url_as(user));
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &[url]));
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    fn text(&self) -> String {
        self.ask("operator", &["status"])
    }

    fn json(&self) -> Value {
        let printed = self.ask("operator", &["status", "--json"]);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }

    /// Two endpoints, one of which is paused, and three events that have arrived at the other one. Returns the one that is paused.
    async fn deliver_three(&self) -> String {
        let customer = self.system.customer();
        let paused = customer
            .create_endpoint(&self.receiver.url("/paused"), &["*"])
            .await;
        customer
            .create_endpoint(&self.receiver.url("/well"), &["*"])
            .await;
        let pause = json!({"id": paused.id, "state": "paused"});
        let _paused = customer.patch("/api/webhooks-config", &pause).await.expect(200);
        for _ in 0..3 {
            self.push().await;
        }
        let even =
            json!({"isEven": true, "missing": 0, "made": 6, "delivered": 3, "unfinished": 3, "exhausted": 0});
        let seen = eventually(LONG, "all to add up", async || {
            let seen = self.json();
            let balance = &seen["balance"];
            let mut same = even.as_object().unwrap().iter();
            check(
                same.all(|(name, value)| balance[name] == *value),
                seen.to_string(),
            )?;
            Ok(seen)
        })
        .await;
        assert_eq!(seen["balance"]["movedMeanwhile"], 0, "{seen}");
        paused.id
    }

    async fn push(&self) {
        let backend = self.system.backend();
        backend
            .push(self.system.account(), "session.created", json!({}))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_store_shows_zeros() {
    let mut scene = Scene::start().await;
    let empty = scene.json();
    for name in [
        "eventsPerSecond",
        "madePerSecond",
        "deliveredPerSecond",
        "endedPerSecond",
    ] {
        assert_eq!(empty["rates"][name], 0.0, "{empty}");
    }
    assert_eq!(empty["drainedInSeconds"], 0.0, "{empty}");
    assert_eq!(
        [&empty["balance"]["isEven"], &empty["balance"]["made"]],
        [&json!(true), &json!(0)]
    );
    assert_eq!(
        [&empty["checks"], &empty["memoryOutlook"]["leftSeconds"]],
        [&Value::Null, &Value::Null]
    );
    let text = scene.text();
    for line in [
        "pace: 0.0 events with 0.0 deliveries accepted per second, 0.0 delivered",
        "backlog: none",
        "lost: nothing (0 made = 0 delivered + 0 given up + 0 discarded + 0 unfinished); no check is known",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_tells_whether_anything_is_lost_and_when_that_was_checked() {
    let mut scene = Scene::start().await;
    let paused = scene.deliver_three().await;
    let said = scene.ask("operator", &["check"]);
    assert!(said.contains("no violation"), "{said}");
    assert!(scene.json()["checks"].is_null());
    let said = scene.ask("worker", &["check", "--keep"]);
    assert!(said.contains("no violation"), "{said}");
    let checks = scene.json()["checks"].clone();
    assert_eq!(
        [&checks[0]["violations"], &checks[0]["unfinished"]],
        [0, 3],
        "{checks}"
    );
    assert!(scene.text().contains("ago found nothing wrong"));

    // Somebody takes a delivery away.
    let take = format!("LPOP wh:{{0}}:pending:{paused}");
    scene.system.redis.raw(&take).unwrap();
    let balance = scene.json()["balance"].clone();
    assert_eq!(
        [&balance["isEven"], &balance["missing"]],
        [&json!(false), &json!(1)],
        "{balance}"
    );
    let text = scene.text();
    assert!(
        text.contains("lost: 1 deliveries MISSING: run `webhooksctl check` (6 made"),
        "{text}"
    );
    scene.ask("worker", &["check", "--keep"]);
    let text = scene.text();
    assert!(
        text.contains(" ago found ") && text.contains(" VIOLATIONS"),
        "{text}"
    );
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_things_go_on_it_tells_how_fast() {
    let mut scene = Scene::start().await;
    scene.deliver_three().await;
    let push = async || {
        loop {
            scene.push().await;
        }
    };
    let seen = async {
        eventually(LONG, "the pace to be seen", async || {
            let asked = [("REDIS_URL".to_owned(), scene.system.redis.url_as("operator"))];
            let ask = move || Process::run("webhooksctl", &["status", "--json"], &asked);
            let output = tokio::task::spawn_blocking(ask).await.unwrap();
            let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
            let is_seen = |name: &str| seen["rates"][name].as_f64().unwrap() > 0.0;
            check(
                is_seen("eventsPerSecond") && is_seen("deliveredPerSecond"),
                seen.to_string(),
            )?;
            Ok(seen)
        })
        .await
    };
    let seen = tokio::select! {
        () = push() => unreachable!("it goes on for ever"),
        seen = seen => seen,
    };
    let rate = |name: &str| seen["rates"][name].as_f64().unwrap();
    // Both are counted in one step, and there are two endpoints.
    let made = rate("madePerSecond") - 2.0 * rate("eventsPerSecond");
    assert!(made.abs() < 0.001, "{seen}");
    assert_eq!(seen["balance"]["isEven"], true, "{seen}");
    scene.system.stop();
}
