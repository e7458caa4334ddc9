//! Listings that come from more than one place, and counts that take more than one step.
//!
//! Proves (guarantees): whoever reads the past is told since when it is complete

use std::collections::BTreeSet;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::endpoint::ParkedAction;
use domain::id::{DeliveryId, EndpointId};
use store::log::{DeliverySummary, ListFilter, ListStatus, Listing, Past};
use store::queue::WorkRequest;
use store::replays::{ReplayCount, ReplaySpan, ReplayStatus};

use crate::fixture::{BUDGETS, Fixture, Worker, account, failed, report, succeeded, wants};

/// All deliveries of a state, read in pages of this many.
async fn all(
    fixture: &Fixture,
    endpoint: &EndpointId,
    status: ListStatus,
    limit: usize,
) -> Vec<DeliverySummary> {
    let filter = ListFilter {
        status: Some(status),
        ..ListFilter::default()
    };
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let page = fixture
            .store
            .list_deliveries(&Listing {
                account: &account(),
                endpoint,
                filter: &filter,
                position: next.as_ref(),
                limit,
            })
            .await
            .unwrap()
            .unwrap();
        assert!(page.deliveries.len() <= limit);
        found.extend(page.deliveries);
        // Positions are handed out as texts.
        next = page.next.map(|next| next.to_string().parse().unwrap());
        if next.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn parked_are_those_that_waited_for_their_turn_and_those_that_waited_for_a_retry() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    let mut retrying = BTreeSet::new();
    fixture.push_many(3).await;
    while retrying.len() < 3 {
        let leased = fixture.fetch(&mut worker, 8).await;
        for leased in &leased {
            fixture.report(&mut worker, leased, failed(Some(600))).await;
            retrying.insert(leased.delivery.clone());
        }
    }
    fixture.push_many(4).await;
    let pending: BTreeSet<DeliveryId> = all(&fixture, &endpoint, ListStatus::Pending, 3)
        .await
        .into_iter()
        .map(|delivery| delivery.id)
        .collect();
    assert_eq!(pending.len(), 4);
    assert!(all(&fixture, &endpoint, ListStatus::Parked, 3).await.is_empty());

    fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
    for limit in [1, 2, 3, 4, 7, 100] {
        let parked = all(&fixture, &endpoint, ListStatus::Parked, limit).await;
        assert!(
            parked
                .iter()
                .all(|delivery| delivery.state == DeliveryState::Parked)
        );
        let shows_attempt = |delivery: &&DeliverySummary| {
            delivery
                .last
                .as_ref()
                .is_some_and(|last| last.status == Some(500))
        };
        assert_eq!(
            parked.iter().filter(shows_attempt).count(),
            3,
            "they show their last attempts"
        );
        let ids: BTreeSet<_> = parked.iter().map(|delivery| delivery.id.clone()).collect();
        assert_eq!((ids.len(), parked.len()), (7, 7), "in pages of {limit}");
        assert!(pending.is_subset(&ids) && retrying.is_subset(&ids));
    }
    assert!(all(&fixture, &endpoint, ListStatus::Pending, 2).await.is_empty());
}

#[tokio::test]
async fn those_that_wait_for_a_retry_are_all_listed_even_if_the_log_has_dropped_their_attempts() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    let mut old = BTreeSet::new();
    let fail = async |fixture: &Fixture, worker: &mut Worker, count: usize| {
        fixture.push_many(count).await;
        let mut failed_now = BTreeSet::new();
        while failed_now.len() < count {
            for leased in &fixture.fetch(worker, 8).await {
                fixture.report(worker, leased, failed(Some(600))).await;
                failed_now.insert(leased.delivery.clone());
            }
        }
        failed_now
    };
    old.extend(fail(&fixture, &mut worker, 5).await);
    deliver(&fixture, &mut worker, 300).await;
    drop_all_but(&fixture, &endpoint, 100).await;
    let new = fail(&fixture, &mut worker, 3).await;
    for limit in [1, 2, 3, 4, 5, 8, 100] {
        let retrying = all(&fixture, &endpoint, ListStatus::Retrying, limit).await;
        let ids: BTreeSet<_> = retrying.iter().map(|delivery| delivery.id.clone()).collect();
        assert_eq!((ids.len(), retrying.len()), (8, 8), "in pages of {limit}");
        assert_eq!(ids, old.union(&new).cloned().collect());
        // Those in the log come first.
        let known = retrying.iter().map(|delivery| delivery.last.is_some());
        assert_eq!(
            known.collect::<Vec<_>>(),
            [true, true, true, false, false, false, false, false]
        );
        assert!(
            retrying
                .iter()
                .all(|delivery| delivery.attempts == 1 && delivery.next_attempt_at.is_some())
        );
    }
}

