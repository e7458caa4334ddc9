//! Tags of endpoints: what changes them, and changes that depend on them.
//!
//! Proves (guarantees): a change with `If-Match` is made only to the endpoint that the caller saw

use std::sync::Arc;
use std::time::Duration;

use domain::endpoint::{
    Condition, EndpointPatch, EndpointState, EndpointTag, NewEndpoint, ParkedAction, RateLimit, StateChange,
};
use domain::id::EndpointId;
use domain::sealing::SealedSecret;
use store::endpoints::{ChangeOutcome, CreateOutcome, RemoveOutcome};
use store::rotation::{RotateOutcome, Rotation};

use crate::fixture::{Fixture, Worker, account, failed, new_endpoint, refused, succeeded};

impl Fixture {
    async fn tag(&self, id: &EndpointId) -> EndpointTag {
        self.get(id).await.tag
    }

    async fn patch(&self, id: &EndpointId, patch: EndpointPatch) {
        let changed = self.store.update_endpoint(&account(), id, &patch).await;
        changed.unwrap().unwrap();
    }

    /// Leases one delivery, and reports it.
    async fn attempt(&self, worker: &mut Worker, outcome: store::queue::Outcome) {
        let leased = self.fetch(worker, 1).await.remove(0);
        self.report(worker, &leased, outcome).await;
    }

    async fn rotate(&self, id: &EndpointId, number: u64, condition: Condition) -> RotateOutcome {
        let rotation = Rotation {
            secret: SealedSecret::from_stored(format!("v2.0123abcd.{number}.sealed")),
            grace: Duration::ZERO,
            legacy_uses_previous: false,
            force: true,
            condition,
            by: None,
        };
        self.store.rotate_secret(&account(), id, &rotation).await.unwrap()
    }
}

fn off() -> EndpointPatch {
    EndpointPatch {
        state: Some(StateChange::Inactive),
        ..EndpointPatch::default()
    }
}

#[tokio::test]
async fn attempts_and_what_they_count_leave_a_tag_as_it_is() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let before = fixture.tag(&id).await;
    let mut worker = Worker::new();
    fixture.push_many(5).await;
    assert_eq!(fixture.tag(&id).await, before, "what waits");
    fixture.attempt(&mut worker, succeeded()).await;
    fixture.attempt(&mut worker, failed(Some(60))).await;
    assert_eq!(fixture.get(&id).await.consecutive_failures, 1);
    assert_eq!(fixture.tag(&id).await, before, "a failure");
    fixture.attempt(&mut worker, refused(Some(60), Some(60))).await;
    assert!(fixture.get(&id).await.held_until.is_some());
    assert_eq!(fixture.tag(&id).await, before, "a hold");
    fixture.fetch(&mut worker, 64).await;
    let nothing = EndpointPatch {
        state: Some(StateChange::Active),
        description: Some(None),
        by: Some("user_2other".to_owned()),
        ..EndpointPatch::default()
    };
    fixture.patch(&id, nothing).await;
    assert_eq!(fixture.tag(&id).await, before, "a change that changes nothing");
    let other = fixture.endpoint(&["*"]).await;
    fixture.patch(&other, off()).await;
    assert_eq!(fixture.tag(&id).await, before, "another endpoint");
    let listed = fixture.store.list_endpoints(&account()).await.unwrap();
    let listed = listed.into_iter().find(|endpoint| endpoint.id == id).unwrap();
    assert_eq!(listed.tag, before, "a list");
    let facts = fixture.store.endpoint_facts(&account(), &id).await.unwrap();
    assert_eq!(facts.unwrap().endpoint.tag, before, "a look at one");
}

