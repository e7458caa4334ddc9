//! What is read of the past once it lies in blocks: everything answers as before.
//!
//! Proves (guarantees): a listing is paged through, a live stream is resumed, a replay of many runs, while what they read is packed: nothing is left out, nothing comes twice
//! Proves (guarantees): a delivery that was packed is shown with its payload and attempts, and sent again, as before
//! Proves (guarantees): whoever reads the past is told since when it is complete

use std::collections::BTreeSet;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId, EventId, ReplayId};
use e2e::process::Process;
use history::{BlockId, Class, Entry, FinishedEvent, Place, pack_events, pack_log};
use store::log::{DeliverySummary, EntryId, ListFilter, ListStatus, Listing, LogEntry, Past};
use store::queue::WorkRequest;
use store::replays::{
    Replay, ReplayCount, ReplayOutcome, ReplaySpan, ReplayState, ReplayStatus, StartOutcome,
};

use crate::fixture::{BUDGETS, Fixture, Worker, account, failed, report, succeeded, wants};

/// Delivers this many events of an endpoint, each with one attempt.
pub(crate) async fn deliver(fixture: &Fixture, count: usize) -> Vec<DeliveryId> {
    fixture.push_many(count).await;
    let (mut worker, mut delivered) = (Worker::new(), Vec::new());
    while delivered.len() < count {
        let leased = fixture.fetch(&mut worker, 32).await;
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        delivered.extend(leased.into_iter().map(|leased| leased.delivery));
    }
    delivered
}

/// A series of blocks, as the indexes name it.
struct Noted<'a> {
    index: String,
    class: &'a str,
    owner: &'a str,
    name: String,
}

/// Enters a block in the indexes, as the scripts that write blocks do.
fn note_block(written: &mut redis::Pipeline, series: &Noted<'_>, descriptor: &str, ms: u64, bytes: usize) {
    let account = account();
    written.zadd(format!("wh:{{0}}:blocks:{}", series.index), descriptor, ms);
    let oldest = [
        (format!("wh:{{0}}:history:{}", series.class), series.owner),
        (format!("wh:{{0}}:account:{account}:history"), &series.name),
    ];
    for (key, member) in oldest {
        written.cmd("ZADD").arg(key).arg("NX").arg(ms).arg(member);
    }
    let of_class = if series.class == "exhausted" {
        ":exhausted"
    } else {
        ""
    };
    let sums = format!("wh:{{0}}:history:bytes{of_class}");
    written.cmd("ZINCRBY").arg(sums).arg(bytes).arg(account.as_str());
}

/// Packs the oldest entries of an endpoint's log into one block, as workers do.
pub(crate) async fn pack_oldest_entries(fixture: &Fixture, endpoint: &EndpointId, count: usize) -> BlockId {
    type Read = Vec<(String, Vec<(String, String)>)>;
    let log = format!("wh:{{0}}:log:{endpoint}");
    let mut range = redis::cmd("XRANGE");
    range.arg(&log).arg("-").arg("+").arg("COUNT").arg(count);
    let read: Read = fixture.command(&range).await;
    assert_eq!(read.len(), count);
    let entries: Vec<_> = read
        .into_iter()
        .map(|(id, fields)| {
            let (ms, number) = id.split_once('-').unwrap();
            Entry {
                place: Place {
                    ms: ms.parse().unwrap(),
                    number: number.parse().unwrap(),
                },
                fields,
            }
        })
        .collect();
    let id = BlockId::random();
    let packed = pack_log(&id, &account(), endpoint, &entries).unwrap();
    let last = entries.last().unwrap().place;
    let mut written = redis::pipe();
    written.atomic();
    written.set(format!("wh:{{0}}:block:{id}"), &packed.bytes);
    let series = Noted {
        index: format!("log:{endpoint}"),
        class: "log",
        owner: endpoint.as_str(),
        name: format!("log:{endpoint}"),
    };
    note_block(
        &mut written,
        &series,
        &packed.descriptor.to_string(),
        last.ms,
        packed.bytes.len(),
    );
    let behind = format!("{}-{}", last.ms, last.number + 1);
    written.cmd("XTRIM").arg(&log).arg("MINID").arg(behind);
    written
        .cmd("HINCRBY")
        .arg(format!("wh:{{0}}:endpoint:{endpoint}"))
        .arg("logGone")
        .arg(count);
    written.exec_async(&mut fixture.raw.clone()).await.unwrap();
    id
}

