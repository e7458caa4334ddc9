//! Endpoints: what the store keeps, who sees it, and what changes it.

use domain::clock::Timestamp;
use domain::endpoint::{
    Chatbots, Endpoint, EndpointPatch, EndpointState, EndpointUrl, NewEndpoint, ParkedAction, RateLimit,
    StateChange, UrlPolicy,
};
use domain::id::EndpointId;
use store::endpoints::CreateOutcome;

use crate::fixture::{Fixture, Worker, account, new_endpoint, succeeded};

#[tokio::test]
async fn an_endpoint_is_seen_by_its_account_alone() {
    let fixture = Fixture::new().await;
    let (mine, other) = (account(), "user:user_2".parse().unwrap());
    let id = fixture
        .endpoint_of(&mine, &["lead.captured", "*"], Some("bot"))
        .await;
    let seen = fixture.store.get_endpoint(&mine, &id).await.unwrap().unwrap();
    assert_eq!(
        (seen.id.clone(), seen.account.clone(), seen.state),
        (id.clone(), mine.clone(), EndpointState::Active)
    );
    assert_eq!(
        (seen.url.as_str(), seen.chatbots.only(), seen.description),
        ("https://example.com/hook", Some("bot"), None)
    );
    assert_eq!(
        seen.events.iter().map(|event| event.as_str()).collect::<Vec<_>>(),
        ["lead.captured", "*"]
    );
    assert_eq!(seen.created_at, seen.updated_at);

    let before = fixture.hash(&format!("endpoint:{id}")).await;
    let off = EndpointPatch {
        state: Some(StateChange::Inactive),
        ..EndpointPatch::default()
    };
    assert_eq!(fixture.store.get_endpoint(&other, &id).await.unwrap(), None);
    assert_eq!(fixture.store.list_endpoints(&other).await.unwrap(), []);
    assert_eq!(
        fixture.store.update_endpoint(&other, &id, &off).await.unwrap(),
        None
    );
    assert!(!fixture.store.remove_endpoint(&other, &id).await.unwrap());
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, before);
    assert_eq!(fixture.store.list_endpoints(&mine).await.unwrap().len(), 1);
}

#[tokio::test]
async fn thousands_are_listed_in_steps_that_miss_none() {
    let fixture = Fixture::new().await;
    let other = "user:user_2".parse().unwrap();
    let mut made = Vec::new();
    for _ in 0..230 {
        made.push(fixture.endpoint(&["*"]).await);
        fixture.endpoint_of(&other, &["*"], None).await;
    }
    let listed = fixture.store.list_endpoints(&account()).await.unwrap();
    assert!(listed.is_sorted_by_key(|endpoint| (endpoint.created_at, endpoint.id.clone())));
    let facts = fixture.store.account_facts(&account()).await.unwrap();
    assert_eq!(facts.endpoints, listed);
    let mut ids: Vec<_> = listed.into_iter().map(|endpoint| endpoint.id).collect();
    ids.sort();
    made.sort();
    assert_eq!(ids, made);
}

#[tokio::test]
async fn making_one_is_repeatable_and_limited() {
    let fixture = Fixture::new().await;
    let new = new_endpoint(&account(), &["*"], None);
    let CreateOutcome::Created(first) = fixture.store.create_endpoint(&new, 2).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        fixture.store.create_endpoint(&new, 2).await.unwrap(),
        CreateOutcome::Created(first.clone())
    );
    let second = new_endpoint(&account(), &["*"], None);
    fixture.store.create_endpoint(&second, 2).await.unwrap();
    let third = new_endpoint(&account(), &["*"], None);
    let before = fixture.keys().await;
    assert_eq!(
        fixture.store.create_endpoint(&third, 2).await.unwrap(),
        CreateOutcome::TooMany(2)
    );
    assert_eq!(fixture.keys().await, before);
    assert_eq!(
        fixture.store.create_endpoint(&new, 2).await.unwrap(),
        CreateOutcome::Created(first),
        "even at the limit"
    );
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_none() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let before = fixture.hash(&format!("endpoint:{id}")).await;
    let same = EndpointPatch {
        state: Some(StateChange::Active),
        chatbots: Some(Chatbots::default()),
        ..EndpointPatch::default()
    };
    fixture
        .store
        .update_endpoint(&account(), &id, &same)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, before);

    fixture.switch(&id, false, ParkedAction::Deliver).await;
    let off = fixture.hash(&format!("endpoint:{id}")).await;
    fixture.switch(&id, false, ParkedAction::Deliver).await;
    assert_eq!(fixture.hash(&format!("endpoint:{id}")).await, off);
}

