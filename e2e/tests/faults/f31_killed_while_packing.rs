//! Kills workers, and Redis, again and again while they pack history (`kill -9`).
//!
//! Proves (guarantees): a worker, or Redis, is killed while history is packed

use std::time::Duration;

use e2e::process::Process;
use e2e::state::{connect, key};
use e2e::system::secrets_key;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;

use crate::history_scene::HistoryScene;
use crate::scene::{blocking, builder};
use crate::worker_scene::{counter, respawn};

/// Two workers pack what was delivered; whenever a block was written, one of them dies, and every fourth time Redis as well, a little
/// later each time. Meanwhile an operator seals all secrets anew.
pub(crate) async fn pack_and_kill(rounds: usize, events: usize, each: usize) {
    let both = format!("{},{}", secrets_key(7), secrets_key(8));
    let mut scene = HistoryScene::start(builder().workers(2).env("SECRETS_KEY", both)).await;
    let mut kills = 0_usize;
    for _ in 0..rounds {
        scene.deliver(events).await;
        let mut written = counter(&scene.system.redis, "blocksWritten");
        scene.minutes_pass();
        while scene.unpacked().0 > 800 {
            written = eventually(LONG, "a block to be written", async || {
                let now = counter(&scene.system.redis, "blocksWritten");
                check(now > written, format!("{now} blocks")).map(|()| now)
            })
            .await;
            tokio::time::sleep(Duration::from_micros((kills as u64 * 1700) % 30_000)).await;
            let redis_dies = kills % 4 == 3;
            blocking(|| {
                scene.system.workers[kills % 2].kill9();
                if redis_dies {
                    scene.system.redis.kill9();
                    scene.system.redis.restart();
                }
                scene.system.workers[kills % 2].restart();
            });
            if kills == 1 {
                seal_anew(&scene);
            }
            kills += 1;
        }
        for worker in &mut scene.system.workers {
            if !worker.is_running() {
                respawn(worker).await;
            }
        }
        scene.system.wait_ready().await;
    }
    scene.wait_until_packed().await;
    scene.assert_all_found(each).await;
    assert!(kills >= rounds, "{kills} kills");
    assert_eq!(scene.receiver.count(), scene.pushed.len());
    // Secrets that were sealed anew still sign.
    scene.deliver(1).await;
    scene.system.stop();
    eprintln!("{kills} kills");
}

fn seal_anew(scene: &HistoryScene) {
    let environment = [
        ("REDIS_URL".to_owned(), scene.system.redis.url()),
        (
            "SECRETS_KEY".to_owned(),
            format!("{},{}", secrets_key(8), secrets_key(7)),
        ),
    ];
    let sealed = || -> String {
        let endpoint = key(&format!("endpoint:{}", scene.endpoint.id));
        connect(&scene.system.redis).hget(endpoint, "secret").unwrap()
    };
    let before = sealed();
    let output = blocking(|| Process::run("webhooksctl", &["secrets", "rewrap"], &environment));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_ne!(sealed(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_payload_and_every_attempt_is_found_once() {
    pack_and_kill(1, 3000, 20).await;
}
