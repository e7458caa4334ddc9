//! Filters: an event goes to the endpoints whose filters it meets as they are now, whatever was known of them.
//!
//! Proves (guarantees): an event goes to the endpoints whose filters it meets as they are when it is accepted

use domain::endpoint::{Chatbots, Condition, EndpointPatch, Filters, NewEndpoint};
use domain::id::EndpointId;
use e2e::before;
use e2e::redis_server::RedisServer;
use store::StoreError;
use store::endpoints::{ChangeOutcome, CreateOutcome};
use store::events::{AcceptOutcome, Accepted, NewEvent, Push};
use store::parked::{ParkedSearch, SearchStep};
use store::rates::EventLimits;

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, gone, new_endpoint, with_key};

fn filters(text: &str) -> Filters {
    let filters = Filters::from_stored(text);
    assert!(!filters.is_empty(), "{text}");
    filters
}

const ONE: &str = r#"[{"pointer":"/n","equals":1}]"#;
const TWO: &str = r#"[{"pointer":"/n","equals":2}]"#;

async fn try_create(fixture: &Fixture, text: &str, chatbots: &[&str]) -> CreateOutcome {
    let new = NewEndpoint {
        filters: filters(text),
        chatbots: Chatbots::new(chatbots.iter().map(|id| (*id).to_owned()).collect()),
        ..new_endpoint(&account(), &["*", "endpoint.disabled"], None)
    };
    fixture.store.create_endpoint(&new, 200).await.unwrap()
}

async fn create(fixture: &Fixture, text: &str) -> EndpointId {
    match try_create(fixture, text, &[]).await {
        CreateOutcome::Created(endpoint) => endpoint.id,
        other => panic!("not created: {other:?}"),
    }
}

async fn change(fixture: &Fixture, id: &EndpointId, patch: EndpointPatch) -> ChangeOutcome {
    let account = account();
    let changed = fixture
        .store
        .change_endpoint(&account, id, &patch, &Condition::Exists);
    changed.await.unwrap()
}

async fn set(fixture: &Fixture, id: &EndpointId, text: Option<&str>) {
    let patch = EndpointPatch {
        filters: Some(text.map_or_else(Filters::default, filters)),
        ..EndpointPatch::default()
    };
    let outcome = change(fixture, id, patch).await;
    assert!(matches!(outcome, ChangeOutcome::Changed(_)), "{outcome:?}");
}

fn event(number: u32) -> NewEvent {
    event_of(
        "lead.captured".parse().unwrap(),
        "bot",
        &format!("{{\"n\":{number}}}"),
    )
}

async fn pushed(fixture: &Fixture, number: u32) -> u32 {
    fixture.accept(&event(number)).await.deliveries
}

