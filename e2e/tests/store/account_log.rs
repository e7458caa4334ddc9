//! The log of all endpoints of an account, where it comes from more than one place.
//!
//! Proves (guarantees): a page of the account's log never repeats or skips a delivery because something arrived
//! Proves (guarantees): a page of the account's log takes no more
//! Proves (guarantees): the account's live stream is resumed after a break, at any of its events: nothing is left out, nothing comes twice

use std::collections::BTreeSet;
use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId};
use store::log::{AccountFilter, AccountListing, AccountPlace, DeliverySummary, ListStatus};
use store::queue::WorkRequest;

use crate::fixture::{Fixture, Worker, account, failed, report, succeeded, wants};
use crate::packed::{deliver, pack_oldest_entries};

/// A listing, read in pages of this many; between pages, something is done.
async fn all(
    fixture: &Fixture,
    filter: &AccountFilter,
    limit: usize,
    between: impl AsyncFn(),
) -> Vec<DeliverySummary> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let listing = AccountListing {
            account: &account(),
            filter,
            position: next.as_ref(),
            limit,
        };
        let page = fixture.store.list_account(&listing).await.unwrap().unwrap();
        assert!(page.deliveries.len() <= limit);
        found.extend(page.deliveries);
        next = page.next.map(|next| next.to_string().parse().unwrap());
        if next.is_none() {
            return found;
        }
        between().await;
    }
}

fn ids(deliveries: &[DeliverySummary]) -> Vec<DeliveryId> {
    deliveries.iter().map(|delivery| delivery.id.clone()).collect()
}

/// An account with endpoints, so many deliveries of each, and how much of their logs lies in blocks.
async fn scene(packed: &[usize]) -> (Fixture, Vec<EndpointId>, BTreeSet<DeliveryId>) {
    let fixture = Fixture::new().await;
    let mut endpoints = Vec::new();
    for _ in packed {
        endpoints.push(fixture.endpoint(&["*"]).await);
    }
    let delivered = deliver(&fixture, 40).await;
    let mut all: BTreeSet<_> = delivered.iter().cloned().collect();
    while all.len() < 40 * endpoints.len() {
        all.extend(deliver(&fixture, 0).await);
        let mut worker = Worker::new();
        let leased = fixture.fetch(&mut worker, 32).await;
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        all.extend(leased.into_iter().map(|leased| leased.delivery));
    }
    for (endpoint, count) in endpoints.iter().zip(packed) {
        for _ in 0..count / 10 {
            pack_oldest_entries(&fixture, endpoint, 10).await;
        }
    }
    (fixture, endpoints, all)
}

#[tokio::test]
async fn logs_are_merged_by_time_wherever_their_entries_lie_and_whatever_is_packed_meanwhile() {
    let (fixture, endpoints, delivered) = scene(&[0, 10, 30, 40]).await;
    fixture.pass(Duration::from_millis(1)).await;
    let filter = AccountFilter::default();
    let whole = all(&fixture, &filter, 1000, async || {}).await;
    let times: Vec<_> = whole
        .iter()
        .map(|delivery| delivery.last.as_ref().unwrap().at)
        .collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    let found: BTreeSet<_> = ids(&whole).into_iter().collect();
    assert_eq!((whole.len(), found), (160, delivered));
    let more = std::cell::Cell::new(0);
    let packs = async || {
        more.set(more.get() + 1);
        if more.get() % 9 == 0 && more.get() < 36 {
            pack_oldest_entries(&fixture, &endpoints[0], 10).await;
            deliver(&fixture, 1).await;
        }
    };
    assert_eq!(ids(&all(&fixture, &filter, 1, packs).await), ids(&whole));
}

