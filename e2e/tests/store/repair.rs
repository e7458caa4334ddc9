//! What `check --repair` mends, each kind of damage by itself: afterwards the check finds nothing, and whatever was not damaged is as it was.
//! What can't be mended without guessing stays, and says so.
//!
//! Proves (guarantees): what the check finds is repaired only where that is no guess

use std::collections::{BTreeMap, BTreeSet};

use domain::endpoint::ParkedAction;
use domain::id::DeliveryId;
use store::audit::Order;
use store::check::{Mend, Remedy, Violation};
use store::repair::Repaired;

use crate::check::{busy, command, violations};
use crate::fixture::{Fixture, Worker, wants};

/// All keys with what they hold, and whether they go by themselves.
async fn state(fixture: &Fixture) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for key in fixture.keys().await {
        let kind: String = fixture.command(redis::cmd("TYPE").arg(&key)).await;
        let read = match kind.as_str() {
            "string" => redis::cmd("GET").arg(&key).take(),
            "list" => redis::cmd("LRANGE").arg(&key).arg(0).arg(-1).take(),
            "hash" => redis::cmd("HGETALL").arg(&key).take(),
            "zset" => redis::cmd("ZRANGE")
                .arg(&key)
                .arg(0)
                .arg(-1)
                .arg("WITHSCORES")
                .take(),
            _ => redis::cmd("XRANGE").arg(&key).arg("-").arg("+").take(),
        };
        let value: redis::Value = fixture.command(&read).await;
        let text = match value {
            // Their order means nothing.
            redis::Value::Map(mut fields) => {
                fields.sort_by_key(|field| format!("{field:?}"));
                format!("{fields:?}")
            }
            redis::Value::Array(fields) if kind == "hash" => {
                let mut fields: Vec<_> = fields.chunks(2).map(|field| format!("{field:?}")).collect();
                fields.sort();
                fields.join(" ")
            }
            value => format!("{value:?}"),
        };
        let expires = fixture.ttl(&key).await > 0;
        all.insert(key, format!("{kind} {expires} {text}"));
    }
    all
}

/// The keys that differ, without those that every script may touch.
fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> BTreeSet<String> {
    let touched = ["stats", "wake", "audit"];
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    // `wh:meta` is the store's, and counts what is written.
    let names = differ.filter_map(|key| Some(key.strip_prefix("wh:{0}:")?.to_owned()));
    names.filter(|name| !touched.contains(&name.as_str())).collect()
}

/// Repairs what can be; what came of each.
async fn repair(fixture: &Fixture, found: &[Violation]) -> Vec<(Violation, Option<Repaired>)> {
    let store = fixture.store.ordered_by(&Order::new("ann", "a test"));
    let mut all = Vec::new();
    for violation in found {
        let came = match &violation.mend {
            Mend::By(remedy) => Some(store.repair(remedy).await.unwrap()),
            Mend::Not(why) => {
                assert!(why.len() > 10, "{violation}: {why}");
                None
            }
        };
        all.push((violation.clone(), came));
    }
    all
}

struct Names {
    endpoint: String,
    deliveries: Vec<String>,
}

impl Names {
    /// `{e}` is the endpoint, `{0}` … `{3}` the deliveries, which succeeded, wait for a retry, are exhausted, are in flight; `{v1}` is the event of
    /// the second.
    fn fill(&self, text: &str) -> String {
        let text = text.replace("{e}", &self.endpoint);
        self.deliveries
            .iter()
            .enumerate()
            .fold(text, |text, (number, id)| {
                let event = id.parse::<DeliveryId>().unwrap().event();
                text.replace(&format!("{{{number}}}"), id)
                    .replace(&format!("{{v{number}}}"), event.as_str())
            })
    }
}

async fn scene() -> (Fixture, Names) {
    let (fixture, endpoint, deliveries) = busy().await;
    let names = Names { endpoint, deliveries };
    (fixture, names)
}

