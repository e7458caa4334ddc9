//! Cuts the connection after a script ran and before its answer came, at every call.
//!
//! Proves (guarantees): a connection is cut after a script ran and before its answer came, at every call
//! Proves (guarantees): Redis is away, slow, or loses an answer

mod api_keys;
mod portal_sessions;

mod deliveries;

mod erasing;

mod endpoints;

use std::time::Duration;

use e2e::account::Account;
use e2e::client::Pushed;
use e2e::fault_proxy::{Cut, FaultProxy, SCRIPT};
use e2e::redis_server::args_of;
use e2e::wait::{LONG, check, eventually};
use futures_util::poll;
use reqwest::Method;
use serde_json::{Value, json};
use store::Store;

use crate::scene::{Scene, behind_proxy, builder, more_accepted};

/// A system whose API reaches Redis through the proxy, with every script loaded.
async fn with_api_behind_proxy() -> (Scene, FaultProxy) {
    let (redis, proxy) = behind_proxy().await;
    let scene = Scene::start(builder().on(redis).api_env("REDIS_URL", proxy.redis_url())).await;
    let customer = scene.system.customer();
    let scratch = customer
        .create_endpoint(&scene.receiver.url("/scratch"), &["*"])
        .await;
    customer.endpoint(&scratch.id).await;
    customer.toggle(&scratch.id).await;
    customer.remove_endpoint(&scratch.id).await;
    let nobody = event("org:org_nobody", 0);
    let stored = scene.system.backend().post("/api/events", &nobody).await;
    assert_eq!(stored.status, 202, "{}", stored.text);
    (scene, proxy)
}

fn event(account: &str, number: usize) -> Value {
    json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {"n": number}})
}

fn pushed(body: &Value) -> Pushed {
    Pushed {
        id: body["id"].as_str().unwrap().to_owned(),
        deliveries: body["deliveries"].as_u64().unwrap(),
    }
}

/// The answer to the script of every call gets lost once: the API repeats the script, the caller gets an answer, and the state
/// has changed once.
#[tokio::test(flavor = "multi_thread")]
async fn at_every_call_of_the_api() {
    let (scene, proxy) = with_api_behind_proxy().await;
    let (customer, backend) = (scene.system.customer(), scene.system.backend());
    let account = scene.system.account();
    let mut cuts = 0;
    let mut arm = || {
        cuts += 1;
        proxy.cut(Cut::answer_of(SCRIPT));
        cuts
    };
    let happened = |count: usize| assert_eq!(proxy.counters().answers_cut, count);

    // Events, alone and in a batch that is accepted in several calls, of which the second answer is lost.
    let count = arm();
    let one = backend.post("/api/events", &event(account, 1)).await.expect(202);
    happened(count);
    let count = arm();
    proxy.cut(Cut::answer_of(SCRIPT).nth(2));
    let items: Vec<_> = (2..102).map(|number| event(account, number)).collect();
    let batch = backend.push_batch(&items).await;
    happened(count);

    // Endpoints.
    let count = arm();
    let made = customer
        .create_endpoint(&scene.receiver.url("/made"), &["ticket.created"])
        .await;
    happened(count);
    let count = arm();
    let listed = customer.get("/api/webhooks-config").await.expect(200);
    happened(count);
    assert_eq!(
        listed.body["endpoints"].as_array().unwrap().len(),
        3,
        "{}",
        listed.text
    );
    let count = arm();
    assert_eq!(customer.endpoint(&made.id).await["active"], true);
    happened(count);
    let count = arm();
    assert_eq!(
        customer
            .patch("/api/webhooks-config", &json!({"id": made.id, "active": false}))
            .await
            .expect(200)
            .body["active"],
        false
    );
    happened(count);
    // A toggle reads and then writes: lose either answer.
    for (nth, active) in [(1, true), (2, false)] {
        let count = arm();
        proxy.cut(Cut::answer_of(SCRIPT).nth(nth));
        assert_eq!(customer.toggle(&made.id).await["active"], active);
        happened(count);
    }
    let patch = json!({"id": made.id, "url": scene.receiver.url("/moved"), "description": "moved"});
    let count = arm();
    let moved = customer.patch("/api/webhooks-config", &patch).await.expect(200);
    happened(count);
    assert_eq!(moved.body["description"], "moved");
    let version: u32 = scene.redis(&["HGET", &format!("wh:{{0}}:endpoint:{}", made.id), "version"]);
    assert_eq!(version, 2, "the URL was changed once");
    let count = arm();
    let removed = customer
        .delete(&format!("/api/webhooks-config?id={}", made.id))
        .await;
    happened(count);
    assert_eq!(removed.status, 204, "{}", removed.text);

    let mut scene = scene;
    let events = batch.into_iter().chain([pushed(&one.body)]);
    let balance = Account::of(&scene.system)
        .at(&scene.receiver)
        .accepted(events)
        .balance()
        .await;
    assert_eq!((balance.accepted, balance.delivered), (101, 202));
    scene.system.stop();
}

