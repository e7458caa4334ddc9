//! `ACK_DURABILITY=replicas:N`: what is answered while enough replicas follow, and while they don't.
//!
//! Proves (guarantees): too few replicas have an event in time: refused, kept and delivered, found by its key
//! Proves (guarantees): the server doesn't let its settings be read: warned of, or the operator's word is shown

use std::time::{Duration, Instant};

use e2e::client::{Caller, Reply};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::redis_server::{RedisServer, programs, shipped_users};
use e2e::state::Calls;
use e2e::system::{SERVICE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{BATCH, EVENTS};

/// A push is answered within this time, whatever replicas do: the bound is 2 s for them, and 1.8 s for all else.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

fn event(system: &System) -> Value {
    json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {"leadId": "l1"}})
}

async fn push(backend: &Caller, key: &str, event: &Value) -> Reply {
    let began = Instant::now();
    let request = backend.request(Method::POST, EVENTS);
    let reply = Caller::send(request.header("idempotency-key", key).json(event)).await;
    assert!(began.elapsed() < ANSWERED_WITHIN, "{:?}", began.elapsed());
    reply
}

fn assert_not_replicated(reply: &Reply) {
    assert_eq!(
        (reply.status, reply.code()),
        (503, "not_replicated"),
        "{}",
        reply.text
    );
    assert_eq!(reply.headers["retry-after"], "2");
    assert!(reply.body["detail"].as_str().unwrap().contains("the event stays"));
}

/// Without enough replicas an event is refused, stays, is delivered, and is found by its key once they are back. Each repeat waits
/// again, at another process, too, which has written nothing itself.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_too_few_replicas_have_is_refused_stays_and_is_delivered() {
    let primary = RedisServer::start();
    let replica = primary.start_replica().await;
    let builder = System::builder()
        .on(primary)
        .api_env("ACK_DURABILITY", "replicas:1");
    let (mut system, receiver, _) = builder.start_with_hook().await;
    let (backend, event) = (system.backend(), event(&system));
    let first = push(&backend, "k1", &event).await.expect(202);
    assert_eq!(first.body["deliveries"], 1);

    replica.stop_signal();
    let other = other_api(&system).await;
    let elsewhere = Caller::new(
        &format!("http://{}", other.variable("API_LISTEN").unwrap()),
        Some(SERVICE_KEY),
    );
    for caller in [&backend, &backend, &elsewhere] {
        assert_not_replicated(&push(caller, "k2", &event).await);
    }
    // What was accepted long before isn't confirmed anew either: who asks again wants to know it now.
    assert_not_replicated(&push(&elsewhere, "k1", &event).await);
    let wrong = json!({"accountId": system.account(), "event": "no.such", "chatbotId": "b", "data": {}});
    let batch = backend
        .post(BATCH, &json!({"events": [event, wrong, event]}))
        .await;
    let statuses: Vec<_> = batch.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(statuses, [503, 422, 503], "{}", batch.text);
    assert_eq!(batch.body["results"][2]["error"]["code"], "not_replicated");
    assert_eq!((batch.status, batch.code()), (422, "nothing_accepted"));
    let all = backend.post(BATCH, &json!({"events": [event, event]})).await;
    assert_not_replicated(&all);
    assert_eq!(all.body["results"].as_array().unwrap().len(), 2, "{}", all.text);
    eventually(LONG, "all six events to be delivered", async || {
        check(
            receiver.received().len() == 6,
            receiver.received().len().to_string(),
        )
    })
    .await;

    replica.cont();
    let again = eventually(LONG, "the event to be accepted", async || {
        let again = push(&backend, "k2", &event).await;
        check(again.status == 202, &again.text).map(|()| again)
    })
    .await;
    assert_eq!(again.body["duplicate"], true);
    assert_eq!(receiver.received().len(), 6, "it was accepted anew");
    drop(other);
    system.stop();
}

/// One wait serves all events that share a call; and who doesn't ask for replicas waits for none.
#[tokio::test(flavor = "multi_thread")]
async fn events_share_a_wait_and_without_replicas_there_is_none() {
    let primary = RedisServer::start();
    let replica = primary.start_replica().await;
    let builder = System::builder().workers(0).on(primary);
    let mut system = builder.start().await;
    let event = event(&system);
    drop(push(&system.backend(), "before", &event).await.expect(202));
    let calls = Calls::read(&system.redis);
    assert_eq!((calls.of("wait"), calls.of("waitaof")), (0, 0));

    let other = other_api(&system).await;
    let url = format!("http://{}", other.variable("API_LISTEN").unwrap());
    let backend = Caller::new(&url, Some(SERVICE_KEY));
    let before = Calls::read(&system.redis).of("wait");
    let batch = json!({"events": vec![event; 300]});
    drop(backend.post(BATCH, &batch).await.expect(202));
    let after = Calls::read(&system.redis).of("wait");
    assert_eq!(after - before, 1, "five calls of the script, one wait");
    drop((other, replica));
    system.stop();
}

/// One more API, which needn't be ready.
async fn other_api(system: &System) -> Process {
    let mut environment = system.environment.clone();
    for name in ["API_LISTEN", "API_ADMIN_LISTEN"] {
        environment.push((name.to_owned(), format!("127.0.0.1:{}", free_port())));
    }
    environment.push(("ACK_DURABILITY".to_owned(), "replicas:1".to_owned()));
    let mut api = Process::start("webhooks-api", &environment);
    let listen = api.variable("API_LISTEN").unwrap().to_owned();
    api.wait_ready(&format!("http://{listen}/readyz")).await;
    api
}

