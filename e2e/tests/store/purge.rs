//! What has finished goes before its age, at an operator's order.
//!
//! Proves (guarantees): what an operator purges is what has finished until a moment, and nothing else

use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};
use store::StoreError;
use store::log::Past;
use store::mending::{PurgeSpan, Purged};

use crate::fixture::{Fixture, Worker, account};
use crate::history::{MINUTE, events_of, finish, finish_many, fixture, log_of, pack, varied, whole_log};
use crate::packing::exhausted_of;

const HOUR: Duration = Duration::from_secs(3600);

async fn now(fixture: &Fixture) -> Timestamp {
    fixture.store.time().await.unwrap()
}

async fn purge(fixture: &Fixture, span: PurgeSpan) -> Purged {
    let purged = fixture.store.purge_finished(&account(), span, &|_| {}).await;
    fixture.assert_sound().await;
    purged.unwrap()
}

async fn since(fixture: &Fixture, endpoint: &EndpointId, past: Past) -> Option<Timestamp> {
    let since = fixture.store.complete_since(&account(), endpoint, past).await;
    since.unwrap()
}

/// How many payloads there are, packed ones not counted, and how many blocks.
async fn kept(fixture: &Fixture) -> (usize, usize) {
    let keys = fixture.keys().await;
    let count = |start: &str| keys.iter().filter(|key| key.starts_with(start)).count();
    (count("event:"), count("block:"))
}

#[tokio::test]
async fn what_has_finished_until_a_moment_goes_and_nothing_else() {
    let (mut fixture, endpoint) = fixture().await;
    fixture.policy.disable_after = 10_000;
    let failing = |count: usize| (0..count).map(|number| varied(number, 600)).collect::<Vec<_>>();
    // Packed, and beside the blocks, of both classes.
    finish_many(&fixture, 400).await;
    finish(&fixture, &failing(300), true).await;
    fixture.pass(MINUTE).await;
    for found in [events_of(&account()), exhausted_of(&account()), log_of(&endpoint)] {
        assert_eq!(pack(&fixture, &found).await, 1);
    }
    finish_many(&fixture, 350).await;
    finish(&fixture, &failing(20), true).await;
    let log = whole_log(&fixture, &endpoint).await;
    fixture.pass(HOUR).await;
    let until = now(&fixture).await;
    // Later than that, or unfinished.
    fixture.pass(HOUR).await;
    let later = finish_many(&fixture, 7).await;
    fixture.push_many(3).await;
    let mut worker = Worker::new();
    let in_flight = fixture.fetch(&mut worker, 1).await;
    assert_eq!(in_flight.len(), 1);

    let span = PurgeSpan {
        until,
        keeps_exhausted: true,
    };
    let would = fixture.store.purgeable(&account(), span).await.unwrap();
    assert_eq!((would.events, would.log_blocks), (750, 1));
    let went = purge(&fixture, span).await;
    assert_eq!((went.events, went.log_blocks), (750, 1));
    // What events beside the blocks take was reckoned from all of them.
    assert!(
        would.bytes.abs_diff(went.bytes) < went.bytes / 10,
        "{would:?} {went:?}"
    );
    assert_eq!(kept(&fixture).await, (20 + 7 + 3, 1));
    assert_eq!(
        whole_log(&fixture, &endpoint).await[..log.len() - 500],
        log[500..]
    );
    let moment = |text: &str| text.split('-').next().unwrap().parse::<u64>().unwrap();
    let told = since(&fixture, &endpoint, Past::Log).await.unwrap().as_millis();
    assert!(
        (moment(&log[499].0)..=moment(&log[500].0) + 1).contains(&told),
        "{told}"
    );
    assert!(since(&fixture, &endpoint, Past::Succeeded).await.unwrap() < until);
    assert_eq!(since(&fixture, &endpoint, Past::Exhausted).await, None);

    let span = PurgeSpan {
        keeps_exhausted: false,
        ..span
    };
    assert_eq!(
        fixture.store.purgeable(&account(), span).await.unwrap().events,
        320
    );
    assert_eq!(purge(&fixture, span).await.events, 320);
    assert!(since(&fixture, &endpoint, Past::Exhausted).await.unwrap() < until);
    assert_eq!(kept(&fixture).await, (10, 0));
    assert_eq!(purge(&fixture, span).await, Purged::default());
    for event in later.keys() {
        assert!(fixture.hash(&format!("event:{event}")).await.contains_key("body"));
    }
    assert_eq!(fixture.hash("stats").await["releasedByOperator"], "1070");
}

