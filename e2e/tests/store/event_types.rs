//! Event types that an API announces: none goes that an endpoint subscribes to, and nobody subscribes to one that goes.
//!
//! Proves (guarantees): an API is started without an event type that endpoints subscribe to

use std::collections::BTreeMap;

use domain::catalog::Catalog;
use domain::endpoint::{Condition, EndpointPatch, ParkedAction};
use domain::event::EventType;
use store::endpoints::{ChangeOutcome, CreateOutcome};
use store::event_types::EventTypesOutcome;

use crate::fixture::{Fixture, account, new_endpoint};

const LEAVING: &str = "event_types:leaving";

/// Types as an API announces them.
fn types(names: &[&str]) -> Vec<(EventType, String)> {
    let types = names.iter().map(|name| name.parse().unwrap());
    types.map(|kind| (kind, "digest".to_owned())).collect()
}

fn in_use(counts: &[(&str, u64)]) -> EventTypesOutcome {
    let counts = counts.iter();
    EventTypesOutcome::InUse(counts.map(|(name, count)| ((*name).to_owned(), *count)).collect())
}

impl Fixture {
    async fn announce_types(&self, names: &[&str]) -> EventTypesOutcome {
        self.store.announce_event_types(&types(names)).await.unwrap()
    }

    async fn announced(&self) -> Vec<String> {
        self.store
            .announced_event_types()
            .await
            .unwrap()
            .into_keys()
            .collect()
    }

    async fn create(&self, events: &[&str]) -> CreateOutcome {
        let new = new_endpoint(&account(), events, None);
        self.store.create_endpoint(&new, 100).await.unwrap()
    }
}

#[tokio::test]
async fn whoever_starts_on_an_empty_store_decides_and_the_default_is_what_older_programs_have() {
    let fixture = Fixture::new().await;
    assert_eq!(
        fixture.store.announced_event_types().await.unwrap(),
        BTreeMap::new()
    );
    assert_eq!(
        fixture.announce_types(&["order.paid", "order.created"]).await,
        EventTypesOutcome::Announced
    );
    assert_eq!(fixture.announced().await, ["order.created", "order.paid"]);

    let older = Fixture::new().await;
    older.endpoint(&["lead.captured", "*"]).await;
    let names: Vec<String> = Catalog::default()
        .types()
        .iter()
        .map(ToString::to_string)
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let without: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| *name != "lead.captured")
        .collect();
    assert_eq!(
        older.announce_types(&without).await,
        in_use(&[("lead.captured", 1)])
    );
    assert!(older.announced().await.is_empty());
    let more = [&names[..], &["order.created"]].concat();
    assert_eq!(older.announce_types(&more).await, EventTypesOutcome::Announced);
    assert_eq!(older.announced().await.len(), 11);
}

#[tokio::test]
async fn a_type_stays_as_long_as_an_endpoint_names_it() {
    let fixture = Fixture::new().await;
    let all = ["order.created", "order.shipped", "basket.abandoned"];
    fixture.announce_types(&all).await;
    let other = "user:user_2".parse().unwrap();
    // All of them count: one that is off, one with a chatbot of its own, and another account's; `*` doesn't.
    let off = fixture.endpoint(&["order.shipped"]).await;
    fixture.switch(&off, false, ParkedAction::Deliver).await;
    let theirs = fixture
        .endpoint_of(
            &other,
            &["order.created", "order.shipped", "endpoint.held"],
            Some("shop|1"),
        )
        .await;
    fixture.endpoint(&["*", "order.created"]).await;
    let before = fixture.hash("event_types").await;
    assert_eq!(
        fixture.announce_types(&["order.created"]).await,
        in_use(&[("order.shipped", 2)])
    );
    assert_eq!(
        fixture.announce_types(&["order.paid"]).await,
        in_use(&[("order.created", 2), ("order.shipped", 2)])
    );
    assert_eq!(fixture.hash("event_types").await, before);
    assert!(
        fixture.hash(LEAVING).await.is_empty(),
        "whoever withdraws takes the marks along"
    );
    assert!(matches!(
        fixture.create(&["basket.abandoned"]).await,
        CreateOutcome::Created(_)
    ));
    // A name that only begins like a type is another one.
    fixture
        .announce_types(&[&all[..], &["order.shipped.late"]].concat())
        .await;
    fixture.create(&["order.shipped.late"]).await;

    fixture.store.remove_endpoint(&account(), &off).await.unwrap();
    let fewer = EndpointPatch {
        events: Some(vec!["order.created".parse().unwrap()]),
        ..EndpointPatch::default()
    };
    fixture
        .store
        .update_endpoint(&other, &theirs, &fewer)
        .await
        .unwrap();
    let kept = ["order.created", "order.shipped.late", "basket.abandoned"];
    assert_eq!(fixture.announce_types(&kept).await, EventTypesOutcome::Announced);
    assert_eq!(
        fixture.announced().await,
        ["basket.abandoned", "order.created", "order.shipped.late"]
    );
}

