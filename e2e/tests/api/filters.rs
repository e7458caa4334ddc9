//! Several chatbots and filters over HTTP: what is refused, what a check and a test event say of them, and which events come.
//!
//! Proves (guarantees): an event goes to the endpoints whose filters it meets as they are when it is accepted

use e2e::receiver::Receiver;
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, api_with_endpoint, assert_refused, everything};

fn wanted(more: &Value) -> Value {
    let mut wanted = json!({"url": "http://127.0.0.1:9000/hook", "events": ["*"]});
    wanted
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    wanted
}

#[tokio::test]
async fn chatbots_and_filters_are_shown_as_they_were_given() {
    let mut system = api().await;
    let customer = system.customer();
    let filters = json!([
        {"pointer": "/a", "equals": null}, {"pointer": "/b~1c/0", "in": ["x", 1, 1.5, true]},
        {"pointer": "/d", "exists": false}, {"pointer": "/e", "prefix": "é"},
    ]);
    let given = json!({"chatbotIds": ["a", "b"], "filters": filters});
    let made = customer.post(ENDPOINTS, &wanted(&given)).await.expect(201).body;
    let shown = |body: &Value| {
        (
            body["chatbotId"].clone(),
            body["chatbotIds"].clone(),
            body["filters"].clone(),
        )
    };
    assert_eq!(shown(&made), (Value::Null, json!(["a", "b"]), filters.clone()));
    let id = made["id"].as_str().unwrap();
    let path = format!("{ENDPOINTS}/{id}");
    assert_eq!(shown(&customer.get(&path).await.expect(200).body), shown(&made));
    for (change, wanted) in [
        (
            json!({"chatbotId": "c"}),
            (json!("c"), json!(["c"]), filters.clone()),
        ),
        (
            json!({"chatbotIds": ["d"]}),
            (json!("d"), json!(["d"]), filters.clone()),
        ),
        (
            json!({"chatbotId": null, "chatbotIds": ["d", "e"]}),
            (Value::Null, json!(["d", "e"]), filters.clone()),
        ),
        (
            json!({"chatbotIds": null, "filters": []}),
            (Value::Null, Value::Null, json!([])),
        ),
        (
            json!({"filters": filters}),
            (Value::Null, Value::Null, filters.clone()),
        ),
        (json!({"filters": null}), (Value::Null, Value::Null, json!([]))),
    ] {
        let changed = customer.patch(&path, &change).await.expect(200).body;
        assert_eq!(shown(&changed), wanted, "{change}");
    }
    system.stop();
}

#[tokio::test]
async fn what_no_endpoint_can_want_is_refused() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}");
    let before = everything(&system).len();
    let one = json!({"pointer": "/a", "exists": true});
    let many: Vec<_> = (0..51).map(|number| number.to_string()).collect();
    for (fields, code, field) in [
        (
            json!({"chatbotId": "a", "chatbotIds": ["a"]}),
            "invalid_value",
            "chatbotIds",
        ),
        (json!({"chatbotIds": []}), "invalid_value", "chatbotIds"),
        (json!({"chatbotIds": many}), "invalid_value", "chatbotIds"),
        (
            json!({"chatbotIds": ["a", "a"]}),
            "invalid_value",
            "chatbotIds[1]",
        ),
        (
            json!({"chatbotIds": ["a", "b\n"]}),
            "invalid_chatbot_id",
            "chatbotIds[1]",
        ),
        (json!({"chatbotIds": ["a", 1]}), "invalid_type", "chatbotIds[1]"),
        (
            json!({"filters": [one, one, one, one, one, one]}),
            "invalid_value",
            "filters",
        ),
        (
            json!({"filters": [{"pointer": "/a"}]}),
            "invalid_value",
            "filters[0]",
        ),
        (
            json!({"filters": [{"pointer": "/a", "exists": true, "prefix": "x"}]}),
            "invalid_value",
            "filters[0]",
        ),
        (
            json!({"filters": [one, {"pointer": "a", "exists": true}]}),
            "invalid_value",
            "filters[1].pointer",
        ),
        (
            json!({"filters": [{"pointer": "/a", "equals": {}}]}),
            "invalid_value",
            "filters[0].equals",
        ),
        (
            json!({"filters": [{"pointer": "/a", "in": []}]}),
            "invalid_value",
            "filters[0].in",
        ),
        (
            json!({"filters": [{"pointer": "/a", "prefix": ""}]}),
            "invalid_value",
            "filters[0].prefix",
        ),
        (
            json!({"filters": [{"pointer": "/a", "exists": 1}]}),
            "invalid_type",
            "filters[0].exists",
        ),
        (
            json!({"filters": [{"pointer": "/a", "matches": "x"}]}),
            "unknown_field",
            "filters[0].matches",
        ),
        (json!({"filters": {}}), "invalid_type", "filters"),
    ] {
        let created = customer.post(ENDPOINTS, &wanted(&fields)).await;
        assert_refused(&Method::POST, ENDPOINTS, &created, 422, code, field);
        let changed = customer.patch(&path, &fields).await;
        assert_refused(
            &Method::PATCH,
            &format!("{ENDPOINTS}/{{id}}"),
            &changed,
            422,
            code,
            field,
        );
    }
    assert_eq!(everything(&system).len(), before);
    system.stop();
}