/// `/readyz` says which server it is, who follows it and how far behind, and warns of too few.
#[tokio::test(flavor = "multi_thread")]
async fn readyz_tells_of_the_primary_and_its_replicas() {
    let primary = RedisServer::start();
    let mut replicas = [primary.start_replica().await, primary.start_replica().await];
    let told = primary.raw("INFO server").unwrap();
    let run_id = told
        .lines()
        .find_map(|line| line.strip_prefix("run_id:"))
        .unwrap()
        .trim();
    let builder = System::builder()
        .on(primary)
        .api_env("ACK_DURABILITY", "replicas:2");
    let mut system = builder.start().await;
    let customer = system.customer();
    let ready = customer.get("/readyz").await.expect(200).body;
    assert_eq!(
        (
            &ready["store"]["runId"],
            &ready["store"]["role"],
            &ready["store"]["replicas"]
        ),
        (&json!(run_id), &json!("primary"), &json!(2)),
        "{ready}"
    );
    assert!(ready["store"]["behindBytes"].is_u64() && ready["store"]["lagSeconds"].is_u64());
    assert_eq!(ready["warnings"], json!([]));
    let worker = format!("http://{}", system.workers[0].variable("WORKER_LISTEN").unwrap());
    let worker = Caller::new(&worker, None).get("/readyz").await.expect(200).body;
    assert_eq!(worker["store"]["runId"], run_id, "{worker}");

    replicas[1].kill9();
    eventually(LONG, "a warning", async || {
        // Work goes on: it is no reason not to be ready.
        let ready = customer.get("/readyz").await.expect(200).body;
        let warning = ready["warnings"][0].as_str().unwrap_or_default();
        check(
            warning.contains("1 of the 2 replicas") && ready["store"]["replicas"] == 1,
            ready.to_string(),
        )
    })
    .await;
    system.stop();
}

/// Where no file is kept, or no `WAITAOF` known, replicas are waited for all the same: on every server.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_acknowledged_by_replicas_of_every_server() {
    for program in programs() {
        let primary = RedisServer::start_guarded_on(&program);
        let replica = primary.start_replica().await;
        let builder = System::builder()
            .workers(0)
            .env("REDIS_URL", primary.url_as("worker"))
            .api_env("REDIS_URL", primary.url_as("api"))
            .api_env("ACK_DURABILITY", "replicas:1")
            .on(primary);
        let mut system = builder.start().await;
        let (backend, event) = (system.backend(), event(&system));
        drop(push(&backend, "k1", &event).await.expect(202));
        replica.stop_signal();
        assert_not_replicated(&push(&backend, "k2", &event).await);
        replica.cont();
        system.stop();
        println!("{}", program.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cant_be_waited_for_stops_the_start() {
    let mut system = System::builder().workers(0).start().await;
    let mut environment = system.environment.clone();
    system.stop();
    environment.push(("API_LISTEN".to_owned(), format!("127.0.0.1:{}", free_port())));
    let start = |url: String, wanted: &str| {
        let mut environment = environment.clone();
        environment.push(("REDIS_URL".to_owned(), url));
        environment.push(("ACK_DURABILITY".to_owned(), wanted.to_owned()));
        let output = Process::run("webhooks-api", &[], &environment);
        assert!(!output.status.success());
        let printed = String::from_utf8(output.stderr).unwrap();
        printed.lines().last().unwrap_or_default().to_owned()
    };
    let primary = RedisServer::start();
    let alone = start(primary.url(), "replicas:1");
    assert!(
        alone.contains("no replica, fewer than ACK_DURABILITY=replicas:1"),
        "{alone}"
    );
    let replica = primary.start_replica().await;
    let few = start(primary.url(), "replicas:2");
    assert!(
        few.contains("1 replica, fewer than ACK_DURABILITY=replicas:2"),
        "{few}"
    );
    drop((primary, replica));

    let mut guarded = RedisServer::start_guarded();
    guarded.set_users(shipped_users().replace(" +wait +waitaof", ""));
    guarded.restart();
    let replica = guarded.start_replica().await;
    let forbidden = start(guarded.url_as("api"), "replicas:1");
    assert!(
        forbidden.contains("doesn't let us `WAIT`") && forbidden.contains("docker/redis/users.acl"),
        "{forbidden}"
    );
    drop(replica);
}

/// A managed service says nothing of its settings: that is warned of, unless the operator says what keeps events there.
#[tokio::test(flavor = "multi_thread")]
async fn where_durability_cant_be_read_the_operators_word_is_shown() {
    let server = || RedisServer::start_with(&["--rename-command", "CONFIG", ""]);
    let mut system = System::builder().on(server()).start().await;
    let ready = system.customer().get("/readyz").await.expect(200).body;
    let warning = ready["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("CONFIG is not allowed") && warning.contains("DURABILITY_ASSUMED"),
        "{ready}"
    );
    assert_eq!(ready["durabilityAssumed"], Value::Null);
    system.stop();

    let word = "Each write is in three zones before it is answered.";
    let builder = System::builder().on(server()).env("DURABILITY_ASSUMED", word);
    let mut system = builder.start().await;
    let worker = format!("http://{}", system.workers[0].variable("WORKER_LISTEN").unwrap());
    for caller in [system.customer(), Caller::new(&worker, None)] {
        let ready = caller.get("/readyz").await.expect(200).body;
        assert_eq!(
            (&ready["warnings"], &ready["durabilityAssumed"]),
            (&json!([]), &json!(word))
        );
    }
    system.stop();
}
