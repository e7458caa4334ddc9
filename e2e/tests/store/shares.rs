//! What is in flight for each account, at each destination, and for each account at each destination.
//!
//! Proves (guarantees): endpoints of one account that hang, many or new, leave slots to other accounts
//! Proves (security): An account makes at most `DESTINATION_CONCURRENCY` (64) requests at once to one host and port
//! Proves (guarantees): an account has at most `DESTINATION_CONCURRENCY` attempts in flight at one destination
//! Proves (guarantees): what is in flight is counted once, whatever becomes of its endpoint

use std::collections::HashMap;
use std::time::Duration;

use domain::endpoint::{EndpointUrl, UrlPolicy};
use domain::event::EventType;
use domain::id::{AccountId, EndpointId};
use store::endpoints::CreateOutcome;
use store::queue::{LeaseToken, Leased, Outcome, WorkRequest};

use crate::fixture::{Fixture, Worker, account, event_of, new_endpoint, report, succeeded, wants};

/// The slots of the worker.
pub(crate) const SLOTS: usize = 512;

pub(crate) fn neighbour() -> AccountId {
    "org:org_2".parse().unwrap()
}

pub(crate) async fn fixture() -> Fixture {
    let mut fixture = Fixture::new().await;
    fixture.policy.destination_concurrency = 64;
    fixture
}

/// A new endpoint at a host.
pub(crate) async fn fresh_at(fixture: &Fixture, account: &AccountId, host: &str) -> EndpointId {
    let url = EndpointUrl::parse(&format!("https://{host}/hook"), &UrlPolicy::default()).unwrap();
    let new = domain::endpoint::NewEndpoint {
        url,
        ..new_endpoint(account, &["*"], None)
    };
    match fixture.store.create_endpoint(&new, 20_000).await.unwrap() {
        CreateOutcome::Created(endpoint) => endpoint.id,
        other => panic!("not created: {other:?}"),
    }
}

/// An endpoint at a host that has shown that it answers.
pub(crate) async fn endpoint_at(fixture: &Fixture, account: &AccountId, host: &str) -> EndpointId {
    let id = fresh_at(fixture, account, host).await;
    fixture.end_slow_start(&id).await;
    id
}

pub(crate) async fn push(fixture: &Fixture, account: &AccountId, times: usize) {
    for _ in 0..times {
        let mut event = event_of(EventType::MessageSent, "bot", "{}");
        event.account = account.clone();
        fixture.accept(&event).await;
    }
}

/// Fetches as a worker with so many slots, until it gets nothing more.
pub(crate) async fn fill(fixture: &Fixture, worker: &mut Worker, held: &mut Vec<Leased>) {
    loop {
        let free = u32::try_from(SLOTS - held.len()).unwrap();
        let free_slow = held.iter().filter(|leased| leased.endpoint.slow).count();
        let free_slow = u32::try_from(SLOTS / 2 - free_slow.min(SLOTS / 2)).unwrap();
        let request = WorkRequest {
            free,
            free_slow,
            want_slow: free_slow.min(64),
            ..wants(free.min(64))
        };
        let reply = fixture.work(worker, request).await;
        let is_done = reply.leased.is_empty() && !reply.more;
        held.extend(reply.leased);
        if is_done || held.len() == SLOTS {
            fixture.assert_sound().await;
            return;
        }
    }
}

pub(crate) async fn end(fixture: &Fixture, worker: &mut Worker, leased: &[Leased]) {
    for some in leased.chunks(64) {
        let reports = some.iter().map(|leased| report(leased, succeeded())).collect();
        fixture.work(worker, WorkRequest { reports, ..wants(0) }).await;
    }
}

fn of(leased: &[Leased], account: &AccountId) -> usize {
    leased
        .iter()
        .filter(|leased| leased.endpoint.account == *account)
        .count()
}

