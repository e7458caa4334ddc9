//! Accounts take turns, and the endpoints of an account among themselves.
//!
//! Proves (guarantees): hundreds of endpoints of one account that are ready at once hold up no other account's

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::event::EventType;
use domain::id::{AccountId, EndpointId};
use proptest::prelude::*;
use store::queue::{Leased, WorkRequest};

use crate::fixture::{Fixture, Worker, account, event_of, failed, report, succeeded, wants};

fn neighbour() -> AccountId {
    "org:org_2".parse().unwrap()
}

async fn push(fixture: &Fixture, account: &AccountId, chatbot: &str) {
    let mut event = event_of(EventType::MESSAGE_SENT, chatbot, "{}");
    event.account = account.clone();
    fixture.accept(&event).await;
}

fn place_of(leased: &[Leased], account: &AccountId) -> Option<usize> {
    leased
        .iter()
        .position(|leased| leased.endpoint.account == *account)
}

/// A store with 400 endpoints of one account, and one of another.
async fn crowd() -> Fixture {
    let fixture = Fixture::new().await;
    for _ in 0..400 {
        fixture.endpoint(&["*"]).await;
    }
    fixture.endpoint_of(&neighbour(), &["*"], None).await;
    fixture
}

#[tokio::test]
async fn an_endpoint_doesnt_wait_for_400_of_another_account_that_got_events() {
    let fixture = crowd().await;
    for _ in 0..3 {
        push(&fixture, &account(), "bot").await;
    }
    let mut worker = Worker::new();
    fixture.fetch(&mut worker, 8).await;
    push(&fixture, &neighbour(), "bot").await;
    let leased = fixture.fetch(&mut worker, 16).await;
    let place = place_of(&leased, &neighbour());
    assert!(place.is_some_and(|place| place < 9), "{place:?}");
    fixture.assert_sound().await;
}

#[tokio::test]
async fn an_endpoint_doesnt_wait_for_400_of_another_account_whose_retries_are_due() {
    let fixture = crowd().await;
    push(&fixture, &account(), "bot").await;
    let mut worker = Worker::new();
    loop {
        let leased = fixture.fetch(&mut worker, 64).await;
        if leased.is_empty() {
            break;
        }
        let reports = leased
            .iter()
            .map(|leased| report(leased, failed(Some(5))))
            .collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
    }
    fixture.pass(Duration::from_secs(6)).await;
    while fixture.sorted("ready").await.len() < 400 {
        fixture.work(&mut worker, wants(0)).await;
    }
    push(&fixture, &neighbour(), "bot").await;
    let leased = fixture.fetch(&mut worker, 4).await;
    let place = place_of(&leased, &neighbour());
    assert!(place.is_some_and(|place| place < 3), "{place:?}");
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_slow_endpoint_doesnt_wait_for_400_slow_ones_of_another_account() {
    let fixture = crowd().await;
    let slow_endpoints: Vec<EndpointId> = fixture
        .keys()
        .await
        .iter()
        .filter_map(|key| key.strip_prefix("endpoint:")?.parse().ok())
        .collect();
    let mut worker = Worker::new();
    for some in slow_endpoints.chunks(64) {
        let request = WorkRequest {
            slow_endpoints: some.to_vec(),
            ..wants(0)
        };
        fixture.work(&mut worker, request).await;
    }
    push(&fixture, &account(), "bot").await;
    // Others are served while slow ones have to wait, so that their turns fall behind.
    let quick = fixture.endpoint_of(&neighbour(), &["*"], Some("quick")).await;
    for _ in 0..20 {
        push(&fixture, &neighbour(), "quick").await;
        let request = WorkRequest {
            want_slow: 0,
            ..wants(1)
        };
        let leased = fixture.work(&mut worker, request).await.leased;
        assert_eq!(leased[0].endpoint.id, quick);
    }
    let request = WorkRequest {
        want_slow: 4,
        ..wants(4)
    };
    let leased = fixture.work(&mut worker, request).await.leased;
    let place = place_of(&leased, &neighbour());
    assert!(place.is_some_and(|place| place < 3), "{place:?}");
    fixture.assert_sound().await;
}

#[tokio::test]
async fn endpoints_of_an_account_take_turns_within_its_share() {
    let fixture = Fixture::new().await;
    let mut endpoints = vec![];
    for _ in 0..3 {
        endpoints.push(fixture.endpoint(&["*"]).await);
    }
    let alone = fixture.endpoint_of(&neighbour(), &["*"], None).await;
    for _ in 0..60 {
        push(&fixture, &account(), "bot").await;
        push(&fixture, &neighbour(), "bot").await;
    }
    let (mut worker, mut counts) = (Worker::new(), HashMap::<EndpointId, u32>::new());
    // Each turn hands out four.
    for _ in 0..12 {
        let leased = fixture.fetch(&mut worker, 4).await;
        for leased in &leased {
            *counts.entry(leased.endpoint.id.clone()).or_default() += 1;
        }
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
    }
    assert_eq!(counts[&alone], 24, "{counts:?}");
    assert!(
        endpoints.iter().all(|endpoint| counts[endpoint] == 8),
        "{counts:?}"
    );
}

/// What may happen to the endpoints of a few accounts.
#[derive(Debug, Clone)]
enum Step {
    /// One of an account's endpoints gets an event.
    Arrives { account: usize, endpoint: usize },
    /// A worker takes the next turns.
    Served { turns: u32 },
}

/// How many endpoints each account has.
const SIZES: [usize; 4] = [1, 3, 12, 40];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..SIZES.len(), 0..1000_usize).prop_map(|(account, endpoint)| Step::Arrives {
            account,
            endpoint: endpoint % SIZES[account],
        }),
        1 => (1..6_u32).prop_map(|turns| Step::Served { turns }),
    ]
}