#[tokio::test]
async fn subscription_and_chatbot_take_effect_with_the_next_event() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["session.created"]).await;
    assert_eq!(fixture.push().await.deliveries, 0);
    let patch = EndpointPatch {
        events: Some(vec!["lead.captured".parse().unwrap()]),
        chatbots: Some(Some("other".to_owned()).into()),
        description: Some(Some("CRM".to_owned())),
        ..EndpointPatch::default()
    };
    let seen = fixture
        .store
        .update_endpoint(&account(), &id, &patch)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (seen.chatbots.only(), seen.description.as_deref()),
        (Some("other"), Some("CRM"))
    );
    assert_eq!(fixture.push().await.deliveries, 0);
    let patch = EndpointPatch {
        chatbots: Some(Chatbots::default()),
        description: Some(None),
        ..EndpointPatch::default()
    };
    let seen = fixture
        .store
        .update_endpoint(&account(), &id, &patch)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((seen.chatbots, seen.description), (Chatbots::default(), None));
    assert_eq!(fixture.push().await.deliveries, 1);
}

#[tokio::test]
async fn an_endpoint_that_is_switched_on_again_delivers_or_discards_what_was_parked() {
    let fixture = Fixture::new().await;
    let (kept, dropped) = (fixture.endpoint(&["*"]).await, fixture.endpoint(&["*"]).await);
    fixture.push_many(5).await;
    for id in [&kept, &dropped] {
        fixture.switch(id, false, ParkedAction::Deliver).await;
    }
    let mut worker = Worker::new();
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
    assert_eq!(
        fixture
            .switch(&kept, true, ParkedAction::Deliver)
            .await
            .queue
            .total(),
        5
    );
    assert_eq!(
        fixture
            .switch(&dropped, true, ParkedAction::Discard)
            .await
            .queue
            .total(),
        0
    );
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let mut delivered = 0;
    loop {
        let leased = fixture.fetch(&mut worker, 64).await;
        if leased.is_empty() {
            break;
        }
        for leased in leased {
            assert_eq!(leased.endpoint.id, kept);
            fixture.report(&mut worker, &leased, succeeded()).await;
            delivered += 1;
        }
    }
    assert_eq!(delivered, 5);
    assert_eq!(fixture.hash("stats").await["canceled"], "5");
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_removed_endpoint_leaves_nothing_and_what_is_in_flight_finishes_into_nothing() {
    let (fixture, id) = Fixture::with_events(10).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 3).await;
    fixture
        .report(&mut worker, &leased[0], crate::fixture::failed(Some(60)))
        .await;
    fixture
        .report(&mut worker, &leased[1], crate::fixture::failed(None))
        .await;
    assert!(fixture.store.remove_endpoint(&account(), &id).await.unwrap());
    assert!(!fixture.store.remove_endpoint(&account(), &id).await.unwrap());
    assert_eq!(fixture.store.list_endpoints(&account()).await.unwrap(), []);
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    fixture.report(&mut worker, &leased[2], succeeded()).await;
    let left: Vec<_> = fixture
        .keys()
        .await
        .into_iter()
        .filter(|key| !key.starts_with("event:"))
        .collect();
    assert!(
        left.iter()
            .all(|key| ["stats", "wake", "shares"].contains(&key.as_str())
                || key.starts_with("worker:")
                || key.starts_with("removed:")
                || key.starts_with("finished:")
                || key.ends_with(":delivered")
                || key.ends_with(":exhausted")
                || key.ends_with(":hours")),
        "{left:?}"
    );
    fixture.assert_drained().await;
}

/// Sets a field as the queue does.
async fn set(fixture: &Fixture, id: &EndpointId, field: &str, value: impl ToString) {
    let mut set = redis::cmd("HSET");
    set.arg(format!("wh:{{0}}:endpoint:{id}")).arg(field);
    fixture.command::<()>(set.arg(value.to_string())).await;
}

async fn change(fixture: &Fixture, id: &EndpointId, patch: EndpointPatch) -> Endpoint {
    let changed = fixture.store.update_endpoint(&account(), id, &patch).await;
    changed.unwrap().unwrap()
}