/// Changes, one after the other, each of which is one.
fn changes() -> Vec<(&'static str, EndpointPatch)> {
    let text = |text: &str| Some(Some(text.to_owned()));
    let plain = EndpointPatch::default;
    vec![
        (
            "chatbot",
            EndpointPatch {
                chatbots: Some(Some("bot".to_owned()).into()),
                ..plain()
            },
        ),
        (
            "description",
            EndpointPatch {
                description: text("CRM"),
                ..plain()
            },
        ),
        (
            "no description",
            EndpointPatch {
                description: Some(None),
                ..plain()
            },
        ),
        (
            "the same description again",
            EndpointPatch {
                description: text("CRM"),
                ..plain()
            },
        ),
        (
            "rate",
            EndpointPatch {
                rate_limit: Some(RateLimit::new(5)),
                ..plain()
            },
        ),
        (
            "no rate",
            EndpointPatch {
                rate_limit: Some(None),
                ..plain()
            },
        ),
        (
            "auto resume",
            EndpointPatch {
                auto_resume: Some(true),
                ..plain()
            },
        ),
        (
            "events",
            EndpointPatch {
                events: Some(vec!["lead.captured".parse().unwrap()]),
                ..plain()
            },
        ),
        ("off", off()),
        (
            "on",
            EndpointPatch {
                state: Some(StateChange::Active),
                ..plain()
            },
        ),
    ]
}

#[tokio::test]
async fn each_change_of_the_configuration_or_the_state_makes_a_tag_that_never_was() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 1;
    fixture.announce().await;
    let id = fixture.endpoint(&["*"]).await;
    let mut seen = vec![fixture.tag(&id).await];
    let mut note = async |fixture: &Fixture, what: &str| {
        let tag = fixture.tag(&id).await;
        assert!(!seen.contains(&tag), "{what}");
        seen.push(tag);
        // Times are told in milliseconds.
        fixture.pass(Duration::from_millis(5)).await;
    };
    fixture.pass(Duration::from_millis(5)).await;
    for (what, patch) in changes() {
        fixture.patch(&id, patch).await;
        note(&fixture, what).await;
    }
    fixture.change_url(&id, "https://example.com/v2").await;
    note(&fixture, "URL").await;
    let rotated = fixture.rotate(&id, 1, Condition::Exists).await;
    assert!(matches!(rotated, RotateOutcome::Rotated(_)), "{rotated:?}");
    note(&fixture, "secret").await;
    // The queue disables it, and its own probe or an operator switches it on.
    let mut worker = Worker::new();
    for round in 0..2 {
        fixture.push().await;
        fixture.attempt(&mut worker, failed(Some(3600))).await;
        assert_eq!(fixture.get(&id).await.state, EndpointState::Disabled);
        note(&fixture, "disabled").await;
        if round == 0 {
            fixture.pass(Duration::from_secs(120)).await;
            fixture.upkeep().await;
            fixture.attempt(&mut worker, succeeded()).await;
        } else {
            let since = fixture.get(&id).await.disabled_at.unwrap();
            assert!(fixture.store.enable_if_disabled(&id, since).await.unwrap());
        }
        assert_eq!(fixture.get(&id).await.state, EndpointState::Active);
        note(&fixture, "enabled").await;
    }
    fixture.assert_sound().await;
}

#[tokio::test]
async fn of_many_changes_that_depend_on_the_same_tag_one_is_made() {
    let fixture = Arc::new(Fixture::new().await);
    let id = fixture.endpoint(&["*"]).await;
    let tag = fixture.tag(&id).await;
    let changes = (0..20).map(|number| {
        let (fixture, id, tag) = (Arc::clone(&fixture), id.clone(), tag.clone());
        tokio::spawn(async move {
            let patch = EndpointPatch {
                description: Some(Some(format!("change {number}"))),
                ..EndpointPatch::default()
            };
            let condition = Condition::HasTag(vec![tag]);
            let outcome = fixture
                .store
                .change_endpoint(&account(), &id, &patch, &condition)
                .await;
            (number, outcome.unwrap())
        })
    });
    let mut made = Vec::new();
    for change in changes.collect::<Vec<_>>() {
        match change.await.unwrap() {
            (number, ChangeOutcome::Changed(_)) => made.push(number),
            (_, outcome) => assert_eq!(outcome, ChangeOutcome::Mismatch),
        }
    }
    assert_eq!(made.len(), 1);
    let description = fixture.get(&id).await.description;
    assert_eq!(description, Some(format!("change {}", made[0])));
}

