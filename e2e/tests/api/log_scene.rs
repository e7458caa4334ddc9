//! A customer with one endpoint, whose receiver answers as the data of each event says: for tests of the delivery log.

use e2e::client::{Caller, Pushed, Reply};
use e2e::receiver::{Answer, Receiver};
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

use crate::fixture::ENDPOINTS;

/// Where the endpoint leads.
pub(crate) const HOOK: &str = "/hook";

pub(crate) struct LogScene {
    pub(crate) system: System,
    pub(crate) customer: Caller,
    pub(crate) receiver: Receiver,
    /// The endpoint's id.
    pub(crate) endpoint: String,
}

impl LogScene {
    /// An endpoint that gets all events. `{"then": 500}` in an event's data is answered with 500, `{"then": "hold"}` once
    /// the receiver's gate is opened; replays always with 200.
    pub(crate) async fn start(builder: Builder) -> Self {
        let (system, receiver) = (builder.start().await, Receiver::start().await);
        receiver.always_with(HOOK, |request| {
            let then = &request.json()["data"]["then"];
            if request.header("x-rkt-replay").is_some() {
                Answer::status(200)
            } else if let Some(status) = then.as_u64() {
                Answer::status(u16::try_from(status).unwrap())
                    .header("x-reason", "as it was told")
                    .body("what went wrong")
            } else if then == "hold" {
                Answer::status(200).held()
            } else {
                Answer::status(200)
            }
        });
        let customer = system.customer();
        let endpoint = customer.create_endpoint(&receiver.url(HOOK), &["*"]).await.id;
        Self {
            system,
            customer,
            receiver,
            endpoint,
        }
    }

    /// A path below the endpoint.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("{ENDPOINTS}/{}/{rest}", self.endpoint)
    }

    /// Pushes an event with these data.
    pub(crate) async fn push(&self, data: Value) -> Pushed {
        let backend = self.system.backend();
        backend.push(self.system.account(), "lead.captured", data).await
    }

    /// Pushes many events with the same data.
    pub(crate) async fn push_many(&self, count: usize, data: &Value) -> Vec<Pushed> {
        let account = self.system.account();
        let item =
            json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": data});
        let mut pushed = Vec::new();
        for some in vec![item; count].chunks(500) {
            pushed.extend(self.system.backend().push_batch(some).await);
        }
        pushed
    }

    /// A listing: its query without `?`.
    pub(crate) async fn list(&self, query: &str) -> Value {
        let path = self.path(&format!("deliveries?{query}"));
        self.customer.get(&path).await.expect(200).body
    }

    /// The listed deliveries, once there are this many.
    pub(crate) async fn listed(&self, query: &str, count: usize) -> Vec<Value> {
        eventually(LONG, &format!("{count} deliveries of {query}"), async || {
            let page = self.list(query).await;
            let deliveries = page["deliveries"].as_array().unwrap();
            check(deliveries.len() == count, page.to_string()).map(|()| deliveries.clone())
        })
        .await
    }

    /// One delivery.
    pub(crate) async fn delivery(&self, id: &str) -> Value {
        let path = self.path(&format!("deliveries/{id}"));
        self.customer.get(&path).await.expect(200).body
    }

    /// Asks for a replay of one delivery.
    pub(crate) async fn replay(&self, id: &str) -> Reply {
        let path = self.path(&format!("deliveries/{id}/replay"));
        self.customer.post(&path, &Value::Null).await
    }

    /// Switches the endpoint on or off.
    pub(crate) async fn switch(&self, active: bool) {
        let change = json!({"id": self.endpoint, "active": active});
        let changed = self.customer.patch(ENDPOINTS, &change).await.expect(200);
        assert_eq!(changed.body["active"], active);
    }
}

/// The ids of listed deliveries.
pub(crate) fn ids(deliveries: &[Value]) -> Vec<String> {
    deliveries.iter().map(|delivery| text(delivery, "id")).collect()
}

/// A field that is a text.
#[track_caller]
pub(crate) fn text(object: &Value, field: &str) -> String {
    let found = object[field].as_str();
    found
        .unwrap_or_else(|| panic!("`{field}` is no text in {object}"))
        .to_owned()
}
