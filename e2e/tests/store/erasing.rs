//! An event is taken out of the blocks that have it, whatever else happens to them.
//!
//! Proves (guarantees): an event is taken out of history while it is packed and sent again

use std::collections::HashMap;
use std::time::Duration;

use domain::event::Payload;
use domain::id::{DeliveryId, EventId};
use store::history::Written;
use store::replays::ReplayOutcome;

use crate::fixture::{BUDGETS, Fixture, Worker, account, report, succeeded, wants};
use crate::history::{MINUTE, events_of, finish_many, fixture, next_block, pack, times_kept, write};
use crate::packing::pack_whatever;
use store::queue::WorkRequest;

async fn body(fixture: &Fixture, event: &EventId) -> Option<Vec<u8>> {
    let found = fixture.store.event_body(&account(), event).await.unwrap();
    found.map(|body| body.to_vec())
}

async fn erase(fixture: &Fixture, event: &EventId) -> u32 {
    fixture.store.erase_packed(&account(), event).await.unwrap()
}

fn in_order(payloads: &HashMap<EventId, Payload>) -> Vec<EventId> {
    let mut events: Vec<_> = payloads.keys().cloned().collect();
    events.sort();
    events
}

#[tokio::test]
async fn an_erased_event_is_in_no_block_any_more_and_all_others_are() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    let events = in_order(&payloads);
    fixture.pass(MINUTE).await;
    assert_eq!(pack(&fixture, &events_of(&account())).await, 1);
    // One was sent again meanwhile and packed once more, so it is in two.
    let twice = &events[7];
    let source = DeliveryId::of(twice, &endpoint);
    let sent = fixture
        .store
        .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
        .await;
    assert_eq!(sent.unwrap(), ReplayOutcome::Pending);
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 8).await;
    let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
    fixture
        .work(&mut worker, WorkRequest { reports, ..wants(0) })
        .await;
    fixture.pass(MINUTE).await;
    assert!(pack_whatever(&fixture, &events_of(&account()).series, 0).await);

    let before = fixture
        .store
        .packed_event(&account(), &events[0])
        .await
        .unwrap()
        .unwrap();
    for (event, times) in [(twice, 2), (&events[100], 1), (&events[299], 1)] {
        assert_eq!(erase(&fixture, event).await, times);
        fixture.assert_sound().await;
        assert_eq!(erase(&fixture, event).await, 0);
        assert_eq!(body(&fixture, event).await, None);
    }
    let erased = [7, 100, 299];
    for (number, event) in events.iter().enumerate() {
        let expected = (!erased.contains(&number)).then(|| payloads[event].as_bytes().to_vec());
        assert_eq!(body(&fixture, event).await, expected, "{event}");
    }
    let after = fixture
        .store
        .packed_event(&account(), &events[0])
        .await
        .unwrap()
        .unwrap();
    assert_ne!(before.block, after.block, "who has read the old block is refused");
    let stranger = "org:org_2".parse().unwrap();
    assert_eq!(
        fixture.store.erase_packed(&stranger, &events[0]).await.unwrap(),
        0
    );

    // What isn't there any more can't be sent again, what is beside it can.
    for (event, expected) in [
        (&events[100], ReplayOutcome::Expired),
        (&events[101], ReplayOutcome::Pending),
    ] {
        let source = DeliveryId::of(event, &endpoint);
        let sent = fixture
            .store
            .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
            .await;
        assert_eq!(sent.unwrap(), expected);
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_block_goes_with_the_last_event_that_it_has() {
    let (fixture, _) = fixture().await;
    let first = finish_many(&fixture, 1).await;
    fixture.pass(MINUTE).await;
    assert!(pack_whatever(&fixture, &events_of(&account()).series, 0).await);
    let second = finish_many(&fixture, 1).await;
    fixture.pass(MINUTE).await;
    assert!(pack_whatever(&fixture, &events_of(&account()).series, 0).await);
    for payloads in [first, second] {
        assert_eq!(erase(&fixture, payloads.keys().next().unwrap()).await, 1);
        fixture.assert_sound().await;
    }
    let left: Vec<_> = fixture
        .keys()
        .await
        .into_iter()
        .filter(|key| key.contains("block") || key.contains("history"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_block_that_was_read_before_an_event_was_erased_is_not_written() {
    let (fixture, _) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    let events = in_order(&payloads);
    fixture.pass(MINUTE).await;
    let block = next_block(&fixture, &events_of(&account())).await;
    // Whoever erases an event begins with what is beside the blocks.
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{}", events[9])))
        .await;
    assert_eq!(erase(&fixture, &events[9]).await, 0);
    assert_eq!(fixture.store.write_block(&block).await.unwrap(), Written::Changed);
    let block = next_block(&fixture, &events_of(&account())).await;
    assert_eq!(fixture.store.write_block(&block).await.unwrap(), Written::Done);
    assert_eq!(body(&fixture, &events[9]).await, None);
    assert_eq!(write(&fixture, &block).await, Written::Done);
}

#[tokio::test]
async fn a_block_that_is_written_just_before_an_event_is_erased_is_written_anew() {
    let (fixture, _) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    let events = in_order(&payloads);
    fixture.pass(MINUTE).await;
    let block = next_block(&fixture, &events_of(&account())).await;
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{}", events[9])))
        .await;
    // Nobody has said yet that it was erased.
    assert_eq!(write(&fixture, &block).await, Written::Done);
    assert_eq!(erase(&fixture, &events[9]).await, 1);
    fixture.assert_sound().await;
    for (number, event) in events.iter().enumerate() {
        assert_eq!(body(&fixture, event).await.is_some(), number != 9, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_erased_and_sent_again_while_they_are_packed() {
    let (fixture, endpoint) = fixture().await;
    let (mut payloads, mut erased, mut again) = (HashMap::new(), Vec::new(), Vec::new());
    for round in 0..6 {
        let new = finish_many(&fixture, 250).await;
        let events = in_order(&new);
        payloads.extend(new);
        fixture.pass(Duration::from_secs(61)).await;
        let packer = tokio::spawn({
            let (store, series) = (fixture.store.clone(), events_of(&account()).series);
            async move {
                while let Some(unpacked) = store.read_whatever_is_unpacked(&series, 0).await.unwrap() {
                    store.write_block(&unpacked.pack().unwrap()).await.unwrap();
                }
            }
        });
        for number in 0..8 {
            let event = &events[(number * 31 + round * 7) % events.len()];
            let _: i64 = fixture
                .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{event}")))
                .await;
            erase(&fixture, event).await;
            assert_eq!(body(&fixture, event).await, None);
            erased.push(event.clone());
            let event = &events[(number * 31 + round * 7 + 3) % events.len()];
            let source = DeliveryId::of(event, &endpoint);
            let sent = fixture
                .store
                .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
                .await;
            assert_eq!(sent.unwrap(), ReplayOutcome::Pending, "{event}");
            again.push(event.clone());
        }
        packer.await.unwrap();
    }
    let kept = times_kept(&fixture, &payloads).await;
    for (event, times) in kept {
        let expected = if erased.contains(&event) {
            0..=0
        } else if again.contains(&event) {
            1..=2
        } else {
            1..=1
        };
        assert!(expected.contains(&times), "{event} is kept {times} times");
        let expected = (!erased.contains(&event)).then(|| payloads[&event].as_bytes().to_vec());
        assert_eq!(body(&fixture, &event).await, expected);
    }
}
