//! Kills a worker (`kill -9`) after its POST and before its report: the receiver gets one duplicate, with the same `webhook-id`.
//!
//! Proves (guarantees): … after its POST, before its report

use e2e::account::Account;
use e2e::fault_proxy::Fault;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{behind_proxy, builder};
use crate::worker_scene::{PAST_A_LEASE, push, respawn, wait_for_leases, wait_for_metric};

/// The worker dies before the receiver has answered.
#[tokio::test(flavor = "multi_thread")]
async fn before_the_answer() {
    let (mut system, receiver, _) = builder().start_with_hook().await;
    receiver.always("/hook", Answer::status(200).held());

    let pushed = push(&system, "lead.captured", 1).await;
    receiver.wait_for(1).await;
    system.workers[0].kill9();
    receiver.open_gate();
    comes_again_once(&mut system, &receiver, pushed).await;
}

/// The worker has its answer, cannot report it, and dies.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_answer() {
    let (redis, proxy) = behind_proxy().await;
    let (mut system, receiver, _) = builder()
        .on(redis)
        .worker_env("REDIS_URL", proxy.redis_url())
        .start_with_hook()
        .await;
    receiver.always("/hook", Answer::status(200).held());

    let pushed = push(&system, "lead.captured", 1).await;
    receiver.wait_for(1).await;
    proxy.set(Fault::Freeze);
    receiver.open_gate();
    let succeeded = "webhooks_worker_attempts_total{outcome=\"succeeded\"}";
    wait_for_metric(&system.workers[0], succeeded, 1.0).await;
    system.workers[0].kill9();
    // The report that the dead worker had sent never arrives.
    proxy.cut_all();
    eventually(LONG, "the proxy to have cut its connections", async || {
        let clients: String = crate::scene::ask(&system.redis, &["CLIENT", "LIST"]);
        let scripts = clients.matches("cmd=evalsha").count() + clients.matches("cmd=fcall").count();
        check(scripts <= 1, clients)
    })
    .await;
    proxy.set(Fault::None);
    comes_again_once(&mut system, &receiver, pushed).await;
}

/// When the lease has expired, the next worker sends the same attempt of the same event once more.
async fn comes_again_once(system: &mut System, receiver: &Receiver, pushed: Vec<e2e::client::Pushed>) {
    wait_for_leases(&system.redis, 1).await;
    respawn(&mut system.workers[0]).await;
    redis_clock::pass(&system.redis, PAST_A_LEASE).await;
    receiver.wait_for(2).await;
    let event = pushed[0].id.clone();
    let balance = Account::of(system)
        .at(receiver)
        .accepted(pushed)
        .duplicates_at_most(1)
        .balance()
        .await;
    assert_eq!((balance.delivered, balance.duplicates), (1, 1));
    for request in receiver.received() {
        assert_eq!(request.header("webhook-id"), Some(event.as_str()));
        assert_eq!(request.header("x-rkt-attempt"), Some("1"));
    }
    system.stop();
}
