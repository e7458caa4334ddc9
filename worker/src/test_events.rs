//! Test events: somebody waits for the answer, so they go past the queue. Each is sent once, at once, by the first worker
//! that has room; it holds no slot and no lease, strikes nobody and is never repeated.
//!
//! Whatever happens, whoever waits gets an answer: what is our own trouble is answered as `not_attempted`. Only a worker
//! that dies leaves the asker to its timeout.

use std::sync::Arc;
use std::time::Duration;

use store::policy::Policy;
use store::queue::AttemptRecord;
use store::test_events::TestEvent;
use store::{Listener, Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::deliver::sender::{Sender, not_attempted};
use crate::metrics::{Metrics, SUCCEEDED};
use crate::outage::Outage;
use crate::stop::Stop;
use crate::supervise::AbortOnDrop;

/// Test events that a worker sends at a time.
const AT_A_TIME: usize = 8;

/// How long one wait for a test event lasts.
const WAIT_FOR: Duration = Duration::from_secs(5);

/// How often an answer is tried to be written, and the wait in between.
const ANSWER_TRIES: u32 = 5;
const ANSWER_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Takes test events.
#[derive(Debug)]
pub(crate) struct TestEvents {
    pub(crate) outage: Outage,
    pub(crate) stop: Stop,
    pub(crate) tester: Arc<Tester>,
}

/// Sends them.
#[derive(Debug)]
pub(crate) struct Tester {
    pub(crate) store: Store,
    pub(crate) sender: Arc<Sender>,
    pub(crate) policy: Policy,
    pub(crate) metrics: Metrics,
}

impl TestEvents {
    /// Runs until the worker stops and what it has taken is answered.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let mut sent = JoinSet::new();
        tokio::select! {
            () = self.take(&mut sent) => {}
            () = stop.requested() => {}
        }
        tokio::select! {
            () = async { while sent.join_next().await.is_some() {} } => {}
            () = stop.deadline() => {}
        }
    }

    async fn take(&mut self, sent: &mut JoinSet<()>) {
        let room = Arc::new(Semaphore::new(AT_A_TIME));
        // It goes when the worker stops, so that Redis doesn't hand a test event to somebody who is no longer there.
        let listener = self.tester.store.listener();
        // Never closed.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
            let test_event = self.next(&listener).await;
            let tester = Arc::clone(&self.tester);
            sent.spawn(async move {
                tester.test(test_event).await;
                drop(permit);
            });
            while sent.try_join_next().is_some() {}
        }
    }

    async fn next(&mut self, listener: &Listener) -> TestEvent {
        loop {
            let next = async {
                match self.tester.store.next_test_event(listener, WAIT_FOR).await? {
                    Some(delivery) => self.tester.store.begin_test_event(&delivery).await,
                    None => Ok(None),
                }
            };
            match next.await {
                Ok(test_event) => {
                    self.outage.over();
                    if let Some(test_event) = test_event {
                        return test_event;
                    }
                }
                Err(error) => tokio::time::sleep(self.outage.failed(&error)).await,
            }
        }
    }
}

impl Tester {
    /// Sends a test event and answers whoever asked for it. A panic is answered too.
    async fn test(self: &Arc<Self>, test_event: TestEvent) {
        let (tester, sending) = (Arc::clone(self), test_event.clone());
        let attempt = tokio::spawn(async move { tester.sender.send_test_event(&sending).await });
        let record = AbortOnDrop(attempt).await.unwrap_or_else(|error| {
            tracing::error!(delivery = %test_event.delivery, %error, "a test event could not be sent");
            not_attempted("the attempt broke off", Duration::ZERO)
        });
        self.metrics
            .test_events
            .with_label_values(&[record.error.unwrap_or(SUCCEEDED)])
            .inc();
        if let Err(error) = self.answer(&test_event, &record).await {
            tracing::warn!(delivery = %test_event.delivery, %error, "what came of a test event could not be written down");
        }
    }

    async fn answer(&self, test_event: &TestEvent, record: &AttemptRecord) -> Result<(), StoreError> {
        let length = self.policy.log_length;
        let mut tries = 1;
        loop {
            match self.store.finish_test_event(test_event, length, record).await {
                Err(StoreError::Unavailable(_)) if tries < ANSWER_TRIES => {
                    tries += 1;
                    tokio::time::sleep(ANSWER_AGAIN_AFTER).await;
                }
                finished => return finished,
            }
        }
    }
}
