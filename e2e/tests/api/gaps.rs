//! Listings that go on from a place which has gone meanwhile.
//!
//! Proves (guarantees): whoever goes on from a place that has gone is told so

use e2e::state::key;
use serde_json::{Value, json};

use crate::log_scene::{LogScene, text};
use crate::replays::one_attempt;

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_whose_entries_are_gone_says_so() {
    let scene = LogScene::start(one_attempt()).await;
    scene.push_many(30, &json!({})).await;
    scene.listed("limit=100", 30).await;
    let own = scene.path("deliveries");
    for path in [own.as_str(), "/api/webhooks-deliveries"] {
        let get = async |query: String| {
            let reply = scene.customer.get(&format!("{path}?limit=5{query}")).await;
            reply.expect(200).body
        };
        let first = get(String::new()).await;
        let next = |page: &Value| format!("&cursor={}", text(page, "nextCursor"));
        let second = get(next(&first)).await;
        assert_eq!((&first["gap"], &second["gap"]), (&json!(false), &json!(false)));
        assert_eq!(second["deliveries"].as_array().unwrap().len(), 5);
    }
    let cursor = async |path: &str| {
        let first = scene.customer.get(&format!("{path}?limit=20")).await.expect(200);
        text(&first.body, "nextCursor")
    };
    let paths = [own.as_str(), "/api/webhooks-deliveries"];
    let cursors = [cursor(paths[0]).await, cursor(paths[1]).await];
    // What is kept of the log goes, but for the newest ten entries.
    redis::cmd("XTRIM")
        .arg(key(&format!("log:{}", scene.endpoint)))
        .arg(&["MAXLEN", "10"])
        .exec(&mut e2e::state::connect(&scene.system.redis))
        .unwrap();
    for (path, cursor) in paths.into_iter().zip(cursors) {
        let reply = scene
            .customer
            .get(&format!("{path}?limit=20&cursor={cursor}"))
            .await;
        let page = reply.expect(200).body;
        assert_eq!(
            (&page["gap"], &page["deliveries"], &page["nextCursor"]),
            (&json!(true), &json!([]), &Value::Null)
        );
        assert!(page["completeSince"].is_string(), "{page}");
        let anew = scene.customer.get(path).await.expect(200).body;
        assert_eq!(anew["gap"], false);
    }
    scene.system.finish().await;
}
