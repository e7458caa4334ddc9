//! The check sees each kind of damage, and none where there is none.

use std::time::Duration;

use redis::Cmd;

use crate::fixture::{Fixture, Worker, failed, gone, report, succeeded, wants};
use common::endpoint::ParkedAction;
use common::store::check::{Violation, judge};
use common::store::queue::WorkRequest;

fn command(words: &str) -> Cmd {
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
async fn busy() -> (Fixture, String, Vec<String>) {
    let fixture = Fixture::new().await;
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
async fn violations(fixture: &Fixture) -> Vec<Violation> {
    judge(&fixture.store.snapshot(&|_| {}).await.unwrap())
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

/// Damages, the key that each is reported with, and the words. `{e}` is the endpoint, `{0}` … `{3}` the deliveries, which
/// succeeded, wait, are exhausted, are in flight.
async fn assert_reported(damages: &[(&str, &str, &str)]) {
    for &(damage, key, said) in damages {
        let (fixture, endpoint, ids) = busy().await;
        let fill = |text: &str| {
            let text = text.replace("{e}", &endpoint);
            ids.iter().enumerate().fold(text, |text, (number, id)| {
                text.replace(&format!("{{{number}}}"), id)
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

#[tokio::test]
async fn references_and_lifetimes_of_events_are_checked() {
    let (fixture, _, ids) = busy().await;
    let event = |id: &str| format!("event:{}", id.parse::<common::id::DeliveryId>().unwrap().event());
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
