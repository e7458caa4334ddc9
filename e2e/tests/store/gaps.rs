//! Listings that go on from a place which has gone meanwhile.
//!
//! Proves (guarantees): whoever goes on from a place that has gone is told so

use std::time::Duration;

use domain::id::EndpointId;
use store::log::{
    AccountFilter, AccountListing, AccountPage, AccountPosition, ListFilter, ListPage, ListPosition,
    ListStatus, Listing,
};

use crate::fixture::{Fixture, Worker, account, succeeded};
use crate::packed::{deliver, pack_oldest_entries};

async fn page(
    fixture: &Fixture,
    endpoint: &EndpointId,
    status: Option<ListStatus>,
    position: Option<&ListPosition>,
) -> ListPage {
    let filter = ListFilter {
        status,
        ..ListFilter::default()
    };
    let listing = Listing {
        account: &account(),
        endpoint,
        filter: &filter,
        position,
        limit: 10,
    };
    let mut page = fixture.store.list_deliveries(&listing).await.unwrap().unwrap();
    // As a cursor brings it back.
    page.next = page.next.map(|next| next.to_string().parse().unwrap());
    page
}

async fn account_page(fixture: &Fixture, position: Option<&AccountPosition>) -> AccountPage {
    let listing = AccountListing {
        account: &account(),
        filter: &AccountFilter::default(),
        position,
        limit: 10,
    };
    let mut page = fixture.store.list_account(&listing).await.unwrap().unwrap();
    page.next = page.next.map(|next| next.to_string().parse().unwrap());
    page
}

/// What a log does by itself once it is longer than any may be.
async fn drop_all_but(fixture: &Fixture, endpoint: &EndpointId, newest: usize) {
    let mut trim = redis::cmd("XTRIM");
    trim.arg(format!("wh:{{0}}:log:{endpoint}"))
        .arg("MAXLEN")
        .arg(newest);
    let _: usize = fixture.command(&trim).await;
}

/// Deliveries one after the other, so that each is of a time of its own.
async fn deliver_slowly(fixture: &Fixture, count: usize) {
    for _ in 0..count {
        deliver(fixture, 1).await;
        fixture.pass(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_page_behind_an_entry_that_the_log_has_lost_says_so() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    deliver_slowly(&fixture, 40).await;
    for status in [None, Some(ListStatus::Succeeded)] {
        let first = page(&fixture, &endpoint, status, None).await;
        assert_eq!(
            (first.deliveries.len(), first.has_gap, first.complete_since),
            (10, false, None)
        );
        let second = page(&fixture, &endpoint, status, first.next.as_ref()).await;
        assert_eq!((second.deliveries.len(), second.has_gap), (10, false));
    }
    let first = page(&fixture, &endpoint, None, None).await;
    let second = page(&fixture, &endpoint, None, first.next.as_ref()).await;
    // The first place is still there, the second has gone.
    drop_all_but(&fixture, &endpoint, 15).await;
    let rest = page(&fixture, &endpoint, None, first.next.as_ref()).await;
    assert_eq!((rest.deliveries.len(), rest.has_gap, rest.next), (5, false, None));
    assert!(rest.complete_since.is_some());
    let lost = page(&fixture, &endpoint, None, second.next.as_ref()).await;
    assert_eq!((lost.deliveries.len(), lost.has_gap, lost.next), (0, true, None));
    assert_eq!(lost.complete_since, rest.complete_since);
    // Anew, there is nothing to miss.
    assert!(!page(&fixture, &endpoint, None, None).await.has_gap);
}

#[tokio::test]
async fn a_place_in_a_block_is_a_gap_once_the_block_has_gone_but_not_for_what_was_lost_before() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    deliver_slowly(&fixture, 60).await;
    pack_oldest_entries(&fixture, &endpoint, 30).await;
    // The stream loses some before they are packed: the log isn't complete behind them, and has more.
    drop_all_but(&fixture, &endpoint, 20).await;
    let first = page(&fixture, &endpoint, None, None).await;
    let second = page(&fixture, &endpoint, None, first.next.as_ref()).await;
    let third = page(&fixture, &endpoint, None, second.next.as_ref()).await;
    let fourth = page(&fixture, &endpoint, None, third.next.as_ref()).await;
    for page in [&first, &second, &third, &fourth] {
        assert_eq!((page.deliveries.len(), page.has_gap), (10, false));
        assert!(page.complete_since.is_some());
    }

    // Another endpoint's log is whole, until its block goes at its age.
    let other = fixture.endpoint(&["*"]).await;
    let removed = fixture.store.remove_endpoint(&account(), &endpoint).await;
    assert!(removed.unwrap());
    deliver_slowly(&fixture, 40).await;
    pack_oldest_entries(&fixture, &other, 30).await;
    let first = page(&fixture, &other, None, None).await;
    let second = page(&fixture, &other, None, first.next.as_ref()).await;
    assert_eq!(
        (second.deliveries.len(), second.has_gap, second.complete_since),
        (10, false, None)
    );
    fixture.pass(Duration::from_secs(2 * 86_400)).await;
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let lost = page(&fixture, &other, None, second.next.as_ref()).await;
    assert_eq!((lost.deliveries.len(), lost.has_gap, lost.next), (0, true, None));
}

#[tokio::test]
async fn so_does_a_page_of_all_endpoints_however_short_one_of_their_logs_was_before() {
    let fixture = Fixture::new().await;
    let short = fixture.endpoint(&["*"]).await;
    deliver_slowly(&fixture, 20).await;
    let long = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    for _ in 0..20 {
        fixture.push().await;
        for endpoint in [&short, &long] {
            fixture.end_slow_start(endpoint).await;
        }
        for leased in fixture.fetch(&mut worker, 2).await {
            fixture.report(&mut worker, &leased, succeeded()).await;
            fixture.pass(Duration::from_millis(5)).await;
        }
    }
    let whole = account_page(&fixture, None).await;
    let within = account_page(&fixture, whole.next.as_ref()).await;
    assert_eq!(
        (whole.has_gap, within.has_gap, within.complete_since),
        (false, false, None)
    );
    // Of one log, what the next page would have shown goes.
    drop_all_but(&fixture, &short, 3).await;
    let lost = account_page(&fixture, within.next.as_ref()).await;
    assert!(lost.has_gap && lost.complete_since.is_some());
    assert!(!lost.deliveries.is_empty(), "the other log still has its own");
    // What comes then is known to be incomplete already.
    let next = account_page(&fixture, lost.next.as_ref()).await;
    assert!(!next.has_gap && next.complete_since.is_some());
    // The first place stands before all that was lost.
    assert!(!account_page(&fixture, None).await.has_gap);
}

#[tokio::test]
async fn so_does_a_page_of_a_queue_whose_last_entry_has_left_it() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push_many(25).await;
    let pending = Some(ListStatus::Pending);
    let first = page(&fixture, &endpoint, pending, None).await;
    let second = page(&fixture, &endpoint, pending, first.next.as_ref()).await;
    assert_eq!((second.deliveries.len(), second.has_gap), (10, false));
    let mut worker = Worker::new();
    while !fixture.fetch(&mut worker, 32).await.is_empty() {
        fixture.end_slow_start(&endpoint).await;
    }
    let lost = page(&fixture, &endpoint, pending, second.next.as_ref()).await;
    assert_eq!((lost.deliveries.len(), lost.has_gap, lost.next), (0, true, None));
    assert!(!page(&fixture, &endpoint, pending, None).await.has_gap);
}
