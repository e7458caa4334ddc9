//! What is read of the past once it lies in blocks: everything answers as before.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId, EventId};
use history::{BlockId, Class, Entry, FinishedEvent, Place, pack_events, pack_log};
use store::check::broken_rules;
use store::queue::WorkRequest;
use store::replays::ReplayOutcome;

use crate::fixture::{BUDGETS, Fixture, Worker, account, failed, report, succeeded, wants};

/// Delivers this many events of an endpoint, each with one attempt.
pub(crate) async fn deliver(fixture: &Fixture, count: usize) -> Vec<DeliveryId> {
    fixture.push_many(count).await;
    let (mut worker, mut delivered) = (Worker::new(), Vec::new());
    while delivered.len() < count {
        let leased = fixture.fetch(&mut worker, 32).await;
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        delivered.extend(leased.into_iter().map(|leased| leased.delivery));
    }
    delivered
}

/// Packs the oldest entries of an endpoint's log into one block, as workers do.
pub(crate) async fn pack_oldest_entries(fixture: &Fixture, endpoint: &EndpointId, count: usize) -> BlockId {
    type Read = Vec<(String, Vec<(String, String)>)>;
    let log = format!("wh:{{0}}:log:{endpoint}");
    let mut range = redis::cmd("XRANGE");
    range.arg(&log).arg("-").arg("+").arg("COUNT").arg(count);
    let read: Read = fixture.command(&range).await;
    assert_eq!(read.len(), count);
    let entries: Vec<_> = read
        .into_iter()
        .map(|(id, fields)| {
            let (ms, number) = id.split_once('-').unwrap();
            Entry {
                place: Place {
                    ms: ms.parse().unwrap(),
                    number: number.parse().unwrap(),
                },
                fields,
            }
        })
        .collect();
    let id = BlockId::random();
    let packed = pack_log(&id, &account(), endpoint, &entries).unwrap();
    let last = entries.last().unwrap().place;
    let mut written = redis::pipe();
    written.atomic();
    written.set(format!("wh:{{0}}:block:{id}"), packed.bytes);
    let index = format!("wh:{{0}}:blocks:log:{endpoint}");
    written.zadd(index, packed.descriptor.to_string(), last.ms);
    let behind = format!("{}-{}", last.ms, last.number + 1);
    written.cmd("XTRIM").arg(&log).arg("MINID").arg(behind);
    written
        .cmd("HINCRBY")
        .arg(format!("wh:{{0}}:endpoint:{endpoint}"))
        .arg("logGone")
        .arg(count);
    written
        .zadd(
            format!("wh:{{0}}:account:{}:history", account()),
            format!("log:{endpoint}"),
            last.ms,
        )
        .exec_async(&mut fixture.raw.clone())
        .await
        .unwrap();
    id
}

/// Packs all finished events of a class into one block, as workers do.
pub(crate) async fn pack_finished(fixture: &Fixture, class: Class) -> BlockId {
    let list = format!("account:{}:{}", account(), class.as_str());
    let mut events = Vec::new();
    let mut written = redis::pipe();
    written.atomic();
    for entry in fixture.list(&list).await {
        let words: Vec<_> = entry.split(' ').collect();
        let id: EventId = format!("evt_{}", words[1]).parse().unwrap();
        let event = fixture.hash(&format!("event:{id}")).await;
        let number = |name: &str| event.get(name).map_or(0, |text| text.parse().unwrap());
        assert_eq!(number("refs"), 0);
        events.push(FinishedEvent {
            finished_at: words[0].parse().unwrap(),
            again: u32::try_from(number("again")).unwrap(),
            kind: event["event"].clone(),
            accepted_at: number("acceptedAt"),
            deliveries: u32::try_from(number("deliveries")).unwrap(),
            charge: number("charge"),
            body: event["body"].clone().into_bytes(),
            id: id.clone(),
        });
        written.del(format!("wh:{{0}}:event:{id}"));
    }
    let id = BlockId::random();
    let packed = pack_events(&id, &account(), class, &events).unwrap();
    written.set(format!("wh:{{0}}:block:{id}"), packed.bytes);
    let (series, last) = (
        format!("{}:{}", class.as_str(), account()),
        packed.descriptor.finished.1 * 1000,
    );
    written.zadd(
        format!("wh:{{0}}:blocks:{series}"),
        packed.descriptor.to_string(),
        last,
    );
    written.zadd(
        format!("wh:{{0}}:account:{}:history", account()),
        class.as_str(),
        last,
    );
    written.del(format!("wh:{{0}}:{list}"));
    for sums in ["", ":bytes"] {
        written.zrem(
            format!("wh:{{0}}:finished:{}{sums}", class.as_str()),
            account().as_str(),
        );
    }
    written.exec_async(&mut fixture.raw.clone()).await.unwrap();
    id
}