/// If the answer to the repeat is lost too, the API answers 503. Callers then repeat with the same key, or towards the same
/// target state, and that changes nothing more.
#[tokio::test(flavor = "multi_thread")]
async fn when_the_repeat_is_lost_too() {
    let (scene, proxy) = with_api_behind_proxy().await;
    let (customer, backend) = (scene.system.customer(), scene.system.backend());
    let push = async || {
        let request = backend
            .request(Method::POST, "/api/events")
            .header("idempotency-key", "lost")
            .json(&event(scene.system.account(), 1));
        e2e::client::Caller::send(request).await
    };
    let off = json!({"id": scene.endpoints[1].id, "active": false});
    proxy.cut(Cut::answer_of(SCRIPT).every(1));
    assert_eq!([push().await.status, push().await.status], [503, 503]);
    let lost = customer.patch("/api/webhooks-config", &off).await;
    assert_eq!(lost.status, 503, "{}", lost.text);
    proxy.cut_no_more();
    let again = push().await.expect(202);
    assert_eq!(again.body["duplicate"], true, "{}", again.text);
    let repeated = customer.patch("/api/webhooks-config", &off).await;
    assert_eq!(repeated.status, 200, "{}", repeated.text);
    assert!(proxy.counters().answers_cut >= 6, "{:?}", proxy.counters());

    let mut scene = scene;
    let balance = Account::of(&scene.system)
        .at(&scene.receiver)
        .accepted([pushed(&again.body)])
        .balance()
        .await;
    assert_eq!(balance.accepted, 1);
    assert_eq!(balance.delivered + balance.parked, 2, "{balance:?}");
    scene.system.stop();
}

/// A connection that was cut is left by all who share it, though another caller is about to look at it and has yet to run.
#[tokio::test]
async fn while_another_caller_has_yet_to_look_at_the_connection() {
    let (_redis, proxy) = behind_proxy().await;
    let store = Store::new(&args_of(&proxy.redis_url())).unwrap();
    let first = store.time().await;
    assert!(first.is_ok(), "{first:?}");
    proxy.cut(Cut::answer_of(SCRIPT).every(1));
    let lost = store.time().await;
    assert!(lost.is_err(), "{lost:?}");
    proxy.cut_no_more();
    let before = proxy.counters().answers_cut;
    proxy.cut(Cut::answer_of(SCRIPT));
    let (mut asks, mut looks) = (Box::pin(store.time()), Box::pin(store.time()));
    let both_wait = poll!(&mut asks).is_pending() && poll!(&mut looks).is_pending();
    assert!(
        both_wait,
        "one opens the connection, and the other one waits for that"
    );
    tokio::select! {
        asked = &mut asks => panic!("{asked:?}, and the other one has yet to look at the connection"),
        () = eventually(LONG, "the answer to be lost", async || {
            let cut = proxy.counters().answers_cut;
            check(cut == before + 1, format!("{cut}"))
        }) => {}
    }
    let waits = tokio::time::timeout(Duration::from_millis(100), &mut asks).await;
    assert!(waits.is_err(), "it waits for the other one: {waits:?}");
    let (looked, asked) = tokio::join!(looks, asks);
    assert!(asked.is_ok() && looked.is_ok(), "{asked:?} {looked:?}");
}

/// Every fifth answer to a worker's scripts (work and upkeep) gets lost: no delivery arrives twice, and none is forgotten.
#[tokio::test(flavor = "multi_thread")]
async fn at_work_and_upkeep() {
    let (redis, proxy) = behind_proxy().await;
    let mut scene = Scene::start(
        builder()
            .workers(2)
            .on(redis)
            .env("DISABLE_AFTER", "1000000")
            .worker_env("REDIS_URL", proxy.redis_url()),
    )
    .await;
    // Both failing and succeeding deliveries are reported.
    let fails_first = |request: &e2e::receiver::Received| {
        let first = request.header("x-rkt-attempt") == Some("1");
        e2e::receiver::Answer::status(if first { 500 } else { 200 })
    };
    scene
        .system
        .customer()
        .create_endpoint(&scene.receiver.url("/second"), &["*"])
        .await;
    scene.receiver.always_with("/second", fails_first);
    proxy.cut(Cut::answer_of(SCRIPT).every(5));
    let load = scene.load();
    more_accepted(&load, 300).await;
    let loaded = load.stop().await;
    assert!(proxy.counters().answers_cut > 10, "{:?}", proxy.counters());
    proxy.cut(Cut::request_of(SCRIPT).every(5));
    let load = e2e::load::Load::start_as(
        &scene.system,
        "more",
        &e2e::load::Shape::gentle(scene.system.account()),
    );
    more_accepted(&load, 200).await;
    let mut all = loaded;
    all.extend(load.stop().await);
    assert!(proxy.counters().requests_cut > 5, "{:?}", proxy.counters());
    proxy.cut_no_more();
    scene.assert_all_run();
    for worker in &scene.system.workers {
        let log = worker.log();
        assert!(
            !log.contains("the lease was lost"),
            "a repeat was taken for a lost lease"
        );
    }
    scene.all_delivered(all, 0).await;
}

/// Redis hands out a wake token that never arrives: the worker looks by itself after a few seconds.
#[tokio::test(flavor = "multi_thread")]
async fn at_the_wait_for_work() {
    let (redis, proxy) = behind_proxy().await;
    let scene = Scene::start(builder().on(redis).worker_env("REDIS_URL", proxy.redis_url())).await;
    let backend = scene.system.backend();
    let mut pushed = vec![
        backend
            .push(scene.system.account(), "lead.captured", json!({}))
            .await,
    ];
    scene.receiver.wait_for(2).await;
    proxy.cut(Cut::answer_of("BLPOP").every(1));
    let before = proxy.counters().answers_cut;
    eventually(LONG, "an answer to BLPOP to be lost", async || {
        pushed.push(
            backend
                .push(scene.system.account(), "lead.captured", json!({}))
                .await,
        );
        scene.receiver.wait_for(2 * pushed.len()).await;
        check(
            proxy.counters().answers_cut > before,
            format!("{:?}", proxy.counters()),
        )
    })
    .await;
    let mut scene = scene;
    let balance = Account::of(&scene.system)
        .at(&scene.receiver)
        .accepted(pushed)
        .within(Duration::from_secs(60))
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    scene.system.stop();
}
