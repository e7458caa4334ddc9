//! What is finished is packed into blocks, in steps that lose and double nothing, and blocks go at their time.
//!
//! Proves (guarantees): a worker, or Redis, is killed while history is packed

use std::collections::HashMap;
use std::time::Duration;

use ::history::{LogDescriptor, Place};
use domain::event::{EventType, Payload};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use e2e::before;
use e2e::redis_server::RedisServer;
use e2e::state::connect_async;
use store::check::broken_rules;
use store::events::NewEvent;
use store::history::{Found, NewBlock, PackedEvent, Series, Unpacked, Written};
use store::queue::WorkRequest;
use store::replays::ReplayOutcome;

use crate::fixture::{BUDGETS, Fixture, Worker, account, event_of, failed, report, succeeded, wants};

pub(crate) const MINUTE: Duration = Duration::from_secs(61);

/// A store that has blocks, and an endpoint that gets every event.
pub(crate) async fn fixture() -> (Fixture, EndpointId) {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    (fixture, endpoint)
}

/// An event with about so many bytes of payload.
pub(crate) fn varied(number: usize, bytes: usize) -> NewEvent {
    let words =
        (0..bytes / 12).map(|at| format!("{:x} ", (number + 7) * (at + 13) * 2_654_435_761 % 0xfff_ffff));
    let data = format!(
        "{{\"number\":{number},\"text\":\"{}\"}}",
        words.collect::<String>()
    );
    event_of(EventType::LEAD_CAPTURED, "bot", &data)
}

/// Accepts events and reports that all their deliveries came to an end; returns their payloads.
pub(crate) async fn finish(fixture: &Fixture, events: &[NewEvent], fails: bool) -> HashMap<EventId, Payload> {
    let mut worker = Worker::new();
    for chunk in events.chunks(200) {
        for outcome in fixture.accept_all(chunk, BUDGETS).await {
            outcome.unwrap();
        }
        loop {
            let leased = fixture.fetch(&mut worker, 64).await;
            if leased.is_empty() {
                break;
            }
            let outcome = || if fails { failed(None) } else { succeeded() };
            let reports = leased.iter().map(|leased| report(leased, outcome())).collect();
            fixture
                .work(&mut worker, WorkRequest { reports, ..wants(0) })
                .await;
        }
    }
    events
        .iter()
        .map(|event| (event.id.clone(), event.payload.clone()))
        .collect()
}

/// Finished events with about 600 bytes of payload each.
pub(crate) async fn finish_many(fixture: &Fixture, count: usize) -> HashMap<EventId, Payload> {
    let events: Vec<_> = (0..count).map(|number| varied(number, 600)).collect();
    finish(fixture, &events, false).await
}

pub(crate) fn events_of(account: &AccountId) -> Found {
    Found {
        series: Series::Events {
            account: account.clone(),
            class: "delivered".parse().unwrap(),
        },
        takes_little: true,
    }
}

pub(crate) fn log_of(endpoint: &EndpointId) -> Found {
    Found {
        series: Series::Log {
            endpoint: endpoint.clone(),
            account: account(),
        },
        takes_little: true,
    }
}

pub(crate) async fn read(fixture: &Fixture, found: &Found) -> Option<Unpacked> {
    fixture.store.read_unpacked(found).await.unwrap()
}

/// The block that is written next of a series.
pub(crate) async fn next_block(fixture: &Fixture, found: &Found) -> NewBlock {
    read(fixture, found).await.unwrap().pack().unwrap()
}

pub(crate) async fn write(fixture: &Fixture, block: &NewBlock) -> Written {
    let written = fixture.store.write_block(block).await.unwrap();
    fixture.assert_sound().await;
    written
}

/// Packs a series until it is short; returns how many blocks were written.
pub(crate) async fn pack(fixture: &Fixture, found: &Found) -> usize {
    let mut blocks = 0;
    while let Some(unpacked) = read(fixture, found).await {
        assert_eq!(write(fixture, &unpacked.pack().unwrap()).await, Written::Done);
        blocks += 1;
    }
    blocks
}

