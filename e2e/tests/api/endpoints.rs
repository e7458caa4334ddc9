//! An account creates, lists, changes, switches and removes its own endpoints, and no other account's.
//!
//! Proves (security): Rate limits by account and service key, budgets of bytes, numbers of endpoints, lengths of keys

use e2e::state::connect;
use e2e::system::System;
use redis::Commands as _;
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
            "description": "Leads\nto the CRM", "rateLimit": null, "autoResume": false, "active": true, "state": "active",
            "heldUntil": null, "consecutiveFailures": 0, "disabledReason": null,
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
    detail["health"] = one.body["health"].clone();
    assert_eq!(one.body, detail);
    assert_eq!(list.body, json!({"endpoints": [without_secret]}));
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
