//! Test events: somebody waits for the answer, so they go past the queue. Each is sent once, at once, by the first worker
//! that has room and is fit for work; it holds no slot and no lease, strikes nobody and is never repeated.
//!
//! Whatever happens, whoever waits gets an answer: what is our own trouble is answered as `not_attempted`, and so is what would take more
//! than the account's share of the places. Only a worker that dies leaves the asker to its timeout.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::id::{AccountId, DeliveryId};
use store::policy::Policy;
use store::queue::AttemptRecord;
use store::test_events::TestEvent;
use store::{Listener, Store, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::deliver::Sender;
use crate::deliver::message::Message;
use crate::drain::Drain;
use crate::fitness::Fitness;
use crate::metrics::{Metrics, NOT_ATTEMPTED, SUCCEEDED};
use crate::outage::Outage;
use crate::shares::Shares;
use crate::stop::Stop;
use crate::tasks::AbortOnDrop;

/// Test events that a worker sends at a time, of all accounts together.
const AT_A_TIME: usize = 32;

/// How often the worker tries to write an answer, and the pause in between.
const ANSWER_TRIES: u32 = 5;
const ANSWER_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Takes test events as they are asked for.
#[derive(Debug)]
pub(crate) struct TestEvents {
    pub(crate) outage: Outage,
    pub(crate) fitness: Fitness,
    pub(crate) drain: Drain,
    pub(crate) stop: Stop,
    pub(crate) sender: Arc<TestEventSender>,
}

/// Sends test events, and writes down what came of each.
#[derive(Debug)]
pub(crate) struct TestEventSender {
    pub(crate) store: Store,
    pub(crate) sender: Arc<Sender>,
    pub(crate) policy: Policy,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
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
        let shares = Arc::new(Mutex::new(Shares::of(AT_A_TIME)));
        // Dropped when the worker stops, so that Redis hands no test event to a worker that is gone.
        let listener = self.sender.store.listener();
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
            self.fitness.until_fit().await;
            // One that this worker waits for already when that begins may still come to it.
            self.drain.becomes(false).await;
            let test_event = self.next(&listener).await;
            let place = Place::take(&shares, &test_event.endpoint.account);
            let sender = Arc::clone(&self.sender);
            sent.spawn(async move {
                match place {
                    Some(place) => {
                        sender.send(test_event).await;
                        drop(place);
                    }
                    None => sender.refuse(&test_event).await,
                }
                drop(permit);
            });
            while sent.try_join_next().is_some() {}
        }
    }

    async fn next(&mut self, listener: &Listener) -> TestEvent {
        loop {
            let next = async {
                let store = &self.sender.store;
                match store.next_test_event(listener, store.waits_for()).await? {
                    Some(delivery) => self.sender.begin(&delivery).await,
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

/// A place in an account's share. Dropping it gives it back.
#[derive(Debug)]
struct Place {
    shares: Arc<Mutex<Shares<AccountId>>>,
    account: AccountId,
}

impl Place {
    /// A place, unless the account holds as many as it may.
    fn take(shares: &Arc<Mutex<Shares<AccountId>>>, account: &AccountId) -> Option<Self> {
        let mut known = shares.lock().unwrap_or_else(PoisonError::into_inner);
        known.may_take(account).then(|| {
            known.take(account);
            Self {
                shares: Arc::clone(shares),
                account: account.clone(),
            }
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        shares.give_back(&self.account);
    }
}

impl TestEventSender {
    /// What is needed to send a test event, and what time it is; nothing when nobody waits for it any more.
    async fn begin(&self, delivery: &DeliveryId) -> Result<Option<TestEvent>, StoreError> {
        let asked = Instant::now();
        let begun = self.store.begin_test_event(delivery).await?;
        if let Some(test_event) = &begun {
            self.clock.measure(asked, Instant::now(), test_event.time);
        }
        Ok(begun)
    }

    /// Sends a test event and answers whoever asked for it. A panic is answered too.
    async fn send(self: &Arc<Self>, test_event: TestEvent) {
        let (sender, sending) = (Arc::clone(self), test_event.clone());
        let attempt = AbortOnDrop::spawn(async move { sender.attempt(&sending).await });
        let record = attempt.await.unwrap_or_else(|error| {
            tracing::error!(delivery = %test_event.delivery, %error, "a test event could not be sent");
            not_attempted("the attempt broke off", Duration::ZERO)
        });
        self.conclude(&test_event, &record).await;
    }

    /// Answers whoever asked that others of their account are under way.
    async fn refuse(&self, test_event: &TestEvent) {
        let reason = "too many other test events of this account are under way";
        self.conclude(test_event, &not_attempted(reason, Duration::ZERO))
            .await;
    }

    /// Counts what came of a test event, and answers whoever asked for it.
    async fn conclude(&self, test_event: &TestEvent, record: &AttemptRecord) {
        self.metrics
            .test_events
            .with_label_values(&[record.error.unwrap_or(SUCCEEDED)])
            .inc();
        if let Err(error) = self.answer(test_event, record).await {
            tracing::warn!(delivery = %test_event.delivery, %error, "what came of a test event could not be written down");
        }
    }

    /// Sends a test event once. The record has what was answered, to a success too.
    async fn attempt(&self, test_event: &TestEvent) -> AttemptRecord {
        let started = Instant::now();
        let sent = self.sender.send(test_event.into()).await;
        let duration = started.elapsed();
        match sent {
            Ok(exchange) => exchange.record_in_full(duration),
            Err(error) => {
                tracing::error!(delivery = %test_event.delivery, %error, "could not send a test event");
                not_attempted(error.in_public(), duration)
            }
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

/// The record of a test event that was not attempted, through no fault of the receiver.
fn not_attempted(reason: &str, duration: Duration) -> AttemptRecord {
    AttemptRecord {
        duration,
        error: Some(NOT_ATTEMPTED),
        detail: format!("nothing was sent, and the endpoint is not to blame: {reason}"),
        ..AttemptRecord::default()
    }
}

impl<'a> From<&'a TestEvent> for Message<'a> {
    fn from(test_event: &'a TestEvent) -> Self {
        Self {
            delivery: &test_event.delivery,
            attempt: 1,
            event: &test_event.event,
            endpoint: &test_event.endpoint,
            is_test: true,
            trace: None,
        }
    }
}
