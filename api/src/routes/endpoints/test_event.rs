//! Test events: a worker sends a sample at once, and the answer is the attempt.

use std::time::Duration;

use domain::catalog::Catalog;
use domain::clock::Timestamp;
use domain::endpoint::Endpoint;
use domain::event::Subscription;
use domain::id::DeliveryId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use store::log::LoggedAttempt;
use store::test_events::{TestEventOutcome, TestEventRequest, WAITED_FOR};
use store::{Store, StoreError};

use super::super::attempt::AttemptView;
use super::super::schema::{EventName, present};
use super::super::{Call, Group, Resource, fields};
use super::choice::Choice;
use crate::app::App;
use crate::caller::Caller;
use crate::json::{Json, JsonRequest, OptionalJson};
use crate::problem::{Code, Problem};

/// How many test events an account may send in a minute: enough to fix a receiver by trial and error, too few to load one.
const PER_MINUTE: u32 = 10;

/// How much longer than the attempt a worker may take, since it also records the result.
const MARGIN: Duration = Duration::from_secs(1);

/// How long an attempt may take, until a worker has announced the configured value.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// Sending a test event.
#[derive(Debug, Clone, Copy)]
pub struct TestEventApi;

/// The test event to send.
#[derive(Debug, Default, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendTestEvent {
    /// The event type, or the account event; if absent, the first that the endpoint subscribes to, or `lead.captured` if that is `*`.
    #[serde(default, deserialize_with = "present")]
    event: Option<EventName>,
}

/// The result of a test event.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct TestResult {
    /// The id of the delivery, which is in the log.
    delivery_id: String,
    /// The event type that was sent.
    event: EventName,
    /// Whether the receiver answered with a 2xx status in time.
    succeeded: bool,
    /// Whether the endpoint would get such an event, by its types, chatbots and filters, while it is active. A test is sent anyway.
    would_match: bool,
    /// The attempt in detail.
    attempt: AttemptView,
}

impl JsonRequest for SendTestEvent {
    fn fault(self, app: &App) -> Option<Problem> {
        self.event
            .and_then(|name| fields::testable(&name.0, &app.event_types).err())
    }
}

#[OpenApi(tag = "Group::Endpoints")]
impl TestEventApi {
    /// Send a test event
    ///
    /// Sends a sample event to the endpoint at once, even if the endpoint is not active or doesn't subscribe to the event type,
    /// and returns the attempt. There is only one attempt. It carries `X-RKT-Test: true`. The log marks it as a test, and a failure doesn't count against the
    /// endpoint. An account may send 10 test events in a minute.
    #[oai(
        path = "/api/webhooks-config/:id/test",
        method = "post",
        operation_id = "sendTestEvent"
    )]
    async fn send(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: OptionalJson<SendTestEvent>,
    ) -> Result<Json<TestResult>, Problem> {
        let id = fields::endpoint_id(&id.0)?;
        let wanted = body
            .0
            .event
            .map(|name| fields::testable(&name.0, &app.event_types))
            .transpose()?;
        let store = app.store.of(&caller.account)?;
        let endpoint = store
            .get_endpoint(&caller.account, &id)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        let event = wanted.unwrap_or_else(|| usual(&endpoint, &app.event_types));
        let now = Timestamp::now();
        let chatbot = endpoint.chatbots.ids().first().map(String::as_str);
        let (event, payload) =
            app.event_types
                .sample_payload(event, chatbot, now, app.allowance.payload_bytes)?;
        let choice = Choice {
            events: &endpoint.events,
            chatbots: &endpoint.chatbots,
            filters: &endpoint.filters,
        };
        // It is of one of the endpoint's chatbots.
        let would_match = choice.wants(event, chatbot.unwrap_or_default(), payload.data());
        let request = TestEventRequest {
            delivery: DeliveryId::of(&store.fresh_event(), &id),
            account: caller.account,
            event,
            payload,
        };
        match store.request_test_event(&request, PER_MINUTE).await? {
            TestEventOutcome::Queued => {}
            TestEventOutcome::TooMany(wait) => return Err(too_many(wait)),
            TestEventOutcome::Busy => return Err(no_worker()),
            TestEventOutcome::EndpointNotFound => return Err(fields::no_endpoint()),
        }
        let attempt = answer(store, &request.delivery).await?.ok_or_else(no_worker)?;
        Ok(Json(TestResult {
            delivery_id: request.delivery.into(),
            event: EventName(event.to_string()),
            succeeded: attempt.error.is_none(),
            would_match,
            attempt: attempt.into(),
        }))
    }
}

impl Resource for TestEventApi {
    const CALLS: &'static [Call] = &[Call::new(
        "sendTestEvent",
        &[Code::UnknownEvent, Code::TooManyTests, Code::NoWorker],
    )];
    const EXAMPLES: &'static str = include_str!("test_event.json");
}

/// The attempt as a worker reports it; `None` if no worker takes the request, or the one that took it dies.
async fn answer(store: &Store, delivery: &DeliveryId) -> Result<Option<LoggedAttempt>, StoreError> {
    if let Some(attempt) = store.test_event_answer(delivery, WAITED_FOR).await? {
        return Ok(Some(attempt));
    }
    if store.withdraw_test_event(delivery).await? {
        return Ok(None);
    }
    let policy = store.policy().await?;
    let timeout = policy.map_or(DELIVERY_TIMEOUT, |policy| policy.delivery_timeout);
    store.test_event_answer(delivery, timeout + MARGIN).await
}

/// What to send if the request names nothing: an event type, unless the endpoint subscribes to account events alone.
fn usual(endpoint: &Endpoint, catalog: &Catalog) -> Subscription {
    let events = endpoint.events.iter().copied();
    let example = || Subscription::Only(catalog.example());
    events
        .clone()
        .find(|event| !matches!(event, Subscription::Account(_)))
        .map(|event| {
            if event == Subscription::All {
                example()
            } else {
                event
            }
        })
        .or_else(|| events.clone().next())
        .unwrap_or_else(example)
}

fn no_worker() -> Problem {
    Problem::new(Code::NoWorker).retry_after(10)
}

fn too_many(wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
    Problem::new(Code::TooManyTests)
        .detail(format!(
            "An account may have {PER_MINUTE} test events in a minute. The next one can be had in {seconds} s."
        ))
        .retry_after(seconds)
        .param("max", PER_MINUTE)
        .param("retryAfter", seconds)
}