/// Packs all finished events of a class into one block, as workers do.
pub(crate) async fn pack_finished(fixture: &Fixture, class: Class) -> BlockId {
    let list = format!("account:{}:{}", account(), class.as_str());
    let mut events = Vec::new();
    let mut written = redis::pipe();
    written.atomic();
    for entry in fixture.list(&list).await {
        let words: Vec<_> = entry.split(' ').collect();
        let id: EventId = format!("evt_{}", words[1]).parse().unwrap();
        let event = fixture.hash(&format!("event:{id}")).await;
        let number = |name: &str| event.get(name).map_or(0, |text| text.parse().unwrap());
        assert_eq!(number("refs"), 0);
        events.push(FinishedEvent {
            finished_at: words[0].parse().unwrap(),
            again: u32::try_from(number("again")).unwrap(),
            kind: event["event"].clone(),
            accepted_at: number("acceptedAt"),
            deliveries: u32::try_from(number("deliveries")).unwrap(),
            charge: number("charge"),
            body: event["body"].clone().into_bytes(),
            id: id.clone(),
        });
        written.del(format!("wh:{{0}}:event:{id}"));
    }
    let id = BlockId::random();
    let packed = pack_events(&id, &account(), class, &events).unwrap();
    written.set(format!("wh:{{0}}:block:{id}"), &packed.bytes);
    let account = account();
    let series = Noted {
        index: format!("{}:{account}", class.as_str()),
        class: class.as_str(),
        owner: account.as_str(),
        name: class.as_str().to_owned(),
    };
    let last = packed.descriptor.finished.1 * 1000;
    note_block(
        &mut written,
        &series,
        &packed.descriptor.to_string(),
        last,
        packed.bytes.len(),
    );
    written.del(format!("wh:{{0}}:{list}"));
    for sums in ["", ":bytes"] {
        written.zrem(
            format!("wh:{{0}}:finished:{}{sums}", class.as_str()),
            account.as_str(),
        );
    }
    written.exec_async(&mut fixture.raw.clone()).await.unwrap();
    id
}

pub(crate) async fn detail(
    fixture: &Fixture,
    endpoint: &EndpointId,
    delivery: &DeliveryId,
) -> Option<store::log::DeliveryDetail> {
    let found = fixture.store.get_delivery(&account(), endpoint, delivery).await;
    found.unwrap().expect("the endpoint exists")
}

