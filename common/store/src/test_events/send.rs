//! A worker's side: it takes a test event, sends it, and says what it came to.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::DeliveryId;

use super::WAITED_FOR;
use crate::queue::{AttemptRecord, LeasedEndpoint, LeasedEvent, Phases};
use crate::scripts::script;
use crate::{Listener, Store, StoreError};

/// What a worker needs to send a test event.
#[derive(Debug, Clone)]
pub struct TestEvent {
    /// The delivery.
    pub delivery: DeliveryId,
    /// What is sent.
    pub event: Arc<LeasedEvent>,
    /// Where it is sent.
    pub endpoint: Arc<LeasedEndpoint>,
    /// What Redis's own clock showed as the script ran.
    pub time: Timestamp,
}

script! {
    /// What a worker needs to send a test event; nothing when nobody waits for it any more.
    "test_event_begin": AllowOom, Reads, needs [CORE];
    struct TestEventBegin<'a> {
        delivery: &'a DeliveryId,
        most_age: Duration
    } -> Option<(Arc<LeasedEndpoint>, Arc<LeasedEvent>, Timestamp)>
}

script! {
    /// Writes down what a test event came to, and answers whoever waits for it.
    "test_event_finish": AllowOom, Writes, needs [FINISHED, LOG, TERMS];
    struct TestEventFinish<'a> {
        delivery: &'a DeliveryId,
        log_length: u32,
        outcome: &'a str,
        ms: Duration,
        status: Option<u16>,
        error: Option<&'a str>,
        detail: &'a str,
        timing: &'a Phases,
        headers: &'a str,
        snippet: &'a str
    } -> ()
}

impl Store {
    /// Waits for a test event to send; `None` after `timeout`. A wait that is given up takes none, if `listener` goes
    /// with it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn next_test_event(
        &self,
        listener: &Listener,
        timeout: Duration,
    ) -> Result<Option<DeliveryId>, StoreError> {
        let mut pop = redis::cmd("BLPOP");
        pop.arg(self.keys().key("trials")).arg(timeout.as_secs_f64());
        let taken: Option<(String, String)> = listener.wait(timeout, &pop).await?;
        if taken.is_some() {
            self.quiet().stir();
        }
        // What is no id was not put there by us.
        Ok(taken.and_then(|(_, delivery)| delivery.parse().ok()))
    }

    /// What is needed to send a test event; `None` when nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn begin_test_event(&self, delivery: &DeliveryId) -> Result<Option<TestEvent>, StoreError> {
        let most_age = WAITED_FOR;
        let found = self.call(&TestEventBegin { delivery, most_age }).await?;
        Ok(found.map(|(endpoint, event, time)| TestEvent {
            delivery: delivery.clone(),
            event,
            endpoint,
            time,
        }))
    }

    /// Logs what a test event came to, and answers whoever waits for it. Its payload is kept like that of a delivered
    /// event.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn finish_test_event(
        &self,
        test_event: &TestEvent,
        log_length: u32,
        attempt: &AttemptRecord,
    ) -> Result<(), StoreError> {
        let outcome = match attempt.error {
            None => DeliveryState::Succeeded,
            Some(_) => DeliveryState::Exhausted,
        };
        self.call(&TestEventFinish {
            delivery: &test_event.delivery,
            log_length,
            outcome: outcome.as_str(),
            ms: attempt.duration,
            status: attempt.status,
            error: attempt.error,
            detail: &attempt.detail,
            timing: &attempt.phases,
            headers: &attempt.response_headers,
            snippet: &attempt.snippet,
        })
        .await
    }
}