/// All entries of an endpoint's log, wherever they are.
pub(crate) async fn whole_log(
    fixture: &Fixture,
    endpoint: &EndpointId,
) -> Vec<(String, Vec<(String, String)>)> {
    let store = &fixture.store;
    let mut all = Vec::new();
    let blocks = store
        .log_blocks_after(endpoint, Place::default(), 100)
        .await
        .unwrap();
    for descriptor in blocks {
        let block = store.log_block(&descriptor).await.unwrap().unwrap();
        assert_eq!(block.endpoint, *endpoint);
        all.extend(
            block
                .entries
                .into_iter()
                .map(|entry| (entry.place.to_string(), entry.fields)),
        );
    }
    let key = format!("wh:{{0}}:log:{endpoint}");
    let rest: Vec<(String, Vec<(String, String)>)> = fixture
        .command(redis::cmd("XRANGE").arg(key).arg("-").arg("+"))
        .await;
    all.extend(rest);
    all
}

pub(crate) async fn upkeep(fixture: &Fixture, room: u64) {
    loop {
        let reply = fixture
            .store
            .upkeep_step(&fixture.policy, None, room)
            .await
            .unwrap();
        let violations = broken_rules(&fixture.store.snapshot(&|_| {}).await.unwrap());
        assert!(violations.is_empty(), "{violations:#?}");
        if !reply.more {
            return;
        }
    }
}

#[tokio::test]
async fn what_is_finished_is_found_in_blocks_as_it_was() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 1700).await;
    let log = whole_log(&fixture, &endpoint).await;
    assert_eq!(log.len(), 1700);
    let mut from = 0;
    // Whoever logs marks the log now and then, which is looked at first.
    let _: i64 = fixture.command(redis::cmd("DEL").arg("wh:{0}:packing")).await;
    let young = Found {
        takes_little: false,
        ..events_of(&account())
    };
    assert_eq!(fixture.store.find_unpacked(&mut from, false).await.unwrap(), None);
    assert!(read(&fixture, &young).await.is_none());
    fixture.pass(MINUTE).await;
    let found = fixture
        .store
        .find_unpacked(&mut from, false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, young, "it is no longer");
    // It is claimed.
    assert_eq!(fixture.store.find_unpacked(&mut from, false).await.unwrap(), None);
    assert_eq!(pack(&fixture, &found).await, 3);
    // The rest is no block's worth yet; after an hour it is enough.
    assert!(read(&fixture, &found).await.is_none());
    fixture.pass(Duration::from_secs(3600)).await;
    let found = fixture
        .store
        .find_unpacked(&mut from, false)
        .await
        .unwrap()
        .unwrap();
    assert!(found.takes_little);
    assert_eq!(pack(&fixture, &found).await, 1);
    assert_eq!(
        fixture.list("account:org:org_1:delivered").await,
        Vec::<String>::new()
    );
    assert!(
        !fixture
            .keys()
            .await
            .iter()
            .any(|key| key.starts_with("event:") || key.starts_with("finished:"))
    );

    for (id, payload) in &payloads {
        if id.as_str().ends_with(['0', '7', 'z']) {
            let packed = fixture.store.packed_event(&account(), id).await.unwrap();
            let PackedEvent { class, event, .. } = packed.unwrap();
            assert_eq!(
                (class.as_str(), event.kind.as_str()),
                ("delivered", "lead.captured")
            );
            assert_eq!(event.body, payload.as_bytes()[..]);
        }
    }
    let strange = EventId::new(payloads.keys().next().unwrap().time().as_millis());
    assert_eq!(
        fixture.store.packed_event(&account(), &strange).await.unwrap(),
        None
    );
    let other = "org:org_2".parse().unwrap();
    let known = payloads.keys().next().unwrap();
    assert_eq!(fixture.store.packed_event(&other, known).await.unwrap(), None);

    // The log: found once a worker was told to look.
    let _: i64 = fixture
        .command(
            redis::cmd("ZADD")
                .arg("wh:{0}:packing")
                .arg(0)
                .arg(format!("log:{endpoint}")),
        )
        .await;
    let found = fixture
        .store
        .find_unpacked(&mut from, false)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found, log_of(&endpoint));
    assert_eq!(pack(&fixture, &found).await, 1);
    assert_eq!(whole_log(&fixture, &endpoint).await, log);
    let blocks = fixture
        .store
        .log_blocks_after(&endpoint, Place::default(), 9)
        .await;
    let blocks = blocks.unwrap();
    assert_eq!(
        (blocks[0].count, blocks[0].outcomes.as_slice()),
        (1500, &[("succeeded".to_owned(), 1500)][..])
    );
    let end = log[1500].0.parse().unwrap();
    find_by_range(&fixture, &endpoint, &blocks[0], end).await;
}

