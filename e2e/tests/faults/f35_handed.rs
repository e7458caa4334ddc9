//! A worker that stands by is handed deliveries, and something happens to them on the way.
//!
//! Proves (guarantees): what a worker was handed and never got

use e2e::account::Account;
use e2e::client::Pushed;
use e2e::fault_proxy::Cut;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::state::{Calls, connect, key, keys};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::json;

use crate::scene::{behind_proxy, builder};
use crate::worker_scene::{counter, respawn};

/// What `stats` says of who stands by.
fn standby(redis: &RedisServer) -> String {
    let said: Option<String> = connect(redis).hget(key("stats"), "standby").unwrap();
    said.unwrap_or_default()
}

/// Waits until a worker stands by that was handed nothing yet.
async fn stands_by(redis: &RedisServer) {
    eventually(LONG, "a worker to stand by", async || {
        let said = standby(redis);
        check(!said.is_empty() && !said.contains("handed"), said)
    })
    .await;
}

/// Waits until nobody waits in Redis for something to do.
async fn nobody_waits(redis: &RedisServer) {
    eventually(LONG, "the wait of the worker to end", async || {
        let clients: String = redis::cmd("CLIENT")
            .arg("LIST")
            .query(&mut connect(redis))
            .unwrap();
        check(!clients.contains("cmd=blpop"), clients)
    })
    .await;
}

async fn push(system: &System) -> Pushed {
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await
}

/// Everything came, once, and no lease had to end by itself.
async fn all_came_once(system: &mut System, receiver: &Receiver, pushed: Vec<Pushed>) {
    let balance = Account::of(system).at(receiver).accepted(pushed).balance().await;
    assert_eq!((balance.delivered, balance.duplicates), (balance.deliveries, 0));
    assert_eq!(counter(&system.redis, "leasesLost"), 0);
    assert_eq!(
        keys(&mut connect(&system.redis), "handed:*"),
        Vec::<String>::new()
    );
    system.stop();
}

/// So many endpoints get each event.
const ENDPOINTS: usize = 3;

/// A system with endpoints that have shown that they answer.
async fn proven(builder: e2e::system::Builder) -> (System, Receiver) {
    let (system, receiver, _) = builder.start_with_hook().await;
    for number in 1..ENDPOINTS {
        let url = receiver.url(&format!("/{number}"));
        let endpoint = system.customer().create_endpoint(&url, &["*"]).await;
        system.end_slow_start(&endpoint.id);
    }
    (system, receiver)
}

/// An event that comes alone is handed to the worker with all its deliveries, which sends them with their first attempts as always.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_alone_are_handed_over() {
    let (mut system, receiver) = proven(builder()).await;
    let mut pushed = Vec::new();
    stands_by(&system.redis).await;
    let before = Calls::read(&system.redis).of("lpop");
    for _ in 0..20 {
        stands_by(&system.redis).await;
        pushed.push(push(&system).await);
        receiver.wait_for(ENDPOINTS * pushed.len()).await;
    }
    let fetched = Calls::read(&system.redis).of("lpop") - before;
    assert_eq!(fetched, 0, "none had to be fetched");
    all_came_once(&mut system, &receiver, pushed).await;
}

/// The answer to the worker's wait is lost, with deliveries in it: the worker says so, and fetches them.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_it_is_lost() {
    let (redis, proxy) = behind_proxy().await;
    let (mut system, receiver) = proven(builder().on(redis).worker_env("REDIS_URL", proxy.redis_url())).await;
    let mut pushed = Vec::new();
    for _ in 0..3 {
        stands_by(&system.redis).await;
        let before = proxy.counters().answers_cut;
        proxy.cut(Cut::answer_of("BLPOP").every(1));
        pushed.push(push(&system).await);
        eventually(LONG, "an answer to be lost", async || {
            let cut = proxy.counters().answers_cut;
            check(cut > before, format!("{cut}"))
        })
        .await;
        proxy.cut_no_more();
        receiver.wait_for(ENDPOINTS * pushed.len()).await;
    }
    all_came_once(&mut system, &receiver, pushed).await;
}

/// The worker is killed while it stands by. What it is handed then lies there, until another worker comes.
#[tokio::test(flavor = "multi_thread")]
async fn the_worker_is_gone() {
    let (mut system, receiver) = proven(builder()).await;
    stands_by(&system.redis).await;
    system.workers[0].kill9();
    nobody_waits(&system.redis).await;
    let mut pushed = vec![push(&system).await];
    assert!(
        standby(&system.redis).contains("handed"),
        "{}",
        standby(&system.redis)
    );
    for _ in 0..3 {
        pushed.push(push(&system).await);
    }
    respawn(&mut system.workers[0]).await;
    receiver.wait_for(ENDPOINTS * pushed.len()).await;
    all_came_once(&mut system, &receiver, pushed).await;
}

/// Workers are restarted while events come one by one: each says that it no longer stands by before it goes.
#[tokio::test(flavor = "multi_thread")]
async fn the_worker_stops() {
    let (mut system, receiver) = proven(builder().workers(2)).await;
    let mut pushed = Vec::new();
    for round in 0..10 {
        stands_by(&system.redis).await;
        system.workers[round % 2].ask_to_end();
        for _ in 0..10 {
            pushed.push(push(&system).await);
        }
        let worker = &mut system.workers[round % 2];
        let status = tokio::task::block_in_place(|| worker.wait());
        assert!(status.success(), "{status}:\n{}", worker.log());
        respawn(worker).await;
    }
    all_came_once(&mut system, &receiver, pushed).await;
}
