//! Long logs are paged through, counted, replayed and followed while workers pack them and blocks go.
//!
//! Proves (guarantees): a listing is paged through, a live stream is resumed, a replay of many runs, while what they read is packed: nothing is left out, nothing comes twice
//! Proves (guarantees): whoever reads the past is told since when it is complete

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId};
use store::Store;
use store::history::{Series, Written};
use store::log::{ListFilter, ListStatus, LogEntry, Past};
use store::queue::WorkRequest;
use store::replays::{ReplaySpan, ReplayStatus};
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, Worker, account, failed, report, wants};
use crate::history::{MINUTE, events_of, log_of};
use crate::packed::{deliver, listed, oldest_of_stream};

mod long {
    #[tokio::test(flavor = "multi_thread")]
    async fn very_many_attempts_are_listed_without_a_gap_and_a_double_while_they_are_packed() {
        super::list_while_packing(e2e::thorough::times(30_000, 100_000)).await;
    }
}

/// Packs the log and the payloads, as workers do, until it is told to end.
struct Packer {
    stop: Arc<AtomicBool>,
    task: JoinHandle<usize>,
}

impl Packer {
    fn start(store: &Store, endpoint: &EndpointId) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let (store, stopped) = (store.clone(), Arc::clone(&stop));
        let series: Vec<Series> = vec![log_of(endpoint).series, events_of(&account()).series];
        let task = tokio::spawn(async move {
            let mut blocks = 0;
            while !stopped.load(Ordering::SeqCst) {
                for series in &series {
                    let read = store.read_whatever_is_unpacked(series, 200).await.unwrap();
                    let Some(unpacked) = read else { continue };
                    let packed = tokio::task::spawn_blocking(move || unpacked.pack()).await;
                    let block = packed.unwrap().unwrap();
                    blocks += usize::from(store.write_block(&block).await.unwrap() == Written::Done);
                }
                tokio::task::yield_now().await;
            }
            blocks
        });
        Self { stop, task }
    }

    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

/// A log of this many attempts, of which some failed for good; the deliveries, the oldest first.
async fn long_log(fixture: &mut Fixture, endpoint: &EndpointId, count: usize) -> (Vec<DeliveryId>, usize) {
    fixture.policy.disable_after = 1_000_000;
    let (mut all, mut exhausted, mut worker) = (Vec::new(), 0, Worker::new());
    while all.len() < count {
        all.extend(deliver(fixture, 497).await);
        fixture.push_many(3).await;
        let leased = fixture.fetch(&mut worker, 8).await;
        let reports = leased.iter().map(|leased| report(leased, failed(None))).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        fixture.end_slow_start(endpoint).await;
        exhausted += leased.len();
        all.extend(leased.into_iter().map(|leased| leased.delivery));
        fixture.pass(Duration::from_millis(50)).await;
    }
    (all, exhausted)
}

async fn list_while_packing(count: usize) {
    let mut fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    // All of it comes before anything is packed, and nothing of it goes.
    let (all, exhausted) = long_log(&mut fixture, &endpoint, count).await;
    fixture.pass(MINUTE).await;
    let expected: BTreeSet<DeliveryId> = all.iter().cloned().collect();
    assert_eq!(expected.len(), all.len());

    let store = fixture.store.clone();
    let packer = Packer::start(&store, &endpoint);
    let of_status = |status| ListFilter {
        status,
        ..ListFilter::default()
    };
    let (succeeded, failed) = (all.len() - exhausted, exhausted);
    for (status, limit, matching) in [
        (None, 100, all.len()),
        (Some(ListStatus::Succeeded), 93, succeeded),
        (Some(ListStatus::Exhausted), 100, failed),
    ] {
        let found = listed(&fixture, &endpoint, &of_status(status), limit, async || ()).await;
        let distinct: BTreeSet<_> = found.iter().map(|delivery| delivery.id.clone()).collect();
        assert_eq!((found.len(), distinct.len()), (matching, matching), "{status:?}");
        assert!(distinct.is_subset(&expected));
    }
    // Followed from the first one on, it comes in order.
    let oldest = oldest_place(&fixture, &endpoint).await;
    let mut tail = store.tail_log(&endpoint, Some(oldest)).await.unwrap();
    let mut followed = 1;
    while followed < all.len() {
        let entries = tail.next(Duration::from_secs(5)).await.unwrap();
        assert!(!entries.is_empty(), "{followed} of {}", all.len());
        for attempt in entries.into_iter().filter_map(LogEntry::into_attempt) {
            assert_eq!(attempt.delivery, all[followed]);
            followed += 1;
        }
    }
    let facts = store
        .endpoint_facts(&account(), &endpoint)
        .await
        .unwrap()
        .unwrap();
    let blocks = packer.stop().await;
    assert!(blocks > 1, "{blocks}");
    let span = ReplaySpan {
        status: ReplayStatus::Exhausted,
        events: Vec::new(),
        since: Timestamp::default(),
        until: facts.now,
    };
    let counted = store
        .count_replay(&account(), &endpoint, &span)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((counted.matching, counted.is_lower_bound), (failed as u64, false));
    for past in [Past::Log, Past::Succeeded, Past::Exhausted] {
        let since = store.complete_since(&account(), &endpoint, past).await;
        assert_eq!(since.unwrap(), None, "{past:?}");
    }
    fixture.assert_sound().await;
    only_complete_since(&fixture, &endpoint, &all).await;
}

async fn oldest_place(fixture: &Fixture, endpoint: &EndpointId) -> store::log::EntryId {
    let blocks = fixture
        .store
        .log_blocks_after(endpoint, ::history::Place::default(), 1)
        .await;
    match blocks.unwrap().first() {
        Some(block) => block.first.into(),
        None => oldest_of_stream(fixture, endpoint).await,
    }
}

/// Blocks go while somebody pages: he misses nothing of what he is told to be complete.
async fn only_complete_since(fixture: &Fixture, endpoint: &EndpointId, all: &[DeliveryId]) {
    let everything = ListFilter::default();
    let (store, mut pages, mut drops) = (&fixture.store, 0, 0);
    let found = listed(fixture, endpoint, &everything, 100, async || {
        pages += 1;
        if pages % 10 == 0 && drops < 2 {
            drops += 1;
            // Until one of the log went: payloads may be older.
            let before = store
                .complete_since(&account(), endpoint, Past::Log)
                .await
                .unwrap();
            while store
                .complete_since(&account(), endpoint, Past::Log)
                .await
                .unwrap()
                == before
            {
                let reply = store.upkeep_step(&fixture.policy, None, 1).await.unwrap();
                assert!(reply.early.bytes > 0, "{reply:?}");
            }
        }
    })
    .await;
    let found: BTreeSet<_> = found.into_iter().map(|delivery| delivery.id).collect();
    let since = fixture
        .store
        .complete_since(&account(), endpoint, Past::Log)
        .await;
    let since = since.unwrap().expect("blocks went");
    let span = ListFilter {
        since: Some(since),
        ..ListFilter::default()
    };
    let complete = listed(fixture, endpoint, &span, 100, async || ()).await;
    let complete: BTreeSet<_> = complete.into_iter().map(|delivery| delivery.id).collect();
    assert!(complete.is_subset(&found) && !complete.is_empty());
    // They are the newest, and none of these is missing.
    let newest: BTreeSet<_> = all[all.len() - complete.len()..].iter().cloned().collect();
    assert_eq!(complete, newest);
    fixture.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_listed_without_a_gap_and_a_double_while_they_are_packed() {
    list_while_packing(12_000).await;
}
