//! `webhooksctl check` on a live system: what agrees in itself is not reported, however much changes meanwhile. (That it
//! reports each kind of damage is tested with the store.)
//!
//! Proves (guarantees): something else has written into our keys, or data is gone
//! Proves (guarantees): what the check finds is repaired only where that is no guess

use e2e::account::Account;
use e2e::load::Load;
use e2e::process::Process;
use e2e::receiver::Answer;

use crate::scene::{Scene, builder, more_accepted};

/// Two workers deliver, retry, disable an endpoint that is switched on again and again, and endpoints are added.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_under_load_is_clean() {
    let scene = Scene::start(builder().workers(2)).await;
    let customer = scene.system.customer();
    let failing = customer
        .create_endpoint(&scene.receiver.url("/fails"), &["*"])
        .await;
    scene.receiver.always("/fails", Answer::status(500));
    let load = scene.load();
    for _ in 0..2 {
        more_accepted(&load, 100).await;
        customer
            .create_endpoint(&scene.receiver.url("/more"), &["*"])
            .await;
        let checked = tokio::task::block_in_place(|| {
            let url = scene.system.redis.url();
            Process::run("webhooksctl", &["check", "--redis-url", &url], &[])
        });
        let text = String::from_utf8([checked.stdout, checked.stderr].concat()).unwrap();
        assert!(checked.status.success(), "{text}");
        assert!(text.contains("no violation"), "{text}");
        customer.toggle(&failing.id).await;
    }
    all_is_accounted_for(scene, load).await;
}

/// Repairing mends what is broken beside a load, and nothing that only seems to be: everything accepted arrives, once counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_system_under_load_is_repaired() {
    let scene = Scene::start(builder().workers(2)).await;
    let load = scene.load();
    more_accepted(&load, 100).await;
    // A quiet account whose sums are wrong, and entries that name nothing.
    for damage in [
        "SET wh:{0}:account:org:quiet:bytes 77",
        "ZADD wh:{0}:ready 1 ep_0000000000000000",
        "ZADD wh:{0}:failing 1 ep_0000000000000000",
        "ZADD wh:{0}:finished:exhausted:bytes 5 org:quiet",
        "HSET wh:{0}:shares nobody 3",
    ] {
        scene.system.redis.raw(damage).unwrap();
    }
    let repaired = tokio::task::block_in_place(|| {
        let url = scene.system.redis.url();
        Process::run("webhooksctl", &["check", "--repair", "--redis-url", &url], &[])
    });
    let text = String::from_utf8([repaired.stdout, repaired.stderr].concat()).unwrap();
    assert!(repaired.status.success(), "{text}");
    assert!(text.contains("no violation is left"), "{text}");
    assert!(text.contains("account:org:quiet:bytes: repaired"), "{text}");
    more_accepted(&load, 100).await;
    all_is_accounted_for(scene, load).await;
}

/// Ends the load: everything that was accepted arrived, is parked or exhausted.
async fn all_is_accounted_for(mut scene: Scene, load: Load) {
    let loaded = load.stop().await;
    let balance = Account::of(&scene.system)
        .at(&scene.receiver)
        .accepted(loaded.accepted)
        .balance()
        .await;
    assert_eq!(
        balance.delivered + balance.parked + balance.exhausted,
        balance.deliveries
    );
    scene.system.stop();
}
