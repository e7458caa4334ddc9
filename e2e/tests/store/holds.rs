//! A receiver that gets too much says so, and its endpoint is held.
//!
//! Proves (guarantees): the receiver asks us to wait

use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::endpoint::{EndpointPatch, EndpointState, EndpointUrl, ParkedAction, UrlPolicy};
use domain::id::EndpointId;
use store::queue::{Leased, Outcome, Receipt, WorkRequest};
use store::replays::ReplayOutcome;

use crate::fixture::{BUDGETS, Fixture, Worker, account, failed, refused, report, succeeded, wants};

async fn now(fixture: &Fixture) -> u64 {
    fixture.hash("stats").await["clockRaw"].parse().unwrap()
}

/// How long an endpoint is held from now on; zero if it isn't.
async fn held_for(fixture: &Fixture, endpoint: &EndpointId) -> Duration {
    let hash = fixture.hash(&format!("endpoint:{endpoint}")).await;
    let until: u64 = hash.get("heldUntil").map_or(0, |text| text.parse().unwrap());
    Duration::from_millis(until.saturating_sub(now(fixture).await))
}

fn is_about(span: Duration, seconds: u64) -> bool {
    span <= Duration::from_secs(seconds) && span + Duration::from_secs(2) > Duration::from_secs(seconds)
}

async fn report_all(
    fixture: &Fixture,
    worker: &mut Worker,
    leased: &[Leased],
    outcome: impl Fn() -> Outcome,
) -> Vec<Receipt> {
    let request = WorkRequest {
        reports: leased.iter().map(|leased| report(leased, outcome())).collect(),
        ..wants(0)
    };
    fixture.work(worker, request).await.receipts
}

#[tokio::test]
async fn a_burst_that_is_refused_is_one_strike_and_comes_again_when_the_hold_ends() {
    let (fixture, endpoint) = Fixture::with_events(40).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 64).await;
    assert_eq!(leased.len(), 32);
    let receipts = report_all(&fixture, &mut worker, &leased, || refused(Some(20), Some(5))).await;
    assert_eq!(receipts, [Receipt::Recorded; 32]);

    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures, seen.queue.total()),
        (EndpointState::Active, 1, 40)
    );
    assert!(is_about(held_for(&fixture, &endpoint).await, 20));
    // An event that comes meanwhile changes nothing.
    fixture.push().await;
    let reply = fixture.work(&mut worker, wants(64)).await;
    assert!(reply.leased.is_empty() && !reply.more);
    assert!(is_about(reply.next_due.unwrap(), 20), "{:?}", reply.next_due);
    fixture.assert_sound().await;

    fixture.pass(Duration::from_secs(20)).await;
    let probe = fixture.fetch(&mut worker, 64).await;
    assert_eq!(probe.len(), 1, "it starts slowly");
    assert_eq!(probe[0].attempt, 1, "a refused attempt is none");
    assert!(
        leased.iter().any(|leased| leased.delivery == probe[0].delivery),
        "and goes first"
    );
    fixture.report(&mut worker, &probe[0], succeeded()).await;
    let seen = fixture.get(&endpoint).await;
    assert_eq!(seen.consecutive_failures, 0);
    let hash = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert!(!hash.contains_key("heldUntil") && !hash.contains_key("holds"));
    assert_eq!(fixture.fetch(&mut worker, 64).await.len(), 2);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn what_the_log_says_of_a_refused_attempt_stays_with_its_delivery() {
    let (fixture, endpoint) = Fixture::with_events(1).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture
        .report(&mut worker, &leased, refused(Some(20), Some(5)))
        .await;
    fixture.pass(Duration::from_secs(20)).await;
    let again = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &again, succeeded()).await;
    fixture.assert_drained().await;

    let detail = fixture
        .store
        .get_delivery(&account(), &endpoint, &leased.delivery)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let told: Vec<_> = detail
        .attempts
        .iter()
        .map(|attempt| {
            (
                attempt.attempt,
                attempt.outcome,
                attempt.status,
                attempt.is_held(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (1, DeliveryState::Pending, Some(429), true),
            (1, DeliveryState::Succeeded, Some(200), false)
        ]
    );
    let held_until = detail.attempts[0].held_until.unwrap().as_millis();
    let at = detail.attempts[0].at.as_millis();
    assert!(is_about(Duration::from_millis(held_until - at), 20));
    assert_eq!(detail.summary.attempts, 1);
    let hours = fixture.hash("account:org:org_1:hours").await;
    let count = |outcome: &str| {
        let named = hours.iter().find(|(field, _)| field.ends_with(outcome));
        named.map(|(_, count)| count.clone())
    };
    assert_eq!(count(":heldAttempts").as_deref(), Some("1"));
    assert_eq!(count(":failedAttempts"), None);
}

#[tokio::test]
async fn who_names_no_time_is_held_for_a_second_and_twice_as_long_each_time_up_to_a_minute() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 100;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push_many(20).await;
    let mut worker = Worker::new();
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let leased = fixture.fetch(&mut worker, 64).await;
        assert!(!leased.is_empty());
        report_all(&fixture, &mut worker, &leased, || refused(None, Some(5))).await;
        let held = held_for(&fixture, &endpoint).await;
        assert!(is_about(held, seconds), "{held:?} instead of {seconds} s");
        fixture.pass(Duration::from_secs(seconds)).await;
    }
    let probe = fixture.fetch(&mut worker, 64).await.remove(0);
    fixture.report(&mut worker, &probe, succeeded()).await;
    let next = fixture.fetch(&mut worker, 64).await.remove(0);
    fixture.report(&mut worker, &next, refused(None, Some(5))).await;
    assert!(
        is_about(held_for(&fixture, &endpoint).await, 1),
        "a success starts again"
    );
}

