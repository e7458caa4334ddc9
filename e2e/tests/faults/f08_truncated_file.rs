//! Cuts off the end of the append-only file: Redis loads the rest, and no more is lost than the cut explains.
//!
//! Proves (guarantees): the end of its append-only file is cut off

use std::collections::HashSet;
use std::fs::File;
use std::path::PathBuf;

use e2e::client::Pushed;
use e2e::load::{Load, Shape};
use e2e::receiver::Answer;
use e2e::redis_server::RedisServer;
use e2e::state::assert_nothing_left;
use store::queue::MAX_REPORTS;

use crate::scene::{Scene, blocking, builder, expire_leases};

/// The file that Redis appends to.
fn append_only_file(redis: &RedisServer) -> PathBuf {
    let files = std::fs::read_dir(redis.dir().join("appendonlydir")).unwrap();
    files
        .map(|file| file.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".incr.aof"))
        .expect("an append-only file")
}

/// Cuts off the end of the file, and returns what that loses: the end, and the beginning of the transaction that the cut
/// divides.
fn cut_tail(redis: &RedisServer, length: usize) -> String {
    let path = append_only_file(redis);
    let content = std::fs::read(&path).unwrap();
    let kept = content.len() - length;
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(u64::try_from(kept).unwrap())
        .unwrap();
    let text = String::from_utf8_lossy(&content);
    let (before, _) = text.split_at(text.floor_char_boundary(kept));
    let is_open = before.rfind("MULTI") > before.rfind("EXEC");
    let lost_from = before.rfind("MULTI").filter(|_| is_open).unwrap_or(before.len());
    text[lost_from..].to_owned()
}

fn present(scene: &Scene, events: &[Pushed]) -> (Vec<Pushed>, Vec<Pushed>) {
    let keys: Vec<String> = scene.redis(&["KEYS", "wh:{0}:event:*"]);
    let ids: HashSet<_> = keys
        .iter()
        .map(|key| key.trim_start_matches("wh:{0}:event:"))
        .collect();
    events
        .iter()
        .cloned()
        .partition(|event| ids.contains(event.id.as_str()))
}

/// The last 6,000 bytes are gone, and with them the end of one transaction, which accepted up to 64 events. Every missing
/// event stands in what was lost, no event is there by half, and all that are there arrive.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_is_what_was_cut() {
    let mut scene = Scene::start(builder().workers(0)).await;
    let shape = Shape {
        at_most: 300,
        fill: 0,
        ..Shape::gentle(scene.system.account())
    };
    let mut loaded = Load::start(&scene.system, &shape).finish().await;
    assert_eq!(loaded.refusals(), 0, "{:?}", loaded.refused);
    let tail = blocking(|| {
        scene.system.redis.kill9();
        let tail = cut_tail(&scene.system.redis, 6000);
        scene.system.redis.restart();
        tail
    });
    let (there, lost) = present(&scene, &loaded.accepted);
    assert!(!lost.is_empty() && !there.is_empty(), "{} lost", lost.len());
    for event in &lost {
        assert!(tail.contains(&event.id), "{} is lost and was not cut", event.id);
    }
    // Redis drops the transaction that lost its end, and nothing before it.
    let mentioned = there.iter().filter(|event| tail.contains(&event.id)).count();
    assert_eq!(mentioned, 0, "events were cut and are there");

    loaded.accepted = there;
    scene.system.add_worker();
    scene.system.wait_ready().await;
    scene.all_delivered(loaded, 0).await;
}

/// The end of the file held reports: those deliveries arrive once more, and nothing else changes.
#[tokio::test(flavor = "multi_thread")]
async fn lost_reports_are_duplicates_and_nothing_else() {
    let mut scene = Scene::start(builder()).await;
    let shape = Shape {
        at_most: 150,
        fill: 0,
        ..Shape::gentle(scene.system.account())
    };
    // Workers report only after everything was accepted, so that the end of the file holds nothing but reports.
    for path in ["/one", "/two"] {
        scene.receiver.always(path, Answer::status(200).held());
    }
    let loaded = Load::start(&scene.system, &shape).finish().await;
    scene.receiver.open_gate();
    scene.receiver.wait_for(300).await;
    assert_nothing_left(&scene.system.redis).await;
    let tail = blocking(|| {
        scene.system.workers[0].kill9();
        scene.system.redis.kill9();
        let tail = cut_tail(&scene.system.redis, 10_000);
        scene.system.redis.restart();
        tail
    });
    // The leases that came back belong to no worker.
    expire_leases(&scene.system.redis).await;
    scene.system.workers[0].restart();
    let deliveries: HashSet<_> = tail
        .split("dlv_")
        .skip(1)
        .filter_map(|text| text.get(..43))
        .collect();
    // Redis drops the whole call that lost its end, which may have begun before the cut.
    let balance = scene.all_delivered(loaded, deliveries.len() + MAX_REPORTS).await;
    assert!(balance.duplicates > 0, "{balance:?}");
}
