//! Workers come to know of every log that is long enough to be packed.
//!
//! Proves (guarantees): a log is packed however it grew

use std::time::Duration;

use domain::id::EndpointId;
use store::history::Series;
use store::parked::{ParkedSearch, SearchStep};

use crate::fixture::Fixture;
use crate::history::{finish_many, fixture};

async fn marks(fixture: &Fixture) -> Vec<String> {
    let marks = fixture.sorted("packing").await.into_iter();
    marks.filter(|series| series.starts_with("log:")).collect()
}

async fn forget_marks(fixture: &Fixture) {
    let _: i64 = fixture.command(redis::cmd("DEL").arg("wh:{0}:packing")).await;
}

/// Which logs workers find.
async fn found(fixture: &Fixture) -> Vec<EndpointId> {
    let (mut from, mut found) = (0, Vec::new());
    while let Some(next) = fixture.store.find_unpacked(&mut from, false).await.unwrap() {
        if let Series::Log { endpoint, .. } = next.series {
            found.push(endpoint);
        }
    }
    found
}

#[tokio::test]
async fn a_log_is_marked_as_its_attempts_are_counted_however_fast_they_come() {
    let (fixture, endpoint) = fixture().await;
    let log = [format!("log:{endpoint}")];
    // No hour ends meanwhile.
    let into_hour = fixture.store.time().await.unwrap().as_millis() % 3_600_000;
    fixture.pass(Duration::from_millis(4_000_000 - into_hour)).await;
    finish_many(&fixture, 1).await;
    assert_eq!(marks(&fixture).await, log, "the first of an hour");
    assert_eq!(found(&fixture).await, []);
    assert_eq!(marks(&fixture).await, Vec::<String>::new(), "it is short");

    // Each 256 attempts mark it, whatever the clock shows.
    for _ in 0..3 {
        finish_many(&fixture, 256).await;
        assert_eq!(marks(&fixture).await, log);
        forget_marks(&fixture).await;
    }
    // What an hour leaves is seen with the first attempt of another.
    finish_many(&fixture, 200).await;
    assert_eq!(marks(&fixture).await, Vec::<String>::new());
    fixture.pass(Duration::from_secs(7200)).await;
    finish_many(&fixture, 1).await;
    assert_eq!(marks(&fixture).await, log);
    assert_eq!(found(&fixture).await, [endpoint]);
}

#[tokio::test]
async fn a_long_log_that_nothing_has_marked_is_found_within_a_day() {
    let (fixture, quiet) = fixture().await;
    finish_many(&fixture, 290).await;
    let long = fixture.endpoint(&["*"]).await;
    finish_many(&fixture, 5).await;
    for number in 0..400 {
        let mut entry = redis::cmd("XADD");
        entry.arg(format!("wh:{{0}}:log:{long}")).arg("*");
        let _: String = fixture.command(entry.arg("state").arg(number)).await;
    }
    forget_marks(&fixture).await;
    let mut search = ParkedSearch::default();
    while !matches!(
        fixture.store.search_parked(&mut search).await.unwrap(),
        SearchStep::Ended { .. }
    ) {}
    assert_eq!(marks(&fixture).await, [format!("log:{long}")], "not {quiet}");
    fixture.pass(Duration::from_secs(7200)).await;
    assert_eq!(found(&fixture).await, [long]);
}