async fn count(fixture: &Fixture, endpoint: &EndpointId, status: ReplayStatus) -> ReplayCount {
    let facts = fixture
        .store
        .endpoint_facts(&account(), endpoint)
        .await
        .unwrap()
        .unwrap();
    let span = ReplaySpan {
        status,
        events: Vec::new(),
        since: Timestamp::default(),
        until: facts.now,
    };
    fixture
        .store
        .count_replay(&account(), endpoint, &span)
        .await
        .unwrap()
        .unwrap()
}

/// What a log does by itself once it is longer than any may be.
async fn drop_all_but(fixture: &Fixture, endpoint: &EndpointId, newest: usize) {
    let mut trim = redis::cmd("XTRIM");
    trim.arg(format!("wh:{{0}}:log:{endpoint}"))
        .arg("MAXLEN")
        .arg(newest);
    let _: usize = fixture.command(&trim).await;
}

/// Delivers this many events, each with one attempt.
async fn deliver(fixture: &Fixture, worker: &mut Worker, count: usize) -> DeliveryId {
    fixture.push_many(count).await;
    let (mut done, mut last) = (0, None);
    while done < count {
        let leased = fixture.fetch(worker, 32).await;
        done += leased.len();
        last = leased.last().map(|leased| leased.delivery.clone()).or(last);
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture.work(worker, WorkRequest { reports, ..wants(0) }).await;
    }
    last.unwrap()
}

#[tokio::test]
async fn a_log_says_since_when_it_is_complete() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    let since = async |past| {
        let since = fixture.store.complete_since(&account(), &endpoint, past).await;
        since.unwrap()
    };
    assert_eq!(since(Past::Log).await, None);
    deliver(&fixture, &mut worker, 50).await;
    assert_eq!(since(Past::Succeeded).await, None, "nothing has left it yet");
    deliver(&fixture, &mut worker, 300).await;
    drop_all_but(&fixture, &endpoint, 100).await;
    let complete_since = since(Past::Log).await.expect("the log is bounded");
    assert_eq!(since(Past::Succeeded).await, Some(complete_since));
    assert_eq!(since(Past::Exhausted).await, None);
    // Whatever is listed from then on is all there was from then on.
    let listed = all(&fixture, &endpoint, ListStatus::Succeeded, 100).await;
    let oldest = listed.last().and_then(|delivery| delivery.last.as_ref()).unwrap();
    assert!(listed.len() < 350);
    assert!(oldest.at <= complete_since, "{complete_since} {oldest:?}");
}

#[tokio::test]
async fn what_succeeded_is_counted_in_steps_up_to_a_bound() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    let counted = |matching, is_lower_bound| ReplayCount {
        matching,
        is_lower_bound,
    };
    assert_eq!(
        count(&fixture, &endpoint, ReplayStatus::Succeeded).await,
        counted(0, false)
    );
    let source = deliver(&fixture, &mut worker, 600).await;
    // Replays are left out.
    let new = source.replay();
    fixture
        .store
        .replay_delivery(&account(), &source, &new, BUDGETS)
        .await
        .unwrap();
    let leased = fixture.fetch(&mut worker, 8).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;
    assert_eq!(leased.delivery, new);
    assert_eq!(
        count(&fixture, &endpoint, ReplayStatus::Succeeded).await,
        counted(600, false)
    );
    assert_eq!(
        count(&fixture, &endpoint, ReplayStatus::Exhausted).await,
        counted(0, false)
    );
    deliver(&fixture, &mut worker, 1000).await;
    let many = count(&fixture, &endpoint, ReplayStatus::Succeeded).await;
    assert!(
        many.is_lower_bound && (1000..1600).contains(&many.matching),
        "{many:?}"
    );
    let nobody = "org:org_2".parse().unwrap();
    let span = ReplaySpan {
        status: ReplayStatus::Succeeded,
        events: Vec::new(),
        since: Timestamp::default(),
        until: Timestamp::now(),
    };
    let others = fixture
        .store
        .count_replay(&nobody, &endpoint, &span)
        .await
        .unwrap();
    assert_eq!(others, None);
}
