//! A copy that was made by the documented command while everything ran, restored where nothing is left: what was accepted before it arrives.
//!
//! Proves (guarantees): a backup made while everything runs, and the file is rewritten, restored where nothing else is left

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::client::Caller;
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use e2e::workspace::root;
use reqwest::Method;
use serde_json::json;

const DEADLINE: Duration = Duration::from_secs(180);

/// What `docs/operations.md` runs in the directory of the server, for this directory.
fn documented_copy(dir: &Path) -> String {
    let page = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, section) = page.split_once("### One server: back up").unwrap();
    let (_, command) = section.split_once("sh -c '").unwrap();
    let (command, _) = command.split_once('\'').unwrap();
    assert!(command.starts_with("cd /data "), "{command}");
    command.replacen("/data", dir.to_str().unwrap(), 1)
}

/// Packs what is in a directory, or unpacks it there; how it ended.
fn tar(what: &str, packed: &Path, dir: &Path) -> Option<i32> {
    let mut tar = Command::new("tar");
    tar.arg(what).arg(packed).arg("-C").arg(dir);
    if what == "-cf" {
        tar.arg(".");
    }
    tar.status().unwrap().code()
}

/// Pushes an event after the other until it is stopped, or the API is. The ids of those that were accepted.
async fn push(backend: Caller, account: String, mut stop: tokio::sync::watch::Receiver<bool>) -> Vec<String> {
    let mut accepted = Vec::new();
    while !*stop.borrow_and_update() {
        let event = json!({"accountId": account, "event": "message.sent", "chatbotId": "bot_1", "data": {"text": "x".repeat(500)}});
        let request = backend.request(Method::POST, "/api/events").json(&event);
        if let Ok(reply) = Caller::try_send(request).await
            && reply.status == 202
        {
            accepted.push(reply.body["id"].as_str().unwrap().to_owned());
        }
    }
    accepted
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_a_backup_arrives_after_all_else_is_lost() {
    let mut system = System::builder()
        .worker_env("RETRY_SCHEDULE", "2s,5s,20s,20s,20s,20s,20s,20s,20s")
        .worker_env("DISABLE_MIN_SPAN", "1h")
        .start()
        .await;
    let receiver = Receiver::start().await;
    receiver.always("/up", Answer::status(200));
    // What is in the copy in the middle of its retries.
    receiver.always("/down", Answer::status(500));
    let customer = system.customer();
    for path in ["/up", "/down"] {
        customer.create_endpoint(&receiver.url(path), &["*"]).await;
    }
    let mut before = Vec::new();
    for _ in 0..50 {
        let event = json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
        let reply = Caller::try_send(system.backend().request(Method::POST, "/api/events").json(&event))
            .await
            .unwrap();
        assert_eq!(reply.status, 202, "{}", reply.text);
        before.push(reply.body["id"].as_str().unwrap().to_owned());
    }

    // Under load, and while the file is rewritten again and again.
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let pushing = tokio::spawn(push(system.backend(), system.account().to_owned(), stopped));
    let command = documented_copy(system.redis.dir());
    let mut copying = Command::new("sh").args(["-c", &command]).spawn().unwrap();
    let mut rewrites = 0;
    eventually(DEADLINE, "the copy", async || {
        if system.redis.raw("BGREWRITEAOF").is_ok() {
            rewrites += 1;
        }
        check(copying.try_wait().unwrap().is_some(), "it is being made")
    })
    .await;
    assert!(copying.wait().unwrap().success());
    assert!(rewrites > 0);
    // As documented: 1 says that a file has grown meanwhile.
    let copy = TempDir::new("backup");
    let linked = system.redis.dir().join("backup");
    let packed = copy.path().join("redis.tar");
    assert!(matches!(tar("-cf", &packed, &linked), Some(0 | 1)));
    stop.send(true).unwrap();
    let since = pushing.await.unwrap();

    // The machine is gone: only the copy is left.
    system.api.kill9();
    system.workers[0].kill9();
    system.redis.kill9();
    let dir = system.redis.dir();
    for lost in ["appendonlydir", "backup"] {
        std::fs::remove_dir_all(dir.join(lost)).unwrap();
    }
    let restored = dir.join("appendonlydir");
    std::fs::create_dir(&restored).unwrap();
    assert_eq!(tar("-xf", &packed, &restored), Some(0));
    receiver.always("/down", Answer::status(200));
    let earlier = receiver.received().len();
    system.redis.restart();
    system.api.restart();
    system.workers[0].restart();
    system.wait_ready().await;

    receiver
        .wait_until(DEADLINE, "all from before the copy".to_owned(), |all| {
            let arrived: HashSet<_> = all
                .iter()
                .map(|request| (request.path.as_str(), request.expect_header("webhook-id")))
                .collect();
            before.iter().all(|id| arrived.contains(&("/up", id.as_str())))
                && all[earlier..]
                    .iter()
                    .filter(|request| request.path == "/down")
                    .map(|request| request.expect_header("webhook-id"))
                    .collect::<HashSet<_>>()
                    .is_superset(&before.iter().map(String::as_str).collect())
        })
        .await;
    // What came since is there, or is not; and the account's programs go on as before.
    let known = eventually(LONG, "answers about all events", async || {
        let mut known = 0;
        for id in &since {
            let reply = Caller::try_send(customer.request(Method::GET, &format!("/api/events/{id}")))
                .await
                .map_err(|error| error.to_string())?;
            check(matches!(reply.status, 200 | 404), reply.text.clone())?;
            known += usize::from(reply.status == 200);
        }
        Ok::<_, String>(known)
    })
    .await;
    println!(
        "{known} of {} events that came during the copy are in it, {rewrites} rewrites",
        since.len()
    );
    system.finish().await;
}