/// While an endpoint waits, no other account has more turns than there were endpoints of its own in front of it, and three: one each for
/// the round that goes on, for its own, and for a turn that two of an account have since the first came to an empty lane.
async fn each_waits_for_its_own(steps: Vec<Step>) {
    let fixture = Fixture::new().await;
    let accounts: Vec<AccountId> = (0..SIZES.len())
        .map(|number| format!("org:org_{number}").parse().unwrap())
        .collect();
    let mut names = HashMap::new();
    for (account, size) in SIZES.iter().enumerate() {
        for endpoint in 0..*size {
            let chatbot = endpoint.to_string();
            let id = fixture
                .endpoint_of(&accounts[account], &["*"], Some(&chatbot))
                .await;
            names.insert(id, (account, endpoint));
        }
    }
    // Who waits, for each account, in order: how many were in front, and how many turns each account has had meanwhile.
    let mut waiting: Vec<VecDeque<(usize, usize, [usize; SIZES.len()])>> = vec![VecDeque::new(); SIZES.len()];
    let mut worker = Worker::new();
    for step in steps {
        let turns = match step {
            Step::Arrives { account, endpoint } => {
                push(&fixture, &accounts[account], &endpoint.to_string()).await;
                if waiting[account].iter().all(|(of, ..)| *of != endpoint) {
                    let in_front = waiting[account].len();
                    waiting[account].push_back((endpoint, in_front, [0; SIZES.len()]));
                }
                continue;
            }
            Step::Served { turns } => turns,
        };
        for _ in 0..turns {
            // A turn hands out four at most.
            let leased = fixture.fetch(&mut worker, 4).await;
            let mut had_turns: Vec<_> = leased.iter().map(|leased| names[&leased.endpoint.id]).collect();
            had_turns.dedup();
            for (account, endpoint) in had_turns {
                let place = waiting[account].iter().position(|(of, ..)| *of == endpoint);
                assert!(
                    place.is_some_and(|place| place < 2),
                    "an account's endpoints are served in order, but that the second may overtake the first: {place:?}"
                );
                let (_, in_front, others) = waiting[account].remove(place.unwrap()).unwrap();
                for (other, turns) in others.iter().enumerate() {
                    assert!(
                        other == account || *turns <= in_front + 3,
                        "{endpoint} of {account} waited for {turns} turns of {other}, behind {in_front} of its own"
                    );
                }
                for one in waiting.iter_mut().flatten() {
                    one.2[account] += 1;
                }
            }
            let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
            fixture
                .work(&mut worker, WorkRequest { reports, ..wants(0) })
                .await;
            // Those that have more to send have come in again, behind the others of their account.
            let ready = fixture.sorted("ready").await;
            for id in ready {
                let (account, endpoint) = names[&id.parse().unwrap()];
                if waiting[account].iter().all(|(of, ..)| *of != endpoint) {
                    let in_front = waiting[account].len();
                    waiting[account].push_back((endpoint, in_front, [0; SIZES.len()]));
                }
            }
        }
        fixture.assert_sound().await;
    }
}

#[test]
fn nobody_waits_longer_for_another_account_than_for_its_own_endpoints() {
    let config = ProptestConfig {
        cases: 6,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    proptest!(config, |(steps in proptest::collection::vec(step(), 20..150))| {
        runtime.block_on(each_waits_for_its_own(steps));
    });
}