/// Damages that are mended, each with the keys that may differ afterwards from what was there before: what a repair makes anew isn't always
/// what it was, such as a turn, or the time of an entry.
const MENDED: &[(&str, &[&str])] = &[
    ("HSET @endpoint:{e} inFlight 7", &[]),
    ("HSET @endpoint:{e} queuedBytes 1", &[]),
    ("HDEL @account:org:org_1:endpoints {e}", &[]),
    ("HSET @account:org:org_1:endpoints {e} O|,*,|", &[]),
    ("HSET @account:org:org_2:endpoints {e} A|,*,|", &[]),
    (
        "HSET @account:org:org_2:endpoints ep_0000000000000000 A|,*,|",
        &[],
    ),
    ("ZADD @ready 1 ep_0000000000000000", &[]),
    ("ZADD @ready:slow 1 {e}", &[]),
    ("ZADD @ready 99999 {e}", &["ready", "account:org:org_1:turn"]),
    ("DEL @timers", &[]),
    ("ZADD @timers 99999999999999 {e}", &[]),
    ("ZADD @timers 1 ep_0000000000000000", &[]),
    ("ZADD @failing 1 {e}", &[]),
    ("ZADD @failing 1 ep_0000000000000000", &[]),
    ("ZADD @parked 1 ep_0000000000000000", &[]),
    ("ZADD @replays 1 rpl_00000000000000000000000000", &[]),
    ("PERSIST @delivery:{2}", &[]),
    ("PEXPIRE @delivery:{1} 600000", &[]),
    ("PEXPIRE @event:{v1} 600000", &[]),
    ("PERSIST @failed:{e}", &[]),
    ("SET @idempotency:org:org_1:x y", &["idempotency:org:org_1:x"]),
    ("DEL @account:org:org_1:bytes", &[]),
    ("INCRBY @account:org:org_1:bytes 5", &[]),
    (
        "LPOP @account:org:org_1:delivered",
        &["account:org:org_1:delivered", "finished:delivered"],
    ),
    ("DEL @finished:delivered", &[]),
    ("DEL @finished:exhausted:bytes", &[]),
    ("ZINCRBY @finished:exhausted:bytes 1 org:org_1", &[]),
    ("ZADD @finished:delivered 1 org:org_0", &[]),
    ("ZADD @finished:delivered:bytes 1 org:org_0", &[]),
    ("HSET @shares nobody 3", &[]),
    ("DEL @shares", &["shares"]),
    ("ZADD @waiting 1 nobody", &[]),
    (
        "ZADD @waiting:nobody 1 {e}",
        &["waiting", "waiting:nobody", "shares"],
    ),
    (
        "ZREM @retry:{e} {1}",
        &[
            "retry:{e}",
            "pending:{e}",
            "delivery:{1}",
            "ready",
            "timers",
            "account:org:org_1:turn",
        ],
    ),
];

#[tokio::test]
async fn what_follows_from_the_rest_is_mended_and_nothing_else_changes() {
    for (damage, may_differ) in MENDED {
        let (fixture, names) = scene().await;
        assert_eq!(violations(&fixture).await, [], "before {damage}");
        let before = state(&fixture).await;
        let _: redis::Value = fixture.command(&command(&names.fill(damage))).await;
        let found = violations(&fixture).await;
        assert!(!found.is_empty(), "{damage} breaks nothing");
        let all = repair(&fixture, &found).await;
        let after = state(&fixture).await;
        assert_eq!(violations(&fixture).await, [], "{damage}: {all:#?}");
        assert!(
            all.iter()
                .any(|(_, came)| matches!(came, Some(Repaired::Repaired(_)))),
            "{damage}: {all:#?}"
        );
        let allowed: BTreeSet<String> = may_differ.iter().map(|name| names.fill(name)).collect();
        let differ = differences(&before, &after);
        assert!(differ.is_subset(&allowed), "{damage}: {differ:?}: {all:#?}");
        // The same again finds that it isn't so any more.
        for (violation, _) in &all {
            if let Mend::By(remedy) = &violation.mend {
                assert_eq!(
                    fixture.store.repair(remedy).await.unwrap(),
                    Repaired::Changed,
                    "{damage}"
                );
            }
        }
        // What was done is in the audit, with who and why.
        let noted = fixture.store.audit_before(None, 10).await.unwrap();
        assert!(
            noted
                .iter()
                .any(|(_, note)| note.action == "repair" && note.by == "ann" && note.why == "a test"),
            "{damage}: {noted:#?}"
        );
    }
}