#[tokio::test]
async fn a_delivery_is_the_same_with_its_payload_and_its_attempts_once_it_is_packed() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    // One that failed once and succeeded then, one that was exhausted, and others.
    fixture.push_many(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], failed(Some(1))).await;
    fixture.report(&mut worker, &leased[1], failed(None)).await;
    fixture.pass(Duration::from_secs(2)).await;
    let again = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(again.delivery, leased[0].delivery);
    fixture.end_slow_start(&endpoint).await;
    deliver(&fixture, 20).await;
    fixture.report(&mut worker, &again, succeeded()).await;
    let mut deliveries = deliver(&fixture, 20).await;
    deliveries.extend(leased.iter().map(|leased| leased.delivery.clone()));

    let mut before = Vec::new();
    for delivery in &deliveries {
        before.push(detail(&fixture, &endpoint, delivery).await.unwrap());
    }
    assert_eq!(
        before.iter().map(|detail| detail.attempts.len()).sum::<usize>(),
        23
    );
    assert!(before.iter().all(|detail| detail.payload.is_some()));
    let body = fixture
        .store
        .event_body(&account(), &deliveries[0].event())
        .await
        .unwrap();

    // The two attempts of one delivery are in different blocks; some others are still in the stream.
    for entries in [2, 10, 15] {
        pack_oldest_entries(&fixture, &endpoint, entries).await;
    }
    pack_finished(&fixture, Class::Delivered).await;
    pack_finished(&fixture, Class::Exhausted).await;
    for (delivery, before) in deliveries.iter().zip(&before) {
        let now = detail(&fixture, &endpoint, delivery).await;
        assert_eq!(now.as_ref(), Some(before));
    }
    let packed = fixture.store.event_body(&account(), &deliveries[0].event()).await;
    assert_eq!(packed.unwrap(), body);

    // Nobody else finds them.
    let stranger = "org:org_2".parse().unwrap();
    let body = fixture.store.event_body(&stranger, &deliveries[0].event()).await;
    assert_eq!(body.unwrap(), None);
    let other = DeliveryId::of(&EventId::new(Timestamp::now().as_millis()), &endpoint);
    assert_eq!(detail(&fixture, &endpoint, &other).await, None);
}

#[tokio::test]
async fn a_packed_delivery_is_sent_again_as_often_as_asked_and_keeps_its_class() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_after = 10_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    fixture.push_many(2).await;
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.report(&mut worker, &leased[0], succeeded()).await;
    fixture.report(&mut worker, &leased[1], failed(None)).await;
    let mut blocks = Vec::new();
    for class in [Class::Delivered, Class::Exhausted] {
        blocks.push(pack_finished(&fixture, class).await);
    }
    for (source, class) in leased.iter().zip(["delivered", "exhausted"]) {
        for time in 0..2 {
            let new = source.delivery.replay();
            for _ in 0..2 {
                let outcome = fixture
                    .store
                    .replay_delivery(&account(), &source.delivery, &new, BUDGETS)
                    .await;
                assert_eq!(outcome.unwrap(), ReplayOutcome::Pending);
            }
            fixture.assert_sound().await;
            let again = fixture.fetch(&mut worker, 8).await;
            assert_eq!(again.len(), 1, "{class}, {time}");
            assert_eq!(
                (&again[0].delivery, &again[0].event.body),
                (&new, &source.event.body)
            );
            fixture.report(&mut worker, &again[0], succeeded()).await;
            fixture.assert_sound().await;
        }
        let entries = fixture.list(&format!("account:{}:{class}", account())).await;
        assert!(entries.last().unwrap().ends_with(" 2"), "{entries:?}");
    }

    // Once its block has gone, and what was made of it too, nothing is left.
    let delivered = &leased[0].delivery;
    let mut gone = redis::cmd("DEL");
    gone.arg(format!("wh:{{0}}:event:{}", delivered.event()));
    let _: i64 = fixture.command(&gone).await;
    let found = detail(&fixture, &endpoint, delivered).await.unwrap();
    assert!(found.payload.is_some(), "the block still has it");
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:block:{}", blocks[0])))
        .await;
    let found = detail(&fixture, &endpoint, delivered).await.unwrap();
    assert_eq!(
        (found.payload, found.summary.state),
        (None, DeliveryState::Succeeded)
    );
    let outcome = fixture
        .store
        .replay_delivery(&account(), delivered, &delivered.replay(), BUDGETS)
        .await;
    assert_eq!(outcome.unwrap(), ReplayOutcome::Expired);
}

/// The oldest entry that the stream of a log has.
pub(crate) async fn oldest_of_stream(fixture: &Fixture, endpoint: &EndpointId) -> EntryId {
    let mut oldest = redis::cmd("XRANGE");
    oldest
        .arg(format!("wh:{{0}}:log:{endpoint}"))
        .arg("-")
        .arg("+")
        .arg("COUNT")
        .arg(1);
    let oldest: Vec<(String, Vec<String>)> = fixture.command(&oldest).await;
    oldest[0].0.parse().unwrap()
}

