//! Limits of an account's own take the place of those that the programs are configured with.
//!
//! Proves (guarantees): an account has the limits that the backend gave it, from the next event and the next change on

use domain::endpoint::{EndpointPatch, StateChange};
use domain::event::{EventType, Subscription};
use store::accounts::AccountLimits;
use store::endpoints::{ChangeOutcome, CreateOutcome};
use store::events::{AcceptOutcome, Push};
use store::log::UnmatchedReason;
use store::rates::{EventLimits, Subject};

use crate::fixture::{BUDGETS, Fixture, account, event_of, new_endpoint, new_event};

async fn limit(fixture: &Fixture, limits: AccountLimits) {
    fixture
        .store
        .set_account_limits(&account(), &limits)
        .await
        .unwrap();
    assert_eq!(fixture.store.account_limits(&account()).await.unwrap(), limits);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn endpoints_and_event_types() {
    let fixture = Fixture::new().await;
    let old = fixture.endpoint(&["message.sent"]).await;
    limit(
        &fixture,
        AccountLimits {
            endpoints: Some(2),
            event_types: Some(vec!["lead.captured".to_owned()]),
            ..AccountLimits::default()
        },
    )
    .await;
    let forbidden = new_endpoint(&account(), &["lead.captured", "message.sent"], None);
    assert_eq!(
        fixture.store.create_endpoint(&forbidden, 100).await.unwrap(),
        CreateOutcome::TypeForbidden("message.sent".to_owned())
    );
    // All that it may have, and events about its endpoints, it may always subscribe to.
    let all = new_endpoint(&account(), &["*", "endpoint.disabled"], None);
    assert!(matches!(
        fixture.store.create_endpoint(&all, 100).await.unwrap(),
        CreateOutcome::Created(_)
    ));
    let one_more = new_endpoint(&account(), &["*"], None);
    assert_eq!(
        fixture.store.create_endpoint(&one_more, 100).await.unwrap(),
        CreateOutcome::TooMany(2)
    );
    let patch = EndpointPatch {
        events: Some(vec![Subscription::Only(EventType::MESSAGE_SENT)]),
        ..EndpointPatch::default()
    };
    let changed = fixture
        .store
        .change_endpoint(&account(), &all.id, &patch, &domain::endpoint::Condition::Exists)
        .await;
    assert_eq!(
        changed.unwrap(),
        ChangeOutcome::TypeForbidden("message.sent".to_owned())
    );
    // A form that sends back what it read, and adds what is allowed, is none the worse for it.
    let same = EndpointPatch {
        events: Some(vec![
            Subscription::Only(EventType::MESSAGE_SENT),
            Subscription::Only(EventType::LEAD_CAPTURED),
        ]),
        ..EndpointPatch::default()
    };
    let changed = fixture.store.update_endpoint(&account(), &old, &same).await;
    assert!(changed.unwrap().is_some());
    // What was there before stays, and gets nothing of what the account may not have.
    let unchanged = fixture
        .store
        .update_endpoint(
            &account(),
            &old,
            &EndpointPatch {
                state: Some(StateChange::Active),
                ..EndpointPatch::default()
            },
        )
        .await;
    assert!(unchanged.unwrap().is_some());
    let event = event_of(EventType::MESSAGE_SENT, "bot", "{}");
    assert_eq!(fixture.accept(&event).await.deliveries, 0);
    let trace = fixture.store.trace_event(&account(), &event.id).await.unwrap();
    assert_eq!(trace.unwrap().unmatched, Some(UnmatchedReason::Limits));
    let allowed = event_of(EventType::LEAD_CAPTURED, "bot", "{}");
    assert_eq!(fixture.accept(&allowed).await.deliveries, 2);
    limit(&fixture, AccountLimits::default()).await;
    assert_eq!(
        fixture
            .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
            .await
            .deliveries,
        2
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn events_in_a_minute() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let own = AccountLimits {
        events_per_minute: Some(2),
        ..AccountLimits::default()
    };
    limit(&fixture, own).await;
    let of_process = EventLimits {
        key: "backend".to_owned(),
        per_key: 100,
        per_account: 1,
    };
    for (limits, whose) in [
        (EventLimits::NONE, vec![Subject::Account]),
        // In the place of the process's, and not beside it.
        (of_process, vec![Subject::ServiceKey, Subject::Account]),
    ] {
        let push = |number| Push {
            events: (0..number).map(|_| new_event()).collect(),
            budgets: BUDGETS,
            limits: limits.clone(),
        };
        let results = fixture.store.accept(push(3)).await;
        let outcomes: Vec<_> = results.into_iter().map(Result::unwrap).collect();
        assert!(matches!(outcomes[1].outcome, AcceptOutcome::Accepted(_)));
        assert_eq!(outcomes[2].outcome, AcceptOutcome::RateLimited);
        for counted in &outcomes {
            let subjects: Vec<_> = counted.quotas.iter().map(|quota| quota.subject).collect();
            assert_eq!(subjects, whose);
            assert_eq!(counted.quotas.last().unwrap().most, 2);
        }
        let mut forget = redis::cmd("DEL");
        forget.arg(format!("wh:{{0}}:account:{}:pushed", account()));
        let _: u32 = fixture.command(&forget).await;
    }
}

#[tokio::test]
async fn what_waits_and_what_is_parked() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let own = AccountLimits {
        budget_bytes: Some(3000),
        parked_budget_bytes: Some(1024),
        ..AccountLimits::default()
    };
    limit(&fixture, own).await;
    let event = || {
        event_of(
            EventType::LEAD_CAPTURED,
            "bot",
            &format!("{{\"text\":\"{}\"}}", "x".repeat(500)),
        )
    };
    let mut accepted = 0;
    while fixture.accept_outcome(&event(), BUDGETS).await != AcceptOutcome::OverBudget {
        accepted += 1;
    }
    assert_eq!(accepted, 3);
    let paused = EndpointPatch {
        state: Some(StateChange::Paused),
        ..EndpointPatch::default()
    };
    fixture
        .store
        .update_endpoint(&account(), &endpoint, &paused)
        .await
        .unwrap();
    limit(
        &fixture,
        AccountLimits {
            parked_budget_bytes: Some(1024),
            ..AccountLimits::default()
        },
    )
    .await;
    fixture.accept(&event()).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let waiting = fixture.get(&endpoint).await;
    assert!(waiting.queue.bytes <= 1024, "{waiting:?}");
    // A higher one counts at once for what comes, and takes nothing of what is there.
    limit(
        &fixture,
        AccountLimits {
            parked_budget_bytes: Some(1 << 20),
            ..AccountLimits::default()
        },
    )
    .await;
    for _ in 0..4 {
        fixture.accept(&event()).await;
    }
    let before = fixture.get(&endpoint).await.queue.bytes;
    fixture.pass(std::time::Duration::from_secs(3700)).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    assert_eq!(fixture.get(&endpoint).await.queue.bytes, before);
    assert!(before > 2000);
    fixture.assert_sound().await;
}
