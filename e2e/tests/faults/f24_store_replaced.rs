//! The store is emptied, swapped, deleted in part, or set back.
//!
//! It is noticed, and nothing is accepted, delivered or written in what isn't the store, until its data is back or an operator
//! has accepted what is there.
//!
//! Proves (guarantees): the server is emptied, swapped for another store, or loses `wh:meta`
//! Proves (guarantees): an older copy of the store is put in place
//! Proves (security): Every call notices a swapped server in its own step

use std::path::Path;

use e2e::client::Caller;
use e2e::load::Loaded;
use e2e::process::Process;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::json;
use store::identity::{Found, StoreId};
use store::{Store, StoreError};

use crate::scene::{Scene, ask, blocking, builder, more_accepted, more_refused};

const ID: &str = "the-store-of-the-test";

/// What `webhooksctl` says, and whether it succeeded.
fn webhooksctl(system: &System, words: &[&str], store_id: Option<&str>) -> (bool, String) {
    let mut environment = vec![("REDIS_URL".to_owned(), system.redis.url())];
    environment.extend(store_id.map(|id| ("STORE_ID".to_owned(), id.to_owned())));
    let output = blocking(|| Process::run("webhooksctl", words, &environment));
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

fn accept(system: &System, store_id: Option<&str>) -> String {
    let (done, said) = webhooksctl(system, &["store", "accept"], store_id);
    assert!(done, "{said}");
    said
}

/// A system whose programs insist on a store, which was accepted.
async fn insisting() -> Scene {
    let redis = RedisServer::start();
    let args = redis.args();
    let store = Store::new(&store::settings::RedisArgs {
        store_id: Some(ID.parse().unwrap()),
        ..args
    });
    store.unwrap().accept_store(false).await.unwrap();
    Scene::start(builder().on(redis).env("STORE_ID", ID)).await
}

/// A worker's own pages.
fn pages(system: &System) -> Caller {
    let listen = system.workers[0].variable("WORKER_LISTEN").unwrap();
    Caller::new(&format!("http://{listen}"), None)
}

/// Waits until both programs say that the store was replaced; every call of the API says it too.
async fn noticed(scene: &Scene, reason: &str) {
    let system = &scene.system;
    for caller in [system.customer(), pages(system)] {
        eventually(LONG, "the swap to be noticed", async || {
            let ready = caller.get("/readyz").await;
            let is_replaced = ready.status == 503 && ready.text.contains(reason);
            check(
                is_replaced && ready.text.contains("webhooksctl store accept"),
                ready.text,
            )
        })
        .await;
    }
    let customer = system.customer();
    for path in [
        "/api/webhooks-config".to_owned(),
        format!("/api/webhooks-config/{}", scene.endpoints[0].id),
        format!("/api/webhooks-config/{}/deliveries", scene.endpoints[0].id),
        "/api/webhooks-summary".to_owned(),
        "/api/event-types".to_owned(),
    ] {
        let reply = customer.get(&path).await.expect(503);
        assert_eq!(reply.code(), "store_replaced", "{path}");
    }
    let toggled = json!({"id": scene.endpoints[0].id});
    let reply = customer.patch("/api/webhooks-config", &toggled).await.expect(503);
    assert_eq!(reply.code(), "store_replaced");
    refuses_events(scene).await;
}

async fn refuses_events(scene: &Scene) {
    let event =
        json!({"accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "b", "data": {}});
    let reply = scene
        .system
        .backend()
        .post("/api/events", &event)
        .await
        .expect(503);
    assert_eq!(reply.code(), "store_replaced", "{}", reply.text);
}

/// FLUSHALL under load: from that moment on nothing is accepted, and nothing is written into the empty server. An operator
/// accepts it, and work goes on without a restart.
#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_server_is_not_taken_for_a_new_one() {
    let mut scene = insisting().await;
    let load = scene.load();
    more_accepted(&load, 50).await;
    ask::<()>(&scene.system.redis, &["FLUSHALL"]);
    // Without waiting: not even the first call finds an empty list.
    let reply = scene
        .system
        .customer()
        .get("/api/webhooks-config")
        .await
        .expect(503);
    assert_eq!(reply.code(), "store_replaced", "{}", reply.text);
    more_refused(&load, 50).await;
    noticed(&scene, "the server is empty").await;
    let left: Vec<String> = scene.redis(&["KEYS", "*"]);
    assert_eq!(left, [""; 0], "something was written into the empty server");

    let (clean, said) = webhooksctl(&scene.system, &["check"], None);
    assert!(
        !clean && said.contains("empty") && !said.contains("no violation"),
        "{said}"
    );
    let (_, said) = webhooksctl(&scene.system, &["store", "accept", "--dry-run"], Some(ID));
    assert!(
        said.contains("the server is empty") && said.contains("would be"),
        "{said}"
    );
    noticed(&scene, "the server is empty").await;

    assert!(accept(&scene.system, Some(ID)).contains(ID));
    scene.system.wait_ready().await;
    drop(load.stop().await);
    let customer = scene.system.customer();
    let anew = scene.receiver.url("/anew");
    customer.create_endpoint(&anew, &["*"]).await;
    let account = scene.system.account();
    scene
        .system
        .backend()
        .push(account, "lead.captured", json!({}))
        .await;
    scene.receiver.wait_for_at("/anew", 1).await;
    let warnings = customer.get("/readyz").await.expect(200);
    assert_eq!(
        warnings.body["warnings"],
        json!([]),
        "an accepted store was not set back"
    );
    // Accepting again changes nothing.
    accept(&scene.system, Some(ID));
    scene.assert_all_run();
    e2e::state::assert_nothing_left(&scene.system.redis).await;
    scene.system.stop();
}

/// The server comes back with an empty data directory; then with its own again, and all goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn the_true_store_comes_back_by_itself() {
    let mut scene = Scene::start(builder()).await;
    scene
        .receiver
        .always("/one", e2e::receiver::Answer::status(200).held());
    let account = scene.system.account();
    let mut accepted = Vec::new();
    for number in 0..20 {
        let data = json!({"n": number});
        accepted.push(scene.system.backend().push(account, "lead.captured", data).await);
    }
    // What finishes while the store is away is reported when it is back.
    scene.receiver.wait_for_at("/two", 20).await;
    let file = scene.system.redis.dir().join("appendonlydir");
    let aside = scene.system.redis.dir().join("aside");
    blocking(|| {
        scene.system.redis.kill9();
        std::fs::rename(&file, &aside).unwrap();
        scene.system.redis.restart();
    });
    noticed(&scene, "the server is empty").await;
    scene.receiver.open_gate();
    blocking(|| {
        scene.system.redis.kill9();
        std::fs::remove_dir_all(&file).unwrap();
        std::fs::rename(&aside, &file).unwrap();
        scene.system.redis.restart();
    });
    scene.system.wait_ready().await;
    scene.assert_all_run();
    let loaded = Loaded {
        accepted,
        ..Loaded::default()
    };
    scene.all_delivered(loaded, 40).await;
}

/// Another store's data is put in its place: not one of its deliveries is taken, also not by a program that is started anew,
/// until an operator says so with the identity that the programs insist on.
#[tokio::test(flavor = "multi_thread")]
async fn another_stores_deliveries_are_left_alone() {
    let mut scene = insisting().await;
    let other = Scene::start(builder().workers(0)).await;
    let account = other.system.account();
    other
        .system
        .backend()
        .push(account, "lead.captured", json!({}))
        .await;
    let Scene {
        system: mut other,
        receiver,
        ..
    } = other;
    let ready: usize = connect(&other.redis).zcard(key("ready")).unwrap();
    assert_eq!(ready, 2);
    other.stop();
    blocking(|| {
        other.redis.terminate();
        scene.system.redis.kill9();
        let (from, to) = (
            other.redis.dir().join("appendonlydir"),
            scene.system.redis.dir().join("appendonlydir"),
        );
        std::fs::remove_dir_all(&to).unwrap();
        copy_files(&from, &to);
        scene.system.redis.restart();
    });
    noticed(&scene, "which is another one").await;
    scene.system.add_worker();
    let fresh = scene.system.workers[1]
        .variable("WORKER_LISTEN")
        .unwrap()
        .to_owned();
    let fresh = Caller::new(&format!("http://{fresh}"), None);
    eventually(LONG, "a fresh worker to insist", async || {
        let ready = Caller::try_send(fresh.request(reqwest::Method::GET, "/readyz")).await;
        let text = ready.map(|reply| reply.text).unwrap_or_default();
        check(text.contains("which is another one"), text)
    })
    .await;
    // Without the identity that they insist on, it stays another one.
    let said = accept(&scene.system, None);
    assert!(said.contains("accepted"), "{said}");
    noticed(&scene, "which is another one").await;
    assert_eq!(receiver.count(), 0);
    let ready: usize = connect(&scene.system.redis).zcard(key("ready")).unwrap();
    assert_eq!(ready, 2);

    let (clean, said) = webhooksctl(&scene.system, &["check"], Some(ID));
    assert!(
        !clean && said.contains("not the one that STORE_ID names"),
        "{said}"
    );
    accept(&scene.system, Some(ID));
    scene.system.wait_ready().await;
    receiver.wait_for(2).await;
    scene.assert_all_run();
    scene.system.stop();
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// `wh:meta` is deleted beside everything else. Programs that insist on nothing take what an operator accepts, and nothing is
/// lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_lost_its_identity_waits_for_an_operator() {
    let mut scene = Scene::start(builder()).await;
    let account = scene.system.account();
    let mut accepted = vec![
        scene
            .system
            .backend()
            .push(account, "lead.captured", json!({}))
            .await,
    ];
    ask::<i64>(&scene.system.redis, &["DEL", "wh:meta"]);
    refuses_events(&scene).await;
    noticed(&scene, "doesn't say whose").await;
    let (clean, said) = webhooksctl(&scene.system, &["check"], None);
    assert!(!clean && said.contains("`wh:meta` is gone"), "{said}");
    let said = accept(&scene.system, None);
    assert!(said.contains("keys of ours without an identity"), "{said}");
    scene.system.wait_ready().await;
    accepted.push(
        scene
            .system
            .backend()
            .push(account, "lead.captured", json!({}))
            .await,
    );
    scene.assert_all_run();
    scene.every_event_delivered(accepted).await;
}

/// An older copy of the append-only directory is put in place: it is the store, so all goes on; both programs warn and count
/// it, also those that start later, until an operator has seen it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_goes_on_with_a_warning() {
    let mut scene = Scene::start(builder()).await;
    let (file, aside) = (
        scene.system.redis.dir().join("appendonlydir"),
        scene.system.redis.dir().join("aside"),
    );
    blocking(|| {
        scene.system.redis.terminate();
        copy_files(&file, &aside);
        scene.system.redis.restart();
    });
    scene.system.wait_ready().await;
    let writes = || -> u64 { connect(&scene.system.redis).hget("wh:meta", "writes").unwrap() };
    let copied = writes();
    let load = scene.load();
    eventually(LONG, "`writes` to rise", async || {
        let now = writes();
        check(now > copied + 4, format!("{copied} → {now}"))
    })
    .await;
    drop(load.stop().await);
    blocking(|| {
        scene.system.redis.kill9();
        std::fs::remove_dir_all(&file).unwrap();
        copy_files(&aside, &file);
        scene.system.redis.restart();
    });
    scene.system.wait_ready().await;
    let warns = async |caller: &Caller, must_warn: bool| {
        eventually(LONG, "the right warnings", async || {
            let ready = caller.get("/readyz").await;
            let has_warned = ready.text.contains("set back to an earlier state");
            check(ready.status == 200 && has_warned == must_warn, ready.text)
        })
        .await;
    };
    let (customer, worker) = (scene.system.customer(), pages(&scene.system));
    warns(&customer, true).await;
    warns(&worker, true).await;
    let of_worker = worker.get("/metrics").await.expect(200).text;
    for (metrics, program) in [(scene.system.api_metrics().await, "api"), (of_worker, "worker")] {
        let line = format!("webhooks_{program}_store_rewinds_total 1");
        assert!(metrics.lines().any(|found| found == line), "{metrics}");
    }
    let summary = customer.get("/api/webhooks-summary").await.expect(200);
    assert_eq!(
        summary.body["warnings"][0]["code"], "store_rewound",
        "{}",
        summary.text
    );
    assert!(scene.system.api.log().contains("may be gone"));
    let account = scene.system.account();
    scene
        .system
        .backend()
        .push(account, "lead.captured", json!({}))
        .await;

    scene.system.workers[0].terminate();
    scene.system.workers.clear();
    scene.system.add_worker();
    scene.system.wait_ready().await;
    warns(&pages(&scene.system), true).await;
    let said = accept(&scene.system, None);
    assert!(said.contains("set back to an earlier state"), "{said}");
    warns(&customer, false).await;
    warns(&pages(&scene.system), false).await;
    e2e::state::assert_nothing_left(&scene.system.redis).await;
    scene.system.stop();
}