#[tokio::test]
async fn a_rate_limit_and_resuming_are_kept_from_the_start_and_changed_later() {
    let fixture = Fixture::new().await;
    let new = NewEndpoint {
        rate_limit: RateLimit::new(5),
        auto_resume: true,
        ..new_endpoint(&account(), &["*"], None)
    };
    let CreateOutcome::Created(made) = fixture.store.create_endpoint(&new, 2).await.unwrap() else {
        panic!()
    };
    assert_eq!((made.rate_limit, made.auto_resume), (RateLimit::new(5), true));
    let plain = fixture.get(&fixture.endpoint(&["*"]).await).await;
    assert_eq!((plain.rate_limit, plain.auto_resume), (None, false));

    // A new limit counts from now on.
    let later = Timestamp::now().as_millis() + 60_000;
    set(&fixture, &made.id, "pacedUntil", later).await;
    let patch = EndpointPatch {
        rate_limit: Some(RateLimit::new(1000)),
        ..EndpointPatch::default()
    };
    let changed = change(&fixture, &made.id, patch).await;
    assert_eq!(
        (changed.rate_limit, changed.auto_resume, changed.paced_until),
        (RateLimit::new(1000), true, None)
    );
    let patch = EndpointPatch {
        rate_limit: Some(None),
        auto_resume: Some(false),
        ..EndpointPatch::default()
    };
    let changed = change(&fixture, &made.id, patch).await;
    assert_eq!((changed.rate_limit, changed.auto_resume), (None, false));
}

#[tokio::test]
async fn a_new_url_and_switching_on_end_a_hold_and_start_slowly() {
    let fixture = Fixture::new().await;
    for new_url in [true, false] {
        let id = fixture.endpoint(&["*"]).await;
        fixture.push().await;
        let until = Timestamp::now().as_millis() + 600_000;
        set(&fixture, &id, "heldUntil", until).await;
        let held = fixture.get(&id).await;
        assert_eq!(
            (held.held_until.map(|at| at.as_millis()), held.limit),
            (Some(until), Some(32))
        );
        // Another change ends nothing.
        let patch = EndpointPatch {
            description: Some(Some("CRM".to_owned())),
            ..EndpointPatch::default()
        };
        assert_eq!(change(&fixture, &id, patch).await.held_until, held.held_until);
        let free = if new_url {
            let patch = EndpointPatch {
                url: EndpointUrl::parse("https://example.com/other", &UrlPolicy::default()).ok(),
                ..EndpointPatch::default()
            };
            change(&fixture, &id, patch).await
        } else {
            fixture.switch(&id, false, ParkedAction::Deliver).await;
            fixture.switch(&id, true, ParkedAction::Deliver).await
        };
        assert_eq!((free.held_until, free.limit), (None, Some(1)), "{new_url}");
        let mut worker = Worker::new();
        let leased = fixture.fetch(&mut worker, 10).await;
        assert_eq!(leased.len(), 1, "what waited is served at once");
        fixture.report(&mut worker, &leased[0], succeeded()).await;
        fixture.store.remove_endpoint(&account(), &id).await.unwrap();
    }
}

#[tokio::test]
async fn the_facts_tell_when_the_clock_disables_it_and_whether_the_network_is_ours() {
    let fixture = Fixture::new().await;
    let id = fixture.endpoint(&["*"]).await;
    let facts = async || {
        fixture
            .store
            .endpoint_facts(&account(), &id)
            .await
            .unwrap()
            .unwrap()
    };
    let fresh = facts().await;
    assert_eq!((fresh.disabled_by_clock_at, fresh.own_outage), (None, false));
    let now = Timestamp::now().as_millis();
    let mut failing = redis::cmd("ZADD");
    failing.arg("wh:{0}:failing").arg(now + 7000).arg(id.as_str());
    fixture.command::<()>(&failing).await;
    for (until, is_ours) in [(now - 1, false), (now + 60_000, true)] {
        let mut outages = redis::cmd("HSET");
        outages
            .arg("wh:{0}:outages")
            .arg(format!("worker{is_ours}"))
            .arg(until);
        fixture.command::<()>(&outages).await;
        let facts = facts().await;
        assert_eq!(facts.own_outage, is_ours);
        assert_eq!(
            facts.disabled_by_clock_at.map(|at| at.as_millis()),
            Some(now + 7000)
        );
    }
}
