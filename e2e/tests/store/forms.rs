//! Two schemas: programs write the forms of the store's, read both, and raise it once nobody needs the old ones.
//!
//! Proves (guarantees): programs of two releases work on one store

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId};
use e2e::before::{self, Program};
use e2e::redis_server::RedisServer;
use e2e::wait::{LONG, check, eventually};
use store::StoreError;
use store::identity::{Replaced, Upgrade, UpgradeStep, Upgraded, newest_schema};
use store::keys::META;
use store::log::{ListFilter, Listing, LoggedAttempt};
use store::queue::Leased;
use store::replays::{ReplaySpan, ReplayStatus};

use crate::fixture::{Fixture, Worker, account, failed, refused, succeeded};

async fn fixture_of_before() -> Fixture {
    let server = RedisServer::start();
    before::make_store(&server);
    Fixture::on(server).await
}

/// The fields of the newest entry, as Redis has them.
async fn newest(fixture: &Fixture, endpoint: &EndpointId) -> BTreeMap<String, String> {
    let mut range = redis::cmd("XREVRANGE");
    range.arg(format!("wh:{{0}}:log:{endpoint}"));
    range.arg("+").arg("-").arg("COUNT").arg(1);
    let mut found: Vec<(String, BTreeMap<String, String>)> = fixture.command(&range).await;
    found.pop().unwrap().1
}

async fn fetch_one(fixture: &Fixture, worker: &mut Worker) -> Leased {
    fixture.fetch(worker, 1).await.pop().expect("one waits")
}

/// All deliveries, read in pages of this many.
async fn listed(fixture: &Fixture, endpoint: &EndpointId, limit: usize) -> Vec<(DeliveryId, LoggedAttempt)> {
    let filter = ListFilter::default();
    let (mut found, mut position) = (Vec::new(), None);
    loop {
        let listing = Listing {
            account: &account(),
            endpoint,
            filter: &filter,
            position: position.as_ref(),
            limit,
        };
        let page = fixture.store.list_deliveries(&listing).await.unwrap().unwrap();
        found.extend(
            page.deliveries
                .into_iter()
                .map(|delivery| (delivery.id, delivery.last.unwrap())),
        );
        position = page.next;
        if position.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn an_attempt_is_one_readable_text_in_the_newer_form_and_says_the_same() {
    let fixture = fixture_of_before().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    // What is tried twice has an entry of each form.
    fixture.push_many(1).await;
    let twice = fetch_one(&fixture, &mut worker).await;
    fixture.report(&mut worker, &twice, failed(Some(3600))).await;
    let mut said = Vec::new();
    for schema in ["1", newest_schema()] {
        assert_eq!(before::schema(&fixture.redis), schema);
        let mut forms = Vec::new();
        for outcome in [succeeded(), failed(None), refused(Some(0), Some(3600))] {
            fixture.push_many(1).await;
            let leased = fetch_one(&fixture, &mut worker).await;
            fixture.report(&mut worker, &leased, outcome).await;
            let mut entry = newest(&fixture, &endpoint).await;
            let text = entry.remove("attempt").unwrap();
            let rest = entry.into_keys().collect::<Vec<_>>().join(" ");
            forms.push((text.replace(leased.delivery.as_str(), "<d>"), rest));
            fixture.pass(Duration::from_secs(10)).await;
        }
        let forms: Vec<_> = forms
            .iter()
            .map(|(text, rest)| (text.as_str(), rest.as_str()))
            .collect();
        if schema == "1" {
            assert_eq!(
                forms,
                [
                    ("1", "delivery event ms outcome status"),
                    ("1", "delivery detail error event ms outcome snippet status"),
                    ("1", "delivery detail error event heldUntil ms outcome status"),
                ]
            );
        } else {
            assert_eq!(
                forms,
                [
                    ("<d> lead.captured 1 succeeded 7 200 -", ""),
                    ("<d> lead.captured 1 exhausted 7 500 -", "detail error snippet"),
                    ("<d> lead.captured 1 held 7 429 -", "detail error heldUntil"),
                ]
            );
        }
        said.extend(
            listed(&fixture, &endpoint, 100)
                .await
                .into_iter()
                .take(3)
                .map(|(_, last)| last),
        );
        if schema == "1" {
            let upgraded = fixture.store.upgrade_schema().await.unwrap();
            let (from, to) = ("1".to_owned(), newest_schema().to_owned());
            assert_eq!(upgraded, Some(Upgraded { from, to }));
            assert_eq!(fixture.store.upgrade_schema().await.unwrap(), None);
        }
    }
    let neutral = said.iter().map(|last| LoggedAttempt {
        at: Timestamp::default(),
        delivery: twice.delivery.clone(),
        held_until: last.held_until.map(|_| Timestamp::default()),
        ..last.clone()
    });
    let neutral: Vec<_> = neutral.collect();
    assert_eq!(neutral[..3], neutral[3..], "both forms say the same");

    fixture.pass(Duration::from_secs(3600)).await;
    fixture.end_slow_start(&endpoint).await;
    for leased in fixture.fetch(&mut worker, 8).await {
        fixture.report(&mut worker, &leased, succeeded()).await;
    }
    let shown = fixture
        .store
        .get_delivery(&account(), &endpoint, &twice.delivery)
        .await;
    let attempts = shown.unwrap().unwrap().unwrap().attempts;
    let attempts: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.attempt, attempt.status))
        .collect();
    assert_eq!(attempts, [(1, Some(500)), (2, Some(200))]);
    let all: BTreeSet<_> = listed(&fixture, &endpoint, 100)
        .await
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    for limit in [1, 2, 3, 5] {
        let pages = listed(&fixture, &endpoint, limit).await;
        let distinct: BTreeSet<_> = pages.iter().map(|(id, _)| id.clone()).collect();
        assert_eq!((pages.len(), &distinct), (7, &all), "pages of {limit}");
    }
    let span = ReplaySpan {
        status: ReplayStatus::Succeeded,
        events: Vec::new(),
        since: Timestamp::default(),
        until: Timestamp::from_millis(4_000_000_000_000).unwrap(),
    };
    let counted = fixture.store.count_replay(&account(), &endpoint, &span).await;
    assert_eq!(counted.unwrap().unwrap().matching, 5);
    fixture.assert_drained().await;
}

