//! Account events tell a team that an endpoint was disabled or recovered, or that a delivery was exhausted.
//!
//! Proves (guarantees): an account's own events go to other endpoints only, by name, and to no other account

use domain::endpoint::ParkedAction;
use domain::id::{DeliveryId, EndpointId};
use serde_json::{Value, json};
use store::queue::{Leased, Receipt};

use crate::fixture::{Fixture, Worker, account, event_of, failed, gone, report, succeeded, wants};

async fn next_for(fixture: &Fixture, worker: &mut Worker, endpoint: &EndpointId) -> Leased {
    let leased = fixture.fetch(worker, 64).await;
    let mut found: Vec<_> = leased
        .into_iter()
        .filter(|leased| leased.endpoint.id == *endpoint)
        .collect();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn body(leased: &Leased) -> Value {
    serde_json::from_slice(&leased.event.body).unwrap()
}

#[tokio::test]
async fn a_team_is_notified_of_what_happens_to_the_other_endpoint() {
    let fixture = Fixture::new().await;
    let subscriber = fixture
        .endpoint(&["endpoint.disabled", "endpoint.recovered", "delivery.exhausted"])
        .await;
    let failing = fixture.endpoint(&["lead.captured", "endpoint.disabled"]).await;
    let everything = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();

    let accepted = fixture.push().await;
    assert_eq!(accepted.deliveries, 2);
    let leased = fixture.fetch(&mut worker, 64).await;
    let (bad, good): (Vec<_>, Vec<_>) = leased.iter().partition(|leased| leased.endpoint.id == failing);
    fixture.report(&mut worker, good[0], succeeded()).await;
    assert_eq!(
        fixture.report(&mut worker, bad[0], gone()).await,
        Receipt::DisabledEndpoint
    );

    let first = next_for(&fixture, &mut worker, &subscriber).await;
    let notice = body(&first);
    let timestamp = notice["timestamp"].as_str().unwrap();
    assert!(
        timestamp.parse::<domain::clock::Timestamp>().is_ok(),
        "{timestamp}"
    );
    assert_eq!(
        notice,
        json!({"event": "endpoint.disabled", "chatbotId": null, "timestamp": timestamp, "data": {
            "endpointId": failing.as_str(), "url": "https://example.com/hook", "reason": "gone",
            "consecutiveFailures": 1, "lastError": "http_status"
        }})
    );
    assert_eq!(first.event.event, "endpoint.disabled");
    fixture.report(&mut worker, &first, succeeded()).await;

    fixture.switch(&failing, true, ParkedAction::Deliver).await;
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    let again = next_for(&fixture, &mut worker, &failing).await;
    fixture.report(&mut worker, &again, succeeded()).await;
    let recovered = next_for(&fixture, &mut worker, &subscriber).await;
    assert_eq!(body(&recovered)["event"], "endpoint.recovered");
    assert_eq!(body(&recovered)["data"]["endpointId"], failing.as_str());
    fixture.report(&mut worker, &recovered, succeeded()).await;

    let accepted = fixture
        .accept(&event_of(domain::event::EventType::LEAD_CAPTURED, "bot", "{}"))
        .await;
    for leased in fixture.fetch(&mut worker, 64).await {
        let result = if leased.endpoint.id == everything {
            failed(None)
        } else {
            succeeded()
        };
        fixture.report(&mut worker, &leased, result).await;
    }
    let exhausted = next_for(&fixture, &mut worker, &subscriber).await;
    let data = &body(&exhausted)["data"];
    assert_eq!(
        *data,
        json!({"endpointId": everything.as_str(), "url": "https://example.com/hook",
            "deliveryId": DeliveryId::of(&accepted.id, &everything).as_str(), "eventId": accepted.id.as_str(),
            "eventType": "lead.captured", "attempts": 1, "lastError": "http_status"})
    );
    fixture.report(&mut worker, &exhausted, succeeded()).await;
    fixture.assert_drained().await;
}

/// Two endpoints that are notified of each other's failures must not feed each other.
#[tokio::test]
async fn nobody_is_notified_of_what_becomes_of_an_account_event() {
    let fixture = Fixture::new().await;
    let kinds = ["lead.captured", "delivery.exhausted"];
    let (one, other) = (fixture.endpoint(&kinds).await, fixture.endpoint(&kinds).await);
    let mut worker = Worker::new();
    fixture.push().await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        let leased = fixture.fetch(&mut worker, 64).await;
        for leased in leased {
            seen.push((leased.endpoint.id.clone(), leased.event.event.clone()));
            fixture.report(&mut worker, &leased, failed(None)).await;
        }
    }
    seen.sort();
    let mut expected: Vec<_> = [&one, &other]
        .into_iter()
        .flat_map(|id| kinds.map(|kind| (id.clone(), kind.to_owned())))
        .collect();
    expected.sort();
    assert_eq!(seen, expected);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_storm_of_exhausted_deliveries_makes_a_bounded_number_of_events() {
    let fixture = Fixture::new().await;
    let watching = fixture.endpoint(&["delivery.exhausted"]).await;
    fixture.endpoint(&["lead.captured"]).await;
    fixture.push_many(100).await;
    let mut worker = Worker::new();
    let mut policy = fixture.policy.clone();
    policy.disable_after = 1000;
    let fixture = Fixture { policy, ..fixture };
    let mut exhausted = 0;
    while exhausted < 100 {
        let leased = fixture.fetch(&mut worker, 64).await;
        let (theirs, ours): (Vec<_>, Vec<_>) = leased
            .into_iter()
            .partition(|leased| leased.endpoint.id == watching);
        exhausted += ours.len();
        let reports = ours.iter().map(|leased| report(leased, failed(None)));
        let reports = reports
            .chain(theirs.iter().map(|leased| report(leased, succeeded())))
            .collect();
        fixture
            .work(&mut worker, store::queue::WorkRequest { reports, ..wants(0) })
            .await;
    }
    let stats = fixture.hash("stats").await;
    assert_eq!(stats["accountEventsDropped"], "40");
    assert_eq!(
        fixture.get(&watching).await.queue.total() + count_logged(&fixture, &watching).await,
        60
    );
}

async fn count_logged(fixture: &Fixture, endpoint: &EndpointId) -> u64 {
    let page = fixture
        .store
        .list_deliveries(&store::log::Listing {
            account: &account(),
            endpoint,
            filter: &store::log::ListFilter::default(),
            position: None,
            limit: 100,
        })
        .await;
    page.unwrap().unwrap().deliveries.len() as u64
}