/// What is stored agrees with itself, as far as `check` knows it.
async fn assert_sound(fixture: &Fixture) {
    let mut violations = broken_rules(&fixture.store.snapshot(&|_| {}).await.unwrap());
    violations.retain(|violation| violation.what != "is a key that nothing knows");
    assert!(violations.is_empty(), "{violations:#?}");
}

async fn detail(
    fixture: &Fixture,
    endpoint: &EndpointId,
    delivery: &DeliveryId,
) -> Option<store::log::DeliveryDetail> {
    let found = fixture.store.get_delivery(&account(), endpoint, delivery).await;
    found.unwrap().expect("the endpoint exists")
}

#[tokio::test]
async fn a_delivery_is_the_same_with_its_payload_and_its_attempts_once_it_is_packed() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    // One that failed once and succeeded then, one that was exhausted, and others.
    fixture.push_many(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], failed(Some(1))).await;
    fixture.report(&mut worker, &leased[1], failed(None)).await;
    fixture.pass(Duration::from_secs(2)).await;
    let again = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(again.delivery, leased[0].delivery);
    fixture.end_slow_start(&endpoint).await;
    deliver(&fixture, 20).await;
    fixture.report(&mut worker, &again, succeeded()).await;
    let mut deliveries = deliver(&fixture, 20).await;
    deliveries.extend(leased.iter().map(|leased| leased.delivery.clone()));

    let mut before = Vec::new();
    for delivery in &deliveries {
        before.push(detail(&fixture, &endpoint, delivery).await.unwrap());
    }
    assert_eq!(
        before.iter().map(|detail| detail.attempts.len()).sum::<usize>(),
        23
    );
    assert!(before.iter().all(|detail| detail.payload.is_some()));
    let body = fixture
        .store
        .event_body(&account(), &deliveries[0].event())
        .await
        .unwrap();

    // The two attempts of one delivery are in different blocks; some others are still in the stream.
    for entries in [2, 10, 15] {
        pack_oldest_entries(&fixture, &endpoint, entries).await;
    }
    pack_finished(&fixture, Class::Delivered).await;
    pack_finished(&fixture, Class::Exhausted).await;
    for (delivery, before) in deliveries.iter().zip(&before) {
        let now = detail(&fixture, &endpoint, delivery).await;
        assert_eq!(now.as_ref(), Some(before));
    }
    let packed = fixture.store.event_body(&account(), &deliveries[0].event()).await;
    assert_eq!(packed.unwrap(), body);

    // Nobody else finds them.
    let stranger = "org:org_2".parse().unwrap();
    let body = fixture.store.event_body(&stranger, &deliveries[0].event()).await;
    assert_eq!(body.unwrap(), None);
    let other = DeliveryId::of(&EventId::new(Timestamp::now().as_millis()), &endpoint);
    assert_eq!(detail(&fixture, &endpoint, &other).await, None);
}

#[tokio::test]
async fn a_packed_delivery_is_sent_again_as_often_as_asked_and_keeps_its_class() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    fixture.push_many(2).await;
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], succeeded()).await;
    fixture.report(&mut worker, &leased[1], failed(None)).await;
    let mut blocks = Vec::new();
    for class in [Class::Delivered, Class::Exhausted] {
        blocks.push(pack_finished(&fixture, class).await);
    }
    for (source, class) in leased.iter().zip(["delivered", "exhausted"]) {
        for time in 0..2 {
            let new = source.delivery.replay();
            for _ in 0..2 {
                let outcome = fixture
                    .store
                    .replay_delivery(&account(), &source.delivery, &new, BUDGETS)
                    .await;
                assert_eq!(outcome.unwrap(), ReplayOutcome::Pending);
            }
            assert_sound(&fixture).await;
            let again = fixture.fetch(&mut worker, 8).await;
            assert_eq!(again.len(), 1, "{class}, {time}");
            assert_eq!(
                (&again[0].delivery, &again[0].event.body),
                (&new, &source.event.body)
            );
            fixture.report(&mut worker, &again[0], succeeded()).await;
            assert_sound(&fixture).await;
        }
        let entries = fixture.list(&format!("account:{}:{class}", account())).await;
        assert!(entries.last().unwrap().ends_with(" 2"), "{entries:?}");
    }

    // Once its block has gone, and what was made of it too, nothing is left.
    let delivered = &leased[0].delivery;
    let mut gone = redis::cmd("DEL");
    gone.arg(format!("wh:{{0}}:event:{}", delivered.event()));
    let _: i64 = fixture.command(&gone).await;
    let found = detail(&fixture, &endpoint, delivered).await.unwrap();
    assert!(found.payload.is_some(), "the block still has it");
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:block:{}", blocks[0])))
        .await;
    let found = detail(&fixture, &endpoint, delivered).await.unwrap();
    assert_eq!(
        (found.payload, found.summary.state),
        (None, DeliveryState::Succeeded)
    );
    let outcome = fixture
        .store
        .replay_delivery(&account(), delivered, &delivered.replay(), BUDGETS)
        .await;
    assert_eq!(outcome.unwrap(), ReplayOutcome::Expired);
}