#[tokio::test]
async fn jitter_only_adds_up_to_a_tenth() {
    let (fixture, endpoint) = Fixture::with_events(1).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    let outcome = match refused(Some(100), Some(5)) {
        Outcome::Held {
            attempt,
            wait,
            retry_in,
            ..
        } => Outcome::Held {
            attempt,
            wait,
            retry_in,
            jitter: 1.0,
        },
        other => other,
    };
    fixture.report(&mut worker, &leased, outcome).await;
    let held = held_for(&fixture, &endpoint).await;
    assert!(is_about(held, 110), "{held:?}");
}

#[tokio::test]
async fn a_later_wish_lengthens_a_hold_and_never_shortens_it_whatever_else_comes_back() {
    let (fixture, endpoint) = Fixture::with_events(6).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 6).await;
    for (leased, asked, seconds) in [(&leased[0], 30, 30), (&leased[1], 10, 30), (&leased[2], 50, 50)] {
        fixture
            .report(&mut worker, leased, refused(Some(asked), Some(5)))
            .await;
        let held = held_for(&fixture, &endpoint).await;
        assert!(is_about(held, seconds), "{held:?} after a wish for {asked} s");
    }
    fixture.report(&mut worker, &leased[3], failed(Some(5))).await;
    fixture.report(&mut worker, &leased[4], succeeded()).await;
    assert!(
        is_about(held_for(&fixture, &endpoint).await, 50),
        "what was in flight neither ends the hold"
    );
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 1, "nor counts");
    // A retry that is due waits as well.
    fixture.pass(Duration::from_secs(10)).await;
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
    fixture.assert_sound().await;
    fixture.pass(Duration::from_secs(40)).await;
    // The last of those in flight comes back after the hold: it asks for another.
    assert!(
        fixture.fetch(&mut worker, 64).await.is_empty(),
        "it is still the one in flight"
    );
    fixture
        .report(&mut worker, &leased[5], refused(Some(7), Some(5)))
        .await;
    assert!(is_about(held_for(&fixture, &endpoint).await, 7));
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 1);
    fixture.pass(Duration::from_secs(7)).await;
    let probe = fixture.fetch(&mut worker, 64).await.remove(0);
    fixture.report(&mut worker, &probe, succeeded()).await;
    assert_eq!(held_for(&fixture, &endpoint).await, Duration::ZERO);
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 0);
}