/// All deliveries that a filter lets through, read in pages; `between` is done before each page but the first.
pub(crate) async fn listed(
    fixture: &Fixture,
    endpoint: &EndpointId,
    filter: &ListFilter,
    limit: usize,
    mut between: impl AsyncFnMut(),
) -> Vec<DeliverySummary> {
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..10_000 {
        let listing = Listing {
            account: &account(),
            endpoint,
            filter,
            position: next.as_ref(),
            limit,
        };
        let page = fixture.store.list_deliveries(&listing).await.unwrap().unwrap();
        assert!(page.deliveries.len() <= limit);
        found.extend(page.deliveries);
        next = page.next.map(|next| next.to_string().parse().unwrap());
        if next.is_none() {
            return found;
        }
        between().await;
    }
    panic!("the listing has no end");
}

#[tokio::test]
async fn a_listing_has_no_gap_and_no_double_while_it_is_packed() {
    let mut fixture = Fixture::new().await;
    (fixture.policy.disable_after, fixture.policy.log_length) = (10_000, 100_000);
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    for number in 0..12 {
        // Some wait for a retry, some were exhausted, in between.
        deliver(&fixture, 60).await;
        fixture.push_many(2).await;
        for leased in fixture.fetch(&mut worker, 2).await {
            let retry = (number % 3 > 0).then_some(3600);
            fixture.report(&mut worker, &leased, failed(retry)).await;
        }
        fixture.end_slow_start(&endpoint).await;
        fixture.pass(Duration::from_secs(60)).await;
    }
    let everything = ListFilter::default();
    let all = listed(&fixture, &endpoint, &everything, 100, async || ()).await;
    assert_eq!(all.len(), 12 * 62);
    let middle = all[400].last.as_ref().unwrap().at;
    let of_status = |status| ListFilter {
        status: Some(status),
        ..ListFilter::default()
    };
    let filters = [
        everything.clone(),
        of_status(ListStatus::Succeeded),
        of_status(ListStatus::Retrying),
        of_status(ListStatus::Exhausted),
        ListFilter {
            since: Some(middle),
            ..ListFilter::default()
        },
        ListFilter {
            until: Some(middle),
            ..ListFilter::default()
        },
        ListFilter {
            event: Some("lead.captured".to_owned()),
            ..ListFilter::default()
        },
        ListFilter {
            event: Some("ticket.created".to_owned()),
            ..ListFilter::default()
        },
    ];
    let mut expected = Vec::new();
    for filter in &filters {
        expected.push(listed(&fixture, &endpoint, filter, 100, async || ()).await);
    }
    assert_eq!(
        expected[1].len() + expected[2].len() + expected[3].len(),
        all.len()
    );
    assert!(expected[7].is_empty());

    // While one is read, a block is made before each page, until the newest entries alone are left.
    let mut left = all.len();
    for (filter, expected) in filters.iter().zip(&expected) {
        let found = listed(&fixture, &endpoint, filter, 37, async || {
            if left > 100 {
                pack_oldest_entries(&fixture, &endpoint, 30).await;
                left -= 30;
            }
        })
        .await;
        assert_eq!(&found, expected, "{filter:?}");
    }
    assert!(left <= 130, "{left}");
    for limit in [1, 10, 100] {
        for (filter, expected) in filters.iter().zip(&expected) {
            let found = listed(&fixture, &endpoint, filter, limit, async || ()).await;
            assert_eq!(&found, expected, "{filter:?} by {limit}");
        }
    }
}