/// A block is found by ranges that have some of it. `end` is the first entry behind it.
async fn find_by_range(fixture: &Fixture, endpoint: &EndpointId, block: &LogDescriptor, end: Place) {
    let (first, last) = (block.first, block.last);
    for (before, since, is_found) in [
        (first, 0, false),
        (last, 0, true),
        (end, last.ms, true),
        (last, first.ms, true),
        (
            Place {
                ms: last.ms + 9,
                ..end
            },
            last.ms + 1,
            false,
        ),
    ] {
        let found = fixture.store.log_blocks_before(endpoint, before, since, 9).await;
        let found = found.unwrap();
        assert_eq!(!found.is_empty(), is_found, "{before:?} {since:?}");
    }
}

#[tokio::test]
async fn a_block_is_refused_when_an_event_was_sent_again_since_it_was_read() {
    let (fixture, endpoint) = fixture().await;
    let payloads = finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    let block = next_block(&fixture, &events_of(&account())).await;
    let again = payloads.keys().next().unwrap();
    let source = DeliveryId::of(again, &endpoint);
    let sent = fixture
        .store
        .replay_delivery(&account(), &source, &source.replay(), BUDGETS)
        .await
        .unwrap();
    assert_eq!(sent, ReplayOutcome::Pending);
    let before = fixture.keys().await;
    assert_eq!(write(&fixture, &block).await, Written::Changed);
    assert_eq!(fixture.keys().await, before);
    // The next one passes over that entry, and takes it off the list.
    let block = next_block(&fixture, &events_of(&account())).await;
    assert_eq!(write(&fixture, &block).await, Written::Done);
    assert_eq!(
        fixture.list("account:org:org_1:delivered").await,
        Vec::<String>::new()
    );
    assert_eq!(fixture.hash(&format!("event:{again}")).await["again"], "1");
    assert_eq!(fixture.store.packed_event(&account(), again).await.unwrap(), None);

    // Erased meanwhile.
    let more = finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    let block = next_block(&fixture, &events_of(&account())).await;
    let erased = more.keys().next().unwrap();
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{erased}")))
        .await;
    assert_eq!(fixture.store.erase_packed(&account(), erased).await.unwrap(), 0);
    assert_eq!(fixture.store.write_block(&block).await.unwrap(), Written::Changed);
    let block = next_block(&fixture, &events_of(&account())).await;
    assert_eq!(fixture.store.write_block(&block).await.unwrap(), Written::Done);
    assert_eq!(
        fixture.store.packed_event(&account(), erased).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn the_same_block_twice_and_two_of_the_same_events_change_nothing() {
    let (fixture, endpoint) = fixture().await;
    finish_many(&fixture, 500).await;
    fixture.pass(MINUTE).await;
    for found in [events_of(&account()), log_of(&endpoint)] {
        let read = read(&fixture, &found).await.unwrap();
        let (one, other) = (read.pack().unwrap(), read.pack().unwrap());
        assert_eq!(write(&fixture, &one).await, Written::Done);
        let before = (fixture.keys().await, whole_log(&fixture, &endpoint).await);
        assert_eq!(write(&fixture, &one).await, Written::Done);
        assert_eq!(write(&fixture, &other).await, Written::Changed);
        assert_eq!(
            (fixture.keys().await, whole_log(&fixture, &endpoint).await),
            before
        );
    }
}

#[tokio::test]
async fn a_log_block_is_refused_when_the_log_begins_elsewhere_or_its_endpoint_is_gone() {
    let (fixture, endpoint) = fixture().await;
    finish_many(&fixture, 700).await;
    let block = next_block(&fixture, &log_of(&endpoint)).await;
    let key = format!("wh:{{0}}:log:{endpoint}");
    let _: i64 = fixture
        .command(redis::cmd("XTRIM").arg(&key).arg("MAXLEN").arg(650))
        .await;
    assert_eq!(write(&fixture, &block).await, Written::Changed);
    // What the log dropped by itself is told.
    let log = whole_log(&fixture, &endpoint).await;
    assert_eq!((log.len(), pack(&fixture, &log_of(&endpoint)).await), (650, 1));
    assert_eq!(whole_log(&fixture, &endpoint).await, log);
    let first: u64 = log[0].0.split('-').next().unwrap().parse().unwrap();
    let facts = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert_eq!(
        (&facts["completeSince"], &facts["logGone"]),
        (&(first - 1).to_string(), &"500".to_owned())
    );

    finish_many(&fixture, 400).await;
    let block = next_block(&fixture, &log_of(&endpoint)).await;
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    assert_eq!(write(&fixture, &block).await, Written::Changed);
    assert!(fixture.keys().await.iter().any(|key| key.starts_with("block:")));
    upkeep(&fixture, 0).await;
    assert!(
        !fixture
            .keys()
            .await
            .iter()
            .any(|key| key.contains("block") || key.starts_with("history"))
    );
}

#[tokio::test]
async fn a_store_in_an_older_form_is_not_packed() {
    let server = RedisServer::start();
    before::make_store_in(&server, "2");
    let fixture = Fixture::on(server).await;
    let endpoint = fixture.endpoint(&["*"]).await;
    finish_many(&fixture, 400).await;
    fixture.pass(Duration::from_secs(7200)).await;
    assert_eq!(fixture.store.find_unpacked(&mut 0, true).await.unwrap(), None);
    for found in [events_of(&account()), log_of(&endpoint)] {
        let block = next_block(&fixture, &found).await;
        let before = fixture.keys().await;
        assert_eq!(write(&fixture, &block).await, Written::Older);
        assert_eq!(fixture.keys().await, before);
    }
}

#[tokio::test]
async fn blocks_go_at_their_age_and_it_is_told_since_when_history_is_complete() {
    let (mut fixture, endpoint) = fixture().await;
    finish_many(&fixture, 400).await;
    let events: Vec<_> = (0..300).map(|number| varied(number, 600)).collect();
    fixture.policy.disable_after = 10_000;
    finish(&fixture, &events, true).await;
    fixture.pass(MINUTE).await;
    let mut exhausted = events_of(&account());
    exhausted.series = Series::Events {
        account: account(),
        class: "exhausted".parse().unwrap(),
    };
    for found in [events_of(&account()), exhausted, log_of(&endpoint)] {
        assert_eq!(pack(&fixture, &found).await, 1);
    }
    let log = whole_log(&fixture, &endpoint).await;
    fixture.pass(Duration::from_secs(86_000)).await;
    upkeep(&fixture, 0).await;
    assert_eq!(whole_log(&fixture, &endpoint).await, log);
    fixture.pass(Duration::from_secs(1000)).await;
    upkeep(&fixture, 0).await;
    let blocks: Vec<_> = fixture
        .keys()
        .await
        .into_iter()
        .filter(|key| key.starts_with("blocks:"))
        .collect();
    assert_eq!(blocks, ["blocks:exhausted:org:org_1"]);
    let since = fixture.hash(&format!("endpoint:{endpoint}")).await["completeSince"].clone();
    assert_eq!(Some(since.as_str()), log[499].0.split('-').next());
    assert_eq!(whole_log(&fixture, &endpoint).await, log[500..]);
    let told = fixture.hash("account:org:org_1:since").await;
    assert!(
        told.contains_key("delivered") && !told.contains_key("exhausted"),
        "{told:?}"
    );
    fixture.pass(Duration::from_secs(14 * 86_400)).await;
    upkeep(&fixture, 0).await;
    assert!(
        !fixture
            .keys()
            .await
            .iter()
            .any(|key| key.contains("block") || key.starts_with("history"))
    );
    assert!(
        fixture
            .hash("account:org:org_1:since")
            .await
            .contains_key("exhausted")
    );
}

#[tokio::test]
async fn an_accounts_history_stays_within_its_budget_and_goes_first_where_most_of_it_is() {
    let (mut fixture, endpoint) = fixture().await;
    let second: AccountId = "org:org_2".parse().unwrap();
    fixture.endpoint_of(&second, &["*"], None).await;
    let mut events: Vec<_> = (0..300).map(|number| varied(number, 600)).collect();
    for (number, event) in events.iter_mut().enumerate() {
        if number >= 200 {
            event.account = second.clone();
        }
    }
    finish(&fixture, &events, false).await;
    finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    for found in [events_of(&account()), log_of(&endpoint), events_of(&second)] {
        assert_eq!(pack(&fixture, &found).await, 1, "{found:?}");
    }
    assert_eq!(
        (
            blocks_of(&fixture, &account()).await.len(),
            blocks_of(&fixture, &second).await.len()
        ),
        (2, 1)
    );

    // Memory is short: the oldest of the account that has the most.
    upkeep_once(&fixture, 1).await;
    assert_eq!(
        (
            blocks_of(&fixture, &account()).await.len(),
            blocks_of(&fixture, &second).await.len()
        ),
        (1, 1)
    );

    // Only what is beyond the budget goes.
    fixture.policy.history_budget = 1000;
    upkeep(&fixture, 0).await;
    let left = (
        fixture.sorted("history:bytes").await,
        fixture.sorted("account:org:org_1:history").await,
    );
    assert_eq!(left, (vec![], vec![]));
}

async fn upkeep_once(fixture: &Fixture, room: u64) {
    fixture
        .store
        .upkeep_step(&fixture.policy, None, room)
        .await
        .unwrap();
    fixture.assert_sound().await;
}

async fn blocks_of(fixture: &Fixture, account: &AccountId) -> Vec<String> {
    fixture.sorted(&format!("account:{account}:history")).await
}

/// How often each payload is there: beside the blocks, and in them.
pub(crate) async fn times_kept(
    fixture: &Fixture,
    events: &HashMap<EventId, Payload>,
) -> HashMap<EventId, usize> {
    let mut times: HashMap<EventId, usize> = events.keys().map(|id| (id.clone(), 0)).collect();
    for key in fixture.keys().await {
        if let Some(event) = key.strip_prefix("event:") {
            *times.get_mut(&event.parse::<EventId>().unwrap()).unwrap() += 1;
        }
    }
    for key in fixture
        .keys()
        .await
        .into_iter()
        .filter(|key| key.starts_with("block:"))
    {
        let bytes: Vec<u8> = fixture
            .command(redis::cmd("GET").arg(format!("wh:{{0}}:{key}")))
            .await;
        // Others are of a log.
        for event in ::history::unpack_events(&bytes)
            .map(|block| block.events)
            .unwrap_or_default()
        {
            assert_eq!(event.body, events[&event.id].as_bytes()[..]);
            *times.get_mut(&event.id).unwrap() += 1;
        }
    }
    times
}

#[tokio::test]
async fn redis_killed_while_a_block_is_written_has_each_payload_and_each_attempt_once() {
    let (mut fixture, endpoint) = fixture().await;
    let (mut payloads, mut written) = (HashMap::new(), 0);
    for round in 0..8_u32 {
        payloads.extend(finish_many(&fixture, 160).await);
        fixture.pass(MINUTE).await;
        for found in [events_of(&account()), log_of(&endpoint)] {
            let Some(unpacked) = read(&fixture, &found).await else {
                continue;
            };
            let block = unpacked.pack().unwrap();
            let store = fixture.store.clone();
            let writes = tokio::spawn({
                let block = block.clone();
                async move { store.write_block(&block).await }
            });
            // Before it, amid it, after it.
            tokio::time::sleep(Duration::from_micros(u64::from(round) * 700)).await;
            fixture.redis.kill9();
            // Its answer may be lost; then a worker doesn't know what became of it.
            drop(writes.await);
            fixture.redis.restart();
            fixture.raw = connect_async(&fixture.redis).await;
            let is_there = fixture.keys().await.contains(&format!("block:{}", block.id));
            written += usize::from(is_there);
            fixture.assert_sound().await;
            assert!(
                times_kept(&fixture, &payloads)
                    .await
                    .values()
                    .all(|times| *times == 1)
            );
            // The same again, as after a lost answer.
            assert_eq!(write(&fixture, &block).await, Written::Done);
            assert!(
                times_kept(&fixture, &payloads)
                    .await
                    .values()
                    .all(|times| *times == 1)
            );
            let log = whole_log(&fixture, &endpoint).await;
            assert!(log.is_sorted_by(|one, next| one.0 != next.0));
            assert_eq!(log.len(), payloads.len());
        }
    }
    println!("{written} blocks had been written when Redis was killed");
}

#[tokio::test]
async fn the_check_notices_blocks_that_nothing_knows_and_an_index_that_is_wrong() {
    let (fixture, endpoint) = fixture().await;
    finish_many(&fixture, 300).await;
    fixture.pass(MINUTE).await;
    for found in [events_of(&account()), log_of(&endpoint)] {
        assert_eq!(pack(&fixture, &found).await, 1);
    }
    let keys = fixture.keys().await;
    let block = keys.iter().find(|key| key.starts_with("block:")).unwrap();
    let log_index = format!("blocks:log:{endpoint}");
    for (break_it, at) in [
        (&["APPEND", block, "x"][..], block.as_str()),
        (&["SET", "block:0000000000000000", "x"], "block:0000000000000000"),
        (&["DEL", block], block),
        (&["DEL", &log_index], "history:log"),
        (&["ZINCRBY", "history:log", "1", endpoint.as_str()], &log_index),
        (&["DEL", "account:org:org_1:history"], "account:org:org_1:history"),
        (&["ZINCRBY", "history:bytes", "1", "org:org_1"], "history:bytes"),
        (&["ZADD", &log_index, "1", "what is it"], &log_index),
    ] {
        let [name, key, rest @ ..] = break_it else {
            unreachable!()
        };
        let full = format!("wh:{{0}}:{key}");
        let dump: Option<Vec<u8>> = fixture.command(redis::cmd("DUMP").arg(&full)).await;
        let _: redis::Value = fixture.command(redis::cmd(name).arg(&full).arg(rest)).await;
        let violations = broken_rules(&fixture.store.snapshot(&|_| {}).await.unwrap());
        assert!(
            violations
                .iter()
                .any(|violation| violation.key.starts_with(at) || violation.what.contains(at)),
            "{break_it:?}: {violations:#?}"
        );
        let _: i64 = fixture.command(redis::cmd("DEL").arg(&full)).await;
        if let Some(dump) = dump {
            let _: String = fixture
                .command(redis::cmd("RESTORE").arg(&full).arg(0).arg(dump))
                .await;
        }
        fixture.assert_sound().await;
    }
}