#[tokio::test]
async fn an_endpoint_is_held_for_an_hour_and_a_delivery_for_a_day_and_the_account_is_told() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["lead.captured"]).await;
    let watcher = fixture.endpoint(&["endpoint.held"]).await;
    fixture.push_many(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture
        .report(&mut worker, &leased, refused(Some(3 * 86_400), Some(5)))
        .await;
    assert!(is_about(held_for(&fixture, &endpoint).await, 3600));
    fixture.assert_sound().await;
    let told = fixture.fetch(&mut worker, 64).await.remove(0);
    assert_eq!(told.endpoint.id, watcher);
    let body: serde_json::Value = serde_json::from_slice(&told.event.body).unwrap();
    assert_eq!(
        (
            &body["event"],
            &body["data"]["endpointId"],
            &body["data"]["reason"]
        ),
        (
            &"endpoint.held".into(),
            &endpoint.as_str().into(),
            &"http 429".into()
        )
    );
    fixture.report(&mut worker, &told, succeeded()).await;

    fixture.pass(Duration::from_secs(3600)).await;
    let probe = fixture.fetch(&mut worker, 64).await;
    assert_eq!(probe.len(), 1);
    assert_ne!(probe[0].delivery, leased.delivery, "the other one goes on");
    fixture.report(&mut worker, &probe[0], succeeded()).await;
    fixture.pass(Duration::from_secs(22 * 3600)).await;
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
    fixture.pass(Duration::from_secs(3600)).await;
    let again = fixture.fetch(&mut worker, 64).await.remove(0);
    assert_eq!((again.delivery, again.attempt), (leased.delivery, 1));
}

#[tokio::test]
async fn the_account_is_not_told_of_a_short_hold() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["lead.captured"]).await;
    fixture.endpoint(&["endpoint.held"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture
        .report(&mut worker, &leased, refused(Some(900), Some(5)))
        .await;
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
}

#[tokio::test]
async fn from_its_tenth_hold_on_a_delivery_uses_up_its_attempts() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 100;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    for hold in 1..=9 {
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        assert_eq!(leased.attempt, 1, "hold {hold}");
        fixture
            .report(&mut worker, &leased, refused(Some(1), Some(300)))
            .await;
        fixture.pass(Duration::from_secs(1)).await;
    }
    let tenth = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture
        .report(&mut worker, &tenth, refused(Some(1), Some(300)))
        .await;
    let recent = fixture.get(&endpoint).await.recent;
    assert_eq!(
        (recent.attempts(), recent.success_rate()),
        (1, Some(0.0)),
        "the tenth counts"
    );
    fixture.pass(Duration::from_secs(290)).await;
    assert!(fixture.fetch(&mut worker, 1).await.is_empty());
    fixture.pass(Duration::from_secs(10)).await;
    let eleventh = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(eleventh.attempt, 2);
    fixture.assert_sound().await;
    fixture
        .report(&mut worker, &eleventh, refused(Some(1), None))
        .await;
    assert_eq!(fixture.sorted(&format!("failed:{endpoint}")).await.len(), 1);
    fixture.pass(Duration::from_secs(1)).await;
    assert!(fixture.fetch(&mut worker, 1).await.is_empty());
    fixture.assert_drained().await;
}