/// Damages of which nobody knows what was there.
const LEFT: &[(&str, &str, &str)] = &[
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
    (
        "HSET @delivery:{1} state pending",
        "delivery:{1}",
        "is pending but in",
    ),
    ("DEL @event:{v1}", "delivery:{1}", "is gone"),
    ("HDEL @event:{v1} body", "delivery:{1}", "is empty"),
    ("HSET @event:{v1} charge 7", "event:{v1}", "is charged 7"),
    ("HSET @event:{v1} refs 2", "event:{v1}", "refs is 2"),
    ("HINCRBY @stats deliveries 1", "stats", "6 deliveries were made"),
    ("ZREM @failed:{e} {2}", "delivery:{2}", "missing in failed"),
    ("SET @something else", "something", "nothing knows"),
    ("SET @delivery:{1} text", "delivery:{1}", "can't be read"),
    (
        "XADD @log:ep_0000000000000000 * a b",
        "log:ep_0000000000000000",
        "belongs to no endpoint",
    ),
    ("RPUSH @sweeps nonsense", "sweeps", "can't be read"),
    (
        "RPUSH @sweep:1:pending {1}",
        "sweep:1:pending",
        "neither swept nor released",
    ),
    (
        "HSET @endpoint:{e} limit -1",
        "endpoint:{e}",
        "may have -1 in flight",
    ),
    (
        "HSET @endpoint:{e} disabledReason owner",
        "endpoint:{e}",
        "says why not",
    ),
];

#[tokio::test]
async fn what_would_be_a_guess_stays_and_says_why() {
    for (damage, key, said) in LEFT {
        let (fixture, names) = scene().await;
        let _: redis::Value = fixture.command(&command(&names.fill(damage))).await;
        let damaged = state(&fixture).await;
        let found = violations(&fixture).await;
        let key = names.fill(key);
        let is_it = |one: &&Violation| one.key.starts_with(&key) && one.what.contains(said);
        let violation = found.iter().find(is_it).cloned();
        let violation = violation.unwrap_or_else(|| panic!("{damage}: {found:#?}"));
        assert!(matches!(violation.mend, Mend::Not(_)), "{damage}: {violation:?}");
        repair(&fixture, &found).await;
        let left = violations(&fixture).await;
        assert!(
            left.iter().any(|one| one.key.starts_with(&key)),
            "{damage}: {left:#?}"
        );
        let differ = differences(&damaged, &state(&fixture).await);
        assert!(!differ.contains(&key), "{damage} was changed: {differ:?}");
        if found.iter().all(|one| matches!(one.mend, Mend::Not(_))) {
            assert_eq!(differ, BTreeSet::new(), "{damage}");
        }
    }
}

/// What has changed since the check looked stays as it is: each repair looks again itself.
#[tokio::test]
async fn what_is_no_longer_so_is_left_alone() {
    let (fixture, names) = scene().await;
    let before = state(&fixture).await;
    let counts = |stored, counted| Remedy::AccountBytes {
        account: "org:org_1".to_owned(),
        stored,
        counted,
    };
    let bytes: i64 = fixture.command(&command("GET @account:org:org_1:bytes")).await;
    for remedy in [
        // As a walk may have seen it: another number stored, or another sum.
        counts(Some(bytes + 1), bytes),
        counts(Some(bytes), bytes + 1),
        counts(None, bytes),
        Remedy::Delivery {
            delivery: names.deliveries[1].clone(),
        },
        Remedy::Delivery {
            delivery: names.deliveries[3].clone(),
        },
        Remedy::Member {
            key: "ready".to_owned(),
            member: names.endpoint.clone(),
        },
        Remedy::Lifetime {
            key: format!("delivery:{}", names.deliveries[1]),
            stays: Some(std::time::Duration::from_secs(60)),
        },
        Remedy::Lifetime {
            key: format!("delivery:{}", names.deliveries[2]),
            stays: None,
        },
    ] {
        assert_eq!(
            fixture.store.repair(&remedy).await.unwrap(),
            Repaired::Changed,
            "{remedy:?}"
        );
    }
    assert_eq!(differences(&before, &state(&fixture).await), BTreeSet::new());
}

