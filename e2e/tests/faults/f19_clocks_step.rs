//! Steps a worker's clock, then Redis's clock, an hour back and forth: no storm, no stall, and receivers are told the right time.
//!
//! Proves (guarantees): a worker's clock is wrong by an hour
//! Proves (guarantees): clocks step an hour back and forth, also while attempts take up to `DELIVERY_TIMEOUT`

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::client::Caller;
use e2e::receiver::{Answer, Received, Receiver};
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{Scene, builder, more_accepted, step_clock};
use crate::worker_scene::push;

const HOUR: i64 = 3600;

/// Seconds between the clock that a request was signed by and ours.
fn wrong_by(request: &Received) -> i64 {
    let stamp: i64 = request.expect_header("webhook-timestamp").parse().unwrap();
    stamp - domain::clock::Timestamp::now().as_seconds()
}

/// A library that, preloaded, makes a program's wall clock wrong by what a file says.
fn compile_step_clock(dir: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/step_clock.c");
    let library = dir.join("step_clock.so");
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(source)
        .status()
        .expect("run the C compiler");
    assert!(status.success(), "cc ended with {status}");
    library
}

/// A worker's own clock is wrong by an hour: receivers are told the right time all the same, by deliveries and by test events.
/// The worker goes on, and warns of its clock.
#[tokio::test(flavor = "multi_thread")]
async fn a_workers_clock() {
    let dir = TempDir::new("clock");
    let (library, file) = (compile_step_clock(dir.path()), dir.path().join("seconds"));
    std::fs::write(&file, "0").unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let mut scene = Scene::start(
        builder()
            .worker_env("LD_PRELOAD", text(&library))
            .worker_env("STEP_CLOCK_FILE", text(&file)),
    )
    .await;
    let listen = scene.system.workers[0].variable("WORKER_LISTEN").unwrap();
    let worker = Caller::new(&format!("http://{listen}"), None);
    let (other, tested) = (scene.system.customer_of("org_other"), Receiver::start().await);
    let tested_endpoint = other.create_endpoint(&tested.url("/test"), &["*"]).await;
    let load = scene.load();
    for hours in [0, 1, -1, 1, 0] {
        std::fs::write(&file, (hours * HOUR).to_string()).unwrap();
        let side = ["behind Redis's", "", "ahead of Redis's"][usize::try_from(hours + 1).unwrap()];
        eventually(LONG, "the worker to notice its clock", async || {
            let ready = worker.get("/readyz").await.expect(200);
            let warnings = ready.body["warnings"].to_string();
            let is_told = ["ahead of Redis's", "behind Redis's"].map(|side| warnings.contains(side));
            check(
                is_told == ["ahead of Redis's", "behind Redis's"].map(|told| told == side),
                format!("{warnings} for {hours} hours"),
            )
        })
        .await;
        eventually(LONG, "the difference in the metrics", async || {
            let metrics = worker.get("/metrics").await.text;
            let named = "webhooks_worker_clock_skew_seconds ";
            let line = metrics.lines().find_map(|line| line.strip_prefix(named)).unwrap();
            let seconds: f64 = line.parse().unwrap();
            check(
                (seconds - (hours * HOUR) as f64).abs() < 60.0,
                format!("{seconds} for {hours} hours"),
            )
        })
        .await;
        more_accepted(&load, 100).await;
        let test = format!("/api/webhooks-config/{}/test", tested_endpoint.id);
        let reply = other.post(&test, &serde_json::json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    let loaded = load.stop().await;
    assert_eq!(loaded.refusals(), 0, "{:?}", loaded.refused);
    scene.assert_all_run();
    let tests = tested.received();
    // The account knows nothing of what goes past the queue.
    other.remove_endpoint(&tested_endpoint.id).await;
    assert_eq!(tests.len(), 5);
    for request in scene.receiver.received().iter().chain(&tests) {
        assert!(wrong_by(request).abs() < 60, "wrong by {} s", wrong_by(request));
    }
    scene.all_delivered(loaded, 0).await;
}

/// Redis's clock was ahead for a moment. The scripts' clock stays ahead, since it never goes back; receivers are told the
/// server's own time.
#[tokio::test(flavor = "multi_thread")]
async fn receivers_are_not_told_the_time_that_never_goes_back() {
    let scene = Scene::start(builder()).await;
    let mut pushed = push(&scene.system, "lead.captured", 1).await;
    step_clock(&scene.system.redis, HOUR * 1000);
    pushed.extend(push(&scene.system, "lead.captured", 1).await);
    scene.receiver.wait_for_at("/one", 2).await;
    step_clock(&scene.system.redis, -HOUR * 1000);
    pushed.extend(push(&scene.system, "lead.captured", 1).await);
    scene.receiver.wait_for_at("/one", 3).await;
    // What was handed over may arrive before a call of the worker has written it.
    eventually(LONG, "the scripts' clock to stay ahead", async || {
        let skew: Option<i64> = scene.redis(&["HGET", "wh:{0}:stats", "clockSkew"]);
        check(
            skew.is_some_and(|skew| skew > HOUR * 1000 - 60_000),
            format!("{skew:?}"),
        )
    })
    .await;
    for request in scene.receiver.received() {
        assert!(wrong_by(&request).abs() < 60, "wrong by {} s", wrong_by(&request));
    }
    scene.every_event_delivered(pushed).await;
}

/// Redis's clock steps while deliveries succeed and fail: no lease is taken for expired, no retry comes before its time when
/// the clock goes back, and none waits for the hour to pass again. What was due within the hour comes at once when it goes
/// forward, and only once.
#[tokio::test(flavor = "multi_thread")]
async fn redis_clock() {
    let mut scene = Scene::start(builder().workers(2).env("DISABLE_AFTER", "1000000")).await;
    // Three of ten events fail once here.
    let fails_now_and_then = |request: &Received| {
        let is_one = request.body.ends_with(b"3}}")
            || request.body.ends_with(b"7}}")
            || request.body.ends_with(b"0}}");
        let fails = is_one && request.header("x-rkt-attempt") == Some("1");
        Answer::status(if fails { 500 } else { 200 })
    };
    scene.receiver.always_with("/two", fails_now_and_then);
    let load = scene.load();
    more_accepted(&load, 100).await;
    for hours in [1, -1, -1, 1, 1, -1] {
        step_clock(&scene.system.redis, hours * HOUR * 1000);
        more_accepted(&load, 80).await;
        // Deliveries flow at once, and retries too: nothing waits for an hour.
        let goal = load.accepted();
        eventually(Duration::from_secs(30), "deliveries after the step", async || {
            let count = scene.receiver.received_at("/one").len();
            check(count >= goal, format!("{count} of {goal}"))
        })
        .await;
    }
    let loaded = load.stop().await;
    scene.assert_all_run();
    let events = loaded.accepted.len();
    let balance = scene.receiver.received_at("/two").len();
    assert!(
        balance <= 2 * events,
        "a storm: {balance} requests for {events} events"
    );
    scene.all_delivered(loaded, 0).await;
}

/// Redis's clock is 20 days ahead for four seconds, in which upkeep goes on: nothing that is parked ends as if it had been
/// there for that long, neither what was parked before nor what comes meanwhile and after.
#[tokio::test(flavor = "multi_thread")]
async fn redis_clock_days_ahead_for_a_moment() {
    let mut scene = Scene::start(builder().env("DISABLE_AFTER", "3").env("DISABLE_MIN_SPAN", "0s")).await;
    let endpoint = scene.endpoints[1].id.clone();
    scene.receiver.always("/two", Answer::status(500));
    let mut pushed = push(&scene.system, "lead.captured", 5).await;
    scene
        .system
        .wait_for_endpoint(&endpoint, "the endpoint to be disabled", |endpoint| {
            endpoint["active"] == false
        })
        .await;
    let kept_up = |scene: &Scene| -> i64 { scene.redis(&["HGET", "wh:{0}:stats", "reapedAt"]) };
    let wait_for_upkeep = async |scene: &Scene, until: i64| {
        eventually(LONG, "upkeep to go on", async || {
            let now = kept_up(scene);
            check(now >= until, format!("{now} and not yet {until}"))
        })
        .await;
    };
    // Upkeep knows what time it is.
    let start = kept_up(&scene);
    wait_for_upkeep(&scene, start + 4_000).await;
    step_clock(&scene.system.redis, 20 * 24 * HOUR * 1000);
    wait_for_upkeep(&scene, start + 20 * 24 * HOUR * 1000).await;
    pushed.extend(push(&scene.system, "lead.captured", 5).await);
    let ahead = kept_up(&scene);
    wait_for_upkeep(&scene, ahead + 4_000).await;
    step_clock(&scene.system.redis, -20 * 24 * HOUR * 1000);
    pushed.extend(push(&scene.system, "lead.captured", 5).await);
    wait_for_upkeep(&scene, ahead + 12_000).await;
    let ended: i64 = scene.redis(&["ZCARD", &format!("wh:{{0}}:failed:{endpoint}")]);
    assert_eq!(ended, 0, "something ended as parked for too long");
    scene.receiver.always("/two", Answer::status(200));
    let patch = serde_json::json!({"id": endpoint, "active": true});
    let reply = scene
        .system
        .customer()
        .patch("/api/webhooks-config", &patch)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    scene.assert_all_run();
    let loaded = e2e::load::Loaded {
        accepted: pushed,
        ..e2e::load::Loaded::default()
    };
    scene.all_delivered(loaded, 0).await;
}