#[tokio::test]
async fn what_waits_and_what_the_logs_have_no_longer_is_listed_by_endpoint() {
    let mut fixture = Fixture::new().await;
    (fixture.policy.disable_after, fixture.policy.log_length) = (10_000, 100);
    for _ in 0..2 {
        fixture.endpoint(&["*"]).await;
    }
    let mut worker = Worker::new();
    let mut failures = 0;
    fixture.push_many(3).await;
    while failures < 6 {
        for leased in &fixture.fetch(&mut worker, 1).await {
            fixture
                .report(&mut worker, leased, failed((failures % 2 == 0).then_some(600)))
                .await;
            failures += 1;
        }
    }
    let listed = async |fixture: &Fixture, statuses: &[ListStatus], limit| {
        let filter = AccountFilter {
            statuses: statuses.to_vec(),
            ..AccountFilter::default()
        };
        all(fixture, &filter, limit, async || {}).await
    };
    fixture.pass(Duration::from_millis(1)).await;
    let both = [ListStatus::Retrying, ListStatus::Exhausted];
    let known: BTreeSet<_> = ids(&listed(&fixture, &both, 10).await).into_iter().collect();
    assert_eq!(known.len(), 6);
    deliver(&fixture, 400).await;
    deliver(&fixture, 0).await;
    for limit in [1, 2, 5, 100] {
        let found = listed(&fixture, &both, limit).await;
        assert_eq!(found.len(), 6, "in pages of {limit}");
        assert_eq!(ids(&found).into_iter().collect::<BTreeSet<_>>(), known);
        for status in both {
            let found = listed(&fixture, &[status], limit).await;
            assert_eq!(found.len(), 3, "{status:?} in pages of {limit}");
            assert!(found.iter().all(|delivery| delivery.state == status.state()));
        }
    }
    fixture.push_many(2).await;
    let waiting = listed(&fixture, &[ListStatus::Pending, ListStatus::InFlight], 1).await;
    assert!(
        waiting
            .iter()
            .filter(|one| one.state == DeliveryState::Pending)
            .count()
            >= 4
    );
}

#[tokio::test]
async fn whoever_follows_reads_on_from_blocks_and_streams_at_any_place() {
    let (fixture, _, delivered) = scene(&[0, 10, 20, 30]).await;
    let follow = async |from: &AccountPlace| {
        let mut tail = fixture.store.tail_account(&account(), Some(from)).await.unwrap();
        let mut found = Vec::new();
        loop {
            let some = tail.next(Duration::from_millis(50)).await.unwrap();
            if some.is_empty() && !found.is_empty() || found.len() == delivered.len() {
                return found;
            }
            found.extend(some);
        }
    };
    let start = AccountPlace {
        id: "0-1".parse().unwrap(),
        endpoint: None,
    };
    fixture.pass(Duration::from_millis(1)).await;
    let whole = follow(&start).await;
    assert_eq!(whole.len(), delivered.len());
    let places: Vec<_> = whole
        .iter()
        .map(|(endpoint, entry)| (entry.id, endpoint.clone()))
        .collect();
    assert!(places.is_sorted());
    for known in [0, 1, 39, 77, 120, 158] {
        let (id, endpoint) = places[known].clone();
        let endpoint = Some(endpoint);
        let rest = follow(&AccountPlace { id, endpoint }).await;
        let rest: Vec<_> = rest
            .iter()
            .map(|(endpoint, entry)| (entry.id, endpoint.clone()))
            .collect();
        assert_eq!(rest, places[known + 1..], "behind {known}");
    }
}

/// How many commands Redis has run since this was asked last.
async fn commands(fixture: &Fixture) -> u64 {
    let stats: String = fixture.command(redis::cmd("INFO").arg("commandstats")).await;
    let calls = stats.lines().filter_map(|line| {
        let (_, rest) = line.split_once(":calls=")?;
        rest.split(',').next()?.parse::<u64>().ok()
    });
    let _: String = fixture.command(redis::cmd("CONFIG").arg("RESETSTAT")).await;
    calls.sum()
}

/// How many commands the first page of a listing takes.
async fn cost(fixture: &Fixture, filter: &AccountFilter) -> u64 {
    commands(fixture).await;
    let listing = AccountListing {
        account: &account(),
        filter,
        position: None,
        limit: 20,
    };
    fixture.store.list_account(&listing).await.unwrap().unwrap();
    commands(fixture).await
}

#[tokio::test]
async fn a_page_takes_no_more_commands_for_longer_logs() {
    let (fixture, endpoints, _) = scene(&[0; 5]).await;
    let everything = AccountFilter::default();
    let nothing = AccountFilter {
        event: Some("ticket.created".to_owned()),
        ..AccountFilter::default()
    };
    let before = cost(&fixture, &everything).await;
    fixture.push_many(300).await;
    let (mut worker, mut done) = (Worker::new(), 0);
    while done < 300 * endpoints.len() {
        let leased = fixture.fetch(&mut worker, 32).await;
        done += leased.len();
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
    }
    let after = cost(&fixture, &everything).await;
    assert!(2 * after <= 3 * before, "{before} became {after}");
    let in_vain = cost(&fixture, &nothing).await;
    assert!(in_vain < 2000, "{in_vain}");
}
