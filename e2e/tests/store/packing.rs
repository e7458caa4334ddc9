//! What can go wrong while history is packed, dropped and searched, one fault after the other.
//!
//! Proves (guarantees): however many blocks there are, an event in one of them is found, and one delivery with its attempt
//! Proves (guarantees): an account's history takes what it may, and nobody else's goes for it
//! Proves (guarantees): a worker stands still for hours between reading and writing a block

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId};
use store::history::{Found, Series, Written};
use store::log::Past;
use store::replays::{ReplayOutcome, ReplayStatus};

use crate::fixture::{BUDGETS, Fixture, account};
use crate::history::{
    MINUTE, events_of, finish, finish_many, fixture, log_of, next_block, pack, read, times_kept, upkeep,
    varied, whole_log, write,
};
use crate::packed::{detail, replay_all};

/// Packs what there is of a series, but for so many entries of a log.
pub(crate) async fn pack_whatever(fixture: &Fixture, series: &Series, kept: usize) -> bool {
    let unpacked = fixture.store.read_whatever_is_unpacked(series, kept).await;
    let Some(unpacked) = unpacked.unwrap() else {
        return false;
    };
    let written = fixture.store.write_block(&unpacked.pack().unwrap()).await;
    assert_eq!(written.unwrap(), Written::Done);
    true
}

pub(crate) fn exhausted_of(account: &AccountId) -> Found {
    Found {
        series: Series::Events {
            account: account.clone(),
            class: "exhausted".parse().unwrap(),
        },
        takes_little: true,
    }
}

async fn blocks(fixture: &Fixture) -> Vec<String> {
    let keys = fixture.keys().await.into_iter();
    keys.filter(|key| key.starts_with("block:")).collect()
}

async fn now(fixture: &Fixture, endpoint: &EndpointId) -> Timestamp {
    let facts = fixture.store.endpoint_facts(&account(), endpoint).await;
    facts.unwrap().unwrap().now
}

/// Many small blocks of payloads, and as many of the log.
async fn many_blocks(fixture: &Fixture, endpoint: &EndpointId, count: usize) -> BTreeSet<DeliveryId> {
    let mut delivered = BTreeSet::new();
    for _ in 0..count {
        let events = finish_many(fixture, 6).await;
        delivered.extend(events.keys().map(|event| DeliveryId::of(event, endpoint)));
        fixture.pass(Duration::from_secs(13)).await;
        assert!(pack_whatever(fixture, &events_of(&account()).series, 0).await);
        assert!(pack_whatever(fixture, &log_of(endpoint).series, 2).await);
    }
    fixture.assert_sound().await;
    delivered
}

#[tokio::test]
async fn one_delivery_of_many_blocks_is_found_whether_its_payload_is_packed_or_not() {
    let (fixture, endpoint) = fixture().await;
    let delivered = many_blocks(&fixture, &endpoint, 30).await;
    // Of these the log alone is packed, into blocks of a few entries.
    let mut unpacked = BTreeSet::new();
    for _ in 0..30 {
        let events = finish_many(&fixture, 3).await;
        unpacked.extend(events.keys().map(|event| DeliveryId::of(event, &endpoint)));
        assert!(pack_whatever(&fixture, &log_of(&endpoint).series, 2).await);
    }
    for delivery in delivered.iter().chain(&unpacked) {
        let found = detail(&fixture, &endpoint, delivery).await;
        let found = found.unwrap_or_else(|| panic!("{delivery} is not found"));
        assert_eq!(
            (found.attempts.len(), found.payload.is_some()),
            (1, true),
            "{delivery}"
        );
    }
}

