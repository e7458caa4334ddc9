use super::*;
use crate::backend::slots::Slots;
use crate::metrics::Metrics;
use crate::tests::leased;

#[test]
fn an_attempt_begins_only_if_the_lease_outlasts_it_by_five_seconds() {
    let (slots, mut reports) = Slots::new(Metrics::new().unwrap(), crate::tests::alone());
    let lease = leased("https://a.example/", b"{}");
    let asked = Instant::now();
    for (elapsed_ms, begins) in [(0, true), (5_000, true), (5_001, false), (60_000, false)] {
        let job = Job::new(
            lease.clone(),
            slots.take(&lease, asked),
            asked,
            Duration::from_secs(20),
        );
        let started = job.start(Duration::from_secs(10), asked + Duration::from_millis(elapsed_ms));
        assert_eq!(started.is_some(), begins, "{elapsed_ms}");
        if let Some(started) = started {
            started.finish(Outcome::Crashed);
            assert!(matches!(reports.try_recv().unwrap().outcome, Outcome::Crashed));
        } else {
            assert!(matches!(
                reports.try_recv().unwrap().outcome,
                Outcome::GivenBack { wait: Duration::ZERO }
            ));
        }
    }
}
