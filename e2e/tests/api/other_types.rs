//! `EVENT_TYPES_FILE`: a shop's event types in place of a chatbot product's, and what becomes of types that go.
//!
//! Proves (guarantees): an API is started without an event type that endpoints subscribe to

use domain::catalog::Catalog;
use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::system::{Builder, System};
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, EVENTS, everything, refuses};

/// The file that docs/event-types.md shows.
const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/event-types.json");

fn shop() -> Value {
    serde_json::from_str(&std::fs::read_to_string(SHOP).unwrap()).unwrap()
}

fn system() -> Builder {
    System::builder().env("EVENT_TYPES_FILE", SHOP)
}

/// The environment of one more API, with this file.
fn environment(system: &System, file: &str) -> Vec<(String, String)> {
    let mut environment = system.environment.clone();
    for name in ["API_LISTEN", "API_ADMIN_LISTEN"] {
        environment.push((name.to_owned(), format!("127.0.0.1:{}", free_port())));
    }
    environment.push(("EVENT_TYPES_FILE".to_owned(), file.to_owned()));
    environment
}

/// The file of the shop, changed.
fn written(dir: &TempDir, change: impl FnOnce(&mut Value)) -> String {
    let mut file = shop();
    change(&mut file);
    let path = dir.path().join("types.json");
    std::fs::write(&path, file.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_lives_with_its_own_types() {
    let (system, receiver, hook) = system().start_with_hook().await;
    let (customer, backend) = (system.customer(), system.backend());
    let listed = customer.get("/api/event-types").await.expect(200).body;
    let names: Vec<_> = listed["eventTypes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| &kind["name"])
        .collect();
    assert_eq!(names[..3], ["order.created", "order.shipped", "basket.abandoned"]);
    assert_eq!(names.len(), 7, "with the account's own events");
    let (order, basket) = (&listed["eventTypes"][0], &listed["eventTypes"][2]);
    assert_eq!(
        (&order["version"], &order["deprecated"]),
        (&json!("2"), &json!(false))
    );
    assert_eq!(basket["deprecated"], true);

    // Subscribed to, pushed, and delivered.
    let path = receiver.url("/orders");
    let orders = customer
        .create_endpoint(&path, &["order.created", "endpoint.disabled"])
        .await;
    let data = json!({"orderId": "ord_7", "total": {"amount": 5, "currency": "EUR"}});
    let pushed = backend
        .push(system.account(), "order.created", data.clone())
        .await;
    assert_eq!(pushed.deliveries, 2);
    let sent = receiver.wait_for_at("/orders", 1).await.pop().unwrap();
    assert_eq!(sent.expect_header("x-rkt-event"), "order.created");
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!((&body["event"], &body["data"]), (&json!("order.created"), &data));
    let not_theirs = backend.push(system.account(), "order.shipped", json!({})).await;
    assert_eq!(not_theirs.deliveries, 1, "to `*` alone");
    let traced = customer
        .get(&format!("{EVENTS}/{}", pushed.id))
        .await
        .expect(200)
        .body;
    assert_eq!(traced["event"], "order.created", "{traced}");

    // Tested, without a word about the type, and with one.
    for (id, body, kind, sample) in [
        (&hook.id, json!({}), "order.created", "/eventTypes/0/sample"),
        (&orders.id, json!({}), "order.created", "/eventTypes/0/sample"),
        (
            &hook.id,
            json!({"event": "order.shipped"}),
            "order.shipped",
            "/eventTypes/1/sample",
        ),
    ] {
        let tested = customer
            .post(&format!("{ENDPOINTS}/{id}/test"), &body)
            .await
            .expect(200)
            .body;
        assert_eq!(
            (&tested["succeeded"], &tested["event"]),
            (&json!(true), &json!(kind))
        );
        let sent = receiver.received().pop().unwrap();
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(
            (&body["event"], &body["chatbotId"]),
            (&json!(kind), &json!("shop_berlin"))
        );
        assert_eq!(&body["data"], shop().pointer(sample).unwrap());
    }
    let log = format!(
        "/api/webhooks-deliveries?event=order.created&endpointId={}",
        orders.id
    );
    let log = customer.get(&log).await.expect(200).body;
    assert_eq!(log["deliveries"].as_array().unwrap().len(), 2, "{log}");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_of_others_are_refused_and_those_that_leave_are_warned_of() {
    let mut system = system().workers(0).start().await;
    let (customer, backend) = (system.customer(), system.backend());
    let event =
        |kind: &str| json!({"accountId": system.account(), "event": kind, "chatbotId": "b", "data": {}});
    let before = everything(&system);
    for kind in ["lead.captured", "order", "endpoint.held", "*"] {
        let refused = (422, "unknown_event", "event");
        refuses(&backend, Method::POST, EVENTS, event(kind).to_string(), refused).await;
    }
    let told = backend.post(EVENTS, &event("lead.captured")).await;
    assert_eq!(
        told.body["errors"][0]["params"]["allowed"],
        json!(["order.created", "order.shipped", "basket.abandoned"])
    );
    // What isn't there is missing, and nothing else is said of it.
    let mut without = event("");
    without.as_object_mut().unwrap().remove("event");
    let missing = backend.post(EVENTS, &without).await.expect(422);
    assert_eq!((missing.code(), missing.field()), ("missing_field", "event"));
    assert!(
        missing
            .body
            .get("errors")
            .is_none_or(|errors| errors.as_array().unwrap().len() == 1),
        "{}",
        missing.text
    );
    let url = "http://127.0.0.1:9000/";
    let lead = json!({"url": url, "events": ["order.created", "lead.captured"]}).to_string();
    for path in [ENDPOINTS, "/api/webhooks-config/check"] {
        refuses(
            &customer,
            Method::POST,
            path,
            lead.clone(),
            (422, "unknown_event", "events[1]"),
        )
        .await;
    }
    let listed = customer.get(&format!("{ENDPOINTS}?event=lead.captured")).await;
    assert_eq!((listed.status, listed.code()), (422, "unknown_event"));
    assert_eq!(everything(&system), before, "nothing was changed");

    // All that can be subscribed to at once.
    let all = json!([
        "*",
        "order.created",
        "order.shipped",
        "basket.abandoned",
        "endpoint.disabled",
        "endpoint.recovered",
        "endpoint.held",
        "delivery.exhausted"
    ]);
    let created = customer
        .post(ENDPOINTS, &json!({"url": url, "events": all}))
        .await
        .expect(201)
        .body;
    let warning = json!(["deprecated_event", "basket.abandoned"]);
    let warned = |body: &Value| json!([body["warnings"][0]["code"], body["warnings"][0]["event"]]);
    assert_eq!(warned(&created), warning, "{created}");
    let checked = customer
        .post(
            "/api/webhooks-config/check",
            &json!({"url": url, "events": ["basket.abandoned"]}),
        )
        .await
        .expect(200)
        .body;
    assert_eq!(warned(&checked), warning);
    let one = format!("{ENDPOINTS}/{}", created["id"].as_str().unwrap());
    let changed = customer
        .patch(&one, &json!({"events": ["basket.abandoned"]}))
        .await
        .expect(200)
        .body;
    assert_eq!(warned(&changed), warning);
    for body in [json!({"description": "x"}), json!({"events": ["order.created"]})] {
        let changed = customer.patch(&one, &body).await.expect(200).body;
        assert!(changed.get("warnings").is_none(), "{changed}");
    }
    let accepted = backend.post(EVENTS, &event("basket.abandoned")).await.expect(202);
    assert_eq!(accepted.body["deliveries"], 0);

    // The document says the same, served and printed, and names no type of ours.
    let served = customer.get("/openapi.json").await.expect(200).text;
    let printed = Process::run("webhooks-api", &["openapi"], &system.environment);
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), served);
    let docs = customer.get("/docs").await.expect(200).text;
    for kind in Catalog::default().types() {
        assert!(
            !served.contains(kind.as_str()) && !docs.contains(kind.as_str()),
            "{kind}"
        );
    }
    let document: Value = serde_json::from_str(&served).unwrap();
    let pushes = &document["paths"][EVENTS]["post"]["requestBody"]["content"]["application/json"]["examples"];
    for example in pushes.as_object().unwrap().values() {
        let pushed = backend.post(EVENTS, &example["value"]).await;
        assert_eq!(pushed.status, 202, "{}", pushed.text);
    }
    system.stop();
}

#[tokio::test]
async fn a_file_that_is_wrong_stops_the_start_with_a_sentence() {
    let mut system = system().workers(0).start().await;
    let dir = TempDir::new("types");
    for (change, sentence) in [
        (
            &(|file: &mut Value| file["eventTypes"][0]["name"] = json!("order created"))
                as &dyn Fn(&mut Value),
            "event type `order created`: `name` must be a name such as order.created",
        ),
        (
            &|file| file["eventTypes"][1]["name"] = json!("order.created"),
            "event type `order.created`: `name` is there twice",
        ),
        (
            &|file| file["eventTypes"][1]["name"] = json!("endpoint.disabled"),
            "event type `endpoint.disabled`: `name` must not begin with `endpoint.`",
        ),
        (
            &|file| file["eventTypes"][1]["schema"]["type"] = json!("objekt"),
            "event type `order.shipped`: `schema` is no JSON Schema",
        ),
        (
            &|file| file["eventTypes"][1]["sample"]["orderId"] = json!(7),
            "event type `order.shipped`: `sample` is not valid by its schema: at `/data/orderId`",
        ),
        (
            &|file| file["eventTypes"][1]["samples"] = json!([]),
            "event type `order.shipped`: `samples` is not known here",
        ),
        (
            &|file| {
                let many = (0..101).map(|number| {
                    let mut one = file["eventTypes"][1].clone();
                    one["name"] = json!(format!("order.n{number}"));
                    one
                });
                file["eventTypes"] = many.collect();
            },
            "`eventTypes` must have 1 to 100 event types, and has 101",
        ),
    ] {
        let path = written(&dir, change);
        let output = Process::run("webhooks-api", &[], &environment(&system, &path));
        let printed = String::from_utf8(output.stderr).unwrap();
        let beginning = format!("EVENT_TYPES_FILE: the file `{path}`: {sentence}");
        assert!(
            !output.status.success() && printed.starts_with(&beginning),
            "{printed}"
        );
        assert_eq!(printed.lines().count(), 1, "{printed}");
    }
    let path = dir.path().join("types.json");
    std::fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
    let output = Process::run("webhooks-api", &[], &environment(&system, path.to_str().unwrap()));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(printed.contains("is longer than 1048576 bytes"), "{printed}");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_goes_only_when_no_endpoint_subscribes_to_it() {
    let mut system = system().workers(0).start().await;
    let customer = system.customer();
    let url = "http://127.0.0.1:9000/";
    let first = customer.create_endpoint(url, &["order.shipped"]).await.id;
    let other = system.customer_of("org_2other");
    let second = other
        .create_endpoint(url, &["order.created", "order.shipped"])
        .await
        .id;
    customer.create_endpoint(url, &["*"]).await;
    let dir = TempDir::new("types");
    let fewer = written(&dir, |file| {
        file["eventTypes"].as_array_mut().unwrap().remove(1);
    });
    let before = everything(&system);
    let output = Process::run("webhooks-api", &[], &environment(&system, &fewer));
    let printed = String::from_utf8(output.stderr).unwrap();
    let sentence = "EVENT_TYPES_FILE: event types are missing that endpoints subscribe to: `order.shipped` (2 endpoints); keep each \
                    with `\"deprecated\": true` until none does";
    assert_eq!(printed.lines().last(), Some(sentence), "{printed}");
    assert!(!output.status.success());
    assert_eq!(everything(&system), before);

    customer.remove_endpoint(&first).await;
    let fewer_events = json!({"id": second, "events": ["order.created"]});
    let fewer_events = other.patch(ENDPOINTS, &fewer_events).await.expect(200);
    assert_eq!(fewer_events.body["events"], json!(["order.created"]));
    let mut newer = Process::start("webhooks-api", &environment(&system, &fewer));
    let listen = newer.variable("API_LISTEN").unwrap().to_owned();
    newer.wait_ready(&format!("http://{listen}/readyz")).await;
    let told = Caller::new(&format!("http://{listen}"), None)
        .get("/openapi.json")
        .await
        .text;
    assert!(told.contains("order.created") && !told.contains("order.shipped"));
    // The older one still knows it, and what it would promise isn't kept: so it refuses.
    let shipped = json!({"url": url, "events": ["order.shipped"]}).to_string();
    refuses(
        &customer,
        Method::POST,
        ENDPOINTS,
        shipped.clone(),
        (422, "unknown_event", "events"),
    )
    .await;
    let changed = json!({"id": second, "events": ["order.shipped"]}).to_string();
    refuses(
        &other,
        Method::PATCH,
        ENDPOINTS,
        changed,
        (422, "unknown_event", "events"),
    )
    .await;
    eventually(LONG, "the warning", async || {
        let log = system.api.log();
        let is_told = log.contains("EVENT_TYPES_FILE differs") && log.contains("named=\"order.shipped\"");
        check(is_told, log)
    })
    .await;
    // Back to the older file: the type is there again.
    newer.terminate();
    system.api.restart();
    system.wait_ready().await;
    let created = customer
        .post(ENDPOINTS, &serde_json::from_str(&shipped).unwrap())
        .await;
    assert_eq!(created.status, 201, "{}", created.text);
    system.stop();
}
