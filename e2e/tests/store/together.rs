//! One call accepts several events, and still decides on each by itself.

use domain::event::EventType;
use domain::id::EventId;
use futures_util::future::join_all;
use store::StoreError;
use store::events::{AcceptOutcome, Accepted, Budgets, NewEvent};

use crate::fixture::{BUDGETS, Fixture, account, event_of, new_event, with_key};

fn accepted(outcome: Result<AcceptOutcome, StoreError>) -> Accepted {
    match outcome.unwrap() {
        AcceptOutcome::Accepted(accepted) => accepted,
        other => panic!("not accepted: {other:?}"),
    }
}

fn of(account: &str, event: NewEvent) -> NewEvent {
    NewEvent {
        account: account.parse().unwrap(),
        ..event
    }
}

#[tokio::test]
async fn a_call_decides_each_event_by_itself_and_in_order() {
    let fixture = Fixture::new().await;
    let leads = fixture.endpoint(&["lead.captured"]).await;
    let everything = fixture.endpoint_of(&account(), &["*"], Some("bot")).await;
    let theirs = fixture
        .endpoint_of(&"user:user_2".parse().unwrap(), &["*"], None)
        .await;
    let repeated = new_event();
    let events = [
        event_of(EventType::LEAD_CAPTURED, "bot", "{}"),
        event_of(EventType::MESSAGE_SENT, "bot", "{}"),
        event_of(EventType::MESSAGE_SENT, "other", "{}"),
        of("user:user_2", new_event()),
        of("user:user_3", new_event()),
        with_key(new_event(), "key", "same"),
        with_key(new_event(), "key", "same"),
        with_key(new_event(), "key", "different"),
        repeated.clone(),
        repeated,
    ];
    let outcomes = fixture.accept_all(&events, BUDGETS).await;
    let decisions: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome.unwrap() {
            AcceptOutcome::Accepted(accepted) => Some((accepted.deliveries, accepted.duplicate)),
            AcceptOutcome::IdempotencyConflict(_) => None,
            AcceptOutcome::OverBudget => panic!("there is room"),
            AcceptOutcome::RateLimited => panic!("there is no limit"),
            AcceptOutcome::BeingErased => panic!("nothing is being erased"),
            AcceptOutcome::NotReplicated => panic!("no replica is waited for"),
        })
        .collect();
    let new = fixture.accept(&new_event()).await.deliveries;
    let expected = [
        Some((2, false)),
        Some((1, false)),
        Some((0, false)),
        Some((1, false)),
        Some((0, false)),
        Some((new, false)),
        Some((new, true)),
        None,
        Some((new, false)),
        Some((new, false)),
    ];
    assert_eq!(decisions, expected);
    let lengths = [
        fixture.list(&format!("pending:{leads}")).await.len(),
        fixture.list(&format!("pending:{everything}")).await.len(),
        fixture.list(&format!("pending:{theirs}")).await.len(),
    ];
    let made = 2 + 1 + 1 + 3 * new as usize;
    assert_eq!(lengths.iter().sum::<usize>(), made, "{lengths:?}");
    assert_eq!(fixture.hash("stats").await["deliveries"], made.to_string());
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_budget_that_is_used_up_within_a_call_refuses_the_rest_of_its_account() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    fixture
        .endpoint_of(&"user:user_2".parse().unwrap(), &["*"], None)
        .await;
    let event = || {
        event_of(
            EventType::MESSAGE_SENT,
            "bot",
            &format!("{{\"x\":\"{}\"}}", "x".repeat(1000)),
        )
    };
    let events = [event(), event(), event(), of("user:user_2", event())];
    let budgets = Budgets {
        account_bytes: 3000,
        ..BUDGETS
    };
    let outcomes: Vec<_> = fixture
        .accept_all(&events, budgets)
        .await
        .into_iter()
        .map(|outcome| matches!(outcome.unwrap(), AcceptOutcome::Accepted(_)))
        .collect();
    assert_eq!(outcomes, [true, true, false, true]);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn what_one_call_leaves_over_is_accepted_by_the_next_ones() {
    let fixture = Fixture::new().await;
    let mut endpoints = Vec::new();
    for _ in 0..40 {
        endpoints.push(fixture.endpoint(&["*"]).await);
    }
    // More than one call makes, by events and by deliveries.
    let events: Vec<_> = (0..50).map(|_| new_event()).collect();
    for (event, outcome) in events.iter().zip(fixture.accept_all(&events, BUDGETS).await) {
        let accepted = accepted(outcome);
        assert_eq!((&accepted.id, accepted.deliveries), (&event.id, 40));
    }
    for endpoint in &endpoints {
        let line = fixture.list(&format!("pending:{endpoint}")).await;
        let mut came: Vec<_> = line.iter().map(|entry| &entry[4..30]).collect();
        came.sort_unstable();
        let mut sent: Vec<_> = events.iter().map(|event| &event.id.as_str()[4..]).collect();
        sent.sort_unstable();
        assert_eq!(came, sent);
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn an_account_that_cant_be_read_hurts_nobody_else() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let _: () = fixture
        .command(
            redis::cmd("SET")
                .arg("wh:{0}:account:user:user_2:endpoints")
                .arg("?"),
        )
        .await;
    let events = [new_event(), of("user:user_2", new_event()), new_event()];
    let mut outcomes = fixture.accept_all(&events, BUDGETS).await.into_iter();
    assert_eq!(accepted(outcomes.next().unwrap()).deliveries, 1);
    let refused = outcomes.next().unwrap();
    assert!(matches!(refused, Err(StoreError::Unexpected(_))), "{refused:?}");
    assert_eq!(accepted(outcomes.next().unwrap()).deliveries, 1);
}

#[tokio::test]
async fn a_line_that_something_else_has_overwritten_is_begun_anew() {
    let fixture = Fixture::new().await;
    let broken = fixture.endpoint(&["*"]).await;
    let sound = fixture.endpoint(&["*"]).await;
    let _: () = fixture
        .command(
            redis::cmd("SET")
                .arg(format!("wh:{{0}}:pending:{broken}"))
                .arg("?"),
        )
        .await;
    let event = new_event();
    assert_eq!(fixture.accept(&event).await.deliveries, 2);
    for endpoint in [&broken, &sound] {
        let line = fixture.list(&format!("pending:{endpoint}")).await;
        assert_eq!(line.len(), 1);
        assert!(line[0].contains(&event.id.as_str()[4..]), "{line:?}");
    }
    assert_eq!(
        fixture.list("corrupt").await,
        [format!("{broken} pending:{broken}")]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_at_the_same_time_are_each_accepted_once() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let large = event_of(
        EventType::MESSAGE_SENT,
        "bot",
        &format!("{{\"x\":\"{}\"}}", "x".repeat(200_000)),
    );
    let events: Vec<_> = (0..300)
        .map(|number| match number % 50 {
            0 => NewEvent {
                id: EventId::new(number + 1),
                ..large.clone()
            },
            _ => new_event(),
        })
        .collect();
    let calls = events.iter().map(|event| fixture.accept_one(event.clone()));
    for (event, outcome) in events.iter().zip(join_all(calls).await) {
        let accepted = accepted(outcome);
        assert_eq!((&accepted.id, accepted.deliveries), (&event.id, 1));
    }
    let mut line = fixture.list(&format!("pending:{endpoint}")).await;
    line.sort_unstable();
    line.dedup();
    assert_eq!(line.len(), events.len());
    fixture.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_holds_up_nobody() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let mut went_away = 0;
    for _ in 0..20 {
        let (gone, stays): (Vec<_>, Vec<_>) = (0..40)
            .map(|_| Box::pin(fixture.accept_one(new_event())))
            .enumerate()
            .partition(|(number, _)| number % 2 == 0);
        for (_, mut call) in gone {
            // On a busy machine Redis may have answered already.
            went_away += usize::from(futures_util::poll!(&mut call).is_pending());
        }
        for outcome in join_all(stays.into_iter().map(|(_, call)| call)).await {
            assert_eq!(accepted(outcome).deliveries, 1);
        }
    }
    assert!(went_away > 100, "{went_away} of 400 had no answer");
    fixture.assert_sound().await;
}
