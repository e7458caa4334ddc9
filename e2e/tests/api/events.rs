//! The API accepts an event with one delivery for each endpoint that matches, or not at all.
//!
//! Proves (security): Rate limits by account and service key, budgets of bytes, numbers of endpoints, lengths of keys
//! Proves (security): JSON is read strictly

use e2e::client::Caller;
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{BATCH, ENDPOINTS, EVENTS, api, assert_refused, everything, send};

const TYPES: [&str; 10] = [
    "session.created",
    "session.resolved",
    "message.received",
    "message.sent",
    "lead.captured",
    "ticket.created",
    "ticket.updated",
    "handoff.escalated",
    "handoff.assigned",
    "handoff.returned",
];

fn event(account: &str) -> Value {
    json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {"leadId": "clx"}})
}

async fn keyed(caller: &Caller, key: &str, body: &Value) -> e2e::client::Reply {
    Caller::send(
        caller
            .request(Method::POST, EVENTS)
            .header("idempotency-key", key)
            .json(body),
    )
    .await
}

#[tokio::test]
async fn an_event_goes_to_the_endpoints_that_match() {
    let mut system = api().await;
    let (customer, backend, account) = (system.customer(), system.backend(), system.account());
    for (events, chatbot) in [
        (json!(["*"]), Value::Null),
        (json!(["*"]), json!("bot_1")),
        (json!(["lead.captured", "ticket.created"]), Value::Null),
        (json!(["lead.captured"]), json!("bot_2")),
        (json!(["ticket.created"]), json!("bot_1")),
    ] {
        let body = json!({"url": "http://127.0.0.1:9000/", "events": events, "chatbotId": chatbot});
        let _reply = customer.post(ENDPOINTS, &body).await.expect(201);
    }
    let off = customer
        .create_endpoint("http://127.0.0.1:9000/off", &["*"])
        .await
        .id;
    customer.toggle(&off).await;
    system
        .customer_of("org_other")
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    for (kind, chatbot, deliveries) in [
        ("lead.captured", "bot_1", 3),
        ("lead.captured", "bot_2", 3),
        ("lead.captured", "bot_3", 2),
        ("ticket.created", "bot_1", 4),
        ("session.created", "bot_3", 1),
    ] {
        let body = json!({"accountId": account, "event": kind, "chatbotId": chatbot, "data": {}});
        let reply = backend.post(EVENTS, &body).await.expect(202);
        let id = reply.body["id"].as_str().unwrap();
        assert!(id.starts_with("evt_"));
        assert_eq!(
            reply.body,
            json!({"id": id, "deliveries": deliveries}),
            "{kind} {chatbot}"
        );
    }
    system.stop();
}

#[tokio::test]
async fn an_event_that_nobody_wants_leaves_nothing_but_a_note_and_its_idempotency_key() {
    let mut system = api().await;
    let before = everything(&system);
    for kind in TYPES {
        let mut body = event("user:user_1");
        body["event"] = kind.into();
        assert_eq!(
            system.backend().post(EVENTS, &body).await.expect(202).body["deliveries"],
            0
        );
    }
    let without_statistics = |mut state: std::collections::BTreeMap<String, Vec<u8>>| {
        state.retain(|key, _| !key.ends_with(":stats") && !key.ends_with(":user_1:unmatched"));
        state
    };
    assert_eq!(
        without_statistics(everything(&system)),
        without_statistics(before)
    );
    let first = keyed(&system.backend(), "k", &event("user:user_1"))
        .await
        .expect(202)
        .body;
    let again = keyed(&system.backend(), "k", &event("user:user_1"))
        .await
        .expect(202)
        .body;
    assert_eq!(
        again,
        json!({"id": first["id"], "deliveries": 0, "duplicate": true})
    );
    let left: Vec<_> = without_statistics(everything(&system)).into_keys().collect();
    assert!(left.iter().any(|key| key.contains("idempotency")), "{left:?}");
    system.stop();
}

#[tokio::test]
async fn an_idempotency_key_makes_one_event() {
    let mut system = api().await;
    let (backend, account) = (system.backend(), system.account());
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let first = keyed(&backend, "order-1", &event(account)).await.expect(202).body;
    assert_eq!(first["deliveries"], 1);
    let before = everything(&system);
    for _ in 0..3 {
        let again = keyed(&backend, "order-1", &event(account)).await.expect(202).body;
        assert_eq!(
            again,
            json!({"id": first["id"], "deliveries": 1, "duplicate": true})
        );
    }
    // The same request in other white space is the same request.
    let text = serde_json::to_string_pretty(&event(account)).unwrap();
    let request = backend
        .request(Method::POST, EVENTS)
        .header("content-type", "application/json");
    let again = Caller::send(request.header("idempotency-key", "order-1").body(text))
        .await
        .expect(202);
    assert_eq!(again.body["duplicate"], true);
    // A different one is refused.
    for (field, value) in [
        ("event", json!("ticket.created")),
        ("chatbotId", json!("bot_2")),
        ("data", json!({"leadId": "other"})),
        ("timestamp", json!("2026-03-26T15:30:00Z")),
    ] {
        let mut other = event(account);
        other[field] = value;
        let refused = keyed(&backend, "order-1", &other).await;
        assert_eq!(
            (refused.status, refused.code(), refused.field()),
            (409, "idempotency_conflict", field),
            "{}",
            refused.text
        );
    }
    assert_eq!(everything(&system), before);
    // Keys are separate for each account, and the header works in any case of letters.
    let other = keyed(&backend, "order-1", &event("org:org_other"))
        .await
        .expect(202)
        .body;
    assert!(other.get("duplicate").is_none() && other["id"] != first["id"]);
    let new = keyed(&backend, "order-2", &event(account)).await.expect(202).body;
    assert!(new.get("duplicate").is_none());
    system.stop();
}

