//! Upkeep works through large queues in bounded steps, and exhausts what was parked for too long.

use std::time::Duration;

use domain::endpoint::ParkedAction;
use domain::event::EventType;
use store::events::Budgets;

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, gone, new_event};

#[tokio::test]
async fn ten_thousand_parked_deliveries_are_released_and_removed_in_steps() {
    let (fixture, id) = Fixture::with_events(10_000).await;
    fixture.switch(&id, false, ParkedAction::Deliver).await;
    fixture.switch(&id, true, ParkedAction::Deliver).await;
    assert_eq!(fixture.fetch(&mut Worker::new(), 1).await.len(), 1, "at once");
    assert!(fixture.store.remove_endpoint(&account(), &id).await.unwrap());
    let mut steps = 0;
    loop {
        let done = fixture.store.upkeep(&fixture.policy).await.unwrap();
        assert!(done.swept <= 100);
        steps += 1;
        if !done.more {
            break;
        }
    }
    assert!(steps >= 50, "{steps}");
    assert_eq!(fixture.hash("stats").await["canceled"], "9999");
}

#[tokio::test]
async fn retries_that_were_parked_are_released_even_if_the_endpoint_is_disabled_again() {
    let (fixture, id) = Fixture::with_events(3).await;
    let mut worker = Worker::new();
    for round in 0..3 {
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        let result = if round == 2 { gone() } else { failed(Some(600)) };
        fixture.report(&mut worker, &leased, result).await;
    }
    for _ in 0..3 {
        fixture.switch(&id, true, ParkedAction::Deliver).await;
        fixture.switch(&id, false, ParkedAction::Deliver).await;
    }
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    assert_eq!(fixture.get(&id).await.queue.total(), 3);
    fixture.switch(&id, true, ParkedAction::Deliver).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    assert_eq!(fixture.list(&format!("pending:{id}")).await.len(), 3);
    assert_eq!(fixture.fetch(&mut worker, 5).await[0].attempt, 2);
}

#[tokio::test]
async fn what_is_parked_beyond_its_budget_exhausts_the_oldest_visibly() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    // The oldest waits for a retry.
    let mut ids = vec![fixture.push().await.id];
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, gone()).await;
    let budgets = Budgets {
        parked_bytes: 5_000,
        ..BUDGETS
    };
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(900));
    for _ in 0..10 {
        let event = event_of(EventType::MESSAGE_SENT, "bot", &data);
        ids.push(event.id.clone());
        fixture.accept_outcome(&event, budgets).await;
    }
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let failed = fixture.sorted(&format!("failed:{id}")).await;
    assert!(failed.len() >= 6 && failed.len() <= 7, "{failed:?}");
    assert!(failed.iter().all(|delivery| {
        ids[..7]
            .iter()
            .any(|event| delivery.contains(&event.as_str()[4..]))
    }));
    assert_eq!(
        fixture.hash(&format!("delivery:{}", failed[0])).await["reason"],
        "parked_overflow"
    );
    assert!(
        fixture.hash(&format!("endpoint:{id}")).await["queuedBytes"]
            .parse::<u64>()
            .unwrap()
            <= 5_000
    );
}

#[tokio::test]
async fn what_is_parked_for_too_long_is_exhausted_visibly() {
    let (fixture, id) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, gone()).await;
    fixture.pass(Duration::from_secs(13 * 86_400)).await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    assert_eq!(fixture.sorted(&format!("failed:{id}")).await.len(), 0);
    fixture.pass(Duration::from_secs(2 * 86_400)).await;
    fixture.accept(&new_event()).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let failed = fixture.sorted(&format!("failed:{id}")).await;
    assert!(!failed.is_empty());
    assert_eq!(
        fixture.hash(&format!("delivery:{}", failed[0])).await["reason"],
        "parked_too_long"
    );
}
