//! The live stream: what it sends, how a client goes on after a break, and when it ends.
//!
//! Proves (security): An account has ten live streams at most

mod crowded;
mod slow;

use e2e::clerk::{Claims, now};
use e2e::client::{Caller, Reply};
use e2e::state::key;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{api, assert_refused, everything};
use crate::listener::{Listener, ask};
use crate::log_scene::{HOOK, LogScene, text};

/// The most that an account may have open.
const MOST: usize = 10;

async fn refusal(caller: &Caller, path: &str, last: Option<&str>) -> Reply {
    let mut request = caller.request(Method::GET, path);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    Caller::send(request).await
}

/// What the API's metrics say of open streams.
async fn open_streams(system: &System) -> usize {
    let metrics = system.api_metrics().await;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("webhooks_api_streams_open "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

/// Connections that wait in Redis for a log to grow.
fn waiting_in_redis(system: &System) -> usize {
    let list: String = redis::cmd("CLIENT")
        .arg("LIST")
        .query(&mut e2e::state::connect(&system.redis))
        .unwrap();
    list.lines().filter(|line| line.contains("cmd=xread")).count()
}

/// Waits until all streams are closed and have given back what they held.
async fn all_closed(system: &System) {
    eventually(LONG, "all streams to be closed", async || {
        let (open, waiting) = (open_streams(system).await, waiting_in_redis(system));
        check(
            open + waiting == 0,
            format!("{open} are open, {waiting} wait in Redis"),
        )
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_changes_are_sent_as_they_happen_and_after_a_break() {
    let scene = LogScene::start(System::builder().env("RETRY_SCHEDULE", "50ms")).await;
    let path = scene.path("deliveries/stream");
    scene.push(json!({})).await;
    scene.listed("", 1).await;
    assert_eq!(
        (open_streams(&scene.system).await, waiting_in_redis(&scene.system)),
        (0, 0)
    );
    // The stream begins with what happens next, not with what the log had before.
    let (mut listener, beginning) = Listener::start(&scene.customer, &path, None).await;
    scene.push(json!({"then": 500})).await;
    let attempts = listener.events(&["attempt", "attempt"]).await;
    let outcomes: Vec<_> = attempts.iter().map(|event| &event.data["outcome"]).collect();
    assert_eq!(outcomes, ["retrying", "exhausted"]);
    let first = &attempts[0].data;
    let delivery = text(first, "deliveryId");
    let detail = scene.delivery(&delivery).await;
    assert_eq!(
        (&first["eventId"], &first["event"]),
        (&detail["eventId"], &detail["event"])
    );
    assert_eq!((&first["replay"], &first["test"]), (&json!(false), &json!(false)));
    for (name, value) in detail["attemptLog"][0].as_object().unwrap() {
        assert_eq!(first[name], *value, "{name}");
    }
    assert_eq!(scene.replay(&delivery).await.status, 202);
    let replayed = listener.events(&["attempt"]).await.remove(0);
    assert_eq!(
        (&replayed.data["replay"], &replayed.data["outcome"]),
        (&json!(true), &json!("succeeded"))
    );
    let test = scene.customer.post(&scene.path("test"), &json!({})).await;
    assert_eq!(test.status, 200, "{}", test.text);
    let tested = listener.events(&["attempt"]).await.remove(0);
    assert_eq!(tested.data["test"], true);
    drop(listener);
    all_closed(&scene.system).await;

    // Nobody listens meanwhile.
    scene.switch(false).await;
    scene.switch(true).await;
    scene.push(json!({})).await;
    scene.receiver.wait_for_at(HOOK, 6).await;
    let last = tested.id.as_deref();
    let (mut listener, repeated) = Listener::start(&scene.customer, &path, last).await;
    assert_eq!(Some(repeated.as_str()), last);
    let missed = listener.events(&["state", "state", "attempt"]).await;
    let states: Vec<_> = missed.iter().map(|event| &event.data["state"]).collect();
    assert_eq!(states, [&json!("off"), &json!("active"), &Value::Null]);
    assert_eq!(missed[0].data["reason"], "owner");
    // From the beginning, all of it comes again, with the same ids.
    let (mut again, _) = Listener::start(&scene.customer, &path, Some(&beginning)).await;
    let all = again
        .events(&[
            "attempt", "attempt", "attempt", "attempt", "state", "state", "attempt",
        ])
        .await;
    assert_eq!(all[0].data, attempts[0].data);
    assert_eq!(all[6].id, missed[2].id);
    drop((listener, again));
    all_closed(&scene.system).await;
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_from_the_log_is_reported_as_a_gap() {
    let scene = LogScene::start(System::builder()).await;
    let path = scene.path("deliveries/stream");
    scene.push(json!({})).await;
    scene.listed("", 1).await;
    let (listener, last) = Listener::start(&scene.customer, &path, None).await;
    drop(listener);
    scene.push_many(400, &json!({})).await;
    scene.receiver.wait_for_at(HOOK, 401).await;
    eventually(LONG, "all attempts to be recorded", async || {
        let endpoint = scene.customer.endpoint(&scene.endpoint).await;
        check(endpoint["queueDepth"] == 0, endpoint.to_string())
    })
    .await;
    // What a log does by itself once it is longer than any may be.
    redis::cmd("XTRIM")
        .arg(key(&format!("log:{}", scene.endpoint)))
        .arg(&["MAXLEN", "50"])
        .exec(&mut e2e::state::connect(&scene.system.redis))
        .unwrap();
    let (mut listener, gap) = Listener::start_with_gap(&scene.customer, &path, Some(&last)).await;
    // It is told once.
    let events = listener.events(&["attempt", "attempt"]).await;
    assert_eq!(gap.data["resumedAt"], events[0].data["at"]);
    assert_eq!(gap.id.as_deref(), Some(last.as_str()));
    // What came is after the gap: going on from there leaves no gap.
    let id = events[0].id.as_deref();
    let (mut on, _) = Listener::start(&scene.customer, &path, id).await;
    on.events(&["attempt"]).await;
    drop((listener, on));
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_token_expires() {
    let mut scene = LogScene::start(System::builder()).await;
    let path = scene.path("deliveries/stream");
    let claims = Claims::v2("user_2test", Some("org_2test")).with("exp", now() + 3);
    let caller = scene.system.caller(&claims.sign(&scene.system.key));
    let (listener, _) = Listener::start(&caller, &path, None).await;
    listener.ends("token_expired").await;
    all_closed(&scene.system).await;
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_endpoint_is_removed() {
    let mut scene = LogScene::start(System::builder()).await;
    let path = scene.path("deliveries/stream");
    let (mut listener, _) = Listener::start(&scene.customer, &path, None).await;
    // Meanwhile a comment now and then keeps the connection open.
    listener.comment().await;
    scene.customer.remove_endpoint(&scene.endpoint).await;
    listener.ends("endpoint_removed").await;
    all_closed(&scene.system).await;
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_server_stops_and_outlasts_redis() {
    let mut scene = LogScene::start(System::builder()).await;
    let path = scene.path("deliveries/stream");
    let (mut listener, _) = Listener::start(&scene.customer, &path, None).await;
    tokio::task::block_in_place(|| {
        scene.system.redis.kill9();
        scene.system.redis.restart();
    });
    eventually(LONG, "an event to be accepted", async || {
        let event = json!({"accountId": scene.system.account(), "event": "lead.captured", "chatbotId": "b", "data": {}});
        let reply = scene.system.backend().post("/api/events", &event).await;
        check(reply.status == 202, reply.text)
    })
    .await;
    assert_eq!(
        listener.events(&["attempt"]).await[0].data["outcome"],
        "succeeded"
    );
    scene.system.api.ask_to_end();
    listener.ends("stopping").await;
    let status = tokio::task::block_in_place(|| scene.system.api.wait());
    assert!(status.success(), "{status}");
    scene.system.stop();
}

#[tokio::test]
async fn after_an_id_that_cannot_be_read_a_stream_begins_with_a_gap() {
    let mut system = api().await;
    let (customer, stranger) = (system.customer(), system.customer_of("org_2other"));
    let url = "http://127.0.0.1:9000/";
    let own = customer.create_endpoint(url, &["*"]).await.id;
    let second = customer.create_endpoint(url, &["*"]).await.id;
    let strangers = stranger.create_endpoint(url, &["*"]).await.id;
    let path = |endpoint: &str| format!("/api/webhooks-config/{endpoint}/deliveries/stream");
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let listing = format!("/api/webhooks-config/{own}/deliveries?status=pending&limit=1");
    let cursor = text(&customer.get(&listing).await.expect(200).body, "nextCursor");
    let (listener, id) = Listener::start(&customer, &path(&own), None).await;
    drop(listener);
    all_closed(&system).await;
    let before = everything(&system);
    let mut changed = id.clone();
    let third = if id[3..].starts_with('A') { "B" } else { "A" };
    changed.replace_range(3..4, third);
    let long = "A".repeat(5000);
    for (caller, endpoint, given) in [
        (&customer, &own, changed.as_str()),
        (&customer, &own, &id[1..]),
        (&customer, &own, ""),
        (&customer, &own, "1774539000061-0"),
        (&customer, &own, "0"),
        (&customer, &own, &long),
        (&customer, &own, &cursor),
        (&customer, &second, &id),
        (&stranger, &strangers, &id),
    ] {
        let path = path(endpoint);
        let (listener, gap) = Listener::start_with_gap(caller, &path, Some(given)).await;
        let now = domain::clock::Timestamp::now();
        let resumed: domain::clock::Timestamp = text(&gap.data, "resumedAt").parse().unwrap();
        assert!(
            resumed <= now && resumed.as_millis() + 60_000 > now.as_millis(),
            "{gap:?}"
        );
        drop(listener);
        // From there it goes on without one.
        let (listener, _) = Listener::start(caller, &path, gap.id.as_deref()).await;
        drop(listener);
    }
    all_closed(&system).await;
    let twice = customer
        .request(Method::GET, &path(&own))
        .header("last-event-id", &id)
        .header("last-event-id", &id);
    let reply = Caller::send(twice).await;
    assert_refused(
        &Method::GET,
        &path(&own),
        &reply,
        422,
        "invalid_cursor",
        "Last-Event-ID",
    );
    for endpoint in [&own, "ep_0000000000000000"] {
        let path = path(endpoint);
        let reply = refusal(&stranger, &path, None).await;
        assert_refused(&Method::GET, &path, &reply, 404, "endpoint_not_found", "");
    }
    assert_eq!(open_streams(&system).await, 0);
    assert_eq!(everything(&system), before);
    system.stop();
}

/// Some clients can set no header: what they heard last stands in the query. If they can, and it does as well, the header counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_resumed_by_a_parameter_where_the_header_is_absent() {
    let scene = LogScene::start(System::builder()).await;
    let path = scene.path("deliveries/stream");
    let (mut listener, first) = Listener::start(&scene.customer, &path, None).await;
    scene.push(json!({})).await;
    let heard = listener.events(&["attempt"]).await.remove(0);
    drop(listener);
    let in_query = format!("{path}?lastEventId={first}");
    let (mut listener, id) = Listener::start(&scene.customer, &in_query, None).await;
    assert_eq!(id, first);
    assert_eq!(listener.events(&["attempt"]).await[0].data, heard.data);
    drop(listener);
    let (listener, id) = Listener::start(&scene.customer, &in_query, heard.id.as_deref()).await;
    assert_eq!(Some(id), heard.id);
    drop(listener);
    for empty in ["lastEventId=", "lastEventId"] {
        let (listener, gap) =
            Listener::start_with_gap(&scene.customer, &format!("{path}?{empty}"), None).await;
        assert_eq!(gap.id, heard.id);
        drop(listener);
    }
    let misspelt = format!("{path}?last_event_id={first}");
    let reply = refusal(&scene.customer, &misspelt, None).await;
    assert_refused(
        &Method::GET,
        &misspelt,
        &reply,
        422,
        "unknown_parameter",
        "last_event_id",
    );
    all_closed(&scene.system).await;
    scene.system.finish().await;
}

#[tokio::test]
async fn an_account_may_have_so_many_streams() {
    let mut system = api().await;
    let (customer, stranger) = (system.customer(), system.customer_of("org_2other"));
    let url = "http://127.0.0.1:9000/";
    let own = customer.create_endpoint(url, &["*"]).await.id;
    let others = stranger.create_endpoint(url, &["*"]).await.id;
    let path = |endpoint: &str| format!("/api/webhooks-config/{endpoint}/deliveries/stream");
    let mut listeners = Vec::new();
    for _ in 0..MOST {
        listeners.push(Listener::start(&customer, &path(&own), None).await);
    }
    assert_eq!(open_streams(&system).await, MOST);
    let reply = refusal(&customer, &path(&own), None).await;
    assert_refused(&Method::GET, &path(&own), &reply, 429, "too_many_streams", "");
    assert!(reply.headers.contains_key("retry-after"));
    // Others have places of their own.
    listeners.push(Listener::start(&stranger, &path(&others), None).await);
    listeners.remove(0);
    eventually(LONG, "a place to be free", async || {
        let reply = ask(&customer, &path(&own), None).await;
        check(reply.status() == 200, reply.status().to_string())
    })
    .await;
    drop(listeners);
    all_closed(&system).await;
    system.stop();
}
