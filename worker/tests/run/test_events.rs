//! Test events: answered whatever happens, and nothing else is touched.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::event::{EventType, Payload, Subscription};
use domain::id::{DeliveryId, EndpointId, EventId};
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::{assert_nothing_left, connect, key};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use store::Store;
use store::log::LoggedAttempt;
use store::test_events::{TestEventOutcome, TestEventRequest};

use crate::fixture::{self, Running, account};

/// Asks for a test event.
async fn ask(store: &Store, endpoint: &EndpointId) -> DeliveryId {
    let (now, event) = (Timestamp::now(), EventType::TICKET_CREATED);
    let request = TestEventRequest {
        delivery: DeliveryId::of(&EventId::new(now.as_millis()), endpoint),
        account: account(),
        event: Subscription::Only(event),
        payload: Payload::build(event, "bot", now, "{}", 1000).unwrap(),
    };
    let outcome = store.request_test_event(&request, 1000).await.unwrap();
    assert_eq!(outcome, TestEventOutcome::Queued);
    request.delivery
}

async fn answer(store: &Store, delivery: &DeliveryId) -> LoggedAttempt {
    let answer = store.test_event_answer(delivery, LONG).await.unwrap();
    answer.unwrap_or_else(|| panic!("no answer to {delivery}"))
}

async fn test(worker: &Running, endpoint: &EndpointId) -> LoggedAttempt {
    answer(&worker.store, &ask(&worker.store, endpoint).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_sent_at_once_and_answered_in_full() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    let receiver = Receiver::start().await;
    receiver.always("/", Answer::status(201).header("x-server", "mine").body("thanks"));
    let endpoint = worker.endpoint(&receiver.url("/")).await;
    let attempt = test(&worker, &endpoint).await;
    assert_eq!(
        (attempt.outcome, attempt.status, attempt.is_test),
        (DeliveryState::Succeeded, Some(201), true),
        "{attempt:?}"
    );
    assert_eq!(attempt.snippet.as_deref(), Some("thanks"));
    let head = attempt.response_headers.unwrap();
    assert!(head.contains("x-server: mine\n"), "{head}");
    assert!(attempt.phases.connect.is_some() && attempt.phases.first_byte.is_some());

    let requests = receiver.received();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].expect_header("x-rkt-event"), "ticket.created");
    assert_eq!(
        requests[0].expect_header("x-rkt-delivery"),
        attempt.delivery.as_str()
    );
    assert_eq!(requests[0].expect_header("x-rkt-test"), "true");
    let series = "webhooks_worker_trials_total{outcome=\"succeeded\"}";
    assert_eq!(worker.metric(series).await, 1.0);
    let attempts = "webhooks_worker_attempts_total{outcome=\"succeeded\"}";
    assert_eq!(worker.metric(attempts).await, 0.0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_that_fail_are_answered_once_and_strike_nobody() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    let receiver = Receiver::start().await;
    receiver.always("/", Answer::status(410).body("moved"));
    let endpoint = worker.endpoint(&receiver.url("/")).await;
    for _ in 0..12 {
        let attempt = test(&worker, &endpoint).await;
        assert_eq!(attempt.outcome, DeliveryState::Exhausted);
        assert_eq!(attempt.error.as_deref(), Some("gone"));
        assert_eq!(attempt.detail.as_deref(), Some("answered 410 Gone"));
        assert_eq!(attempt.snippet.as_deref(), Some("moved"));
    }
    let endpoint = worker.get(&endpoint).await;
    assert_eq!(
        (endpoint.consecutive_failures, endpoint.disabled_reason),
        (0, None)
    );
    assert_eq!(endpoint.last_attempt, None);
    assert_nothing_left(&redis).await;
    assert_eq!(receiver.count(), 12, "none was repeated");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_trouble_is_answered_as_that() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    let receiver = Receiver::start().await;
    let other_key = "HxseHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=".parse().unwrap();
    let sealed = fixture::endpoint(&worker.store, &receiver.url("/"), &other_key).await;
    let attempt = test(&worker, &sealed).await;
    assert_eq!(attempt.error.as_deref(), Some("not_attempted"));
    assert_eq!(
        attempt.detail.as_deref(),
        Some("nothing was sent, and the endpoint is not to blame: the signing secret does not open")
    );
    assert_eq!(receiver.count(), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_of_an_account_are_sent_at_a_time_as_are_left_to_others_and_all_are_answered_before_the_worker_ends()
 {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &["--delivery-timeout", "3s"]).await;
    let receiver = Receiver::start().await;
    receiver.always("/held", Answer::status(200).held());
    receiver.always("/hangs", Answer::hang());
    let held = worker.endpoint(&receiver.url("/held")).await;
    let hangs = worker.endpoint(&receiver.url("/hangs")).await;
    let mut asked = Vec::new();
    for _ in 0..19 {
        asked.push(ask(&worker.store, &held).await);
    }
    receiver.wait_for(16).await;
    for delivery in &asked[16..] {
        let refused = answer(&worker.store, delivery).await;
        assert_eq!(refused.error.as_deref(), Some("not_attempted"), "{refused:?}");
    }
    let waiting = || connect(&redis).llen::<_, usize>(key("trials")).unwrap();
    assert_eq!((receiver.open(), waiting()), (16, 0));
    receiver.open_gate();
    for delivery in &asked[..16] {
        assert_eq!(answer(&worker.store, delivery).await.status, Some(200));
    }
    assert_eq!(receiver.most_open(), 16);

    let last = ask(&worker.store, &hangs).await;
    receiver.wait_for_at("/hangs", 1).await;
    let store = worker.store.clone();
    let took = worker.stop().await;
    assert!(took < Duration::from_secs(10), "{took:?}");
    let attempt = answer(&store, &last).await;
    assert_eq!(attempt.error.as_deref(), Some("timeout"), "{attempt:?}");
    let late = ask(&store, &held).await;
    assert_eq!(waiting(), 1, "nobody takes {late}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_was_away_is_waited_for() {
    let mut redis = RedisServer::start();
    let worker = Running::start(&redis, &[]).await;
    worker.wait_ready().await;
    redis.kill9();
    let errors = "webhooks_worker_redis_errors_total{call=\"trials\"}";
    eventually(LONG, "the worker to miss Redis", async || {
        let count = worker.metric(errors).await;
        check(count > 0.0, format!("{count}"))
    })
    .await;
    redis.restart();
    worker.wait_ready().await;
    let receiver = Receiver::start().await;
    let endpoint = worker.endpoint(&receiver.url("/")).await;
    assert_eq!(test(&worker, &endpoint).await.status, Some(200));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_what_it_is_configured_to() {
    let redis = RedisServer::start();
    let worker = Running::start(&redis, &["--disable-after", "7", "--delivery-timeout", "2s"]).await;
    eventually(LONG, "the policy", async || {
        let told: Vec<Option<u64>> = connect(&redis)
            .hmget(key("policy"), &["disableAfter", "deliveryTimeout", "maxAttempts"])
            .unwrap();
        check(told == [Some(7), Some(2000), Some(10)], format!("{told:?}"))
    })
    .await;
    worker.stop().await;
}
