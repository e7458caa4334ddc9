//! The check finds each kind of damage, and none in a store that has none.
//!
//! Proves (guarantees): something else has written into our keys, or data is gone
//! Proves (guarantees): a delivery moves as the state machine allows, and in no other way

use std::time::Duration;

use redis::Cmd;

use crate::fixture::{Fixture, Worker, account, failed, gone, report, succeeded, wants};
use domain::endpoint::ParkedAction;
use domain::id::DeliveryId;
use store::check::{Violation, broken_rules};
use store::queue::WorkRequest;

pub(crate) fn command(words: &str) -> Cmd {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    for word in words {
        // Keys stand without the prefix of the shard.
        match word.strip_prefix('@') {
            Some(key) => command.arg(format!("wh:{{0}}:{key}")),
            None => command.arg(word),
        };
    }
    command
}

/// One delivery in each place: pending, in flight, waiting for a retry, exhausted.
pub(crate) async fn busy() -> (Fixture, String, Vec<String>) {
    let fixture = Fixture::new().await;
    fixture.announce().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push_many(5).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 4).await;
    let reports = vec![
        report(&leased[0], succeeded()),
        report(&leased[1], failed(Some(60))),
        report(&leased[2], failed(None)),
    ];
    fixture
        .work(&mut worker, WorkRequest { reports, ..wants(0) })
        .await;
    let ids = leased.iter().map(|leased| leased.delivery.to_string()).collect();
    (fixture, endpoint.to_string(), ids)
}

/// What one look finds: nothing changes meanwhile.
pub(crate) async fn violations(fixture: &Fixture) -> Vec<Violation> {
    broken_rules(&fixture.store.snapshot(&|_| {}).await.unwrap())
}

#[tokio::test]
async fn each_kind_of_damage_is_reported_with_its_key() {
    assert_reported(&[
        (
            "HSET @endpoint:{e} inFlight 7",
            "endpoint:{e}",
            "inFlight is 7, leases are 1",
        ),
        (
            "HSET @endpoint:{e} queuedBytes 1",
            "endpoint:{e}",
            "queuedBytes is 1",
        ),
        ("HSET @endpoint:{e} state off", "endpoint:{e}", "its route is"),
        (
            "HDEL @account:org:org_1:endpoints {e}",
            "endpoint:{e}",
            "its route is",
        ),
        (
            "ZADD @ready 1 ep_0000000000000000",
            "ready",
            "which does not exist",
        ),
        ("ZADD @ready:slow 1 {e}", "endpoint:{e}", "is in the other lane"),
        ("DEL @timers", "endpoint:{e}", "its nearest retry is due"),
        ("RPUSH @pending:{e} {3}", "delivery:{3}", "is in 2 places"),
        (
            "RPUSH @pending:{e} rubbish",
            "pending:{e} rubbish",
            "can't be read",
        ),
        (
            "HDEL @tokens {3}",
            "delivery:{3}",
            "is in leases and not in tokens",
        ),
        ("ZREM @leases {3}", "delivery:{3}", "has a token and no lease"),
        ("ZREM @retry:{e} {1}", "delivery:{1}", "waits nowhere"),
        (
            "HSET @delivery:{1} state pending",
            "delivery:{1}",
            "is pending but in",
        ),
        ("PERSIST @delivery:{2}", "delivery:{2}", "has no lifetime"),
        (
            "DEL @account:org:org_1:bytes",
            "account:org:org_1:bytes",
            "is missing",
        ),
        (
            "INCRBY @account:org:org_1:bytes 5",
            "account:org:org_1:bytes",
            "are charged",
        ),
        (
            "ZADD @timers 1 ep_0000000000000000",
            "timers",
            "which does not exist",
        ),
        ("ZADD @failing 1 {e}", "failing", "with 2 failures"),
        (
            "ZADD @failing 1 ep_0000000000000000",
            "failing",
            "which does not exist",
        ),
        (
            "HSET @endpoint:{e} limit -1",
            "endpoint:{e}",
            "may have -1 in flight",
        ),
        (
            "XADD @log:ep_0000000000000000 * a b",
            "log:ep_0000000000000000",
            "belongs to no endpoint",
        ),
        ("SET @something else", "something", "is a key that nothing knows"),
        ("SET @delivery:{1} text", "delivery:{1}", "can't be read"),
    ])
    .await;
}

