//! The stop is in order and bounded, whatever the tasks do.

use std::future::{pending, ready};

use apalis::prelude::Monitor;
use store::queue::{Outcome, Report};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::*;
use crate::metrics::Metrics;
use crate::stop::Stop;
use crate::tests::leased;

/// A supervisor without tasks, the signal that they hear, and the reports.
fn supervisor() -> (Supervisor, Stop, UnboundedReceiver<Report>) {
    let (stopper, stop) = Stopper::new();
    let (slots, reports) = Slots::new(Metrics::new().unwrap(), crate::tests::alone());
    let supervisor = Supervisor {
        tasks: Tasks::default(),
        pages: Tasks::default(),
        stopper,
        slots: vec![slots],
        handoff: Arc::default(),
        runner: Monitor::new().context(),
        timeout: Duration::from_millis(50),
    };
    (supervisor, stop, reports)
}

#[tokio::test]
async fn a_task_that_ends_by_itself_or_panics_stops_the_worker_with_an_error() {
    for panics in [false, true] {
        let (mut supervisor, mut stop, _reports) = supervisor();
        let (told, mut heard) = mpsc::unbounded_channel();
        supervisor.tasks.spawn("upkeep", async move {
            stop.requested().await;
            told.send(()).unwrap();
        });
        supervisor
            .tasks
            .spawn("fetcher", async move { assert!(!panics, "on purpose") });
        let error = supervisor.run(pending()).await.unwrap_err();
        assert_eq!(error.to_string(), "the task `fetcher` ended unexpectedly");
        assert!(heard.recv().await.is_some(), "the others were told to stop");
    }
}

#[tokio::test]
async fn what_outlasts_the_timeout_is_cut_off_and_given_back() {
    let (mut supervisor, _stop, mut reports) = supervisor();
    let mut permit =
        supervisor.slots[0].take(&leased("https://a.example/", b"{}"), std::time::Instant::now());
    permit.start();
    supervisor.tasks.spawn("runner", async move {
        let _permit = permit;
        pending::<()>().await;
    });
    let (told, mut heard) = mpsc::unbounded_channel();
    supervisor
        .tasks
        .spawn("fetcher", async move { told.send(reports.recv().await).unwrap() });
    supervisor.run(ready(())).await.unwrap();
    let report = heard.recv().await.flatten().unwrap();
    assert!(
        matches!(report.outcome, Outcome::GivenBack { wait: Duration::ZERO }),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_task_that_never_ends_does_not_hold_the_stop_up() {
    let (mut supervisor, _stop, _reports) = supervisor();
    supervisor.tasks.spawn("fetcher", pending());
    supervisor.run(ready(())).await.unwrap();
}
