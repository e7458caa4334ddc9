//! An endpoint whose name was not found rests while nobody asks for that name again.
//!
//! Proves (guarantees): a name that was not found

use std::time::Duration;

use domain::endpoint::ParkedAction;
use domain::id::EndpointId;
use store::queue::WorkRequest;

use crate::fixture::{Fixture, Worker, account, failed, report, succeeded, unfound, wants};

const REST: Duration = Duration::from_secs(5);

/// An endpoint with ten events, of which the first was attempted and whose name was not found.
async fn resting(worker: &mut Worker) -> (Fixture, EndpointId) {
    let fixture = Fixture::new().await;
    let endpoint = fixture.fresh_endpoint_of(&account(), &["*"], None).await;
    fixture.push_many(10).await;
    let first = fixture.fetch(worker, 64).await.remove(0);
    fixture.report(worker, &first, unfound(5, 60)).await;
    fixture.assert_sound().await;
    (fixture, endpoint)
}

/// When something is due next, if nothing can be fetched now.
async fn rest_left(fixture: &Fixture, worker: &mut Worker) -> Option<Duration> {
    let reply = fixture.work(worker, wants(64)).await;
    if reply.leased.is_empty() {
        assert!(!reply.more, "nobody asks again in vain");
        return Some(reply.next_due.unwrap());
    }
    for leased in &reply.leased {
        fixture.report(worker, leased, failed(Some(3600))).await;
    }
    None
}

#[tokio::test]
async fn what_waits_for_a_name_is_sent_when_it_is_asked_for_again() {
    let mut worker = Worker::new();
    let (fixture, endpoint) = resting(&mut worker).await;
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.consecutive_failures, seen.held_until),
        (1, None),
        "nobody asked for a pause"
    );
    let left = rest_left(&fixture, &mut worker).await.unwrap();
    assert!(left <= REST && left > REST / 2, "{left:?}");

    // An event that comes meanwhile changes nothing.
    fixture.push().await;
    assert!(rest_left(&fixture, &mut worker).await.unwrap() <= left);
    fixture.assert_sound().await;

    fixture.pass(REST).await;
    let next = fixture.fetch(&mut worker, 64).await;
    assert_eq!(
        (next.len(), next[0].attempt),
        (1, 1),
        "the next in line, and slowly"
    );
    fixture.report(&mut worker, &next[0], succeeded()).await;
    assert_eq!(fixture.fetch(&mut worker, 64).await.len(), 2, "it is well");
    let hash = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert!(!hash.contains_key("pacedUntil"));
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_shorter_rest_doesnt_end_a_longer_one_and_others_pay_for_none() {
    let (fixture, _) = Fixture::with_events(40).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    let reports = vec![
        report(&leased[0], unfound(5, 60)),
        report(&leased[1], unfound(1, 60)),
    ];
    fixture
        .work(&mut worker, WorkRequest { reports, ..wants(0) })
        .await;
    let left = rest_left(&fixture, &mut worker).await.unwrap();
    assert!(left > Duration::from_secs(2), "{left:?}");

    let beside = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let next = fixture.fetch(&mut worker, 64).await;
    let served: Vec<_> = next.iter().map(|leased| &leased.endpoint.id).collect();
    assert_eq!(served, [&beside]);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn another_url_and_switching_on_end_a_rest() {
    for turns_on in [false, true] {
        let mut worker = Worker::new();
        let (fixture, endpoint) = resting(&mut worker).await;
        if turns_on {
            fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
            fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
        } else {
            fixture.change_url(&endpoint, "https://found.example/hook").await;
        }
        fixture.assert_sound().await;
        assert_eq!(rest_left(&fixture, &mut worker).await, None, "{turns_on}");
        fixture.assert_sound().await;
    }
}

#[tokio::test]
async fn what_was_in_flight_to_another_url_lets_nobody_rest() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.fresh_endpoint_of(&account(), &["*"], None).await;
    fixture.push_many(2).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 64).await.remove(0);
    fixture.change_url(&endpoint, "https://found.example/hook").await;
    fixture.report(&mut worker, &first, unfound(5, 60)).await;
    assert_eq!(rest_left(&fixture, &mut worker).await, None);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn an_endpoint_with_a_rate_rests_as_well_and_keeps_its_rate() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.set_rate(&endpoint, Some(1)).await;
    fixture.push_many(3).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 64).await.remove(0);
    fixture.report(&mut worker, &first, unfound(5, 60)).await;
    let left = rest_left(&fixture, &mut worker).await.unwrap();
    assert!(left > Duration::from_secs(2), "{left:?}");
    fixture.pass(REST).await;
    assert_eq!(rest_left(&fixture, &mut worker).await, None);
    let left = rest_left(&fixture, &mut worker).await.unwrap();
    assert!(left <= Duration::from_secs(1), "{left:?}");
    fixture.assert_sound().await;
}