#[tokio::test]
async fn ten_holds_in_a_row_are_ten_strikes() {
    let (fixture, endpoint) = Fixture::with_events(3).await;
    let mut worker = Worker::new();
    for hold in 1..=10 {
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        let expected = if hold == 10 {
            Receipt::DisabledEndpoint
        } else {
            Receipt::Recorded
        };
        let receipt = fixture
            .report(&mut worker, &leased, refused(Some(1), Some(5)))
            .await;
        assert_eq!(receipt, expected, "hold {hold}");
        fixture.pass(Duration::from_secs(1)).await;
    }
    let seen = fixture.get(&endpoint).await;
    assert_eq!(seen.state, EndpointState::Disabled);
    let error = seen.recent.last_error.unwrap();
    assert_eq!((error.status, error.error.as_str()), (Some(429), "http_status"));
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_new_url_and_switching_on_end_a_hold() {
    let (fixture, endpoint) = Fixture::with_events(3).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], failed(Some(5))).await;
    fixture
        .report(&mut worker, &leased[1], refused(Some(600), Some(5)))
        .await;
    let patch = EndpointPatch {
        url: Some(EndpointUrl::parse("https://example.com/new", &UrlPolicy::default()).unwrap()),
        ..EndpointPatch::default()
    };
    fixture
        .store
        .update_endpoint(&account(), &endpoint, &patch)
        .await
        .unwrap()
        .unwrap();
    fixture.assert_sound().await;
    let next = fixture.fetch(&mut worker, 64).await;
    assert_eq!(next.len(), 1, "at once, and slowly");
    fixture.report(&mut worker, &next[0], succeeded()).await;
    // What waits for a retry comes at its own time, and not at the end of the hold.
    fixture.pass(Duration::from_secs(5)).await;
    let rest = fixture.fetch(&mut worker, 64).await;
    assert_eq!(rest.len(), 2);
    fixture
        .report(&mut worker, &rest[0], refused(Some(600), Some(5)))
        .await;
    fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
    fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
    fixture.assert_sound().await;
    assert_eq!(
        fixture.fetch(&mut worker, 64).await.len(),
        0,
        "one is still in flight"
    );
    // It was sent before the switch: what it says now holds nobody.
    fixture
        .report(&mut worker, &rest[1], refused(Some(600), Some(5)))
        .await;
    assert_eq!(held_for(&fixture, &endpoint).await, Duration::ZERO);
    assert_eq!(fixture.fetch(&mut worker, 64).await.len(), 1);
}

#[tokio::test]
async fn a_replay_by_hand_that_is_refused_holds_and_strikes_nobody() {
    let (fixture, endpoint) = Fixture::with_events(1).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &first, failed(None)).await;
    let before = fixture.get(&endpoint).await.consecutive_failures;
    let replay = first.delivery.replay();
    let outcome = fixture
        .store
        .replay_delivery(&account(), &first.delivery, &replay, BUDGETS)
        .await
        .unwrap();
    assert_eq!(outcome, ReplayOutcome::Pending);
    let replay = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture
        .report(&mut worker, &replay, refused(Some(60), Some(5)))
        .await;
    assert!(is_about(held_for(&fixture, &endpoint).await, 60));
    let seen = fixture.get(&endpoint).await;
    assert_eq!(seen.consecutive_failures, before);
    assert_eq!(
        seen.recent.last_error.unwrap().status,
        Some(500),
        "nor is it told as an error"
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn the_same_report_again_holds_once() {
    let (fixture, endpoint) = Fixture::with_events(1).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    let request = WorkRequest {
        sequence: worker.sequence + 1,
        reports: vec![report(&leased, refused(None, Some(5)))],
        ..wants(0)
    };
    for _ in 0..2 {
        let reply = fixture
            .store
            .work(&worker.incarnation, &fixture.policy, &request)
            .await
            .unwrap();
        assert_eq!(reply.receipts, [Receipt::Recorded]);
    }
    let hash = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert_eq!(
        (hash["holds"].as_str(), hash["consecutiveFailures"].as_str()),
        ("1", "1")
    );
    fixture.assert_sound().await;
}
