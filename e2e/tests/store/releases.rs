//! While a queue is being released, its owner may discard it or switch the endpoint off again: the last word counts.
//!
//! Proves (guarantees): what was parked comes back in turns with live events
//! Proves (guarantees): what is being released is discarded, or parked again, as its owner says last

use std::time::Duration;

use domain::endpoint::EndpointState;
use domain::endpoint::ParkedAction::{Deliver, Discard};
use domain::id::EndpointId;
use store::assembled_scripts;
use store::keys::{Keys, META};

use crate::fixture::{Fixture, Worker, account, gone, succeeded};
use crate::parked_scene::{HOUR, fixture};

#[tokio::test]
async fn discarding_cancels_also_what_is_being_released() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.retries(12_044).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.switch(&id, true, Deliver).await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!(fixture.waiting(&id).await, (64, 0), "most is still set aside");
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 1).await;
    assert_eq!(leased.len(), 1);
    assert_eq!(
        fixture.switch(&id, false, Deliver).await.queue.total(),
        12_044,
        "also what is set aside waits"
    );
    fixture.end(&mut worker, &leased, succeeded).await;
    let seen = fixture.switch(&id, true, Discard).await;
    assert_eq!(seen.queue.total(), 0);
    assert_eq!(fixture.canceled_in_log(&id).await, 12_043);
    fixture.upkeep().await;
    assert!(fixture.lease(&mut worker, 10).await.is_empty());
    assert_eq!(fixture.hash("stats").await["canceled"], "12043");
    fixture.assert_drained().await;
}

#[tokio::test]
async fn what_is_being_released_is_parked_again_when_its_endpoint_stops_being_active() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.retries(1000).await;
    for (round, action) in [Deliver, Deliver, Discard].into_iter().enumerate() {
        fixture.switch(&id, false, Deliver).await;
        fixture.switch(&id, true, action).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        if round == 0 {
            // By its receiver, while most is set aside.
            let mut worker = Worker::new();
            let leased = fixture.lease(&mut worker, 1).await;
            fixture.end(&mut worker, &leased, gone).await;
        } else if round == 1 {
            fixture.switch(&id, false, Deliver).await;
        }
        if round < 2 {
            fixture.upkeep().await;
            assert_eq!(fixture.get(&id).await.queue.total(), 1000);
            assert_eq!(fixture.count("EXISTS", "sweeps").await, 0);
            assert!(
                fixture.lease(&mut Worker::new(), 10).await.is_empty(),
                "nothing is sent"
            );
            fixture.assert_no_violation().await;
        }
    }
    fixture.upkeep().await;
    assert_eq!(fixture.canceled_in_log(&id).await, 1000);
    fixture.assert_drained().await;
}

/// Old ones come back oldest first, whether they were tried or not, and what arrives waits behind few of them.
#[tokio::test]
async fn what_was_parked_takes_turns_with_live_events() {
    let fixture = fixture().await;
    // Calls that go out together are made in order only once the server has the function.
    fixture.push().await;
    let id = fixture.endpoint(&["*"]).await;
    let tried = fixture.retries(300).await;
    fixture.push_many(300).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.upkeep().await;
    fixture.switch(&id, true, Deliver).await;
    assert_eq!(fixture.get(&id).await.queue.total(), 600);
    let mut worker = Worker::new();
    let stayed = fixture.list(&format!("pending:{id}")).await;
    assert_eq!(stayed.len(), 64);
    let (mut old, mut live, mut left) = (Vec::new(), Vec::new(), 600);
    while left > 0 {
        let pushed = fixture.push().await.id;
        fixture.upkeep().await;
        let behind = fixture.count("LLEN", &format!("pending:{id}")).await;
        assert!(behind <= 130, "{behind} in line");
        let leased = fixture.lease(&mut worker, 30).await;
        fixture.end(&mut worker, &leased, succeeded).await;
        for delivery in leased.into_iter().map(|leased| leased.delivery) {
            if live.contains(&delivery.event()) || delivery.event() == pushed {
                continue;
            }
            left -= 1;
            if !stayed.contains(&delivery.to_string()) {
                old.push(delivery);
            }
        }
        live.push(pushed);
        fixture.pass(Duration::from_millis(50)).await;
        fixture.assert_no_violation().await;
    }
    // But for what stayed in line, what was tried comes first: it was accepted before the rest.
    assert_eq!(old.len(), 600 - 64);
    let later = old.iter().skip_while(|delivery| tried.contains(delivery));
    assert!(
        later.into_iter().all(|delivery| !tried.contains(delivery)),
        "{old:#?}"
    );
    let leased = fixture.lease(&mut worker, 1000).await;
    fixture.end(&mut worker, &leased, succeeded).await;
    fixture.upkeep().await;
    fixture.assert_drained().await;
}

