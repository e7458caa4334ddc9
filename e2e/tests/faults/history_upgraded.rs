//! A store that an older release has filled begins to pack once no program of that release is connected.
//!
//! Proves (guarantees): a loaded store is raised to the forms that have blocks while events come and go

use e2e::before::{self, Program};
use e2e::load::{Load, Shape};
use e2e::redis_server::RedisServer;
use e2e::state::{connect, keys};
use e2e::wait::{LONG, check, eventually};
use store::identity::newest_schema;

use crate::history_scene::HistoryScene;
use crate::scene::{builder, more_accepted, store};

#[tokio::test(flavor = "multi_thread")]
async fn what_older_forms_have_is_packed_once_the_store_has_blocks_and_found_as_before() {
    let server = RedisServer::start();
    before::make_store_in(&server, "2");
    let program = Program::connect(&server.url());
    let mut scene = HistoryScene::start(builder().on(server)).await;
    scene.deliver(1500).await;
    let before = scene.listed("").await;
    scene.minutes_pass();
    let load = Load::start(&scene.system, &Shape::gentle(scene.system.account()));
    more_accepted(&load, 200).await;
    assert_eq!(before::schema(&scene.system.redis), "2");
    assert_eq!(
        keys(&mut connect(&scene.system.redis), "block*"),
        Vec::<String>::new()
    );

    drop(program);
    before::wait_for_schema(&scene.system.redis, newest_schema()).await;
    eventually(LONG, "what was there before to be packed", async || {
        scene.look_at_log();
        let blocks = keys(&mut connect(&scene.system.redis), "blocks:*");
        let kinds = ["blocks:log:", "blocks:delivered:"];
        let has_all = kinds
            .iter()
            .all(|kind| blocks.iter().any(|block| block.contains(kind)));
        check(
            has_all && scene.unpacked().1 < 1400,
            format!("{blocks:?}, {:?}", scene.unpacked()),
        )
    })
    .await;
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    scene.pushed.extend(loaded.accepted);
    scene.receiver.wait_for_at("/hook", scene.pushed.len()).await;
    e2e::state::assert_nothing_left(&scene.system.redis).await;
    let now = scene.listed("").await;
    assert_eq!(now[now.len() - before.len()..], before);
    scene.assert_all_found(40).await;
    assert_eq!(store(&scene.system.redis).check().await.unwrap().violations, []);
    scene.system.stop();
}
