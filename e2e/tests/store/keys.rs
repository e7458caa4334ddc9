//! The documented key table lists every key, and the store reports how its server is set up.

use store::server::AckDurability;
use store::server::Expectations;
use store::shards::Shards;

use crate::fixture::{Fixture, Worker, failed, gone, new_event, succeeded, with_key};

pub(crate) const EXPECTED: Expectations = Expectations {
    durability: AckDurability::Aof,
    assumed: None,
    budget_bytes: None,
};

#[tokio::test]
async fn every_key_that_is_written_stands_in_the_table() {
    let fixture = Fixture::new().await;
    fixture.store.inspect_server(&EXPECTED).await.unwrap();
    fixture.endpoint(&["*"]).await;
    fixture.accept(&with_key(new_event(), "key", "same")).await;
    fixture.push_many(4).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, failed(Some(60))).await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, failed(None)).await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, succeeded()).await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, gone()).await;
    let table = include_str!("../../../common/store/src/keys.rs");
    for key in fixture.keys().await {
        let kind = key.split(':').next().unwrap();
        let known = table.lines().any(|line| {
            let name = line
                .strip_prefix("//! | `")
                .and_then(|rest| rest.split('`').next());
            name.is_some_and(|name| name.split(':').next() == Some(kind))
        });
        assert!(known, "{key} is not in the table of keys.rs");
    }
}

#[tokio::test]
async fn a_good_server_passes_and_evicting_ones_are_refused() {
    let fixture = Fixture::new().await;
    let report = fixture.store.inspect_server(&EXPECTED).await.unwrap();
    assert_eq!((report.refusals, report.warnings), (vec![], vec![]));
    assert!(
        report.version.starts_with("Valkey ") || report.version.starts_with("Redis "),
        "{}",
        report.version
    );
    let mut args = fixture.redis.args();
    args.shards = Some(2);
    for store in Shards::find(&args).await.unwrap().all() {
        let again = store.inspect_server(&EXPECTED).await.unwrap();
        assert!(
            again.refusals[0].starts_with("SHARDS is 2, and the store has 1"),
            "{:?}",
            again.refusals
        );
    }
    args.shards = None;
    assert_eq!(Shards::find(&args).await.unwrap().all().len(), 1);

    for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("appendfsync", "everysec")] {
        let _: String = fixture
            .command(redis::cmd("CONFIG").arg("SET").arg(name).arg(value))
            .await;
    }
    let report = fixture.store.inspect_server(&EXPECTED).await.unwrap();
    assert_eq!((report.refusals.len(), report.warnings.len()), (1, 1));
}

#[test]
fn the_documented_table_is_the_one_in_the_code() {
    let code = include_str!("../../../common/store/src/keys.rs");
    let documented = include_str!("../../../docs/ARCHITECTURE.md");
    let rows: Vec<_> = code
        .lines()
        .filter_map(|line| line.strip_prefix("//! |"))
        .collect();
    assert!(rows.len() > 20);
    for row in rows {
        assert!(
            documented.lines().any(|line| line.strip_prefix('|') == Some(row)),
            "docs/ARCHITECTURE.md lacks the row |{row}"
        );
    }
}
