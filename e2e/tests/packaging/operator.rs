//! The operator's questions, asked with `webhooksctl` as the user `operator`, who only reads.

use e2e::client::{NewEndpoint, Pushed};
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// An account with an endpoint that fails, one at its cap, and one that is paused, and three events for each.
struct Scene {
    system: System,
    receiver: Receiver,
    failing: NewEndpoint,
    full: NewEndpoint,
    paused: NewEndpoint,
    pushed: Pushed,
}

impl Scene {
    async fn start() -> Self {
        let server = RedisServer::start_guarded();
        let system = System::builder()
            .on_guarded(server)
            .env("ENDPOINT_CONCURRENCY", "1")
            .env("DELIVERY_TIMEOUT", "30s")
            .env("RETRY_SCHEDULE", "30m")
            .start()
            .await;
        let (customer, receiver) = (system.customer(), Receiver::start().await);
        receiver.always("/failing", Answer::status(500));
        receiver.always("/full", Answer::status(200).held());
        receiver.close_gate();
        let failing = customer.create_endpoint(&receiver.url("/failing"), &["*"]).await;
        let full = customer.create_endpoint(&receiver.url("/full"), &["*"]).await;
        let paused = customer.create_endpoint(&receiver.url("/paused"), &["*"]).await;
        let pause = json!({"id": paused.id, "state": "paused"});
        let _paused = customer.patch("/api/webhooks-config", &pause).await.expect(200);
        let push = async || {
            let pushed = system.backend();
            pushed.push(system.account(), "session.created", json!({})).await
        };
        let (pushed, _, _) = (push().await, push().await, push().await);
        Self {
            system,
            receiver,
            failing,
            full,
            paused,
            pushed,
        }
    }

