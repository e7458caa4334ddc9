//! However a permit ends, its lease is reported; and what counts as slow.

use std::time::Duration;

use store::queue::Outcome;

use super::*;
use crate::fault::NotAttempted;
use crate::tests::leased;

fn slots() -> (Arc<Slots>, UnboundedReceiver<Report>) {
    Slots::new(Metrics::new().unwrap(), crate::tests::alone())
}

#[test]
fn however_a_permit_ends_its_lease_is_reported_once_and_its_slot_is_free() {
    let (slots, mut reports) = slots();
    let lease = leased("https://a.example/", b"{}");
    let now = Instant::now();
    let take = || slots.take(&lease, now);

    drop(take());
    assert!(matches!(
        reports.try_recv().unwrap().outcome,
        Outcome::GivenBack { wait: Duration::ZERO }
    ));
    let mut started = take();
    started.start();
    drop(started);
    assert!(matches!(reports.try_recv().unwrap().outcome, Outcome::Crashed));
    let mut finished = take();
    finished.start();
    finished.finish(Outcome::Succeeded(store::queue::AttemptRecord::default()));
    assert!(matches!(
        reports.try_recv().unwrap().outcome,
        Outcome::Succeeded(_)
    ));
    let wait = Duration::from_secs(5);
    take().not_attempted(&NotAttempted::DamagedSecret, wait);
    let report = reports.try_recv().unwrap();
    assert!(matches!(report.outcome, Outcome::GivenBack { wait: told } if told == wait));
    assert_eq!(
        (report.delivery, report.token),
        (lease.delivery.clone(), lease.token.clone())
    );
    let mut unsendable = take();
    unsendable.start();
    unsendable.not_attempted(&NotAttempted::Unsendable("no".to_owned()), wait);
    assert!(matches!(reports.try_recv().unwrap().outcome, Outcome::Crashed));
    slots.abandon();
    let mut cut_off = take();
    cut_off.start();
    drop(cut_off);
    assert!(matches!(
        reports.try_recv().unwrap().outcome,
        Outcome::GivenBack { wait: Duration::ZERO }
    ));

    assert!(reports.try_recv().is_err());
    assert_eq!(slots.view(now, true), View::default());
    assert_eq!(
        slots.metrics.held.deliveries.get() + slots.metrics.held.bytes.get(),
        0
    );
    assert_eq!(slots.metrics.crashed.get(), 2);
}

#[tokio::test]
async fn a_panic_in_an_attempt_reports_a_crash() {
    let (slots, mut reports) = slots();
    let mut permit = slots.take(&leased("https://a.example/", b"{}"), Instant::now());
    permit.start();
    let attempt = tokio::spawn(async move {
        let _permit = permit;
        panic!("on purpose");
    });
    assert!(attempt.await.unwrap_err().is_panic());
    assert!(matches!(reports.recv().await.unwrap().outcome, Outcome::Crashed));
}

#[test]
fn slow_endpoints_are_those_with_an_old_attempt_and_those_that_came_as_slow() {
    let (slots, _reports) = slots();
    let start = Instant::now();
    let (old, quick) = (
        leased("https://a.example/", b"12345"),
        leased("https://b.example/", b"123"),
    );
    let mut flagged = leased("https://c.example/", b"");
    Arc::make_mut(&mut flagged.endpoint).slow = true;
    let permits = [
        slots.take(&old, start),
        slots.take(&old, start + Duration::from_millis(1500)),
        slots.take(&quick, start + Duration::from_millis(1500)),
        slots.take(&flagged, start + Duration::from_millis(1500)),
    ];
    let at = |ms| start + Duration::from_millis(ms);
    assert_eq!(slots.view(at(900), true).held_slow, 1);
    assert_eq!(slots.name_slow(at(900)), []);
    let view = slots.view(at(1600), true);
    assert_eq!((view.held, view.bytes, view.held_slow), (4, 13, 3));
    assert_eq!(slots.name_slow(at(1600)), *std::slice::from_ref(&old.endpoint.id));
    drop(permits);
    assert_eq!(slots.view(start + Duration::from_secs(9), true), View::default());
}