/// What went of both classes is noted in one key, and of one class it is of use for two weeks.
#[tokio::test]
async fn that_exhausted_ones_went_is_known_as_long_though_delivered_ones_went_later() {
    const DAY: i64 = 86_400_000;
    let (mut fixture, endpoint) = fixture().await;
    fixture.policy.disable_after = 10_000;
    let key = format!("account:{}:since", account());
    for (fails, past) in [(true, Past::Exhausted), (false, Past::Succeeded)] {
        let events: Vec<_> = (0..5).map(|number| varied(number, 600)).collect();
        finish(&fixture, &events, fails).await;
        fixture.pass(HOUR).await;
        let span = PurgeSpan {
            until: now(&fixture).await,
            keeps_exhausted: false,
        };
        assert_eq!(purge(&fixture, span).await.events, 5);
        assert!(since(&fixture, &endpoint, past).await.is_some());
        let lives = fixture.ttl(&key).await;
        assert!((13 * DAY..=14 * DAY).contains(&lives), "{lives} ms");
    }
}

#[tokio::test]
async fn what_finished_just_now_can_still_be_accepted_again() {
    let (fixture, _) = fixture().await;
    let events = vec![varied(1, 600)];
    finish(&fixture, &events, false).await;
    // An event is as old as the end of its second.
    fixture.pass(Duration::from_secs(2)).await;
    let span = PurgeSpan {
        until: now(&fixture).await,
        keeps_exhausted: false,
    };
    assert_eq!(purge(&fixture, span).await.events, 1);
    let left = fixture.hash(&format!("event:{}", events[0].id)).await;
    assert!(
        !left.contains_key("body") && left.contains_key("deliveries"),
        "{left:?}"
    );
}

#[tokio::test]
async fn other_accounts_and_one_that_leaves_keep_what_they_have() {
    let (fixture, _) = fixture().await;
    finish_many(&fixture, 5).await;
    fixture.pass(HOUR).await;
    let span = PurgeSpan {
        until: now(&fixture).await,
        keeps_exhausted: false,
    };
    let other: AccountId = "org:org_2".parse().unwrap();
    let purged = fixture.store.purge_finished(&other, span, &|_| {}).await.unwrap();
    assert_eq!(purged, Purged::default());
    assert_eq!(
        fixture.store.accounts_with_past().await.unwrap(),
        [account()].into()
    );
    let terms = format!("wh:{{0}}:account:{}:terms", account());
    let _: String = fixture
        .command(redis::cmd("SET").arg(&terms).arg("moving 1"))
        .await;
    let refused = fixture.store.purge_finished(&account(), span, &|_| {}).await;
    assert!(
        matches!(refused, Err(StoreError::AccountMoving(_))),
        "{refused:?}"
    );
    let _: i64 = fixture.command(redis::cmd("DEL").arg(&terms)).await;
    assert_eq!(purge(&fixture, span).await.events, 5);
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_skipped_makes_nothing_old() {
    const DAYS: i64 = 20 * 86_400_000;
    let (fixture, _) = fixture().await;
    finish_many(&fixture, 3).await;
    fixture.pass(2 * HOUR).await;
    finish_many(&fixture, 5).await;
    fixture.step_clock(DAYS).await;
    fixture.push().await; // keeps the clock
    fixture.step_clock(-DAYS).await;
    fixture.push().await;
    let an_hour_ago = async || PurgeSpan {
        until: fixture.store.overview_long_ago(HOUR).await.unwrap(),
        keeps_exhausted: false,
    };
    for finished in [3, 0] {
        let span = an_hour_ago().await;
        let would = fixture.store.purgeable(&account(), span).await.unwrap();
        assert_eq!(
            (would.events, purge(&fixture, span).await.events),
            (finished, finished)
        );
    }
    fixture.pass(2 * HOUR).await;
    assert_eq!(purge(&fixture, an_hour_ago().await).await.events, 5);
}
