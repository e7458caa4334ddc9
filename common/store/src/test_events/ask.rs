//! The API's side: it asks for a test event and waits for what it came to.

use std::time::{Duration, Instant};

use redis::Value;

use domain::event::{Payload, Subscription};
use domain::id::{AccountId, DeliveryId, EndpointId};

use crate::log::{LogEntry, LoggedAttempt, entries};
use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

/// A test event to send. Its id is made before the call, so that the call can be repeated.
#[derive(Debug, Clone)]
pub struct TestEventRequest {
    /// A fresh delivery to the endpoint that is tested.
    pub delivery: DeliveryId,
    /// Who asks.
    pub account: AccountId,
    /// The event's type, or the kind of account event.
    pub event: Subscription,
    /// What is sent.
    pub payload: Payload,
}

/// What came of asking for a test event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestEventOutcome {
    /// A worker will take it.
    Queued,
    /// The account has had as many as it may in this minute; another one can be had after that.
    TooMany(Duration),
    /// Tests wait that no worker takes.
    Busy,
    /// The account has no such endpoint.
    EndpointNotFound,
}

script! {
    /// Asks a worker to send a test event at once.
    "test_event_request": DenyOom, Writes, needs [OWNER, CORE, QUOTA, HERE];
    struct TestEventAsk<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        delivery: &'a DeliveryId,
        event: &'a str,
        body: &'a Payload,
        per_minute: u32
    } -> TestEventOutcome
}

answered_in_words! {
    TestEventOutcome {
        "queued" => Queued,
        "too_many" => TooMany(wait),
        "busy" => Busy,
        "" => EndpointNotFound,
    }
}

script! {
    /// Takes the request for a test event back; answers how many there were.
    "test_event_withdraw": AllowOom, Writes, needs [BASE];
    struct TestEventWithdraw<'a> {
        delivery: &'a DeliveryId
    } -> u32
}

impl Store {
    /// Asks for a test event; an account may have `per_minute`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn request_test_event(
        &self,
        request: &TestEventRequest,
        per_minute: u32,
    ) -> Result<TestEventOutcome, StoreError> {
        self.call(&TestEventAsk {
            endpoint: &request.delivery.endpoint(),
            account: &request.account,
            delivery: &request.delivery,
            event: request.event.as_str(),
            body: &request.payload,
            per_minute,
        })
        .await
    }

    /// Waits for what a test event came to; `None` after `timeout`. An answer that was lost on the way is read again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn test_event_answer(
        &self,
        delivery: &DeliveryId,
        timeout: Duration,
    ) -> Result<Option<LoggedAttempt>, StoreError> {
        let end = Instant::now() + timeout;
        let entry = match self.wait_for_answer(delivery, timeout).await {
            Ok(entry) => entry,
            // The answer may have gone with the connection.
            Err(StoreError::Unavailable(_)) => match self.finished_test_event(delivery).await? {
                Some(entry) => Some(entry),
                None => {
                    let left = end.saturating_duration_since(Instant::now());
                    self.wait_for_answer(delivery, left).await?
                }
            },
            Err(error) => return Err(error),
        };
        let Some(entry) = entry else {
            return Ok(None);
        };
        let mut range = redis::cmd("XRANGE");
        range.arg(self.keys().key(&format!("log:{}", delivery.endpoint())));
        range.arg(&entry).arg(&entry);
        let found: Value = self
            .query(&range)
            .await
            .or_else(|error| error.unless_overwritten(Value::Array(Vec::new())))?;
        Ok(entries(found)?.pop().and_then(LogEntry::into_attempt))
    }

    /// The log entry of a test event, as soon as somebody tells it.
    async fn wait_for_answer(
        &self,
        delivery: &DeliveryId,
        timeout: Duration,
    ) -> Result<Option<String>, StoreError> {
        // Zero would wait for ever.
        let timeout = timeout.max(Duration::from_millis(1));
        let listener = self.listener();
        let mut pop = redis::cmd("BLPOP");
        pop.arg(self.keys().key(&format!("answer:{delivery}")));
        pop.arg(timeout.as_secs_f64());
        let answer: Option<(String, String)> = listener.query(timeout, &pop).await?;
        Ok(answer.map(|(_, entry)| entry))
    }

    /// The log entry of a test event that was finished.
    async fn finished_test_event(&self, delivery: &DeliveryId) -> Result<Option<String>, StoreError> {
        let mut get = redis::cmd("HGET");
        get.arg(self.keys().key(&format!("trial:{delivery}"))).arg("done");
        self.query(&get)
            .await
            .or_else(|error| error.unless_overwritten(None))
    }

    /// Takes a request back, unless a worker has it; whether it did. A repeat may say that it didn't.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn withdraw_test_event(&self, delivery: &DeliveryId) -> Result<bool, StoreError> {
        Ok(self.call(&TestEventWithdraw { delivery }).await? > 0)
    }
}