#[tokio::test]
async fn an_event_goes_where_its_data_is_wanted() {
    let fixture = Fixture::new().await;
    let plain = fixture.endpoint(&["*"]).await;
    let one = create(&fixture, ONE).await;
    let two = create(&fixture, TWO).await;
    assert_eq!(fixture.get(&one).await.filters, filters(ONE));
    for (number, wanted) in [(1, &one), (2, &two), (1, &one)] {
        assert_eq!(pushed(&fixture, number).await, 2);
        let queue = fixture.list(&format!("pending:{wanted}")).await;
        assert!(!queue.is_empty(), "{number}");
    }
    assert_eq!(pushed(&fixture, 3).await, 1);
    assert_eq!(fixture.get(&plain).await.queue.total(), 4);
    assert_eq!(fixture.get(&one).await.queue.total(), 2);
    assert_eq!(fixture.get(&two).await.queue.total(), 1);
    fixture.assert_sound().await;

    // Many together, and in one call with events of others.
    let events: Vec<_> = (0..100).map(|number| event(number % 4)).collect();
    let accepted: Vec<Accepted> = fixture
        .accept_all(&events, BUDGETS)
        .await
        .into_iter()
        .map(|outcome| match outcome.unwrap() {
            AcceptOutcome::Accepted(accepted) => accepted,
            other => panic!("{other:?}"),
        })
        .collect();
    let deliveries: Vec<_> = accepted.iter().map(|accepted| accepted.deliveries).collect();
    assert_eq!(deliveries[..4], [1, 2, 2, 1]);
    assert_eq!(deliveries.iter().sum::<u32>(), 150);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_change_of_filters_takes_effect_with_the_next_event() {
    let fixture = Fixture::new().await;
    let other = store::Store::new(&fixture.redis.args()).unwrap();
    let one = create(&fixture, ONE).await;
    // Both programs know the filters.
    assert_eq!(pushed(&fixture, 1).await, 1);
    assert_eq!(accepted_by(&other, 1).await, 1);
    set(&fixture, &one, Some(TWO)).await;
    assert_eq!((pushed(&fixture, 1).await, accepted_by(&other, 1).await), (0, 0));
    assert_eq!((pushed(&fixture, 2).await, accepted_by(&other, 2).await), (1, 1));
    set(&fixture, &one, None).await;
    assert_eq!((pushed(&fixture, 1).await, accepted_by(&other, 7).await), (1, 1));
    assert!(
        fixture
            .hash(&format!("account:{}:filters", account()))
            .await
            .is_empty()
    );
    set(&fixture, &one, Some(ONE)).await;
    assert_eq!((pushed(&fixture, 2).await, accepted_by(&other, 1).await), (0, 1));
    // Switched off and on, it has them still.
    for active in [false, true] {
        fixture
            .switch(&one, active, domain::endpoint::ParkedAction::Deliver)
            .await;
        fixture.assert_sound().await;
    }
    assert_eq!((pushed(&fixture, 2).await, pushed(&fixture, 1).await), (0, 1));
    assert!(fixture.store.remove_endpoint(&account(), &one).await.unwrap());
    assert_eq!(pushed(&fixture, 1).await, 0);
    assert!(
        fixture
            .hash(&format!("account:{}:filters", account()))
            .await
            .is_empty()
    );
    fixture.assert_sound().await;
}

async fn accepted_by(store: &store::Store, number: u32) -> u32 {
    let push = Push {
        events: vec![event(number)],
        budgets: BUDGETS,
        limits: EventLimits::NONE,
    };
    match store.accept(push).await.remove(0).unwrap().outcome {
        AcceptOutcome::Accepted(accepted) => accepted.deliveries,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_event_that_is_sent_again_is_what_it_was() {
    let fixture = Fixture::new().await;
    let one = create(&fixture, ONE).await;
    let first = with_key(event(1), "k1", "f1");
    let accepted = fixture.accept(&first).await;
    assert_eq!((accepted.deliveries, accepted.duplicate), (1, false));
    set(&fixture, &one, Some(TWO)).await;
    // The same call, and the same key.
    assert_eq!(fixture.accept(&first).await, accepted);
    let again = fixture.accept(&with_key(event(1), "k1", "f1")).await;
    assert_eq!(
        (again.id, again.deliveries, again.duplicate),
        (accepted.id, 1, true)
    );
    fixture.assert_sound().await;
}

#[tokio::test]
async fn parked_events_are_filtered_too_and_nobody_gets_what_nobody_wants() {
    let fixture = Fixture::new().await;
    let one = create(&fixture, ONE).await;
    pushed(&fixture, 1).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, gone()).await;
    assert_eq!(
        fixture.get(&one).await.state,
        domain::endpoint::EndpointState::Disabled
    );
    assert_eq!((pushed(&fixture, 1).await, pushed(&fixture, 2).await), (1, 0));
    fixture.assert_sound().await;
    let unmatched = fixture.list(&format!("account:{}:unmatched", account())).await;
    assert!(
        unmatched[0].contains(" filter lead.captured bot"),
        "{unmatched:?}"
    );
}

#[tokio::test]
async fn several_chatbots_are_one_route() {
    let fixture = Fixture::new().await;
    let CreateOutcome::Created(made) = try_create(&fixture, ONE, &["bot", "b|o,t"]).await else {
        panic!()
    };
    assert_eq!(made.chatbots.ids(), ["bot", "b|o,t"]);
    let push = async |chatbot: &str| {
        let event = event_of("lead.captured".parse().unwrap(), chatbot, "{\"n\":1}");
        fixture.accept(&event).await.deliveries
    };
    for (chatbot, count) in [
        ("bot", 1),
        ("b|o,t", 1),
        ("bo", 0),
        ("other", 0),
        ("bot\nb|o,t", 0),
    ] {
        assert_eq!(push(chatbot).await, count, "{chatbot:?}");
    }
    let patch = EndpointPatch {
        chatbots: Some(Chatbots::default()),
        filters: Some(Filters::default()),
        ..EndpointPatch::default()
    };
    change(&fixture, &made.id, patch).await;
    assert_eq!(push("other").await, 1);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn filters_and_lists_of_an_account_have_64_kib() {
    let fixture = Fixture::new().await;
    let values: Vec<_> = (0..50).map(|number| format!("\"{number:0>200}\"")).collect();
    let long = format!(r#"[{{"pointer":"/n","in":[{}]}}]"#, values.join(","));
    let length = filters(&long).to_stored().unwrap().len();
    let fit = 64 * 1024 / length;
    for _ in 0..fit {
        create(&fixture, &long).await;
    }
    assert_eq!(
        try_create(&fixture, &long, &[]).await,
        CreateOutcome::RoutesTooLong
    );
    let plain = fixture.endpoint(&["*"]).await;
    let before = fixture.hash(&format!("endpoint:{plain}")).await;
    let patch = EndpointPatch {
        filters: Some(filters(&long)),
        ..EndpointPatch::default()
    };
    assert_eq!(
        change(&fixture, &plain, patch).await,
        ChangeOutcome::RoutesTooLong
    );
    let ids: Vec<_> = (0..50).map(|number| format!("{number:0>128}")).collect();
    let patch = EndpointPatch {
        chatbots: Some(Chatbots::new(ids)),
        description: Some(Some("new".to_owned())),
        ..EndpointPatch::default()
    };
    let outcome = change(&fixture, &plain, patch).await;
    let room = 64 * 1024 - fit * length;
    assert_eq!(
        outcome == ChangeOutcome::RoutesTooLong,
        room < 50 * 129 + 1,
        "{room}"
    );
    if outcome == ChangeOutcome::RoutesTooLong {
        assert_eq!(fixture.hash(&format!("endpoint:{plain}")).await, before);
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_store_in_an_older_form_takes_neither_filters_nor_lists() {
    let server = RedisServer::start();
    before::make_store_in(&server, "3");
    let fixture = Fixture::on(server).await;
    let id = fixture.endpoint(&["*"]).await;
    let before = fixture.hash(&format!("endpoint:{id}")).await;
    let several = Chatbots::new(vec!["a".to_owned(), "b".to_owned()]);
    for patch in [
        EndpointPatch {
            filters: Some(filters(ONE)),
            ..EndpointPatch::default()
        },
        EndpointPatch {
            chatbots: Some(several),
            ..EndpointPatch::default()
        },
    ] {
        let account = account();
        let changed = fixture
            .store
            .change_endpoint(&account, &id, &patch, &Condition::Exists)
            .await;
        assert!(matches!(changed, Err(StoreError::UpgradePending(_))));
        let new = NewEndpoint {
            filters: patch.filters.unwrap_or_default(),
            chatbots: patch.chatbots.unwrap_or_default(),
            ..new_endpoint(&account, &["*"], None)
        };
        let made = fixture.store.create_endpoint(&new, 10).await;
        assert!(matches!(made, Err(StoreError::UpgradePending(_))));
    }
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, before);
    fixture.store.upgrade_schema().await.unwrap().unwrap();
    set(&fixture, &id, Some(ONE)).await;
    assert_eq!((pushed(&fixture, 1).await, pushed(&fixture, 2).await), (1, 0));
    let leased = fixture.fetch(&mut Worker::new(), 10).await;
    assert_eq!(leased.len(), 1);
}

/// The daily search for what is parked takes no endpoint that is served for one that isn't.
#[tokio::test]
async fn an_active_endpoint_with_filters_is_not_among_the_parked() {
    let fixture = Fixture::new().await;
    let one = create(&fixture, ONE).await;
    let mut search = ParkedSearch::default();
    loop {
        let step = fixture.store.search_parked(&mut search).await.unwrap();
        if step == (SearchStep::Ended { found: 0 }) {
            break;
        }
        assert_eq!(step, SearchStep::Going { found: 0 });
    }
    assert!(fixture.sorted("parked").await.is_empty(), "{one}");
    fixture.assert_sound().await;
}

/// What is told of an endpoint with several chatbots goes to whoever listens for one of them, or for all, and to nobody else.
#[tokio::test]
async fn what_happens_to_an_endpoint_of_several_chatbots_is_told_to_those_of_one() {
    let fixture = Fixture::new().await;
    let CreateOutcome::Created(several) = try_create(&fixture, ONE, &["bot", "other"]).await else {
        panic!()
    };
    let listens = ["endpoint.disabled"];
    let of_one = fixture.endpoint_of(&account(), &listens, Some("other")).await;
    let of_all = fixture.endpoint(&listens).await;
    let of_another = fixture.endpoint_of(&account(), &listens, Some("third")).await;
    assert_eq!(pushed(&fixture, 1).await, 1);
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 10).await;
    fixture.report(&mut worker, &leased[0], gone()).await;
    assert_eq!(leased[0].endpoint.id, several.id);
    for (watcher, count) in [(&of_one, 1), (&of_all, 1), (&of_another, 0)] {
        assert_eq!(fixture.get(watcher).await.queue.total(), count, "{watcher}");
    }
    let told = fixture.fetch(&mut worker, 10).await;
    let body: serde_json::Value = serde_json::from_slice(&told[0].event.body).unwrap();
    assert_eq!(body["chatbotId"], serde_json::Value::Null);
}
