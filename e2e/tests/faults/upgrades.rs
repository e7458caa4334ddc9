//! Upgrades: the stored data carries the version of its schema. (A rolling restart under load is in `f20`.)

use e2e::load::Loaded;
use serde_json::json;

use crate::scene::{Scene, assert_refused_at_start, builder};

/// A program that doesn't know the schema of what is stored does not touch it, and says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_schema_is_refused_at_start() {
    let scene = Scene::start(builder().workers(0)).await;
    let stored: String = scene.redis(&["HGET", "wh:meta", "schema"]);
    let account = scene.system.account();
    let event = scene
        .system
        .backend()
        .push(account, "lead.captured", json!({}))
        .await;
    for unknown in ["2", "0", "what"] {
        scene.redis::<i64>(&["HSET", "wh:meta", "schema", unknown]);
        assert_refused_at_start(
            &scene,
            &["schema", unknown, "use the version of the programs that wrote it"],
        );
    }
    scene.redis::<i64>(&["HSET", "wh:meta", "schema", &stored]);

    let mut scene = scene;
    scene.system.add_worker();
    scene.system.wait_ready().await;
    let loaded = Loaded {
        accepted: vec![event],
        ..Loaded::default()
    };
    scene.all_delivered(loaded, 0).await;
}
