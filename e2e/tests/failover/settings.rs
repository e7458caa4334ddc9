//! What `REDIS_URL`, `SENTINEL_USER` and `SENTINEL_PASSWORD` may say, and what becomes of what is wrong.

use e2e::ports::free_port;
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::sentinels::Sentinels;
use e2e::system::System;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};

/// Sentinels of a primary without replicas.
fn sentinels(lines: &[&str]) -> (RedisServer, Sentinels) {
    tokio::task::block_in_place(|| {
        let primary = RedisServer::start();
        let sentinels = Sentinels::start_with(&primary, 0, lines);
        (primary, sentinels)
    })
}

/// What the operator's tool says of the store.
fn show(environment: &[(&str, String)]) -> String {
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let output =
        tokio::task::block_in_place(|| Process::run("webhooksctl", &["store", "show"], &environment));
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// Of three sentinels one is dead and one hangs, and the third one, at an IPv6 address, needs a password, which stands in a file.
#[tokio::test(flavor = "multi_thread")]
async fn one_sentinel_is_enough_and_its_password_is_not_the_servers() {
    let (primary, mut sentinels) = sentinels(&["requirepass open-sesame"]);
    sentinels.kill9(0);
    sentinels.stop_signal(1);
    let directory = TempDir::new("password");
    let file = directory.path().join("password");
    std::fs::write(&file, "open-sesame\n").unwrap();
    let secret = format!("@{}", file.display());
    let url = sentinels
        .url()
        .replacen("127.0.0.1", "localhost", 2)
        .replace("127.0.0.1", "[::1]");
    let mut system = System::builder()
        .on(primary)
        .env("REDIS_URL", &url)
        .env("SENTINEL_USER", "default")
        .env("SENTINEL_PASSWORD", secret.clone())
        .start()
        .await;
    system.wait_ready().await;
    let shown = show(&[
        ("REDIS_URL", url.clone()),
        ("SENTINEL_PASSWORD", "open-sesame".to_owned()),
    ]);
    assert!(shown.starts_with("STORE_ID="), "{shown}");
    for (password, reason) in [
        ("not-sesame", "Password authentication failed"),
        ("", "\"NOAUTH\""),
    ] {
        let refused = show(&[
            ("REDIS_URL", url.clone()),
            ("SENTINEL_PASSWORD", password.to_owned()),
        ]);
        let sentence = format!("no sentinel answers: {reason}");
        assert!(refused.contains(&sentence), "{password}: {refused}");
        assert!(!refused.contains("sesame"), "{refused}");
    }
    system.stop();
}

/// Each program says in one sentence what is wrong with its settings, and ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_work_stops_the_start() {
    let (primary, sentinels) = sentinels(&[]);
    let mut system = System::builder().on(primary).workers(0).start().await;
    let known = sentinels.url();
    let unknown = known.replace("/webhooks", "/others");
    let no_sentinel = format!("redis+sentinel://{}/webhooks", system.redis.address());
    let table: [(&[(&str, &str)], &str); 7] = [
        (
            &[("REDIS_URL", &unknown)],
            "REDIS_URL: none of the sentinels knows a primary named `others`",
        ),
        (
            &[("REDIS_URL", &no_sentinel)],
            "REDIS_URL: what answers at the sentinels' addresses are no sentinels",
        ),
        (
            &[("REDIS_URL", "redis+sentinel://127.0.0.1:1")],
            "REDIS_URL: must name the primary",
        ),
        (
            &[("REDIS_URL", "redis+sentinel://a:b:c/x")],
            "REDIS_URL: the sentinels must be host:port",
        ),
        (
            &[("REDIS_URL", &known), ("SENTINEL_USER", "me")],
            "SENTINEL_USER: SENTINEL_PASSWORD must be set too",
        ),
        (
            &[("SENTINEL_PASSWORD", "x")],
            "SENTINEL_PASSWORD: REDIS_URL must be redis+sentinel://",
        ),
        (
            &[("REDIS_URL", &known), ("SENTINEL_PASSWORD", "@/no/such/file")],
            "SENTINEL_PASSWORD: the file `/no/such/file` can't be read",
        ),
    ];
    let shown = show(&[("REDIS_URL", unknown.clone())]);
    assert!(
        shown.contains("REDIS_URL: none of the sentinels knows"),
        "{shown}"
    );
    for (settings, sentence) in table {
        for (program, listen) in [
            ("webhooks-api", "API_LISTEN"),
            ("webhooks-worker", "WORKER_LISTEN"),
        ] {
            let mut environment = system.environment.clone();
            environment.push((listen.to_owned(), format!("127.0.0.1:{}", free_port())));
            environment.extend(
                settings
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
            );
            let output = tokio::task::block_in_place(|| Process::run(program, &[], &environment));
            let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert!(
                !output.status.success() && said.contains(sentence),
                "{program}, {settings:?}: {said}"
            );
        }
    }
    system.stop();
}

/// Sentinels that don't answer are like a Redis that doesn't: the programs wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn programs_wait_for_sentinels() {
    let (primary, sentinels) = sentinels(&[]);
    let nobody = format!("redis+sentinel://127.0.0.1:{}/others", free_port());
    let mut environment = System::builder()
        .on(primary)
        .workers(0)
        .start()
        .await
        .environment
        .clone();
    environment.push(("REDIS_URL".to_owned(), nobody));
    let listen = format!("127.0.0.1:{}", free_port());
    environment.push(("WORKER_LISTEN".to_owned(), listen));
    let mut worker = Process::start("webhooks-worker", &environment);
    eventually(LONG, "the worker to say what it waits for", async || {
        let log = worker.log();
        check(log.contains("no sentinel answers"), log)
    })
    .await;
    assert!(worker.is_running());
    drop(sentinels);
}

/// What is connected needs no sentinel, as long as the primary lives.
#[tokio::test(flavor = "multi_thread")]
async fn without_any_sentinel_what_is_connected_goes_on() {
    let (primary, mut sentinels) = sentinels(&[]);
    let builder = System::builder().on(primary).env("REDIS_URL", sentinels.url());
    let (mut system, receiver, _) = builder.start_with_hook().await;
    for number in 0..3 {
        sentinels.kill9(number);
    }
    for count in 1..=5 {
        let data = serde_json::json!({"number": count});
        system
            .backend()
            .push(system.account(), "lead.captured", data)
            .await;
        receiver.wait_for(count).await;
    }
    assert_eq!(system.backend().get("/readyz").await.status, 200);
    system.stop();
}