/// Delivers until nothing is left.
pub(crate) async fn drain(fixture: &Fixture, worker: &mut Worker, mut held: Vec<Leased>) {
    while !held.is_empty() {
        end(fixture, worker, &held).await;
        held.clear();
        fill(fixture, worker, &mut held).await;
    }
    fixture.pass(Duration::from_secs(3)).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    fixture.assert_drained().await;
}

#[tokio::test]
async fn an_account_has_so_many_in_flight_at_one_destination_and_nobody_else_has_fewer() {
    let fixture = fixture().await;
    for _ in 0..100 {
        endpoint_at(&fixture, &account(), "victim.example").await;
    }
    push(&fixture, &account(), 3).await;
    let (mut worker, mut held) = (Worker::new(), vec![]);
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), 64, "of 300 that wait");
    assert_eq!(
        fixture.sorted("ready").await,
        Vec::<String>::new(),
        "nobody is looked at in vain"
    );

    // The same account elsewhere, at another port too, and another account at the same place.
    let elsewhere = endpoint_at(&fixture, &account(), "other.example").await;
    let port = endpoint_at(&fixture, &account(), "victim.example:8443").await;
    let neighbours = endpoint_at(&fixture, &neighbour(), "victim.example").await;
    push(&fixture, &account(), 1).await;
    push(&fixture, &neighbour(), 1).await;
    let mut more = vec![];
    fill(&fixture, &mut worker, &mut more).await;
    let mut served: Vec<_> = more.iter().map(|leased| leased.endpoint.id.clone()).collect();
    let mut expected = vec![elsewhere, port, neighbours];
    served.sort();
    expected.sort();
    assert_eq!(served, expected);

    // A place that is free goes to one that waits, and all come in turn.
    end(&fixture, &mut worker, &held[..5]).await;
    held.drain(..5);
    let before = held.len();
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len() - before, 5);
    held.extend(more);
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn whoever_waits_for_a_place_is_served_in_turn() {
    let mut fixture = fixture().await;
    fixture.policy.destination_concurrency = 2;
    let mut endpoints = vec![];
    for _ in 0..10 {
        endpoints.push(endpoint_at(&fixture, &account(), "busy.example").await);
    }
    push(&fixture, &account(), 4).await;
    let (mut worker, mut held, mut served) = (Worker::new(), vec![], HashMap::<EndpointId, u32>::new());
    for _ in 0..20 {
        fill(&fixture, &mut worker, &mut held).await;
        assert_eq!(held.len(), 2);
        let first = held.remove(0);
        *served.entry(first.endpoint.id.clone()).or_default() += 1;
        end(&fixture, &mut worker, &[first]).await;
    }
    assert!(
        endpoints
            .iter()
            .all(|endpoint| (1..=3).contains(&served[endpoint])),
        "{served:?}"
    );
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn slow_endpoints_take_at_most_half_of_what_an_account_has_at_a_destination() {
    let fixture = fixture().await;
    let (mut slow, mut worker, mut held) = (vec![], Worker::new(), vec![]);
    for _ in 0..60 {
        slow.push(endpoint_at(&fixture, &account(), "busy.example").await);
    }
    let request = WorkRequest {
        slow_endpoints: slow.clone(),
        ..wants(0)
    };
    fixture.work(&mut worker, request).await;
    push(&fixture, &account(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), 32);
    let quick = endpoint_at(&fixture, &account(), "busy.example").await;
    push(&fixture, &account(), 40).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), 64);
    let quick = held.iter().filter(|leased| leased.endpoint.id == quick).count();
    assert_eq!(quick, 32);
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn new_endpoints_of_one_account_leave_slots_to_others() {
    let fixture = fixture().await;
    for number in 0..400 {
        fresh_at(&fixture, &account(), &format!("hangs-{number}.example")).await;
    }
    push(&fixture, &account(), 1).await;
    let (mut worker, mut held) = (Worker::new(), vec![]);
    fill(&fixture, &mut worker, &mut held).await;
    assert!(
        (SLOTS / 5..SLOTS / 2).contains(&held.len()),
        "{} of {SLOTS} are held",
        held.len()
    );
    // Another one's new endpoints are served at once.
    for number in 0..10 {
        fresh_at(&fixture, &neighbour(), &format!("well-{number}.example")).await;
    }
    push(&fixture, &neighbour(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(of(&held, &neighbour()), 10);
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn new_endpoints_of_many_accounts_at_one_host_leave_slots_to_others() {
    let fixture = fixture().await;
    for number in 0..200 {
        let account = format!("org:crowd_{number}").parse().unwrap();
        fresh_at(&fixture, &account, "automation.example").await;
        fresh_at(&fixture, &account, "automation.example").await;
        push(&fixture, &account, 1).await;
    }
    let (mut worker, mut held) = (Worker::new(), vec![]);
    fill(&fixture, &mut worker, &mut held).await;
    assert!(
        (SLOTS / 5..SLOTS / 2).contains(&held.len()),
        "{} of {SLOTS} are held",
        held.len()
    );
    endpoint_at(&fixture, &neighbour(), "well.example").await;
    push(&fixture, &neighbour(), 10).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(of(&held, &neighbour()), 10);
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn an_account_alone_uses_every_slot_and_leaves_some_while_others_are_served() {
    let fixture = fixture().await;
    for number in 0..600 {
        endpoint_at(&fixture, &account(), &format!("well-{number}.example")).await;
    }
    push(&fixture, &account(), 1).await;
    let (mut worker, mut held) = (Worker::new(), vec![]);
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), SLOTS);
    end(&fixture, &mut worker, &held).await;
    held.clear();

    endpoint_at(&fixture, &neighbour(), "other.example").await;
    push(&fixture, &neighbour(), 1).await;
    push(&fixture, &account(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(of(&held, &neighbour()), 1);
    assert!(
        (SLOTS * 3 / 4..SLOTS * 15 / 16).contains(&of(&held, &account())),
        "{} of {SLOTS} are held",
        held.len()
    );
    // Once they have been away for a while, all is the account's again.
    fixture.pass(Duration::from_secs(11)).await;
    end(&fixture, &mut worker, &held).await;
    held.clear();
    push(&fixture, &account(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), SLOTS);
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn what_is_in_flight_counts_where_it_began_whatever_becomes_of_its_endpoint() {
    let mut fixture = fixture().await;
    fixture.policy.destination_concurrency = 2;
    let moved = endpoint_at(&fixture, &account(), "old.example").await;
    let mut worker = Worker::new();
    push(&fixture, &account(), 3).await;
    let mut held = fixture.fetch(&mut worker, 1).await;
    fixture.set_limit(&moved, 1).await;
    let removed = endpoint_at(&fixture, &account(), "old.example").await;
    push(&fixture, &account(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), 2);
    fixture.change_url(&moved, "https://new.example/hook").await;
    assert!(fixture.store.remove_endpoint(&account(), &removed).await.unwrap());
    let another = endpoint_at(&fixture, &account(), "old.example").await;
    push(&fixture, &account(), 1).await;
    let mut more = vec![];
    fill(&fixture, &mut worker, &mut more).await;
    assert!(more.is_empty(), "the old place is full: {more:?}");

    let reports = vec![report(&held.remove(0), succeeded())];
    let reply = fixture
        .work(&mut worker, WorkRequest { reports, ..wants(64) })
        .await;
    let shares = fixture.hash("shares").await;
    let at = |host: &str| shares[&format!("{host}.example:443 org:org_1")].clone();
    assert_eq!(reply.leased.len(), 2);
    assert_eq!((at("old").as_str(), at("new").as_str()), ("2", "1"), "{shares:?}");
    held.extend(reply.leased);

    // One more is reported, and then the worker is gone.
    end(&fixture, &mut worker, &held[..1]).await;
    for _ in 0..4 {
        fixture.pass(Duration::from_secs(9)).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        fixture.assert_sound().await;
    }
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let mut left = vec![];
    fill(&fixture, &mut worker, &mut left).await;
    assert!(left.iter().any(|leased| leased.endpoint.id == another));
    drain(&fixture, &mut worker, left).await;
}

#[tokio::test]
async fn an_endpoint_whose_address_has_no_place_waits_until_another_attempt_is_over() {
    let fixture = fixture().await;
    let (one, other) = (
        endpoint_at(&fixture, &account(), "a.wild.example").await,
        endpoint_at(&fixture, &account(), "b.wild.example").await,
    );
    push(&fixture, &account(), 3).await;
    let mut worker = Worker::new();
    let held = fixture.fetch(&mut worker, 6).await;
    let (first, rest): (Vec<_>, Vec<_>) = held.into_iter().partition(|leased| leased.endpoint.id == one);
    let reports = rest
        .iter()
        .map(|leased| report(leased, Outcome::Crowded))
        .collect();
    let reply = fixture
        .work(&mut worker, WorkRequest { reports, ..wants(64) })
        .await;
    assert!(reply.leased.is_empty() && !reply.more, "{reply:?}");
    let waiting = fixture.get(&other).await.queue;
    assert_eq!((waiting.waiting, waiting.retrying, waiting.in_flight), (3, 0, 0));
    assert_eq!(fixture.get(&other).await.consecutive_failures, 0);
    fixture.assert_sound().await;

    let reports = vec![report(&first[0], succeeded())];
    let reply = fixture
        .work(&mut worker, WorkRequest { reports, ..wants(64) })
        .await;
    assert_eq!(reply.leased.len(), 3);
    assert!(reply.leased.iter().all(|leased| leased.attempt == 1));
    // The last ones of their account wait for nobody.
    let held: Vec<_> = first[1..].iter().chain(&reply.leased).collect();
    let reports = held
        .iter()
        .map(|leased| report(leased, Outcome::Crowded))
        .collect();
    let reply = fixture
        .work(&mut worker, WorkRequest { reports, ..wants(64) })
        .await;
    assert_eq!(reply.leased.len(), 5);
    drain(&fixture, &mut worker, reply.leased).await;
}

#[tokio::test]
async fn what_an_earlier_release_leased_ends_uncounted() {
    let fixture = fixture().await;
    endpoint_at(&fixture, &account(), "a.example").await;
    push(&fixture, &account(), 2).await;
    let mut worker = Worker::new();
    let mut held = fixture.fetch(&mut worker, 2).await;
    for leased in &mut held {
        let parts: Vec<_> = leased.token.as_str().split('|').collect();
        let token = [&parts[..1], &parts[2..]].concat().join("|");
        let mut set = redis::cmd("HSET");
        set.arg("wh:{0}:tokens").arg(leased.delivery.as_str()).arg(&token);
        let _: i64 = fixture.command(&set).await;
        leased.token = LeaseToken::from_stored(token);
    }
    let _: i64 = fixture.command(redis::cmd("DEL").arg("wh:{0}:shares")).await;
    fixture.assert_sound().await;
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn counts_that_are_wrong_are_made_anew() {
    let fixture = fixture().await;
    endpoint_at(&fixture, &account(), "a.example").await;
    push(&fixture, &account(), 2).await;
    let mut worker = Worker::new();
    let held = fixture.fetch(&mut worker, 1).await;
    for (name, text) in [
        ("a.example:443 org:org_1", "64"),
        ("account org:org_1", "nonsense"),
        ("b.example:443 org:org_2", "7"),
    ] {
        let mut set = redis::cmd("HSET");
        let _: i64 = fixture
            .command(set.arg("wh:{0}:shares").arg(name).arg(text))
            .await;
    }
    assert!(fixture.fetch(&mut worker, 1).await.is_empty());
    for _ in 0..2 {
        fixture.pass(Duration::from_secs(3)).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
    }
    fixture.assert_sound().await;
    let more = fixture.fetch(&mut worker, 1).await;
    assert_eq!(more.len(), 1, "the place is free");
    drain(&fixture, &mut worker, held.into_iter().chain(more).collect()).await;
}