/// Replays what ended so, and gives back the replay once it has made all, and the sources of what it made.
pub(crate) async fn replay_all(
    fixture: &Fixture,
    endpoint: &EndpointId,
    status: ReplayStatus,
    span: (Timestamp, Timestamp),
) -> (Replay, BTreeSet<DeliveryId>) {
    let span = ReplaySpan {
        status,
        events: Vec::new(),
        since: span.0,
        until: span.1,
    };
    let id = ReplayId::new(Timestamp::now().as_millis());
    let started = fixture
        .store
        .start_replay(&account(), endpoint, &id, &span, BUDGETS)
        .await
        .unwrap();
    assert!(matches!(started, StartOutcome::Started(_)), "{started:?}");
    let (mut worker, mut made) = (Worker::new(), BTreeSet::new());
    loop {
        fixture.pass(Duration::from_millis(60)).await;
        fixture.store.upkeep(&fixture.policy).await.unwrap();
        fixture.end_slow_start(endpoint).await;
        let leased = fixture.fetch(&mut worker, 64).await;
        let reports = leased.iter().map(|leased| report(leased, succeeded())).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
        for leased in &leased {
            let (event, endpoint) = (leased.delivery.event(), leased.delivery.endpoint());
            assert!(leased.delivery.is_replay());
            assert!(
                made.insert(DeliveryId::of(&event, &endpoint)),
                "twice: {leased:?}"
            );
        }
        let replay = fixture.store.get_replay(&account(), endpoint, &id).await;
        let replay = replay.unwrap().unwrap();
        if replay.state == ReplayState::Finished && leased.is_empty() {
            assert_eq!(replay.made, made.len() as u64);
            return (replay, made);
        }
    }
}