    /// What a command prints.
    fn ask(&self, arguments: &[&str]) -> String {
        let url = ("REDIS_URL".to_owned(), self.system.redis.url_as("operator"));
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &[url]));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn stop(mut self) {
        self.receiver.open_gate();
        self.system.stop();
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.ask(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_command_tells_how_much_waits_who_has_most_and_what_became_of_it() {
    let scene = Scene::start().await;
    let status = eventually(LONG, "all to be where it stays", async || {
        let status = scene.json(&["status"]);
        check(
            status["retrying"] == 3 && status["inFlight"] == 1,
            status.to_string(),
        )?;
        Ok(status)
    })
    .await;
    // What its endpoint's cap makes wait is seen, though it is in no lane.
    let expected = json!({"waiting": 2, "held": 0, "inFlight": 1, "retrying": 3, "dueWithinHour": 3, "parked": 3, "quarantined": 0});
    for (name, count) in expected.as_object().unwrap() {
        assert_eq!(status[name], *count, "{name}: {status}");
    }
    assert_eq!(status["endpoints"], json!({"active": 2, "paused": 1}));
    assert_eq!(status["lastHour"]["failedAttempts"], 3, "{status}");
    assert_eq!(status["oldest"]["endpoint"], scene.full.id, "{status}");
    assert!(status["memory"]["event"]["keys"].as_u64() >= Some(3), "{status}");
    assert_eq!(status["servers"][0]["role"], "primary", "{status}");
    let text = scene.ask(&["status"]);
    assert!(
        text.contains("the oldest for") && text.contains("3 due within the hour"),
        "{text}"
    );

    let accounts = scene.json(&["accounts", "--sort", "backlog"]);
    let first = &accounts["accounts"][0];
    assert_eq!(first["id"], scene.system.account(), "{accounts}");
    assert_eq!(
        [&first["waiting"], &first["retrying"], &first["parked"]],
        [2, 3, 3],
        "{first}"
    );
    let first = |sort: &str| {
        let listed = scene.json(&["endpoints", "--sort", sort, "--limit", "1"]);
        assert_eq!(listed["endpoints"].as_array().unwrap().len(), 1, "{listed}");
        listed["endpoints"][0].clone()
    };
    assert_eq!(first("age")["id"], scene.full.id);
    assert_eq!(first("failures")["id"], scene.failing.id);
    assert_eq!(first("failures")["consecutiveFailures"], 3);
    assert!(scene.ask(&["endpoints"]).contains(&scene.paused.id));

    let event = scene.pushed.id.as_str();
    let story = scene.json(&["show", event]);
    assert_eq!([&story["acceptedWith"], &story["unfinished"]], [3, 3], "{story}");
    let delivery_to = |endpoint: &NewEndpoint| {
        let all = story["deliveries"].as_array().unwrap().iter();
        let mut found = all.filter(|delivery| delivery["endpoint"] == endpoint.id.as_str());
        found.next().unwrap_or_else(|| panic!("{story}")).clone()
    };
    let failing = delivery_to(&scene.failing);
    assert_eq!(failing["state"], "retrying");
    assert!(failing["nextAttemptAt"].is_string(), "{failing}");
    assert_eq!(failing["attempts"][0]["status"], 500, "{failing}");
    let full = delivery_to(&scene.full);
    assert_eq!(full["state"], "in_flight");
    assert!(
        full["worker"].is_string() && full["leaseExpiresAt"].is_string(),
        "{full}"
    );
    assert_eq!(delivery_to(&scene.paused)["state"], "parked");
    let delivery = failing["id"].as_str().unwrap();
    assert_eq!(scene.json(&["show", delivery]), failing);
    let why = scene.ask(&["why", event, &scene.paused.id]);
    assert!(
        why.contains("is parked, since") && why.contains("is paused"),
        "{why}"
    );
    let endpoint = scene.json(&["show", &scene.failing.id]);
    assert_eq!(
        [&endpoint["retrying"], &endpoint["log"][0]["status"]],
        [&json!(3), &json!("500")],
        "{endpoint}"
    );
    let account = scene.json(&["show", scene.system.account()]);
    assert_eq!(account["endpointList"].as_array().unwrap().len(), 3, "{account}");

    // What has ended without a failure has no record, only an entry in the log.
    scene.receiver.open_gate();
    let why = eventually(LONG, "the event to arrive", async || {
        let why = scene.ask(&["why", event, &scene.full.id]);
        check(why.contains("was delivered to"), why.clone())?;
        Ok(why)
    })
    .await;
    assert!(why.contains("by attempt 1: 200"), "{why}");

    let elsewhere = "org:elsewhere";
    let lost = scene
        .system
        .backend()
        .push(elsewhere, "session.created", json!({}))
        .await;
    let why = scene.ask(&["why", &lost.id, "--account", elsewhere]);
    assert!(why.contains("org:elsewhere had no endpoint"), "{why}");
    scene.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_wrong_and_what_to_do() {
    let server = RedisServer::start_guarded();
    let mut system = System::builder().on_guarded(server).start().await;
    let right = system.api.variable("SECRETS_KEY").unwrap().to_owned();
    let diagnose = |user: &str, secrets_key: &str| {
        let environment = [
            ("REDIS_URL".to_owned(), system.redis.url_as(user)),
            ("SECRETS_KEY".to_owned(), secrets_key.to_owned()),
        ];
        let output =
            tokio::task::block_in_place(|| Process::run("webhooksctl", &["doctor", "--json"], &environment));
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let first = printed.lines().next().unwrap();
        let found: Value = serde_json::from_str(first).unwrap_or_else(|error| panic!("{error}: {printed}"));
        let found = found["findings"].as_array().unwrap().clone();
        let is_well = found.iter().all(|finding| finding["isWrong"] == false);
        assert_eq!(output.status.success(), is_well, "{printed}");
        found
    };
    let has = |found: &[Value], code: &str| found.iter().any(|finding| finding["code"] == code);
    // A worker announces itself a moment after it is ready.
    let found = eventually(LONG, "all programs to be seen", async || {
        let found = diagnose("operator", &right);
        check(
            !has(&found, "no_policy") && !has(&found, "no_program"),
            format!("{found:?}"),
        )?;
        Ok(found)
    })
    .await;
    for code in [
        "server",
        "answers",
        "store",
        "secrets_key",
        "programs",
        "config_unreadable",
    ] {
        assert!(has(&found, code), "{code}: {found:?}");
    }
    for user in ["worker", "operator-write"] {
        assert!(!has(&diagnose(user, &right), "config_unreadable"), "{user}");
    }
    let found = diagnose("operator", &e2e::system::secrets_key(99));
    assert!(has(&found, "wrong_secrets_key"), "{found:?}");
    system.stop();
}