#[tokio::test]
async fn an_endpoint_is_removed_only_as_it_was_seen() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let seen = fixture.tag(&id).await;
    fixture.pass(Duration::from_millis(5)).await;
    fixture.patch(&id, off()).await;
    let remove = async |tags: Vec<EndpointTag>| {
        fixture
            .store
            .remove_endpoint_if(&account(), &id, &Condition::HasTag(tags))
            .await
            .unwrap()
    };
    let before = fixture.keys().await;
    assert_eq!(remove(vec![seen.clone()]).await, RemoveOutcome::Mismatch);
    assert_eq!(remove(vec![]).await, RemoveOutcome::Mismatch);
    assert_eq!(fixture.keys().await, before);
    let present = fixture.tag(&id).await;
    assert_eq!(remove(vec![seen.clone(), present]).await, RemoveOutcome::Removed);
    assert_eq!(remove(vec![seen]).await, RemoveOutcome::EndpointNotFound);
}

#[tokio::test]
async fn a_secret_is_rotated_only_where_it_was_seen_and_once_if_the_answer_is_lost() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let seen = fixture.tag(&id).await;
    let made = fixture.hash(&format!("endpoint:{id}")).await;
    let as_seen = |tag: &EndpointTag| Condition::HasTag(vec![tag.clone()]);
    fixture.pass(Duration::from_millis(5)).await;
    let none = fixture.rotate(&id, 1, Condition::HasTag(vec![])).await;
    assert_eq!(none, RotateOutcome::Mismatch);
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, made);
    for repeated in 0..2 {
        let rotated = fixture.rotate(&id, 1, as_seen(&seen)).await;
        let RotateOutcome::Rotated(endpoint) = rotated else {
            panic!("{repeated}: {rotated:?}")
        };
        assert_ne!(endpoint.tag, seen);
        assert_eq!(endpoint.tag, fixture.tag(&id).await);
    }
    let rotated = fixture.hash(&format!("endpoint:{id}")).await;
    for number in [1, 2, 3] {
        // With the secret that is there already it would be the same call again.
        let outcome = fixture.rotate(&id, number, as_seen(&seen)).await;
        assert_eq!(outcome == RotateOutcome::Mismatch, number != 1, "{outcome:?}");
    }
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, rotated);
    let present = fixture.tag(&id).await;
    let next = fixture.rotate(&id, 2, as_seen(&present)).await;
    assert!(matches!(next, RotateOutcome::Rotated(_)), "{next:?}");
    fixture.assert_sound().await;
}

#[tokio::test]
async fn an_endpoint_that_is_made_off_gets_nothing_until_it_is_switched_on() {
    let fixture = Fixture::new().await;
    let new = NewEndpoint {
        active: false,
        by: Some("user_2test".to_owned()),
        ..new_endpoint(&account(), &["*"], None)
    };
    let CreateOutcome::Created(made) = fixture.store.create_endpoint(&new, 1).await.unwrap() else {
        panic!("too many endpoints")
    };
    assert_eq!(made.state, EndpointState::Off);
    assert_eq!(made.disabled_at, Some(made.created_at));
    assert_eq!(
        (made.created_by.as_deref(), made.updated_by.as_deref()),
        (Some("user_2test"), Some("user_2test"))
    );
    assert_eq!(fixture.push().await.deliveries, 0);
    fixture.assert_sound().await;
    let on = fixture.switch(&made.id, true, ParkedAction::Deliver).await;
    assert_eq!((on.state, on.disabled_at), (EndpointState::Active, None));
    assert_eq!(fixture.push().await.deliveries, 1);
    assert_eq!(fixture.fetch(&mut Worker::new(), 1).await.len(), 1);
    fixture.assert_sound().await;
}
