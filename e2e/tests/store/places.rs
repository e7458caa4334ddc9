//! Who waits for a place of an account, or at a destination, and comes back when there is one.
//!
//! Proves (guarantees): accounts that wait for places at one destination take turns

use domain::id::AccountId;
use store::queue::WorkRequest;

use crate::fixture::{Worker, account, report, succeeded, wants};
use crate::shares::{drain, end, endpoint_at, fill, fixture, fresh_at, neighbour, push};

/// Accounts that share a destination, and the endpoints of each.
const ACCOUNTS: usize = 8;
const ENDPOINTS: usize = 40;

fn one_of_the_crowd(number: usize) -> AccountId {
    format!("org:crowd_{number}").parse().unwrap()
}

#[tokio::test]
async fn an_account_doesnt_wait_at_a_destination_for_hundreds_of_endpoints_of_others() {
    let fixture = fixture().await;
    for account in (0..ACCOUNTS).map(one_of_the_crowd) {
        for _ in 0..ENDPOINTS {
            fresh_at(&fixture, &account, "automation.example").await;
        }
        push(&fixture, &account, 1).await;
    }
    let (mut worker, mut held) = (Worker::new(), vec![]);
    fill(&fixture, &mut worker, &mut held).await;
    let waiting = fixture
        .sorted("waiting:slow destination automation.example:443")
        .await;
    assert!(waiting.len() > 15 * ACCOUNTS, "{} wait", waiting.len());

    let late = fresh_at(&fixture, &neighbour(), "automation.example").await;
    push(&fixture, &neighbour(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert!(
        held.iter().all(|leased| leased.endpoint.id != late),
        "it has to wait"
    );
    // One place becomes free at a time.
    let mut others = 0;
    while held.iter().all(|leased| leased.endpoint.id != late) {
        let first = held.remove(0);
        end(&fixture, &mut worker, &[first]).await;
        let before = held.len();
        fill(&fixture, &mut worker, &mut held).await;
        assert!(held.len() > before, "who waits gets what is free");
        others += held[before..]
            .iter()
            .filter(|leased| leased.endpoint.id != late)
            .count();
    }
    assert!(others <= ACCOUNTS, "it was served behind {others} of others");
    drain(&fixture, &mut worker, held).await;
}

/// An earlier release entered those who wait by the time (µs).
#[tokio::test]
async fn whoever_an_earlier_release_let_wait_comes_first() {
    let mut fixture = fixture().await;
    fixture.policy.destination_concurrency = 1;
    let (mut worker, mut held, mut endpoints) = (Worker::new(), vec![], vec![]);
    for _ in 0..4 {
        endpoints.push(endpoint_at(&fixture, &account(), "busy.example").await);
    }
    push(&fixture, &account(), 1).await;
    fill(&fixture, &mut worker, &mut held).await;
    let list = "waiting:busy.example:443 org:org_1";
    let last = fixture.sorted(list).await.pop().unwrap();
    let mut set = redis::cmd("ZADD");
    set.arg(format!("wh:{{0}}:{list}"))
        .arg(1_764_000_000_000_000_u64)
        .arg(&last);
    let _: i64 = fixture.command(&set).await;
    end(&fixture, &mut worker, &held).await;
    held.clear();
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held[0].endpoint.id.as_str(), last);
    // Those who come now are behind those who are there, and in order.
    drain(&fixture, &mut worker, held).await;
}

#[tokio::test]
async fn an_endpoint_that_turns_quick_and_slow_in_one_call_stands_in_one_lane() {
    let mut fixture = fixture().await;
    fixture.policy.destination_concurrency = 2;
    let endpoint = endpoint_at(&fixture, &account(), "busy.example").await;
    let (mut worker, mut held) = (Worker::new(), vec![]);
    let slow_endpoints = vec![endpoint.clone()];
    let is_slow = WorkRequest {
        slow_endpoints: slow_endpoints.clone(),
        ..wants(0)
    };
    fixture.work(&mut worker, is_slow).await;
    push(&fixture, &account(), 3).await;
    fill(&fixture, &mut worker, &mut held).await;
    assert_eq!(held.len(), 1, "slow ones have half of the places");
    assert_eq!(
        fixture
            .sorted("waiting:slow busy.example:443 org:org_1")
            .await
            .len(),
        1
    );

    // An attempt was quick and brings it back; another one has been open for long.
    let request = WorkRequest {
        reports: vec![report(&held.remove(0), succeeded())],
        slow_endpoints,
        ..wants(0)
    };
    fixture.work(&mut worker, request).await;
    assert_eq!(fixture.sorted("ready:slow").await, [endpoint.to_string()]);
    assert_eq!(fixture.sorted("ready").await, Vec::<String>::new());
    fill(&fixture, &mut worker, &mut held).await;
    drain(&fixture, &mut worker, held).await;
}