/// An endpoint that gets more than it can take delivers what was parked all the same, a few at a time.
#[tokio::test]
async fn what_was_parked_is_not_starved_by_live_events() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.push_many(200).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.switch(&id, true, Deliver).await;
    fixture.push_many(500).await;
    let mut worker = Worker::new();
    // What stayed at the head goes first, slowly.
    let mut left = 64;
    while left > 0 {
        let leased = fixture.lease(&mut worker, left).await;
        fixture.end(&mut worker, &leased, succeeded).await;
        left -= leased.len();
    }
    for _ in 0..5 {
        let line = fixture.count("LLEN", &format!("pending:{id}")).await;
        fixture.upkeep().await;
        assert_eq!(
            fixture.count("LLEN", &format!("pending:{id}")).await,
            line + 8,
            "a few come to the front"
        );
        fixture.pass(Duration::from_millis(50)).await;
        fixture.upkeep().await;
        assert_eq!(
            fixture.count("LLEN", &format!("pending:{id}")).await,
            line + 8,
            "and no more while they are there"
        );
        let leased = fixture.lease(&mut worker, 9).await;
        fixture.end(&mut worker, &leased, succeeded).await;
        fixture.pass(Duration::from_millis(50)).await;
    }
    fixture.assert_no_violation().await;
}

#[tokio::test]
async fn a_removed_endpoint_takes_what_is_being_released_with_it() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    fixture.retries(500).await;
    fixture.switch(&id, false, Deliver).await;
    fixture.switch(&id, true, Deliver).await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert!(fixture.store.remove_endpoint(&account(), &id).await.unwrap());
    fixture.upkeep().await;
    assert_eq!(fixture.hash("stats").await["canceled"], "500");
    fixture.assert_drained().await;
}

#[tokio::test]
async fn an_owner_who_switches_faster_than_upkeep_works_loses_nothing() {
    let fixture = fixture().await;
    let id = fixture.endpoint(&["*"]).await;
    for round in 0..20 {
        fixture.retries(1).await;
        fixture.switch(&id, false, Deliver).await;
        fixture.switch(&id, true, Deliver).await;
        let releasing = fixture.hash(&format!("endpoint:{id}")).await["releasing"].clone();
        assert_eq!(releasing.split(' ').count(), 16.min(round + 1));
    }
    assert_eq!(fixture.get(&id).await.queue.total(), 20);
    fixture.assert_no_violation().await;
    fixture.upkeep().await;
    assert!(
        !fixture
            .hash(&format!("endpoint:{id}"))
            .await
            .contains_key("releasing")
    );
    assert_eq!(
        fixture.waiting(&id).await,
        (16, 4),
        "the rest wait for their time"
    );
    fixture.pass(HOUR).await;
    let mut worker = Worker::new();
    let leased = fixture.lease(&mut worker, 1).await;
    fixture.end(&mut worker, &leased, succeeded).await;
    fixture.end_slow_start(&id).await;
    let leased = fixture.lease(&mut worker, 19).await;
    fixture.end(&mut worker, &leased, succeeded).await;
    assert_eq!(fixture.hash("stats").await["succeeded"], "20");
    fixture.assert_drained().await;
}

impl Fixture {
    /// Switches an endpoint on as `update_endpoint` does, in an operation that can be repeated. Repeats it if the answer is lost.
    async fn switch_on_as(&self, operation: &str, id: &EndpointId, parked: &str) {
        let (_, script) = assembled_scripts()
            .into_iter()
            .find(|(name, _)| *name == "endpoint_update")
            .unwrap();
        let store: String = self.command(redis::cmd("HGET").arg(META).arg("store")).await;
        let keys = Keys::new(0);
        let mut command = redis::cmd("EVAL");
        command
            .arg(script)
            .arg(keys.declared(false).len())
            .arg(&keys.declared(false));
        let (no_condition, no_types, nobody, none) = ("*", "", "", "0");
        let (no_origin, clears, most, most_bytes, most_routes) = ("", "0", "20", "8192", "65536");
        command.arg(&[
            id.as_str(),
            account().as_str(),
            operation,
            no_condition,
            no_types,
            "active",
            parked,
            nobody,
            no_origin,
            clears,
            most,
            most_bytes,
            most_routes,
            none,
            none,
            store.split('+').next().unwrap(),
        ]);
        let _: redis::Value = self.command(&command).await;
    }
}

/// The answer to a call was lost. Before it comes again, somebody else switches the endpoint off, and upkeep is half done.
#[tokio::test]
async fn a_repeated_call_undoes_nothing_and_loses_nothing_that_is_being_worked_through() {
    for (action, left) in [("deliver", 150), ("discard", 0)] {
        let fixture = fixture().await;
        let id = fixture.endpoint(&["*"]).await;
        fixture.retries(150).await;
        fixture.switch(&id, false, Deliver).await;
        fixture.switch_on_as("op1", &id, action).await;
        fixture.switch(&id, false, Deliver).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        fixture.switch_on_as("op1", &id, action).await;
        let seen = fixture.get(&id).await;
        assert_eq!(
            seen.state,
            EndpointState::Off,
            "{action}: the other call came later"
        );
        fixture.upkeep().await;
        assert_eq!(fixture.get(&id).await.queue.total(), left, "{action}");
        fixture.assert_no_violation().await;
        fixture.switch(&id, true, Discard).await;
        fixture.upkeep().await;
        fixture.assert_drained().await;
    }
}
