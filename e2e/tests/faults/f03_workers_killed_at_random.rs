//! Kills a random worker (`kill -9`) every 300 ms, for some seconds (30 when it is thorough), under load.
//!
//! Proves (guarantees): … at random, every 300 ms under load

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use e2e::account::Account;
use e2e::load::{Load, Shape};
use e2e::receiver::{Answer, Receiver};
use e2e::thorough::times;

use crate::scene::builder;
use crate::worker_scene::{counter, respawn};

/// The time from one kill to the next.
const EVERY: Duration = Duration::from_millis(300);

/// Three workers share the load, and one of them dies every 300 ms and is started again. Nothing is lost; what comes twice
/// was in flight in a worker that died.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_only_what_was_in_flight_comes_twice() {
    let mut system = builder().workers(3).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for path in ["/quick", "/slower"] {
        customer.create_endpoint(&receiver.url(path), &["*"]).await;
    }
    receiver.always("/slower", Answer::status(200).after(Duration::from_millis(50)));
    let load = Load::start(&system, &Shape::gentle(system.account()));
    // How long the kills go on.
    let (start, span) = (Instant::now(), Duration::from_secs(times(8, 30) as u64));
    let mut kills = 0;
    while start.elapsed() < span {
        let random = RandomState::new().hash_one(kills);
        let victim = usize::try_from(random % 3).unwrap();
        system.workers[victim].kill9();
        system.workers[victim].restart();
        kills += 1;
        tokio::time::sleep(EVERY).await;
    }
    let loaded = load.stop().await;
    for worker in &mut system.workers {
        respawn(worker).await;
    }
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(loaded.accepted)
        .duplicates_at_most(usize::MAX)
        .within(Duration::from_secs(180))
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    let lost_leases = counter(&system.redis, "leasesLost");
    assert!(
        balance.duplicates <= lost_leases,
        "{lost_leases} leases were lost in {kills} kills, and {balance:#?}"
    );
    eprintln!("{kills} kills, {lost_leases} leases lost, {balance:?}");
    system.stop();
}