/// Whoever has lost its turn gets one.
#[tokio::test]
async fn what_waits_in_no_lane_is_served_again() {
    let (fixture, _) = Fixture::with_events(1).await;
    let _: redis::Value = fixture.command(&command("DEL @ready")).await;
    let mut worker = Worker::new();
    assert!(fixture.work(&mut worker, wants(1)).await.leased.is_empty());
    let found = violations(&fixture).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    repair(&fixture, &found).await;
    assert_eq!(violations(&fixture).await, []);
    assert_eq!(fixture.work(&mut worker, wants(1)).await.leased.len(), 1);
}

/// An endpoint that isn't active, of which upkeep doesn't know; and what was repaired goes on: the delivery that waited nowhere arrives.
#[tokio::test]
async fn what_was_repaired_goes_on() {
    let (fixture, names) = scene().await;
    let id = names.endpoint.parse().unwrap();
    fixture.switch(&id, false, ParkedAction::Deliver).await;
    let _: redis::Value = fixture.command(&command(&names.fill("ZREM @parked {e}"))).await;
    let found = violations(&fixture).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    repair(&fixture, &found).await;
    assert_eq!(violations(&fixture).await, []);

    let (fixture, names) = scene().await;
    fixture.end_slow_start(&names.endpoint.parse().unwrap()).await;
    let _: redis::Value = fixture
        .command(&command(&names.fill("ZREM @retry:{e} {1}")))
        .await;
    repair(&fixture, &violations(&fixture).await).await;
    let mut worker = Worker::new();
    let mut fetched = Vec::new();
    for _ in 0..3 {
        let reply = fixture.work(&mut worker, wants(8)).await;
        fetched.extend(reply.leased.iter().map(|one| one.delivery.to_string()));
    }
    assert!(fetched.contains(&names.deliveries[1]), "{fetched:?}");
}

/// However many counts are wrong: one remedy mends them all, more of them than Lua's stack would hold.
#[tokio::test]
async fn thousands_of_counts_are_mended_at_once() {
    let (fixture, _) = scene().await;
    let mut damage = redis::cmd("HSET");
    damage.arg("wh:{0}:shares");
    for number in 0..9000 {
        damage.arg(format!("nobody{number}")).arg("3");
        damage.arg(format!("waiter{number}")).arg("3w");
    }
    let _: redis::Value = fixture.command(&damage).await;
    let found = violations(&fixture).await;
    assert_eq!(found.len(), 18000);
    repair(&fixture, &found[..1]).await;
    assert_eq!(violations(&fixture).await, []);
}

/// What comes back to an endpoint that isn't active lies behind what upkeep has looked through: it looks again.
#[tokio::test]
async fn what_comes_back_parked_is_looked_through() {
    let (fixture, names) = scene().await;
    let id = names.endpoint.parse().unwrap();
    fixture.switch(&id, false, ParkedAction::Deliver).await;
    for damage in ["ZREM @retry:{e} {1}", "HSET @endpoint:{e} inOrder all"] {
        let _: redis::Value = fixture.command(&command(&names.fill(damage))).await;
    }
    let all = repair(&fixture, &violations(&fixture).await).await;
    let is_back = |(_, came): &(_, _)| matches!(came, Some(Repaired::Repaired(_)));
    assert!(all.iter().any(is_back), "{all:#?}");
    let in_order: Option<String> = fixture
        .command(&command(&names.fill("HGET @endpoint:{e} inOrder")))
        .await;
    assert_eq!(in_order, None, "{all:#?}");
}