/// Every handle goes on when another one changes the store.
#[tokio::test]
async fn the_schema_rises_once_the_last_program_of_before_has_gone() {
    let fixture = fixture_of_before().await;
    let other = Fixture::on(RedisServer::start()).await;
    other.endpoint(&["*"]).await;
    assert_eq!(
        before::schema(&other.redis),
        newest_schema(),
        "a new store begins with the newest"
    );
    assert_eq!(
        other.store.upgrade_step(&mut Upgrade::default()).await.unwrap(),
        UpgradeStep::Newest
    );

    let endpoint = fixture.endpoint(&["*"]).await;
    let bystander = store::Store::new(&fixture.redis.args()).unwrap();
    bystander.list_endpoints(&account()).await.unwrap();
    let programs = [
        Program::connect(&fixture.redis.url()),
        Program::connect(&fixture.redis.url()),
    ];
    let mut upgrade = Upgrade::default();
    for program in programs {
        let step = fixture.store.upgrade_step(&mut upgrade).await.unwrap();
        let UpgradeStep::Waits(seen) = step else {
            panic!("{step:?}");
        };
        assert!(
            seen[0].contains("without a name") && fixture.store.is_behind(),
            "{seen:?}"
        );
        drop(program);
    }
    let mut steps = Vec::new();
    let done = eventually(LONG, "the schema to rise", async || {
        let step = fixture.store.upgrade_step(&mut upgrade).await.unwrap();
        steps.push(step.clone());
        match step {
            UpgradeStep::Done(upgraded) => Ok(upgraded),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_eq!((done.from.as_str(), done.to.as_str()), ("1", newest_schema()));
    assert!(
        steps.contains(&UpgradeStep::Looks),
        "one look isn't enough: {steps:?}"
    );
    assert!(!fixture.store.is_behind());
    let found = bystander.list_endpoints(&account()).await.unwrap();
    assert_eq!(found[0].id, endpoint);
}

#[tokio::test]
async fn nothing_is_done_in_a_store_whose_identity_and_schema_do_not_fit_the_program() {
    let fixture = fixture_of_before().await;
    fixture.endpoint(&["*"]).await;
    let set = async |store: &str, schema: &str| {
        let mut set = redis::cmd("HSET");
        set.arg(META).arg("store").arg(store).arg("schema").arg(schema);
        let _: i64 = fixture.command(&set).await;
    };
    let other = |id: &str| Some(Replaced::Other(id.parse().unwrap()));
    for (store, schema, refusal) in [
        ("of-before", "1", None),
        ("of-before+s2", "2", None),
        // A program of before that is still at work means this one.
        ("of-before", "2", other("of-before")),
        ("of-before+s2", "1", other("of-before")),
        ("another+s2", "2", other("another")),
        ("of-before+s3", "3", None),
        ("of-before+s2", "3", other("of-before")),
        ("of-before+s4", "4", None),
        ("of-before+s3", "4", other("of-before")),
        ("of-before+s5", "5", None),
        ("of-before+s4", "5", other("of-before")),
        ("of-before+s6", "6", Some(Replaced::Schema("6".to_owned()))),
        ("of-before", "6", Some(Replaced::Schema("6".to_owned()))),
    ] {
        set(store, schema).await;
        let listed = fixture.store.list_endpoints(&account()).await;
        match (&listed, &refusal) {
            (Ok(found), None) => assert_eq!(found.len(), 1),
            (Err(StoreError::Replaced(found)), Some(refusal)) => assert_eq!(found, refusal),
            _ => panic!("{store} {schema}: {listed:?}"),
        }
    }
}

/// Every connection of ours says who it is.
#[tokio::test]
async fn connections_have_the_name_of_the_program_and_what_it_knows() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let store = fixture.store.clone();
    let waits = tokio::spawn(async move {
        let listener = store.listener();
        let _none = store.next_test_event(&listener, Duration::from_secs(60)).await;
    });
    let known = format!("+s{} ", newest_schema());
    eventually(LONG, "both connections to have names", async || {
        let list: String = fixture.command(redis::cmd("CLIENT").arg("LIST")).await;
        let ours: Vec<_> = list.lines().filter(|line| line.contains(&known)).collect();
        let blocks = ours.iter().any(|line| line.contains("cmd=blpop"));
        check(ours.len() == 2 && blocks, list)
    })
    .await;
    waits.abort();
}