#[tokio::test]
async fn in_a_batch_each_event_stands_for_itself() {
    let mut system = api().await;
    let (backend, account) = (system.backend(), system.account());
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let with = |field: &str, value: Value| {
        let mut event = event(account);
        event[field] = value;
        event
    };
    let batch = json!({"events": [
        event(account),
        with("event", json!("lead.lost")),
        7,
        with("idempotencyKey", json!("k")),
        with("idempotencyKey", json!("k")),
        { "accountId": account, "event": "ticket.created", "chatbotId": "b", "data": {}, "idempotencyKey": "k" },
        with("extra", json!(1)),
        with("accountId", json!("nobody")),
        with("data", json!([])),
        with("data", json!({"x": "y".repeat(262_144)})),
        event("org:org_other"),
    ]});
    let reply = backend.post(BATCH, &batch).await.expect(202);
    let results = reply.body["results"].as_array().unwrap();
    let shown: Vec<_> = results
        .iter()
        .map(|result| {
            let error = &result["error"];
            (
                result["status"].as_u64().unwrap(),
                error["code"].as_str().unwrap_or(""),
                error["field"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            (202, "", ""),
            (422, "unknown_event", "event"),
            (422, "invalid_type", ""),
            (202, "", ""),
            (202, "", ""),
            (409, "idempotency_conflict", "event"),
            (422, "unknown_field", "extra"),
            (422, "invalid_account_id", "accountId"),
            (422, "invalid_type", "data"),
            (413, "payload_too_large", "data"),
            (202, "", ""),
        ]
    );
    assert_eq!(
        (&reply.body["accepted"], &reply.body["rejected"]),
        (&json!(4), &json!(7))
    );
    assert_eq!(results[0]["deliveries"], 1);
    assert_eq!(results[3]["id"], results[4]["id"]);
    let duplicates: Vec<_> = [&results[3], &results[4]]
        .map(|result| result["duplicate"] == true)
        .to_vec();
    assert_eq!(duplicates, [false, true]);
    assert_eq!(results[10]["deliveries"], 0);
    // A full batch.
    let many: Vec<_> = (0..1000).map(|_| event("org:org_other")).collect();
    let reply = backend.post(BATCH, &json!({"events": many})).await.expect(202);
    assert!(
        reply.body["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|result| result["status"] == 202)
    );
    assert_eq!(reply.body["results"].as_array().unwrap().len(), 1000);
    system.stop();
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_accepted_is_a_problem_with_all_results() {
    let mut system = api().await;
    let (backend, before) = (system.backend(), everything(&system));
    let lost = json!({"accountId": "org:org_a", "event": "lead.lost", "chatbotId": "b", "data": {}});
    let mut late = lost.clone();
    late["timestamp"] = "tomorrow".into();
    late["event"] = "lead.captured".into();
    let mut large = late.clone();
    large["timestamp"] = Value::Null;
    large["data"] = json!({"x": "y".repeat(262_144)});
    for (events, status, code, field) in [
        (json!([lost, lost, lost]), 422, "unknown_event", "event"),
        (json!([late, lost]), 422, "invalid_timestamp", "timestamp"),
        (json!([large]), 413, "payload_too_large", "data"),
        (json!([large, lost]), 422, "nothing_accepted", ""),
    ] {
        let reply = backend.post(BATCH, &json!({"events": events})).await;
        assert_refused(&Method::POST, BATCH, &reply, status, code, field);
        let count = events.as_array().unwrap().len();
        assert_eq!(
            (&reply.body["accepted"], &reply.body["rejected"]),
            (&json!(0), &json!(count))
        );
        assert_eq!(reply.body["results"].as_array().unwrap().len(), count);
        assert_eq!(
            reply.body["results"][0]["error"]["type"],
            format!(
                "/errors#{}",
                reply.body["results"][0]["error"]["code"].as_str().unwrap()
            )
        );
    }
    assert_eq!(everything(&system), before);
    system.stop();
}

/// What the backend's libraries send without being asked.
#[tokio::test]
async fn an_event_is_read_as_clients_send_it() {
    let mut system = api().await;
    let (backend, account) = (system.backend(), system.account().to_owned());
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let clerks = account.split_once(':').unwrap().1;
    let mut body = event(clerks);
    body["timestamp"] = Value::Null;
    let packed = {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(body.to_string().as_bytes()).unwrap();
        packer.finish().unwrap()
    };
    let first = keyed(&backend, "k", &event(&account)).await.expect(202).body;
    for (charset, encoding, bytes) in [
        ("; charset=utf8", "identity", body.to_string().into_bytes()),
        ("; charset=us-ascii", "gzip", packed),
    ] {
        let request = backend
            .request(Method::POST, EVENTS)
            .header("content-type", format!("application/json{charset}"))
            .header("content-encoding", encoding)
            .header("idempotency-key", "k");
        let again = Caller::send(request.body(bytes)).await.expect(202).body;
        assert_eq!(
            again,
            json!({"id": first["id"], "deliveries": 1, "duplicate": true})
        );
    }
    // However little was sent, as much as a body may have is unpacked.
    let zeros = {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(&vec![b' '; 64 << 20]).unwrap();
        packer.finish().unwrap()
    };
    for path in [EVENTS, BATCH] {
        let request = backend
            .request(Method::POST, path)
            .header("content-type", "application/json")
            .header("content-encoding", "gzip");
        let reply = Caller::send(request.body(zeros.clone())).await;
        assert_refused(&Method::POST, path, &reply, 413, "body_too_large", "");
    }
    system.stop();
}

#[tokio::test]
async fn a_receiver_gets_the_bytes_of_data_as_they_were_sent() {
    let (system, receiver, _) = System::start_with_hook().await;
    let data =
        r#"{"z":1,"a":0.10,"n":12345678901234567890123456789.000e+07,"s":"\u00e9 \/\"\\ ü","z":[1e400,-0]}"#;
    let spaced = data.replace(",\"", " ,\n\t\"").replace("\":", "\" : ");
    let body = format!(
        r#"{{"timestamp":"2026-03-26T16:30:00.25+01:00","data":{spaced},"chatbotId":"bot \"1\"","event":"lead.captured","accountId":"{}"}}"#,
        system.account()
    );
    let reply = send(&system.backend(), Method::POST, EVENTS, body)
        .await
        .expect(202);
    let received = receiver.wait_for(1).await;
    assert_eq!(
        String::from_utf8_lossy(&received[0].body),
        format!(
            r#"{{"event":"lead.captured","chatbotId":"bot \"1\"","timestamp":"2026-03-26T15:30:00.250Z","data":{data}}}"#
        )
    );
    assert_eq!(
        received[0].expect_header("webhook-id"),
        reply.body["id"].as_str().unwrap()
    );
    system.finish().await;
}

#[tokio::test]
async fn an_account_over_its_budget_is_asked_to_wait() {
    let mut system = System::builder()
        .workers(0)
        .env("ACCOUNT_BUDGET_BYTES", "2KiB")
        .start()
        .await;
    let (backend, account) = (system.backend(), system.account());
    system
        .customer()
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    let mut big = event(account);
    big["data"]["x"] = "y".repeat(1024).into();
    let _reply = backend.post(EVENTS, &big).await.expect(202);
    let before = everything(&system);
    let refused = backend.post(EVENTS, &big).await;
    assert_eq!((refused.status, refused.code()), (429, "account_over_budget"));
    assert!(refused.headers.contains_key("retry-after"));
    let reply = backend
        .post(BATCH, &json!({"events": [big, event("org:org_other")]}))
        .await
        .expect(202);
    let statuses: Vec<_> = reply.body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status"].clone())
        .collect();
    assert_eq!(statuses, [429, 202]);
    assert!(
        reply.headers.contains_key("retry-after"),
        "an item may be sent again"
    );
    let reply = backend.post(BATCH, &json!({"events": [big, big]})).await;
    assert_eq!((reply.status, reply.code()), (429, "account_over_budget"));
    // That the other account's event matched nobody is remembered.
    let mut after = everything(&system);
    assert!(after.remove("wh:{0}:account:org:org_other:unmatched").is_some());
    assert_eq!(after, before);
    system.stop();
}

#[tokio::test]
async fn an_account_that_nobody_may_have_is_accepted_with_a_warning_and_one_of_the_issuer_without() {
    let mut system = api().await;
    let backend = system.backend();
    for (account, warned) in [
        ("org:acme", true),
        ("user:42", true),
        ("org:user_2test", true),
        ("org_2nobody", false),
        ("user:user_2nobody", false),
    ] {
        let one = backend.post(EVENTS, &event(account)).await.expect(202);
        let many = backend
            .post(BATCH, &json!({"events": [event(account)]}))
            .await
            .expect(202);
        for answer in [&one.body, &many.body["results"][0]] {
            assert_eq!(answer["deliveries"], 0);
            let code = &answer["warnings"][0]["code"];
            assert_eq!(
                code.as_str(),
                warned.then_some("unknown_account"),
                "{account}: {answer}"
            );
        }
    }
    // An endpoint of the account that wants something else makes it known.
    let customer = system.customer();
    customer
        .create_endpoint("http://127.0.0.1:9000/", &["ticket.created"])
        .await;
    let known = backend.post(EVENTS, &event(system.account())).await.expect(202);
    assert_eq!(
        (&known.body["deliveries"], known.body.get("warnings")),
        (&json!(0), None)
    );
    system.stop();
}
