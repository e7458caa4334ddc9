//! `webhooksctl tail` as the user `operator`, who only reads, while deliveries are made.

use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

struct Tail(Process);

impl Tail {
    /// Starts it, and waits until it follows.
    async fn start(system: &System, arguments: &[&str]) -> Self {
        let url = ("REDIS_URL".to_owned(), system.redis.url_as("operator"));
        let process = Process::start_with("webhooksctl", &[&["tail"], arguments].concat(), &[url]);
        eventually(LONG, "tail to follow", async || {
            let log = process.log();
            check(log.contains("following"), log)
        })
        .await;
        Self(process)
    }

    /// Waits until it has ended by itself; each line that it printed of what was logged.
    fn lines(mut self) -> Vec<String> {
        let status = tokio::task::block_in_place(|| self.0.wait());
        let log = self.0.log();
        assert!(status.success(), "{log}");
        let lines = log.lines().filter(|line| !line.starts_with("following"));
        lines.map(str::to_owned).collect()
    }

    fn objects(self) -> Vec<Value> {
        let lines = self.lines();
        let read =
            |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        lines.iter().map(read).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_told_as_they_are_logged_as_far_as_they_are_asked_for() {
    let mut system = System::builder()
        .on_guarded(RedisServer::start_guarded())
        .env("SHARDS", "4")
        .env("RETRY_SCHEDULE", "30m")
        .start()
        .await;
    let receiver = Receiver::start().await;
    receiver.always("/bad", Answer::status(500));
    let customer = system.customer();
    let good = customer.create_endpoint(&receiver.url("/good"), &["*"]).await;
    let bad = customer
        .create_endpoint(&receiver.url("/bad"), &["lead.captured"])
        .await;
    // Of these some lie in another shard.
    let others = ["org_one", "org_two", "org_three", "org_four", "org_five"];
    for organisation in others {
        let other = system.customer_of(organisation);
        other.create_endpoint(&receiver.url("/other"), &["*"]).await;
    }
    let account = system.account();
    let mine = Tail::start(&system, &["--account", account, "--json", "--max", "3"]).await;
    let failed = Tail::start(&system, &["--failed", "--max", "1"]).await;
    let typed = [
        "--endpoint",
        &good.id,
        "--event-type",
        "session.created",
        "--json",
        "--max",
        "1",
    ];
    let typed = Tail::start(&system, &typed).await;
    let elsewhere = ["--event-type", "ticket.created", "--json", "--max", "5"];
    let elsewhere = Tail::start(&system, &elsewhere).await;
    let nothing = Tail::start(&system, &["--account", "org:nobody", "--for", "300ms"]).await;

    let pushed = system.backend().push(account, "lead.captured", json!({})).await;
    system.backend().push(account, "session.created", json!({})).await;
    for organisation in others {
        let other = format!("org:{organisation}");
        system.backend().push(&other, "ticket.created", json!({})).await;
    }

    let mut lines = mine.objects();
    assert_eq!(lines.len(), 3);
    assert!(
        lines
            .iter()
            .all(|line| line["account"] == account && line["kind"] == "attempt"),
        "{lines:?}"
    );
    lines.retain(|line| line["endpoint"] == bad.id);
    let [line] = &lines[..] else {
        panic!("one failed: {lines:?}")
    };
    let delivery = line["delivery"].as_str().unwrap();
    assert!(delivery.contains(pushed.id.trim_start_matches("evt_")), "{line}");
    assert_eq!([&line["attempt"], &line["status"]], [1, 500], "{line}");
    assert_eq!(
        [&line["outcome"], &line["error"], &line["event"]],
        ["retrying", "http_status", "lead.captured"]
    );

    let lines = failed.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        account,
        &bad.id,
        delivery,
        "lead.captured  #1  retrying  500",
        "http_status",
    ] {
        assert!(lines[0].contains(part), "{part}: {lines:?}");
    }
    let [line] = &typed.objects()[..] else {
        panic!("one line")
    };
    assert_eq!(
        [&line["endpoint"], &line["event"]],
        [&json!(good.id), &json!("session.created")]
    );
    let lines = elsewhere.objects();
    let mut accounts: Vec<_> = lines
        .iter()
        .map(|line| line["account"].as_str().unwrap())
        .collect();
    accounts.sort_unstable();
    let mut expected: Vec<_> = others.iter().map(|name| format!("org:{name}")).collect();
    expected.sort_unstable();
    assert_eq!(accounts, expected);
    assert_eq!(nothing.lines(), Vec::<String>::new());

    let refused: Vec<redis::Value> = redis::cmd("ACL")
        .arg("LOG")
        .query(&mut connect(&system.redis))
        .unwrap();
    assert!(refused.is_empty(), "Redis refused {refused:?}");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_fails_is_told_of_without_being_named() {
    let mut system = System::builder()
        .on_guarded(RedisServer::start_guarded())
        .env("RETRY_SCHEDULE", "30m")
        .start()
        .await;
    let receiver = Receiver::start().await;
    receiver.always("/bad", Answer::status(500));
    receiver.always("/gone", Answer::status(410));
    // Neither account has ever delivered anything: one waits for its retry, and one is disabled at once.
    let mut expected = Vec::new();
    for (organisation, path) in [("org_bad", "/bad"), ("org_gone", "/gone")] {
        let customer = system.customer_of(organisation);
        let endpoint = customer.create_endpoint(&receiver.url(path), &["*"]).await;
        expected.push((format!("org:{organisation}"), endpoint.id));
    }
    let all = ["--event-type", "lead.captured", "--json", "--max", "2"];
    let all = Tail::start(&system, &all).await;
    for (account, _) in &expected {
        system.backend().push(account, "lead.captured", json!({})).await;
    }
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = all.objects();
    let mut told: Vec<_> = lines
        .iter()
        .map(|line| (text(line, "account"), text(line, "endpoint")))
        .collect();
    told.sort_unstable();
    assert_eq!(told, expected, "{lines:?}");
    system.stop();
}