#[tokio::test]
async fn a_check_evaluates_filters_with_its_sample() {
    let mut system = api().await;
    let customer = system.customer();
    let check = async |filters: Value, sample: Value| {
        let body = wanted(&json!({"filters": filters, "chatbotIds": ["a", "b"], "sample": sample}));
        customer.post(&format!("{ENDPOINTS}/check"), &body).await
    };
    let sample = |data: Value| json!({"event": "lead.captured", "chatbotId": "b", "data": data});
    let filters = json!([{"pointer": "/n", "equals": 1}]);
    for (sample, matches) in [
        (sample(json!({"n": 1})), true),
        (sample(json!({"n": "1"})), false),
        (sample(json!({})), false),
        (
            json!({"event": "lead.captured", "chatbotId": "c", "data": {"n": 1}}),
            false,
        ),
        // The sample of the type has no such value.
        (json!({"event": "lead.captured", "chatbotId": "b"}), false),
    ] {
        let checked = check(filters.clone(), sample.clone()).await.expect(200);
        assert_eq!(checked.body["matches"], matches, "{sample}");
    }
    let refused = check(filters, sample(json!([]))).await;
    assert_refused(
        &Method::POST,
        &format!("{ENDPOINTS}/check"),
        &refused,
        422,
        "invalid_type",
        "sample.data",
    );
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_by_filters_and_tests_and_replays_come_anyway() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let wanted = json!({"url": receiver.url("/hook"), "events": ["lead.captured"], "filters": [{"pointer": "/n", "equals": 1}]});
    let made = customer.post(ENDPOINTS, &wanted).await.expect(201).body;
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let push = async |n: u32| {
        system
            .backend()
            .push(system.account(), "lead.captured", json!({"n": n}))
            .await
    };
    let (other, one) = (push(2).await, push(1).await);
    assert_eq!((other.deliveries, one.deliveries), (0, 1));
    receiver.wait_for_at("/hook", 1).await;
    let trace = customer
        .get(&format!("/api/events/{}", other.id))
        .await
        .expect(200)
        .body;
    assert_eq!(trace["unmatched"]["reason"], "filter", "{trace}");

    let tested = customer
        .post(&format!("{path}/test"), &json!({}))
        .await
        .expect(200)
        .body;
    assert_eq!(
        (&tested["succeeded"], &tested["wouldMatch"]),
        (&json!(true), &json!(false))
    );
    let _reply = customer
        .patch(&path, &json!({"filters": [{"pointer": "/n", "exists": false}]}))
        .await
        .expect(200);
    let tested = customer
        .post(&format!("{path}/test"), &json!({}))
        .await
        .expect(200)
        .body;
    assert_eq!(tested["wouldMatch"], true);
    let other_type = customer
        .post(&format!("{path}/test"), &json!({"event": "ticket.created"}))
        .await
        .expect(200)
        .body;
    assert_eq!(other_type["wouldMatch"], false);

    // It no longer meets them.
    let listed = customer
        .get(&format!("{path}/deliveries?status=succeeded"))
        .await
        .expect(200)
        .body;
    let delivery = listed["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|delivery| delivery["test"] != true)
        .unwrap();
    let replay = format!("{path}/deliveries/{}/replay", delivery["id"].as_str().unwrap());
    let _reply = customer.post(&replay, &json!({})).await.expect(202);
    receiver.wait_for_at("/hook", 5).await;
    system.finish().await;
}