#[tokio::test]
async fn damage_to_the_index_of_finished_events_is_reported() {
    assert_reported(&[
        (
            "LPOP @account:org:org_1:delivered",
            "event:",
            "no lifetime and 0 entries among what is finished",
        ),
        (
            "COPY @account:org:org_1:delivered @account:org:org_1:exhausted REPLACE",
            "event:",
            "no lifetime and 0 entries among what is finished",
        ),
        (
            "DEL @finished:delivered",
            "account:org:org_1:delivered",
            "finished:delivered says None",
        ),
        (
            "ZINCRBY @finished:exhausted:bytes 1 org:org_1",
            "finished:exhausted:bytes",
            "whose events are charged",
        ),
        (
            "ZADD @finished:delivered 1 org:org_0",
            "finished:delivered",
            "which has no such list",
        ),
        (
            "RPUSH @account:org:org_1:delivered rubbish",
            "account:org:org_1:delivered rubbish",
            "can't be read",
        ),
        (
            "SET @finished:other 1",
            "finished:other",
            "is a key that nothing knows",
        ),
    ])
    .await;
}

#[tokio::test]
async fn damage_to_accounts_payloads_and_places_is_reported() {
    assert_reported(&[
        (
            "DEL @account:org:org_1:bytes",
            "account:org:org_1:bytes",
            "is missing",
        ),
        (
            "INCRBY @account:org:org_1:bytes 5",
            "account:org:org_1:bytes",
            "are charged",
        ),
        (
            "ZADD @timers 1 ep_0000000000000000",
            "timers",
            "which does not exist",
        ),
        (
            "XADD @log:ep_0000000000000000 * a b",
            "log:ep_0000000000000000",
            "belongs to no endpoint",
        ),
        ("SET @something else", "something", "is a key that nothing knows"),
        ("SET @delivery:{1} text", "delivery:{1}", "can't be read"),
        ("HSET @delivery:{1} state lost", "delivery:{1}", "can't be read"),
        ("HDEL @event:{v1} account", "event:{v1}", "can't be read"),
        ("DEL @event:{v1}", "delivery:{1}", "is gone"),
        ("HDEL @event:{v1} body", "delivery:{1}", "is empty"),
        ("HSET @event:{v1} charge 7", "event:{v1}", "is charged 7"),
        (
            "HSET @event:{v1} account org:org_2",
            "delivery:{1}",
            "brings an event of org:org_2 to an endpoint of org:org_1",
        ),
        (
            "HINCRBY @stats deliveries 1",
            "stats",
            "6 deliveries were made and 2 ended, and 3 are unfinished",
        ),
        ("HSET @tokens {3} rubbish", "delivery:{3}", "its token is"),
        (
            "ZREM @failed:{e} {2}",
            "delivery:{2}",
            "is exhausted, and missing in failed:{e}",
        ),
        ("PERSIST @failed:{e}", "failed:{e}", "has no lifetime"),
        (
            "SET @idempotency:org:org_1:x y",
            "idempotency:org:org_1:x",
            "has no lifetime",
        ),
        (
            "HSET @account:org:org_2:endpoints {e} A|,*,|",
            "account:org:org_2:endpoints",
            "of org:org_1",
        ),
        ("HSET @endpoint:{e} state lost", "endpoint:{e}", "its state is"),
        (
            "HSET @endpoint:{e} disabledReason owner",
            "endpoint:{e}",
            "is active and says why not",
        ),
        ("ZADD @ready 99999 {e}", "ready", "has {e} with turn 99999"),
        (
            "ZADD @leases 99999999999999 {3}",
            "delivery:{3}",
            "later than any may",
        ),
        (
            "RPUSH @pending:ep_0000000000000000 {3}",
            "pending:ep_0000000000000000",
            "belongs to no endpoint",
        ),
        ("RPUSH @sweeps nonsense", "sweeps", "which can't be read"),
        ("ZADD @chores 1 nonsense", "chores", "which can't be read"),
        (
            "RPUSH @sweep:1:pending {1}",
            "sweep:1:pending",
            "is set aside, to be neither swept nor released",
        ),
        (
            "SET @corrupt:pending:{e} text",
            "corrupt:pending:{e}",
            "moved away",
        ),
    ])
    .await;
}