/// A store of the previous release has no identity: programs that start together agree on one.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_the_release_before_is_given_an_identity() {
    let mut scene = Scene::start(builder().workers(0)).await;
    let account = scene.system.account();
    let accepted = vec![
        scene
            .system
            .backend()
            .push(account, "lead.captured", json!({}))
            .await,
    ];
    scene.system.api.terminate();
    let meta = ["HDEL", "wh:meta", "store", "writes"];
    assert_eq!(ask::<i64>(&scene.system.redis, &meta), 2);
    scene
        .system
        .environment
        .push(("STORE_ID".to_owned(), ID.to_owned()));
    scene.system.api.set("STORE_ID", ID);
    scene.system.api.restart();
    scene.system.add_worker();
    scene.system.add_worker();
    scene.system.wait_ready().await;
    let identity: String = connect(&scene.system.redis).hget("wh:meta", "store").unwrap();
    assert_eq!(identity, format!("{ID}+s{}", store::identity::newest_schema()));
    scene.every_event_delivered(accepted).await;
}

/// Of handles that meet on an empty server one makes the store; one that insists on another refuses it.
#[tokio::test]
async fn all_who_meet_on_an_empty_server_agree() {
    let redis = RedisServer::start();
    let stores: Vec<_> = (0..8).map(|_| Store::new(&redis.args()).unwrap()).collect();
    let account = "org:org_1".parse().unwrap();
    let calls = stores.iter().map(|store| store.list_endpoints(&account));
    for listed in futures_util::future::join_all(calls).await {
        assert_eq!(listed.unwrap().len(), 0);
    }
    let identity: String = connect(&redis).hget("wh:meta", "store").unwrap();
    assert!(
        identity
            .strip_suffix(&format!("+s{}", store::identity::newest_schema()))
            .unwrap()
            .parse::<StoreId>()
            .is_ok()
    );
    let insists = Store::new(&store::settings::RedisArgs {
        store_id: Some(ID.parse().unwrap()),
        ..redis.args()
    })
    .unwrap();
    let refused = insists.list_endpoints(&account).await;
    assert!(matches!(refused, Err(StoreError::Replaced(_))), "{refused:?}");
    let accepted = insists.accept_store(false).await.unwrap();
    assert_eq!((accepted.found, accepted.identity.as_str()), (Found::Other, ID));
    insists.list_endpoints(&account).await.unwrap();
    let replaced = stores[0].list_endpoints(&account).await;
    assert!(matches!(replaced, Err(StoreError::Replaced(_))), "{replaced:?}");
}
