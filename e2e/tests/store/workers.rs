//! The register of workers in a shard: who is in it, for how long, and how a wish of the operator stays.

use std::time::Duration;

use store::queue::{Incarnation, Wish};
use store::workers::{Doing, Presence, WorkerName};

use crate::fixture::{Fixture, Worker};

/// Longer than a worker is remembered of which nothing is heard.
const LONG: Duration = Duration::from_secs(73);

fn name() -> WorkerName {
    WorkerName::new("node-1", 7)
}

async fn tell(fixture: &Fixture, name: &WorkerName, incarnation: &Incarnation, doing: Doing) -> Wish {
    let presence = Presence {
        name,
        host: "node-1",
        version: "1.2.3",
        incarnation,
        slots: 8,
        in_flight: 3,
        doing,
        uptime: Duration::from_secs(5),
    };
    fixture.store.register_worker(&presence).await.unwrap()
}

/// What a step of upkeep tells the worker.
async fn hears(fixture: &Fixture, name: &WorkerName) -> Wish {
    let done = fixture.store.upkeep_of(name.as_str(), &fixture.policy, None, 0);
    done.await.unwrap().wish
}

#[tokio::test]
async fn what_a_worker_tells_is_seen_with_what_it_holds() {
    let (fixture, endpoint) = Fixture::with_events(3).await;
    let (name, mut worker, mut stranger) = (name(), Worker::new(), Worker::new());
    assert_eq!(
        tell(&fixture, &name, &worker.incarnation, Doing::Serving).await,
        Wish::Serve
    );
    let leased = fixture.fetch(&mut worker, 2).await;
    assert_eq!(fixture.fetch(&mut stranger, 8).await.len(), 1);

    let seen = fixture.store.workers(1).await.unwrap();
    let row = &seen.rows[&name];
    assert_eq!(
        (row.host.as_str(), row.version.as_str(), row.slots),
        ("node-1", "1.2.3", 8)
    );
    let age = row.seen_at.as_millis() - row.started_at.unwrap().as_millis();
    assert_eq!(
        (row.state.as_str(), row.drain_since, age),
        ("serving", None, 5000)
    );
    assert_eq!(
        (row.held.leases, row.held.expired, row.held.some.len()),
        (2, 0, 1)
    );
    assert_eq!(row.held.endpoints[&endpoint], 2);
    assert_eq!(row.held.accounts[leased[0].endpoint.account.as_str()], 2);
    assert_eq!(seen.unknown.leases, 1);

    // It began when it said so first.
    tell(&fixture, &name, &worker.incarnation, Doing::Stopping).await;
    let again = fixture.store.workers(1).await.unwrap().rows[&name].clone();
    assert_eq!(
        (again.started_at, again.state.as_str()),
        (row.started_at, "stopping")
    );
    fixture.assert_sound().await;

    fixture.store.unregister_worker(&name).await.unwrap();
    let seen = fixture.store.workers(1).await.unwrap();
    assert!(seen.rows.is_empty(), "{seen:?}");
    assert_eq!(seen.unknown.leases, 3);
}

#[tokio::test]
async fn who_is_not_heard_of_goes_and_nobody_else() {
    let fixture = Fixture::new().await;
    let [gone, stays] = [name(), name()];
    let incarnation = Incarnation::random();
    tell(&fixture, &gone, &incarnation, Doing::Serving).await;
    fixture.pass(LONG).await;
    tell(&fixture, &stays, &incarnation, Doing::Serving).await;
    assert_eq!(fixture.sorted("workers").await, [stays.as_str()]);
    // What each told goes by itself.
    for name in [&gone, &stays] {
        let ttl = fixture.ttl(&format!("workers:{name}")).await;
        assert!((1..=72_000).contains(&ttl), "{ttl}");
    }
    assert!((1..=72_000).contains(&fixture.ttl("workers").await));
}

#[tokio::test]
async fn no_more_than_a_thousand_are_remembered_those_heard_of_last() {
    let fixture = Fixture::new().await;
    let mut add = redis::cmd("ZADD");
    add.arg("wh:{0}:workers");
    // From now on, so that they are younger than whoever is too old.
    let (seconds, _): (u64, u64) = fixture.command(&redis::cmd("TIME")).await;
    for number in 0..1100_u64 {
        add.arg(seconds * 1000 - 1200 + number)
            .arg(format!("w-{number:04}"));
    }
    let _added: u64 = fixture.command(&add).await;
    let name = name();
    tell(&fixture, &name, &Incarnation::random(), Doing::Serving).await;
    let left = fixture.sorted("workers").await;
    assert_eq!(left.len(), 1000);
    assert_eq!(left.first().unwrap(), "w-0101");
    assert_eq!(left.last().unwrap(), name.as_str());
}

#[tokio::test]
async fn a_wish_comes_with_upkeep_and_stays_until_it_is_taken_back() {
    let fixture = Fixture::new().await;
    let (another, name, incarnation) = (name(), name(), Incarnation::random());
    let drain = async |wanted| fixture.store.drain_worker(&name, wanted).await.unwrap();
    assert!(!drain(true).await, "nobody knows it yet");
    assert_eq!(hears(&fixture, &name).await, Wish::Unknown);
    tell(&fixture, &name, &incarnation, Doing::Serving).await;
    assert_eq!(hears(&fixture, &name).await, Wish::Serve);

    assert!(drain(true).await);
    let since = fixture.hash(&format!("workers:{name}")).await["drain"].clone();
    assert_eq!(hears(&fixture, &name).await, Wish::Drain);
    fixture.pass(Duration::from_secs(3)).await;
    assert!(drain(true).await);
    assert_eq!(
        tell(&fixture, &name, &incarnation, Doing::Draining).await,
        Wish::Drain
    );
    assert_eq!(fixture.hash(&format!("workers:{name}")).await["drain"], since);
    assert_eq!(hears(&fixture, &another).await, Wish::Unknown, "another one");

    // The shard forgets it, the worker doesn't.
    let _gone: u64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:workers:{name}")))
        .await;
    assert_eq!(hears(&fixture, &name).await, Wish::Unknown);
    assert_eq!(
        tell(&fixture, &name, &incarnation, Doing::Draining).await,
        Wish::Drain
    );
    assert_eq!(hears(&fixture, &name).await, Wish::Drain);

    assert!(drain(false).await);
    assert_eq!(hears(&fixture, &name).await, Wish::Serve);
    assert_eq!(
        tell(&fixture, &name, &incarnation, Doing::Draining).await,
        Wish::Serve,
        "taken back"
    );

    // Taken back while the shard has forgotten the worker, which hasn't forgotten the wish.
    assert!(drain(true).await);
    let _gone: u64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:workers:{name}")))
        .await;
    assert!(!drain(false).await);
    assert_eq!(
        tell(&fixture, &name, &incarnation, Doing::Draining).await,
        Wish::Serve
    );
}

#[tokio::test]
async fn the_memory_is_noted_once_an_hour_for_two_days() {
    let fixture = Fixture::new().await;
    let (name, incarnation) = (name(), Incarnation::random());
    for hour in 0..50_u64 {
        for _ in 0..2 {
            tell(&fixture, &name, &incarnation, Doing::Serving).await;
        }
        let noted = fixture.hash("memory").await;
        assert_eq!(noted.len() as u64, (hour + 1).min(48), "{noted:?}");
        assert!(
            noted
                .values()
                .all(|bytes| bytes.parse::<u64>().unwrap() > 100_000),
            "{noted:?}"
        );
        fixture.pass(Duration::from_secs(3600)).await;
    }
}
