//! An account creates, lists, changes, switches and removes its own endpoints, and no other account's.
//!
//! Proves (security): Rate limits by account and service key, budgets of bytes, numbers of endpoints, lengths of keys

use e2e::state::connect;
use e2e::system::System;
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api};

#[tokio::test]
async fn the_life_of_an_endpoint() {
    let mut system = api().await;
    let customer = system.customer();
    assert_eq!(
        customer.get(ENDPOINTS).await.expect(200).body,
        json!({"endpoints": []})
    );

    let wanted = json!({
        "url": "http://127.0.0.1:9000/hook", "events": ["lead.captured", "session.created"],
        "chatbotId": "bot_1", "description": "Leads\nto the CRM",
    });
    let made = customer.post(ENDPOINTS, &wanted).await.expect(201);
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(made.headers["location"], format!("{ENDPOINTS}/{id}"));
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(
        secret.starts_with("whsec_") && secret.len() == "whsec_".len() + 44,
        "{secret}"
    );
    let mut shape = made.body.clone();
    for time in ["createdAt", "updatedAt"] {
        let text = shape[time].as_str().unwrap();
        assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
        shape[time] = Value::Null;
    }
    shape["etag"] = Value::Null;
    assert_eq!(
        shape,
        json!({
            "id": id, "secret": secret, "url": "http://127.0.0.1:9000/hook",
            "events": ["lead.captured", "session.created"], "chatbotId": "bot_1",
            "chatbotIds": ["bot_1"], "filters": [], "description": "Leads\nto the CRM", "headers": [], "rateLimit": null, "autoResume": false, "active": true, "state": "active",
            "operatorHold": null, "heldUntil": null, "consecutiveFailures": 0, "disabledReason": null,
            "disabledAt": null, "lastAttempt": null, "queueDepth": 0, "createdAt": null, "createdBy": "user_2test",
            "updatedAt": null, "updatedBy": "user_2test", "etag": null,
        })
    );

    // The secret is shown once, and kept sealed.
    let one = customer.get(&format!("{ENDPOINTS}/{id}")).await.expect(200);
    let list = customer.get(ENDPOINTS).await.expect(200);
    let mut without_secret = made.body.clone();
    without_secret.as_object_mut().unwrap().remove("secret");
    let mut detail = without_secret.clone();
    detail["secretRotation"] = Value::Null;
    assert_counted(&one.body, detail, &list.body, without_secret);
    let mut connection = connect(&system.redis);
    let stored: Vec<(String, String)> = connection.hgetall(format!("wh:{{0}}:endpoint:{id}")).unwrap();
    assert!(!format!("{stored:?}").contains(&secret[6..30]));

    // Toggling, and target states.
    let off = customer.toggle(&id).await;
    assert_eq!(
        (&off["active"], &off["state"], &off["disabledReason"]),
        (&json!(false), &json!("off"), &json!("owner"))
    );
    assert!(off["disabledAt"].is_string());
    let on = customer.toggle(&id).await;
    assert_eq!(
        (&on["active"], &on["disabledReason"], &on["disabledAt"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    for active in [false, false, true, true] {
        let reply = customer
            .patch(ENDPOINTS, &json!({"id": id, "active": active}))
            .await
            .expect(200);
        assert_eq!(reply.body["active"], active);
    }

    // Fields are set as given, and nothing else.
    let change = json!({"id": id, "url": "https://example.com/v2", "events": ["*"], "description": "new"});
    let changed = customer.patch(ENDPOINTS, &change).await.expect(200).body;
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    assert_eq!(changed["chatbotId"], "bot_1");
    assert_eq!(changed["active"], true);
    assert!(changed.get("secret").is_none());
    let cleared = json!({"id": id, "chatbotId": null, "description": null});
    let cleared = customer.patch(ENDPOINTS, &cleared).await.expect(200).body;
    assert_eq!(
        (&cleared["chatbotId"], &cleared["description"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(cleared["url"], "https://example.com/v2");

    customer.remove_endpoint(&id).await;
    assert_eq!(
        customer.get(&format!("{ENDPOINTS}/{id}")).await.code(),
        "endpoint_not_found"
    );
    assert_eq!(
        customer.delete(&format!("{ENDPOINTS}?id={id}")).await.code(),
        "endpoint_not_found"
    );
    assert_eq!(customer.get(ENDPOINTS).await.body, json!({"endpoints": []}));
    system.stop();
}

#[tokio::test]
async fn how_an_endpoint_is_served_can_be_changed() {
    let system = api().await;
    let customer = system.customer();
    let id = customer
        .create_endpoint("http://127.0.0.1:9000/hook", &["*"])
        .await
        .id;
    let gently = json!({"id": id, "rateLimit": 5, "autoResume": true});
    let changed = customer.patch(ENDPOINTS, &gently).await.expect(200).body;
    assert_eq!(
        (&changed["rateLimit"], &changed["autoResume"], &changed["active"]),
        (&json!(5), &json!(true), &json!(true))
    );
    let limited = customer.endpoint(&id).await;
    assert_eq!(
        limited["health"]["notices"],
        json!([{"about": "rate_limited", "text": "you limit it to 5 a second"}])
    );
    let plainly = json!({"id": id, "rateLimit": null, "autoResume": false});
    let changed = customer.patch(ENDPOINTS, &plainly).await.expect(200).body;
    assert_eq!(
        (&changed["rateLimit"], &changed["autoResume"]),
        (&Value::Null, &json!(false))
    );
    let mut connection = connect(&system.redis);
    let stored: Vec<(String, String)> = connection.hgetall(format!("wh:{{0}}:endpoint:{id}")).unwrap();
    assert!(
        !stored
            .iter()
            .any(|(field, _)| field == "rateLimit" || field == "autoResume"),
        "{stored:?}"
    );
}

#[tokio::test]
async fn a_list_is_in_order_of_creation_and_an_account_has_a_limit() {
    let mut system = System::builder()
        .workers(0)
        .env("MAX_ENDPOINTS_PER_ACCOUNT", "3")
        .start()
        .await;
    let customer = system.customer();
    let mut ids = Vec::new();
    for number in 0..3 {
        let url = format!("http://127.0.0.1:9000/{number}");
        ids.push(customer.create_endpoint(&url, &["*"]).await.id);
    }
    let refused = customer
        .post(
            ENDPOINTS,
            &json!({"url": "http://127.0.0.1:9000/", "events": ["*"]}),
        )
        .await;
    assert_eq!((refused.status, refused.code()), (409, "too_many_endpoints"));
    let list = customer.get(ENDPOINTS).await.expect(200).body;
    let listed = list["endpoints"].as_array().unwrap();
    let text = |field: &str| -> Vec<_> { listed.iter().map(|one| one[field].as_str().unwrap()).collect() };
    // Endpoints of one millisecond may come in any order, but always in the same one.
    assert!(text("createdAt").is_sorted(), "{list}");
    assert_eq!(customer.get(ENDPOINTS).await.body, list);
    let (mut listed, mut made) = (text("id"), ids.clone());
    listed.sort_unstable();
    made.sort_unstable();
    assert_eq!(listed, made);
    // Other accounts have their own limit.
    system
        .customer_of("org_other")
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await;
    customer.remove_endpoint(&ids[0]).await;
    customer.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    system.stop();
}

#[tokio::test]
async fn another_accounts_endpoint_does_not_exist() {
    let mut system = api().await;
    let (owner, stranger) = (system.customer(), system.customer_of("org_stranger"));
    let id = owner
        .create_endpoint("http://127.0.0.1:9000/hook", &["*"])
        .await
        .id;
    let before = crate::fixture::everything(&system);
    let unknown = "ep_0000000000000000";
    for id in [id.as_str(), unknown] {
        for reply in [
            stranger.get(&format!("{ENDPOINTS}/{id}")).await,
            stranger.patch(ENDPOINTS, &json!({"id": id})).await,
            stranger
                .patch(ENDPOINTS, &json!({"id": id, "active": false}))
                .await,
            stranger
                .patch(ENDPOINTS, &json!({"id": id, "url": "http://127.0.0.1:9001/"}))
                .await,
            stranger.delete(&format!("{ENDPOINTS}?id={id}")).await,
        ] {
            assert_eq!(
                (reply.status, reply.code()),
                (404, "endpoint_not_found"),
                "{}",
                reply.text
            );
            assert!(!reply.text.contains(id));
        }
    }
    assert_eq!(stranger.get(ENDPOINTS).await.body, json!({"endpoints": []}));
    // The same user without an organisation is another account, too.
    let personal = e2e::clerk::Claims::v2("user_2test", None).sign(&system.key);
    assert_eq!(
        system.caller(&personal).get(ENDPOINTS).await.body,
        json!({"endpoints": []})
    );
    assert_eq!(crate::fixture::everything(&system), before);
    assert_eq!(owner.endpoint(&id).await["active"], true);
    system.stop();
}

/// What is shown of one endpoint and of a list is the endpoint, its health, and counts of nothing so far.
fn assert_counted(one: &Value, mut detail: Value, list: &Value, mut listed: Value) {
    for (shown, counts, number) in [
        (&one, "hours", 24),
        (&one, "days", 90),
        (&&list["endpoints"][0], "hours", 24),
    ] {
        let counts = shown[counts].as_array().unwrap();
        assert_eq!(counts.len(), number);
        for count in counts {
            assert_eq!(
                (&count["succeeded"], &count["failedAttempts"]),
                (&json!(0), &json!(0))
            );
        }
    }
    for field in ["health", "hours", "days"] {
        detail[field] = one[field].clone();
    }
    assert_eq!(*one, detail);
    listed["hours"] = list["endpoints"][0]["hours"].clone();
    listed["health"] = json!({
        "successRate": null, "p95Ms": null, "sampledAttempts": 0, "lastError": null, "queue": 0,
        "parked": list["endpoints"][0]["health"]["parked"],
    });
    assert_eq!(*list, json!({"endpoints": [listed]}));
}

/// Filters choose, pages follow each other, and a cursor is good for its own filter alone.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_are_listed_by_filters_and_page_by_page() {
    let system = api().await;
    let customer = system.customer();
    let mut ids = Vec::new();
    for (url, events, chatbot, description) in [
        (
            "http://127.0.0.1:9000/crm",
            json!(["*"]),
            Value::Null,
            "Leads to the CRM",
        ),
        (
            "http://127.0.0.1:9000/desk",
            json!(["ticket.created"]),
            json!("bot_1"),
            "Tickets",
        ),
        (
            "http://127.0.0.1:9000/all",
            json!(["endpoint.disabled"]),
            json!("bot_2"),
            "",
        ),
    ] {
        let new = json!({"url": url, "events": events, "chatbotId": chatbot, "description": description});
        let made = customer.post(ENDPOINTS, &new).await.expect(201).body;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    customer.toggle(&ids[1]).await;
    let listed = async |query: &str| {
        let body = customer
            .get(&format!("{ENDPOINTS}?{query}"))
            .await
            .expect(200)
            .body;
        let found = body["endpoints"].as_array().unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        (found, body["nextCursor"].as_str().map(str::to_owned))
    };
    for (query, wanted) in [
        ("", vec![0, 1, 2]),
        ("active=true", vec![0, 2]),
        ("active=false", vec![1]),
        ("state=off", vec![1]),
        ("state=disabled", vec![]),
        ("chatbotId=bot_1", vec![0, 1]),
        ("chatbotId=bot_3", vec![0]),
        ("event=ticket.created", vec![0, 1]),
        ("event=endpoint.disabled", vec![2]),
        ("event=*", vec![0]),
        ("search=CRM", vec![0]),
        ("search=tick", vec![1]),
        ("search=9000", vec![0, 1, 2]),
        ("search=9000&active=true&event=lead.captured", vec![0]),
        ("limit=3", vec![0, 1, 2]),
    ] {
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|place: usize| ids[place].clone())
            .collect();
        assert_eq!(listed(query).await, (wanted, None), "{query}");
    }
    let (first, cursor) = listed("active=true&limit=1").await;
    let cursor = cursor.unwrap();
    assert_eq!(first, ids[..1]);
    let rest = listed(&format!("active=true&limit=1&cursor={cursor}")).await;
    assert_eq!(rest, (vec![ids[2].clone()], None));
    for (query, code, field) in [
        (format!("limit=1&cursor={cursor}"), "invalid_cursor", "cursor"),
        ("active=1".to_owned(), "invalid_filter", "active"),
        ("state=on".to_owned(), "invalid_filter", "state"),
        ("event=lead".to_owned(), "unknown_event", "event"),
        ("chatbotId=".to_owned(), "invalid_chatbot_id", "chatbotId"),
        (format!("search={}", "x".repeat(201)), "invalid_filter", "search"),
        ("limit=0".to_owned(), "invalid_filter", "limit"),
        ("active=true&active=false".to_owned(), "invalid_filter", "active"),
    ] {
        let path = format!("{ENDPOINTS}?{query}");
        let reply = customer.get(&path).await;
        crate::fixture::assert_refused(&Method::GET, &path, &reply, 422, code, field);
    }
}