#[tokio::test]
async fn a_replay_finds_the_events_of_many_blocks_that_are_as_old_as_each_other() {
    let (fixture, endpoint) = fixture().await;
    let delivered = many_blocks(&fixture, &endpoint, 30).await;
    // As if all had finished within one second, as they do where there are thousands.
    let index = "wh:{0}:blocks:delivered:org:org_1";
    let members: Vec<(String, f64)> = fixture
        .command(redis::cmd("ZRANGE").arg(index).arg(0).arg(-1).arg("WITHSCORES"))
        .await;
    let newest = members.last().unwrap().1;
    let mut as_old = redis::cmd("ZADD");
    as_old.arg(index);
    for (member, _) in &members {
        as_old.arg(newest).arg(member);
    }
    let _: i64 = fixture.command(&as_old).await;
    let until = now(&fixture, &endpoint).await;
    let span = (Timestamp::default(), until);
    let (replay, made) = replay_all(&fixture, &endpoint, ReplayStatus::Succeeded, span).await;
    assert_eq!((replay.made, replay.skipped), (180, 0));
    assert_eq!(made, delivered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_many_leaves_nothing_out_that_is_packed_between_its_steps() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 1500).await;
    let until = now(&fixture, &endpoint).await;
    fixture.pass(MINUTE).await;
    let packer = tokio::spawn({
        let (store, found) = (fixture.store.clone(), events_of(&account()));
        async move {
            let mut blocks = 0;
            while let Some(unpacked) = store.read_unpacked(&found).await.unwrap() {
                let block = unpacked.pack().unwrap();
                blocks += usize::from(store.write_block(&block).await.unwrap() == Written::Done);
            }
            blocks
        }
    });
    let span = (Timestamp::default(), until);
    let (replay, made) = replay_all(&fixture, &endpoint, ReplayStatus::Succeeded, span).await;
    assert_eq!((replay.made, replay.skipped), (1500, 0));
    assert!(made.iter().all(|made| payloads.contains_key(&made.event())));
    assert!(packer.await.unwrap() > 0);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn since_when_history_is_complete_only_rises() {
    let (fixture, endpoint) = fixture().await;
    finish_many(&fixture, 400).await;
    assert_eq!(pack(&fixture, &log_of(&endpoint)).await, 1);
    finish_many(&fixture, 400).await;
    // The log drops some by itself, which are newer than the block.
    let key = format!("wh:{{0}}:log:{endpoint}");
    let _: i64 = fixture
        .command(redis::cmd("XTRIM").arg(&key).arg("MAXLEN").arg(300))
        .await;
    assert_eq!(pack(&fixture, &log_of(&endpoint)).await, 1);
    let since = async || {
        let since = fixture
            .store
            .complete_since(&account(), &endpoint, Past::Log)
            .await;
        since.unwrap().expect("something went")
    };
    let before = since().await;
    assert_eq!(blocks(&fixture).await.len(), 2);
    fixture.store.upkeep_step(&fixture.policy, None, 1).await.unwrap();
    assert_eq!(blocks(&fixture).await.len(), 1, "the older one went");
    assert_eq!(since().await, before);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_finished_event_without_a_payload_goes_as_it_would_have() {
    let (fixture, _) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    let bare: Vec<_> = payloads.keys().take(3).cloned().collect();
    for event in &bare {
        let key = format!("wh:{{0}}:event:{event}");
        let _: i64 = fixture.command(redis::cmd("HDEL").arg(key).arg("body")).await;
    }
    fixture.pass(MINUTE).await;
    assert_eq!(pack(&fixture, &events_of(&account())).await, 1);
    let left: Vec<_> = fixture
        .keys()
        .await
        .into_iter()
        .filter(|key| key.starts_with("event:") || key.starts_with("finished:"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    for event in payloads.keys() {
        let found = fixture.store.packed_event(&account(), event).await.unwrap();
        assert_eq!(found.is_none(), bare.contains(event), "{event}");
    }

    // There may be none with a payload at all.
    let one = finish_many(&fixture, 1).await;
    let key = format!("wh:{{0}}:event:{}", one.keys().next().unwrap());
    let _: i64 = fixture.command(redis::cmd("HDEL").arg(&key).arg("body")).await;
    fixture.pass(MINUTE).await;
    assert!(pack_whatever(&fixture, &events_of(&account()).series, 0).await);
    assert_eq!(blocks(&fixture).await.len(), 1);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn entries_that_stand_for_nothing_go_without_a_block() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 520).await;
    for event in payloads.keys() {
        let source = DeliveryId::of(event, &endpoint);
        let sent = fixture
            .store
            .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
            .await;
        assert_eq!(sent.unwrap(), ReplayOutcome::Pending);
    }
    fixture.pass(MINUTE).await;
    let block = next_block(&fixture, &events_of(&account())).await;
    assert_eq!(write(&fixture, &block).await, Written::Done);
    assert_eq!(blocks(&fixture).await, Vec::<String>::new());
    assert_eq!(fixture.list("account:org:org_1:delivered").await.len(), 8);
}

#[tokio::test]
async fn what_was_read_long_ago_is_not_written() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    let block = next_block(&fixture, &events_of(&account())).await;
    // The worker stands still. Meanwhile one is sent again, and what tells of that has gone by the time it goes on.
    let source = DeliveryId::of(payloads.keys().next().unwrap(), &endpoint);
    let sent = fixture
        .store
        .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
        .await;
    assert_eq!(sent.unwrap(), ReplayOutcome::Pending);
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg("wh:{0}:account:org:org_1:again"))
        .await;
    fixture.pass(Duration::from_secs(3601)).await;
    assert_eq!(write(&fixture, &block).await, Written::Changed);
    let block = next_block(&fixture, &events_of(&account())).await;
    assert_eq!(write(&fixture, &block).await, Written::Done);
}

#[tokio::test]
async fn only_who_has_more_than_his_budget_of_both_kinds_together_loses_some() {
    let (mut fixture, _) = fixture().await;
    fixture.policy.disable_after = 1_000_000;
    let accounts: Vec<AccountId> = ["org:a", "org:b", "org:c"]
        .map(|name| name.parse().unwrap())
        .into();
    for account in &accounts {
        fixture.endpoint_of(account, &["*"], None).await;
    }
    for (index, count, fails) in [(0, 300, false), (1, 250, false), (1, 250, true), (2, 340, true)] {
        let mut events: Vec<_> = (0..count).map(|number| varied(number, 600)).collect();
        for event in &mut events {
            event.account = accounts[index].clone();
        }
        finish(&fixture, &events, fails).await;
    }
    fixture.pass(MINUTE).await;
    for found in [
        events_of(&accounts[0]),
        events_of(&accounts[1]),
        exhausted_of(&accounts[1]),
        exhausted_of(&accounts[2]),
    ] {
        assert_eq!(pack(&fixture, &found).await, 1, "{found:?}");
    }
    let bytes = async |key: &str| -> HashMap<String, u64> {
        fixture
            .command(
                redis::cmd("ZRANGE")
                    .arg(format!("wh:{{0}}:{key}"))
                    .arg(0)
                    .arg(-1)
                    .arg("WITHSCORES"),
            )
            .await
    };
    let (delivered, exhausted) = (
        bytes("history:bytes").await,
        bytes("history:bytes:exhausted").await,
    );
    let budget = delivered["org:a"].max(exhausted["org:c"]);
    assert!(delivered["org:b"] < delivered["org:a"] && exhausted["org:b"] < exhausted["org:c"]);
    assert!(delivered["org:b"] + exhausted["org:b"] > budget);
    let policy = store::policy::Policy {
        history_budget: budget,
        ..fixture.policy.clone()
    };
    while fixture.store.upkeep(&policy).await.unwrap().more {}
    fixture.assert_sound().await;
    let mut left = delivered;
    left.remove("org:b");
    assert_eq!(bytes("history:bytes").await, left);
    assert_eq!(bytes("history:bytes:exhausted").await, exhausted);
}

#[tokio::test]
async fn a_firehose_shortens_its_own_history_and_nobody_elses() {
    let (fixture, quiet) = fixture().await;
    let loud: AccountId = "org:loud".parse().unwrap();
    let firehose = fixture.endpoint_of(&loud, &["*"], None).await;
    // Oldest of all is what the quiet one has.
    let kept = finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    assert_eq!(pack(&fixture, &events_of(&account())).await, 1);
    assert_eq!(pack(&fixture, &log_of(&quiet)).await, 1);
    let mut pushed = Vec::new();
    for _ in 0..5 {
        let mut events: Vec<_> = (0..400).map(|number| varied(number, 600)).collect();
        for event in &mut events {
            event.account = loud.clone();
        }
        finish(&fixture, &events, false).await;
        pushed.extend(events);
        fixture.pass(MINUTE).await;
        pack(&fixture, &events_of(&loud)).await;
    }
    let log = Found {
        series: Series::Log {
            endpoint: firehose.clone(),
            account: loud.clone(),
        },
        takes_little: true,
    };
    assert!(pack(&fixture, &log).await > 0);
    let takes = async || {
        let bytes: u64 = fixture
            .command(
                redis::cmd("ZSCORE")
                    .arg("wh:{0}:history:bytes")
                    .arg(loud.as_str()),
            )
            .await;
        bytes
    };
    let all = takes().await;
    let policy = store::policy::Policy {
        history_budget: all / 2,
        ..fixture.policy.clone()
    };
    while fixture.store.upkeep(&policy).await.unwrap().more {}
    fixture.assert_sound().await;
    assert!(takes().await <= all / 2);

    for event in kept.keys() {
        assert!(
            fixture
                .store
                .packed_event(&account(), event)
                .await
                .unwrap()
                .is_some()
        );
    }
    for past in [Past::Log, Past::Succeeded, Past::Exhausted] {
        let since = fixture.store.complete_since(&account(), &quiet, past).await;
        assert_eq!(since.unwrap(), None);
    }
    // Its newest is there, its oldest isn't, and it is told so.
    let is_kept = async |number: usize| {
        let found = fixture.store.event_body(&loud, &pushed[number].id).await;
        found.unwrap().is_some()
    };
    assert!(!is_kept(0).await && is_kept(pushed.len() - 1).await);
    let since = fixture
        .store
        .complete_since(&loud, &firehose, Past::Succeeded)
        .await;
    assert!(since.unwrap().is_some());
}

#[tokio::test]
async fn upkeep_gets_past_what_it_can_not_read_in_an_index() {
    let (fixture, endpoint) = fixture().await;
    finish_many(&fixture, 400).await;
    assert_eq!(pack(&fixture, &log_of(&endpoint)).await, 1);
    for key in [format!("blocks:log:{endpoint}"), "history:log".to_owned()] {
        let member = if key == "history:log" {
            endpoint.as_str()
        } else {
            "what is it"
        };
        let _: i64 = fixture
            .command(
                redis::cmd("ZADD")
                    .arg(format!("wh:{{0}}:{key}"))
                    .arg(1)
                    .arg(member),
            )
            .await;
    }
    fixture.store.upkeep(&fixture.policy).await.unwrap();
    fixture.assert_sound().await;
    assert_eq!(whole_log(&fixture, &endpoint).await.len(), 400);
    assert_eq!(fixture.list("corrupt").await, ["index log what is it"]);
}

#[tokio::test]
async fn what_a_removed_endpoint_has_left_keeps_nobody_from_making_room() {
    let (fixture, endpoint) = fixture().await;
    let other: AccountId = "org:org_2".parse().unwrap();
    fixture.endpoint_of(&other, &["*"], None).await;
    let mut events: Vec<_> = (0..200).map(|number| varied(number, 600)).collect();
    for event in &mut events {
        event.account = other.clone();
    }
    finish(&fixture, &events, false).await;
    finish_many(&fixture, 3000).await;
    assert!(pack(&fixture, &log_of(&endpoint)).await > 0);
    fixture.pass(MINUTE).await;
    assert_eq!(pack(&fixture, &events_of(&other)).await, 1);
    let _: i64 = fixture
        .command(
            redis::cmd("ZINCRBY")
                .arg("wh:{0}:history:bytes")
                .arg(1 << 30)
                .arg("org:org_1"),
        )
        .await;
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    let reply = fixture.store.upkeep_step(&fixture.policy, None, 1).await.unwrap();
    assert!(reply.early.bytes > 0, "{reply:?}");
}

#[tokio::test]
async fn blocks_are_kept_by_the_retention_that_workers_have_now() {
    let (mut fixture, endpoint) = fixture().await;
    finish_many(&fixture, 400).await;
    fixture.pass(MINUTE).await;
    for found in [events_of(&account()), log_of(&endpoint)] {
        assert_eq!(pack(&fixture, &found).await, 1);
    }
    fixture.policy.retention_succeeded = Duration::from_secs(7 * 86_400);
    fixture.pass(Duration::from_secs(3 * 86_400)).await;
    upkeep(&fixture, 0).await;
    assert_eq!(blocks(&fixture).await.len(), 2);
    fixture.policy.retention_succeeded = Duration::from_secs(3600);
    upkeep(&fixture, 0).await;
    assert_eq!(blocks(&fixture).await, Vec::<String>::new());
}

#[tokio::test]
async fn packing_goes_on_while_memory_is_full_and_makes_room() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 600).await;
    fixture.pass(MINUTE).await;
    let set = async |name: &str, value: &str| {
        let _: String = fixture
            .command(redis::cmd("CONFIG").arg("SET").arg(name).arg(value))
            .await;
    };
    set("maxmemory-policy", "noeviction").await;
    set("maxmemory", "1mb").await;
    for found in [events_of(&account()), log_of(&endpoint)] {
        assert!(pack(&fixture, &found).await > 0);
    }
    let source = DeliveryId::of(payloads.keys().next().unwrap(), &endpoint);
    let (store, new) = (&fixture.store, source.replay());
    let refused = store.replay_delivery(&account(), &source, &new, BUDGETS).await;
    assert!(refused.is_err(), "what takes memory is refused: {refused:?}");
    fixture.assert_sound().await;
    set("maxmemory", "0").await;
    let sent = store.replay_delivery(&account(), &source, &new, BUDGETS).await;
    assert_eq!(sent.unwrap(), ReplayOutcome::Pending);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn a_server_that_only_reads_takes_no_block_and_loses_nothing() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    let blocks = [
        next_block(&fixture, &events_of(&account())).await,
        next_block(&fixture, &log_of(&endpoint)).await,
    ];
    let follow = async |host: &str, port: &str| {
        let _: String = fixture.command(redis::cmd("REPLICAOF").arg(host).arg(port)).await;
    };
    follow("127.0.0.1", "1").await;
    for block in &blocks {
        assert!(fixture.store.write_block(block).await.is_err());
    }
    follow("NO", "ONE").await;
    for block in &blocks {
        assert_eq!(write(&fixture, block).await, Written::Done);
    }
    assert!(
        times_kept(&fixture, &payloads)
            .await
            .values()
            .all(|times| *times == 1)
    );
    assert_eq!(whole_log(&fixture, &endpoint).await.len(), 300);
    assert!(read(&fixture, &events_of(&account())).await.is_none());
}
