//! `webhooksctl purge` as the user `operator-write`, while the system runs.
//!
//! Proves (guarantees): what an operator purges is what has finished until a moment, and nothing else

use std::time::Duration;

use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};

/// What a command prints, and whether it went well.
fn run(system: &System, arguments: &[&str]) -> (bool, String) {
    let url = ("REDIS_URL".to_owned(), system.redis.url_as("operator-write"));
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &[url]));
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}

#[track_caller]
fn done(system: &System, arguments: &[&str]) -> Value {
    let (good, text) = run(system, &[arguments, &["--json"]].concat());
    assert!(good, "{arguments:?}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_finished_is_let_go_of_and_what_waits_stays() {
    let mut system = System::builder()
        .on_guarded(RedisServer::start_guarded())
        .env("RETRY_SCHEDULE", "30m")
        .env("DISABLE_AFTER", "1000000")
        .start()
        .await;
    let receiver = Receiver::start().await;
    receiver.always("/bad", Answer::status(500));
    let good = system
        .customer()
        .create_endpoint(&receiver.url("/good"), &["session.created"])
        .await;
    system
        .customer()
        .create_endpoint(&receiver.url("/bad"), &["lead.captured"])
        .await;
    let (account, backend) = (system.account(), system.backend());
    let event = |kind: &str| json!({"accountId": account, "event": kind, "chatbotId": "bot", "data": {}});
    let old = backend.push_batch(&vec![event("session.created"); 60]).await;
    backend.push_batch(&vec![event("session.created"); 60]).await;
    let waiting = backend.push_batch(&vec![event("lead.captured"); 5]).await;
    let delivered = async |count: u64| {
        eventually(LONG, "deliveries to be recorded", async || {
            // (What `show` counts is of this hour, which ends.)
            let succeeded: Option<u64> = connect(&system.redis).hget(key("stats"), "succeeded").unwrap();
            let retrying = done(&system, &["show", account])["retrying"].clone();
            check(
                succeeded == Some(count) && retrying == 5,
                format!("{succeeded:?} {retrying}"),
            )
        })
        .await;
    };
    delivered(120).await;
    redis_clock::pass(&system.redis, Duration::from_secs(600)).await;
    let new = backend.push_batch(&vec![event("session.created"); 3]).await;
    delivered(123).await;

    let purge = ["purge", "--finished", "--older-than", "5m", "--account", account];
    let would = done(&system, &[&purge[..], &["--dry-run"]].concat());
    assert_eq!(
        [&would["events"], &would["dryRun"]],
        [&json!(120), &json!(true)],
        "{would}"
    );
    let (good_end, text) = run(&system, &purge);
    assert!(
        !good_end && text.contains("120 finished events") && text.contains("--yes"),
        "{text}"
    );
    let (good_end, text) = run(&system, &["purge", "--older-than", "5m", "--all"]);
    assert!(!good_end && text.contains("--finished"), "{text}");
    let (good_end, text) = run(&system, &["purge", "--finished", "--older-than", "5m"]);
    assert!(!good_end && text.contains("--all"), "{text}");
    let (good_end, text) = run(&system, &["purge", "--finished", "--older-than", "5s", "--all"]);
    assert!(!good_end && text.contains("a minute"), "{text}");

    let all = [
        "purge",
        "--finished",
        "--older-than",
        "5m",
        "--all",
        "--yes",
        "--why",
        "room",
    ];
    let went = done(&system, &all);
    assert_eq!([&went["events"], &went["accounts"]], [120, 1], "{went}");
    assert_eq!(done(&system, &all)["events"], 0);
    let payload = async |event: &str| {
        let delivery = format!("dlv_{}_{}", &event["evt_".len()..], &good.id["ep_".len()..]);
        let path = format!("/api/webhooks-config/{}/deliveries/{delivery}", good.id);
        system.customer().get(&path).await.expect(200).body["payload"].clone()
    };
    assert!(payload(&old[0].id).await.is_null());
    assert!(!payload(&new[0].id).await.is_null());
    let path = format!("/api/events/{}", waiting[0].id);
    let traced = system.customer().get(&path).await.expect(200).body;
    assert_eq!(traced["deliveries"][0]["status"], "retrying", "{traced}");

    let noted = done(&system, &["audit"]);
    let newest = &noted["entries"][0];
    assert_eq!([&newest["action"], &newest["why"]], ["purge", "room"], "{noted}");
    let refused: Vec<redis::Value> = redis::cmd("ACL")
        .arg("LOG")
        .query(&mut connect(&system.redis))
        .unwrap();
    assert!(refused.is_empty(), "Redis refused {refused:?}");
    let (good_end, text) = run(&system, &["check"]);
    assert!(good_end, "{text}");
    system.stop();
}