#[tokio::test]
async fn nobody_subscribes_to_what_goes_or_has_gone() {
    let mut fixture = Fixture::new().await;
    fixture.announce_types(&["order.created", "order.shipped"]).await;
    let id = fixture.endpoint(&["order.created"]).await;
    let patch = EndpointPatch {
        events: Some(vec![
            "order.created".parse().unwrap(),
            "order.shipped".parse().unwrap(),
        ]),
        description: Some(Some("both".to_owned())),
        ..EndpointPatch::default()
    };
    // Another API searches for it.
    let _: i64 = redis::cmd("HSET")
        .arg(format!("wh:{{0}}:{LEAVING}"))
        .arg("order.shipped")
        .arg("another")
        .query_async(&mut fixture.raw)
        .await
        .unwrap();
    let before = fixture.hash(&format!("endpoint:{id}")).await;
    for _ in 0..2 {
        assert_eq!(
            fixture.create(&["*", "order.shipped"]).await,
            CreateOutcome::TypeGone("order.shipped".to_owned())
        );
        let account = account();
        let changed = fixture
            .store
            .change_endpoint(&account, &id, &patch, &Condition::Exists);
        assert_eq!(
            changed.await.unwrap(),
            ChangeOutcome::TypeGone("order.shipped".to_owned())
        );
        assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, before);
        assert!(matches!(
            fixture.create(&["*", "order.created", "endpoint.held"]).await,
            CreateOutcome::Created(_)
        ));
        // And now it has gone; the marks of the other one serve as well.
        assert_eq!(
            fixture.announce_types(&["order.created"]).await,
            EventTypesOutcome::Announced
        );
        assert!(fixture.hash(LEAVING).await.is_empty());
    }
    // An API that has it takes it back.
    fixture.announce_types(&["order.created", "order.shipped"]).await;
    let account = account();
    let changed = fixture
        .store
        .change_endpoint(&account, &id, &patch, &Condition::Exists);
    assert!(matches!(changed.await.unwrap(), ChangeOutcome::Changed(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_start_at_once_agree() {
    let fixture = Fixture::new().await;
    fixture.announce_types(&["order.created", "order.shipped"]).await;
    for number in 0..200 {
        let account = format!("user:user_{number}").parse().unwrap();
        fixture
            .fresh_endpoint_of(&account, &["order.created"], None)
            .await;
    }
    let starts: Vec<_> = (0..8)
        .map(|_| {
            let store = fixture.store.clone();
            tokio::spawn(async move { store.announce_event_types(&types(&["order.created"])).await })
        })
        .collect();
    for start in starts {
        assert_eq!(start.await.unwrap().unwrap(), EventTypesOutcome::Announced);
    }
    assert_eq!(fixture.announced().await, ["order.created"]);
    assert!(fixture.hash(LEAVING).await.is_empty());
}

#[tokio::test]
async fn what_is_in_use_is_freed_of_the_marks_of_others_too() {
    let mut fixture = Fixture::new().await;
    fixture.announce_types(&["order.created", "order.shipped"]).await;
    fixture.endpoint(&["order.shipped"]).await;
    let _: i64 = redis::cmd("HSET")
        .arg(format!("wh:{{0}}:{LEAVING}"))
        .arg("order.shipped")
        .arg("another")
        .query_async(&mut fixture.raw)
        .await
        .unwrap();
    assert_eq!(
        fixture.announce_types(&["order.created"]).await,
        in_use(&[("order.shipped", 1)])
    );
    assert!(fixture.hash(LEAVING).await.is_empty());
    assert!(matches!(
        fixture.create(&["order.shipped"]).await,
        CreateOutcome::Created(_)
    ));
}