/// Damages, the key that each is reported with, and the words. `{e}` is the endpoint, `{0}` … `{3}` the deliveries, which
/// succeeded, wait, are exhausted, are in flight; `{v1}` is the event of the second.
async fn assert_reported(damages: &[(&str, &str, &str)]) {
    for &(damage, key, said) in damages {
        let (fixture, endpoint, ids) = busy().await;
        let fill = |text: &str| {
            let text = text.replace("{e}", &endpoint);
            ids.iter().enumerate().fold(text, |text, (number, id)| {
                let event = id.parse::<DeliveryId>().unwrap().event();
                text.replace(&format!("{{{number}}}"), id)
                    .replace(&format!("{{v{number}}}"), event.as_str())
            })
        };
        assert_eq!(violations(&fixture).await, [], "before {damage}");
        let _: redis::Value = fixture.command(&command(&fill(damage))).await;
        let found = violations(&fixture).await;
        let (key, said) = (fill(key), fill(said));
        assert!(
            found
                .iter()
                .any(|one| one.key.contains(&key) && one.what.contains(&said)),
            "{damage}: {found:#?}"
        );
    }
}

/// What the state machine doesn't allow: a record in a state that doesn't belong to its delivery's place, or that no transition
/// leads to from what the log said last.
#[tokio::test]
async fn a_record_that_no_transition_leads_to_is_reported() {
    assert_reported(&[
        (
            "HSET @delivery:{1} state quarantined",
            "delivery:{1}",
            "is quarantined but in retry:{e}",
        ),
        (
            "HSET @delivery:{2} state retrying",
            "delivery:{2}",
            "is retrying but in failed:{e}",
        ),
        (
            "HSET @delivery:{3} state retrying",
            "delivery:{3}",
            "is retrying but in leases",
        ),
        (
            "HSET @delivery:{1} state in_flight",
            "delivery:{1}",
            "can't be read",
        ),
    ])
    .await;

    let (fixture, endpoint, ids) = busy().await;
    let waiting = format!("delivery:{}", ids[1]);
    for (outcome, attempt, said) in [
        ("retrying", 1, None),
        (
            "exhausted",
            1,
            Some("is retrying after 1 attempts, and the log says exhausted after 1"),
        ),
        (
            "succeeded",
            1,
            Some("is retrying after 1 attempts, and the log says succeeded after 1"),
        ),
        (
            "retrying",
            2,
            Some("is retrying after 1 attempts, and the log says retrying after 2"),
        ),
        ("pending", 1, Some("can't be read")),
    ] {
        let log = format!("XADD @log:{endpoint} *");
        let mut in_fields = command(&format!("{log} delivery {}", ids[1]));
        in_fields.arg("attempt").arg(attempt).arg("outcome").arg(outcome);
        let mut packed = command(&log);
        packed.arg("attempt");
        packed.arg(format!("{} lead.captured {attempt} {outcome} 7 500 -", ids[1]));
        for form in [in_fields, packed] {
            let entry: String = fixture.command(&form).await;
            let _: redis::Value = fixture
                .command(&command(&format!("HSET @{waiting} log {entry}")))
                .await;
            let found = violations(&fixture).await;
            assert_eq!(found.len(), usize::from(said.is_some()), "{outcome}: {found:#?}");
            if let Some(said) = said {
                assert!(
                    found[0].key.contains(&waiting) && found[0].what.contains(said),
                    "{found:#?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn references_and_lifetimes_of_events_are_checked() {
    let (fixture, _, ids) = busy().await;
    let event = |id: &str| format!("event:{}", id.parse::<DeliveryId>().unwrap().event());
    let (finished, waiting) = (event(&ids[0]), event(&ids[1]));
    for (damage, key) in [
        (format!("HSET @{waiting} refs 2"), &waiting),
        (format!("PEXPIRE @{waiting} 60000"), &waiting),
        (format!("PEXPIRE @{finished} 60000"), &finished),
        (format!("HSET @{finished} again 1"), &finished),
        (format!("HSET @{finished} failed 1"), &finished),
    ] {
        let _: redis::Value = fixture.command(&command(&damage)).await;
        let found = violations(&fixture).await;
        assert!(found.iter().any(|one| one.key == *key), "{damage}: {found:#?}");
        for cure in [
            format!("HSET @{waiting} refs 1"),
            format!("PERSIST @{waiting}"),
            format!("PERSIST @{finished}"),
            format!("HDEL @{finished} again failed"),
        ] {
            let _: redis::Value = fixture.command(&command(&cure)).await;
        }
        assert_eq!(violations(&fixture).await, [], "after {damage}");
    }
}

/// Makes everything due for years. The check sees who is to blame by the time at which upkeep ran last.
#[tokio::test]
async fn what_is_overdue_is_a_violation_only_while_workers_run() {
    let (fixture, endpoint, ids) = busy().await;
    for words in [
        &*format!(
            "HSET @replay:rpl_1 endpoint {endpoint} state running made 0 succeeded 0 exhausted 0 canceled 0"
        ),
        "ZADD @replays 1 rpl_1",
        "HSET @stats clockRaw 99999999999999 reapedAt 99999999900000",
    ] {
        let _: redis::Value = fixture.command(&command(words)).await;
    }
    assert_eq!(violations(&fixture).await, []);

    let _: redis::Value = fixture
        .command(&command("HSET @stats reapedAt 99999999999999"))
        .await;
    let found = violations(&fixture).await;
    for (key, said) in [
        (format!("delivery:{}", ids[3]), "its lease ended"),
        (format!("endpoint:{endpoint}"), "a retry was due"),
        ("replay:rpl_1".to_owned(), "its next step was due"),
    ] {
        let is_told = |one: &Violation| one.key == key && one.what.contains(said);
        assert_eq!(
            found.iter().filter(|one| is_told(one)).count(),
            1,
            "{key}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 3, "{found:#?}");

    // They have just begun, after everything had stood still.
    let _: redis::Value = fixture
        .command(&command("HSET @stats reapHold 99999999999999"))
        .await;
    assert_eq!(violations(&fixture).await, []);
}

/// Upkeep seems to run, but what was set aside stays: the test moves nothing but upkeep's clock.
#[tokio::test]
async fn a_sweep_that_does_not_move_is_reported() {
    let (fixture, endpoint, _) = busy().await;
    let endpoint = endpoint.parse().unwrap();
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    assert_eq!(fixture.store.check().await.unwrap().violations, []);
    let runs = async {
        loop {
            let _: i64 = fixture.command(&command("HINCRBY @stats reapedAt 1")).await;
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::select! {
        report = fixture.store.check() => report.unwrap().violations,
        () = runs => vec![],
    };
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].key, "sweeps");
    assert!(found[0].what.contains("still has 1 entries"), "{found:#?}");
}

#[tokio::test]
async fn queues_are_read_whole_page_by_page() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    for (count, expected) in [(999, 999), (1, 1000), (1, 1001), (1999, 3000)] {
        fixture.push_many(count).await;
        let report = fixture.store.check().await.unwrap();
        assert_eq!(report.violations, []);
        assert_eq!((report.events, report.unfinished), (expected, expected));
    }
}

#[tokio::test]
async fn a_system_at_work_has_no_violation() {
    let mut fixture = Fixture::new().await;
    fixture.policy.endpoint_concurrency = 8;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.endpoint(&["*"]).await;
    let load = async {
        let mut worker = Worker::new();
        for round in 1..=60 {
            fixture.push_many(10).await;
            for leased in fixture.fetch(&mut worker, 64).await {
                let result = match round % 5 {
                    0 => failed(Some(1)),
                    1 if round % 20 == 1 => gone(),
                    _ => succeeded(),
                };
                fixture.report(&mut worker, &leased, result).await;
            }
            fixture.pass(Duration::from_millis(500)).await;
            fixture.store.upkeep(&fixture.policy).await.unwrap();
            fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
        }
    };
    let checks = async {
        let mut found = vec![];
        for _ in 0..2 {
            found.extend(fixture.store.check().await.unwrap().violations);
        }
        found
    };
    let ((), found) = tokio::join!(load, checks);
    assert_eq!(found, []);
    assert_eq!(fixture.store.check().await.unwrap().violations, []);
}
