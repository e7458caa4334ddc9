//! Test events, which bypass the queue.
//!
//! Proves (guarantees): a test event is no strike, and touches nothing of the queue
//! Proves (guarantees): a test event fails

use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::event::{EventType, Payload, Subscription};
use domain::id::{DeliveryId, EventId};
use store::log::{ListFilter, Listing};
use store::queue::AttemptRecord;
use store::test_events::{TestEventOutcome, TestEventRequest};

use crate::fixture::{Fixture, account};

fn request(endpoint: &domain::id::EndpointId) -> TestEventRequest {
    let now = Timestamp::now();
    TestEventRequest {
        delivery: DeliveryId::of(&EventId::new(now.as_millis()), endpoint),
        account: account(),
        event: Subscription::Only(EventType::TICKET_CREATED),
        payload: Payload::build(EventType::TICKET_CREATED, "bot", now, "{}", 1000).unwrap(),
    }
}

#[tokio::test]
async fn a_test_is_taken_answered_and_logged_once_and_touches_nothing_else() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let before = fixture.get(&endpoint).await;
    let request = request(&endpoint);
    for _ in 0..2 {
        assert_eq!(
            fixture.store.request_test_event(&request, 5).await.unwrap(),
            TestEventOutcome::Queued
        );
    }
    let taken = fixture
        .store
        .next_test_event(&fixture.store.listener(), Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(taken.as_ref(), Some(&request.delivery));
    assert_eq!(fixture.list("trials").await, Vec::<String>::new());
    let test_event = fixture
        .store
        .begin_test_event(&request.delivery)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(test_event.event.body, request.payload.as_bytes());
    assert_eq!(test_event.endpoint.url, "https://example.com/hook");
    let attempt = AttemptRecord {
        status: Some(404),
        duration: Duration::from_millis(12),
        error: Some("http_status"),
        detail: "answered 404 Not Found".to_owned(),
        response_headers: "server: x\n".to_owned(),
        ..AttemptRecord::default()
    };
    for _ in 0..2 {
        fixture
            .store
            .finish_test_event(&test_event, 1000, &attempt)
            .await
            .unwrap();
    }
    let answer = fixture
        .store
        .test_event_answer(&request.delivery, Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((answer.status, answer.is_test), (Some(404), true));
    assert_eq!(answer.response_headers.as_deref(), Some("server: x\n"));

    let listed = fixture
        .store
        .list_deliveries(&Listing {
            account: &account(),
            endpoint: &endpoint,
            filter: &ListFilter::default(),
            position: None,
            limit: 10,
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(listed.deliveries.len(), 1);
    assert!(listed.deliveries[0].is_test);
    assert_eq!(listed.deliveries[0].state, DeliveryState::Exhausted);
    let detail = fixture
        .store
        .get_delivery(&account(), &endpoint, &request.delivery)
        .await;
    let detail = detail.unwrap().unwrap().unwrap();
    assert_eq!(detail.payload.unwrap().body, request.payload.as_bytes());
    assert_eq!(
        fixture.get(&endpoint).await,
        before,
        "no strike, no queue, no attempt"
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn tests_are_bounded_and_old_or_foreign_ones_are_not_sent() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    for _ in 0..2 {
        let outcome = fixture
            .store
            .request_test_event(&request(&endpoint), 2)
            .await
            .unwrap();
        assert_eq!(outcome, TestEventOutcome::Queued);
    }
    let third = fixture
        .store
        .request_test_event(&request(&endpoint), 2)
        .await
        .unwrap();
    assert!(
        matches!(third, TestEventOutcome::TooMany(wait) if wait <= Duration::from_secs(60)),
        "{third:?}"
    );
    let foreign = TestEventRequest {
        account: "org:org_2".parse().unwrap(),
        ..request(&endpoint)
    };
    assert_eq!(
        fixture.store.request_test_event(&foreign, 2).await.unwrap(),
        TestEventOutcome::EndpointNotFound
    );
    let taken = fixture
        .store
        .next_test_event(&fixture.store.listener(), Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    fixture.pass(Duration::from_secs(6)).await;
    assert!(fixture.store.begin_test_event(&taken).await.unwrap().is_none());
    let taken = fixture
        .store
        .next_test_event(&fixture.store.listener(), Duration::from_secs(5))
        .await
        .unwrap()
        .unwrap();
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    assert!(fixture.store.begin_test_event(&taken).await.unwrap().is_none());
}

#[tokio::test]
async fn a_request_is_taken_back_unless_a_worker_has_it() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let (nobodys, taken) = (request(&endpoint), request(&endpoint));
    for request in [&nobodys, &taken] {
        fixture.store.request_test_event(request, 10).await.unwrap();
    }
    let withdraw = async |request: &TestEventRequest| {
        fixture
            .store
            .withdraw_test_event(&request.delivery)
            .await
            .unwrap()
    };
    assert!(withdraw(&nobodys).await);
    assert!(!withdraw(&nobodys).await);
    let listener = fixture.store.listener();
    let next = fixture
        .store
        .next_test_event(&listener, Duration::from_secs(5))
        .await;
    assert_eq!(next.unwrap().as_ref(), Some(&taken.delivery));
    assert!(!withdraw(&taken).await);

    let test_event = fixture
        .store
        .begin_test_event(&taken.delivery)
        .await
        .unwrap()
        .unwrap();
    let attempt = AttemptRecord {
        status: Some(200),
        ..AttemptRecord::default()
    };
    fixture
        .store
        .finish_test_event(&test_event, 1000, &attempt)
        .await
        .unwrap();
    let answer = fixture
        .store
        .test_event_answer(&taken.delivery, Duration::from_secs(5))
        .await;
    assert_eq!(answer.unwrap().unwrap().status, Some(200));
    fixture.assert_drained().await;
}
