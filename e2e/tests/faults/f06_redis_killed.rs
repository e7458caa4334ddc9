//! 6. `kill -9` Redis with `appendfsync always`, under load: all 202s present.

use std::time::Duration;

use e2e::account::Account;
use e2e::load::{Load, Shape};
use e2e::receiver::Receiver;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};

/// Redis is killed three times while events are pushed and delivered: nothing that was acknowledged is missing, and
/// nothing comes twice, since workers report before they fetch again.
#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_event_survives() {
    let mut system = System::builder()
        .workers(2)
        .env("LOG_LENGTH", "100000")
        .start()
        .await;
    let receiver = Receiver::start().await;
    for path in ["/one", "/two"] {
        system
            .customer()
            .create_endpoint(&receiver.url(path), &["*"])
            .await;
    }
    let load = Load::start(&system, &Shape::gentle(system.account()));
    for round in 1..=3 {
        eventually(LONG, "some more events", async || {
            check(
                load.accepted() >= round * 150,
                format!("{} accepted", load.accepted()),
            )
        })
        .await;
        system.redis.kill9();
        let refused = load.refused();
        eventually(LONG, "the outage to be felt", async || {
            check(load.refused() > refused, "no event was refused")
        })
        .await;
        system.redis.restart();
    }
    let loaded = load.stop().await;
    assert!(loaded.refusals() >= 3, "{:?}", loaded.refused);
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(loaded.accepted)
        .within(Duration::from_secs(60))
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    system.stop();
}