#[tokio::test]
async fn replays_of_many_take_what_was_packed_and_what_was_not_each_once_and_are_counted_alike() {
    let mut fixture = Fixture::new().await;
    (fixture.policy.disable_after, fixture.policy.log_length) = (10_000, 100_000);
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    let (mut delivered, mut exhausted) = (Vec::new(), BTreeSet::new());
    for _ in 0..10 {
        delivered.extend(deliver(&fixture, 30).await);
        fixture.push_many(2).await;
        for leased in fixture.fetch(&mut worker, 2).await {
            fixture.report(&mut worker, &leased, failed(None)).await;
            exhausted.insert(leased.delivery);
        }
        fixture.end_slow_start(&endpoint).await;
        fixture.pass(Duration::from_secs(10)).await;
    }
    let facts = fixture.store.endpoint_facts(&account(), &endpoint).await;
    let until = facts.unwrap().unwrap().now;
    for entries in [100, 60, 60] {
        pack_oldest_entries(&fixture, &endpoint, entries).await;
    }
    pack_finished(&fixture, Class::Delivered).await;
    pack_finished(&fixture, Class::Exhausted).await;
    // Newer ones are not packed.
    delivered.extend(deliver(&fixture, 20).await);
    let facts = fixture.store.endpoint_facts(&account(), &endpoint).await;
    let now = facts.unwrap().unwrap().now;

    let count = async |status, since, until| {
        let span = ReplaySpan {
            status,
            events: Vec::new(),
            since,
            until,
        };
        let count = fixture.store.count_replay(&account(), &endpoint, &span).await;
        count.unwrap().unwrap()
    };
    let counted = |matching| ReplayCount {
        matching,
        is_lower_bound: false,
    };
    let start = Timestamp::default();
    assert_eq!(count(ReplayStatus::Succeeded, start, now).await, counted(320));
    assert_eq!(count(ReplayStatus::Exhausted, start, now).await, counted(20));
    let some = count(ReplayStatus::Succeeded, start, until).await;
    assert!((300..320).contains(&some.matching), "{some:?}");

    // A part of the history: only what is in blocks.
    let early = Timestamp::from_millis(i64::try_from(until.as_millis() - 50_000).unwrap()).unwrap();
    let expected = count(ReplayStatus::Succeeded, start, early).await;
    assert!((100..250).contains(&expected.matching), "{expected:?}");
    let (replay, made) = replay_all(&fixture, &endpoint, ReplayStatus::Succeeded, (start, early)).await;
    assert_eq!((replay.made, replay.skipped), (expected.matching, 0));
    assert_eq!(made, delivered.iter().take(made.len()).cloned().collect());

    // All of it, of which some was sent again just now.
    let (replay, made) = replay_all(&fixture, &endpoint, ReplayStatus::Succeeded, (start, now)).await;
    assert_eq!((replay.made, replay.skipped), (320, 0));
    assert_eq!(made, delivered.into_iter().collect());
    let (replay, made) = replay_all(&fixture, &endpoint, ReplayStatus::Exhausted, (start, now)).await;
    assert_eq!((replay.made, replay.skipped), (20, 0));
    assert_eq!(made, exhausted);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn who_follows_a_log_gets_each_entry_once_wherever_it_is_by_then() {
    let mut fixture = Fixture::new().await;
    fixture.policy.log_length = 100_000;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut expected = deliver(&fixture, 700).await;
    let last_seen = oldest_of_stream(&fixture, &endpoint).await;
    expected.remove(0);

    for already_packed in [0, 1, 300] {
        if already_packed > 0 {
            pack_oldest_entries(&fixture, &endpoint, already_packed).await;
        }
        let mut tail = fixture.store.tail_log(&endpoint, Some(last_seen)).await.unwrap();
        let mut found = Vec::new();
        while found.len() < expected.len() {
            let before = tail.position();
            let entries = tail.next(Duration::from_secs(5)).await.unwrap();
            assert!(!entries.is_empty(), "{} of {}", found.len(), expected.len());
            assert_eq!(fixture.store.log_gap(&endpoint, before).await.unwrap(), None);
            found.extend(entries.into_iter().filter_map(LogEntry::into_attempt));
            if already_packed == 1 && found.len() < 250 {
                // He reads more slowly than workers pack.
                pack_oldest_entries(&fixture, &endpoint, 50).await;
            }
        }
        let found: Vec<_> = found.into_iter().map(|attempt| attempt.delivery).collect();
        assert_eq!(found, expected, "{already_packed}");
    }
    assert_eq!(
        fixture
            .store
            .complete_since(&account(), &endpoint, Past::Log)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_what_is_packed_and_what_is_not() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let delivered = deliver(&fixture, 30).await;
    pack_oldest_entries(&fixture, &endpoint, 20).await;
    pack_finished(&fixture, Class::Delivered).await;
    let newest = deliver(&fixture, 1).await.remove(0);
    let url = fixture.redis.url();
    let read = |arguments: &[&str]| {
        let words = [arguments, &["--redis-url", &url]].concat();
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &words, &[]));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };

    let lines = read(&["history", "log", endpoint.as_str(), "--limit", "25"]);
    let mut expected: Vec<_> = delivered
        .iter()
        .chain([&newest])
        .map(ToString::to_string)
        .collect();
    expected.reverse();
    expected.truncate(25);
    let found: Vec<_> = lines
        .lines()
        .map(|line| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["outcome"], "succeeded");
            entry["delivery"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(found, expected);

    for delivery in [&delivered[0], &newest] {
        let body = fixture.store.event_body(&account(), &delivery.event()).await;
        assert_eq!(
            read(&["history", "payload", delivery.as_str()]).as_bytes(),
            &body.unwrap().unwrap()[..]
        );
        let (event, account) = (delivery.event(), account());
        let story = read(&["show", event.as_str(), "--account", account.as_str(), "--json"]);
        let story: serde_json::Value = serde_json::from_str(&story).unwrap();
        assert_eq!(story["isPacked"], *delivery != newest, "{story}");
        let of_it = &story["deliveries"][0];
        assert_eq!(
            [&of_it["id"], &of_it["state"]],
            [delivery.as_str(), "succeeded"],
            "{story}"
        );
        assert_eq!(of_it["attempts"].as_array().unwrap().len(), 1, "{story}");
    }
}
