//! Fills Redis with unfinished work: the API refuses new events with 503, the queue drains, and all is as before. A server that
//! would evict is refused at start.
//!
//! Proves (guarantees): Redis is full of unfinished work

use e2e::client::{Caller, Pushed};
use e2e::load::Loaded;
use e2e::receiver::Answer;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

use crate::scene::{Scene, assert_refused_at_start, blocking, builder};

/// An event of 50 kB.
pub(crate) fn large(account: &str, number: usize) -> Value {
    json!({
        "accountId": account, "event": "message.received", "chatbotId": "bot_1",
        "data": {"number": number, "text": "x".repeat(50_000)},
    })
}

/// Pushes events until one is refused; gives back those that were accepted, and the refusal.
pub(crate) async fn fill(backend: &Caller, account: &str) -> (Vec<Pushed>, e2e::client::Reply) {
    let mut accepted = Vec::new();
    loop {
        let reply = backend.post("/api/events", &large(account, accepted.len())).await;
        if reply.status != 202 {
            return (accepted, reply);
        }
        accepted.push(Pushed {
            id: reply.body["id"].as_str().unwrap().to_owned(),
            deliveries: reply.body["deliveries"].as_u64().unwrap(),
        });
        assert!(accepted.len() < 2000, "Redis never was full");
    }
}

/// Lets Redis use this many bytes more than it uses now, or fewer.
pub(crate) fn limit_memory(scene: &Scene, more: i64) {
    let info: String = scene.redis(&["INFO", "memory"]);
    let used = info
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .unwrap();
    let limit = used.trim().parse::<i64>().unwrap() + more;
    scene.redis::<()>(&["CONFIG", "SET", "maxmemory", &limit.to_string()]);
}

/// Redis fills up while receivers hang: events are refused as a whole, with 503 and a code that says why, `/readyz` says it
/// too, all that finishes work goes on, also after a restart of everything, and with more memory everything is as before.
#[tokio::test(flavor = "multi_thread")]
async fn new_events_are_refused_and_the_queue_drains() {
    let mut scene = Scene::start(builder()).await;
    let (customer, backend, account) = (
        scene.system.customer(),
        scene.system.backend(),
        scene.system.account(),
    );
    for path in ["/one", "/two"] {
        scene.receiver.always(path, Answer::status(200).held());
    }
    limit_memory(&scene, 8 << 20);
    let (mut accepted, refusal) = fill(&backend, account).await;
    assert!(accepted.len() > 20, "{} accepted", accepted.len());
    assert_eq!(
        (refusal.status, refusal.code()),
        (503, "store_full"),
        "{}",
        refusal.text
    );
    assert!(refusal.headers.contains_key("retry-after"));
    // Clients' buffers come and go: well over the limit, Redis is full for sure.
    limit_memory(&scene, -(1 << 20));
    is_full(&backend).await;
    // A batch is refused too, and new endpoints; what frees or finishes is not.
    let batch = json!({"events": [large(account, 0), large(account, 1)]});
    let refused = backend.post("/api/events/batch", &batch).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    let wanted = json!({"url": scene.receiver.url("/three"), "events": ["*"]});
    let refused = customer.post("/api/webhooks-config", &wanted).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    let second = &scene.endpoints[1].id.clone();
    for active in [false, true] {
        let reply = customer
            .patch("/api/webhooks-config", &json!({"id": second, "active": active}))
            .await;
        assert_eq!(reply.body["active"], active, "{}", reply.text);
    }

    // Everything is restarted while it is full, with the scripts gone: whatever reads or finishes works from the first call on.
    blocking(|| {
        scene.system.workers[0].kill9();
        scene.redis::<()>(&["SCRIPT", "FLUSH"]);
        scene.redis::<()>(&["FUNCTION", "FLUSH"]);
        scene.system.api.restart();
        scene.system.workers[0].restart();
    });
    is_full(&backend).await;
    let listed = customer.get("/api/webhooks-config").await.expect(200);
    assert_eq!(listed.body["endpoints"].as_array().unwrap().len(), 2);
    let _summary = customer.get("/api/webhooks-summary").await.expect(200);
    let health = customer.endpoint(second).await;
    assert_eq!(health["active"], true, "{health}");
    for active in [false, true] {
        let toggled = json!({"id": second, "active": active});
        let reply = customer.patch("/api/webhooks-config", &toggled).await.expect(200);
        assert_eq!(reply.body["active"], active, "{}", reply.text);
    }
    let reply = backend.post("/api/events", &large(account, 0)).await;
    assert_eq!(
        (reply.status, reply.code()),
        (503, "store_full"),
        "{}",
        reply.text
    );

    scene.receiver.open_gate();
    // The leases of the worker that was killed last up to 40 s.
    eventually(
        2 * LONG,
        "a worker that was started while Redis was full to deliver all",
        async || {
            let left = e2e::state::leftovers(&scene.system.redis);
            check(left.is_empty(), format!("{left:?}"))
        },
    )
    .await;
    e2e::state::assert_nothing_left(&scene.system.redis).await;
    scene.redis::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    accepted.push(
        backend
            .push(account, "lead.captured", json!({"after": true}))
            .await,
    );
    scene.assert_all_run();
    let loaded = Loaded {
        accepted,
        ..Loaded::default()
    };
    // What was in flight when the worker was killed came twice.
    scene.all_delivered(loaded, 64).await;
}

/// Waits until `/readyz` says that new work is refused.
async fn is_full(backend: &Caller) {
    eventually(LONG, "/readyz to say that Redis is full", async || {
        let ready = e2e::client::Caller::try_send(backend.request(reqwest::Method::GET, "/readyz")).await;
        let answer = ready.map(|ready| (ready.status, ready.text)).unwrap_or_default();
        check(answer.0 == 503 && answer.1.contains("out of memory"), answer.1)
    })
    .await;
}

/// A Redis that would evict deliveries is refused by both programs, with a sentence that says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_eviction_policy_is_refused_at_start() {
    let scene = Scene::start(builder().workers(0)).await;
    for policy in ["allkeys-lru", "allkeys-random"] {
        scene.redis::<()>(&["CONFIG", "SET", "maxmemory-policy", policy]);
        assert_refused_at_start(&scene, &[policy, "noeviction"]);
    }
    scene.all_delivered(Loaded::default(), 0).await;
}
