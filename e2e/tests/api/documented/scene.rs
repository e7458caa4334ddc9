//! What a call needs to be there before it: an endpoint with deliveries, and whatever else its parameters name.

use std::sync::atomic::{AtomicUsize, Ordering};

use domain::clock::Timestamp;
use e2e::client::{Caller, Reply};
use e2e::receiver::{Answer, Receiver};
use e2e::system::{MANAGE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::calls::{Call, Parameter};
use crate::fixture::{API_KEYS, ENDPOINTS};

/// The organisation of the examples, and the account that events are pushed to.
const ORGANISATION: &str = "org_2abcDEF";
const ACCOUNT: &str = "org:org_2abcDEF";

/// A whole system, and a customer of the examples' account with a receiver.
pub(super) struct Scene {
    pub(super) system: System,
    customer: Caller,
    receiver: Receiver,
    furnished: AtomicUsize,
}

/// What was made for one call.
pub(super) struct Things {
    endpoint: String,
    /// Exhausted.
    delivery: String,
    made_at: Timestamp,
}

impl Scene {
    pub(super) async fn start() -> Self {
        // One attempt only: what fails is exhausted at once.
        let system = System::builder().env("RETRY_SCHEDULE", "").start().await;
        Self {
            customer: system.customer_of(ORGANISATION),
            receiver: Receiver::start().await,
            furnished: AtomicUsize::new(0),
            system,
        }
    }

    /// Who makes a call.
    pub(super) fn caller(&self, call: &Call) -> Caller {
        if call.takes("serviceKey") {
            self.system.backend()
        } else if !call.takes("clerkSession") && call.takes("manageKey") {
            self.system.caller(MANAGE_KEY)
        } else {
            self.customer.clone()
        }
    }

    /// A new endpoint with two deliveries: one that was exhausted and, since, one that succeeded.
    pub(super) async fn furnish(&self) -> Things {
        // What an earlier call set off may still arrive: at a path of its own.
        let path = format!("/hook/{}", self.furnished.fetch_add(1, Ordering::Relaxed));
        self.receiver.then(&path, [Answer::status(500)]);
        let url = self.receiver.url(&path);
        let endpoint = self.customer.create_endpoint(&url, &["*"]).await.id;
        let exhausted = self.deliver(&endpoint, false).await;
        self.deliver(&endpoint, true).await;
        Things {
            endpoint,
            delivery: exhausted,
            made_at: Timestamp::now(),
        }
    }

    /// Pushes an event and waits until the endpoint has nothing left to do; gives back the delivery's id.
    async fn deliver(&self, endpoint: &str, succeeds: bool) -> String {
        let pushed = self
            .system
            .backend()
            .push(ACCOUNT, "lead.captured", json!({"leadId": "clx0001"}))
            .await;
        assert_eq!(pushed.deliveries, 1);
        eventually(LONG, "the delivery to be finished", async || {
            let endpoint = self.customer.endpoint(endpoint).await;
            let last = &endpoint["lastAttempt"];
            check(
                endpoint["queueDepth"] == 0 && last["succeeded"] == succeeds,
                endpoint.to_string(),
            )
            .map(|()| last["deliveryId"].as_str().unwrap().to_owned())
        })
        .await
    }

    /// The head of an answer that goes on for ever, and what it says of a delivery that is made meanwhile.
    pub(super) async fn listen(&self, request: RequestBuilder, things: &Things) -> Reply {
        let mut response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut text = String::new();
        if response.status().is_success() {
            self.deliver(&things.endpoint, true).await;
        }
        let reading = async {
            while let Some(chunk) = response.chunk().await.unwrap() {
                text.push_str(std::str::from_utf8(&chunk).unwrap());
                if text.contains("event: attempt\n") && text.ends_with("\n\n") {
                    break;
                }
            }
        };
        let in_time = tokio::time::timeout(LONG, reading).await;
        assert!(in_time.is_ok(), "the stream said only {text:?}");
        Reply {
            status,
            headers,
            text,
            body: Value::Null,
        }
    }

    /// Removes all endpoints, so that no example's URL ever gets an event.
    pub(super) async fn clear(&self) {
        let list = self.customer.get(ENDPOINTS).await.expect(200);
        for endpoint in list.body["endpoints"].as_array().unwrap() {
            self.customer
                .remove_endpoint(endpoint["id"].as_str().unwrap())
                .await;
        }
    }

    /// What to give as a parameter: something that was made, else the documented example.
    pub(super) async fn value(&self, call: &Call, parameter: &Parameter, things: &Things) -> Option<String> {
        match parameter.name {
            "id" if call.id() == "revokeApiKey" => Some(self.api_key().await),
            "sessionId" => Some(self.portal_session().await),
            "id" | "endpointId" => Some(things.endpoint.clone()),
            "eventId" => Some(things.event()),
            // What is done to an account as a whole is done to another one.
            "accountId" if call.id() == "eraseAccount" => Some("org_2erased".to_owned()),
            "accountId" => Some("org_2others".to_owned()),
            "idempotencyKey" => Some(self.push_with_key().await),
            "deliveryId" => Some(things.delivery.clone()),
            "replayId" => Some(self.replay(things).await),
            "cursor" => Some(self.cursor(call, things).await),
            // The examples of a call ask for different things.
            "Idempotency-Key" => Some(format!("{}:{}", parameter.example.as_ref()?, things.endpoint)),
            "Last-Event-ID" => Some(self.event_id(call, things).await),
            name => things.recent(name).or_else(|| parameter.example.clone()),
        }
    }

    /// The key of an event.
    async fn push_with_key(&self) -> String {
        let key = format!("key-{}", self.furnished.fetch_add(1, Ordering::Relaxed));
        let event = json!({"accountId": ACCOUNT, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
        let push = self.system.backend().request(Method::POST, "/api/events");
        let push = push.header("idempotency-key", &key).json(&event);
        let _reply = Caller::send(push).await.expect(202);
        key
    }

    /// The id of a key of the account. None is left of those that were made before, of which there may be 20.
    async fn api_key(&self) -> String {
        let id = |key: &Value| key["id"].as_str().unwrap().to_owned();
        let listed = self.customer.get(API_KEYS).await.expect(200).body;
        for key in listed["keys"].as_array().unwrap() {
            let path = format!("{API_KEYS}?id={}", id(key));
            let _reply = self.customer.delete(&path).await.expect(204);
        }
        self.customer.create_api_key(&["endpoints:read"]).await;
        id(&self.customer.get(API_KEYS).await.expect(200).body["keys"][0])
    }

    /// The id of a portal session.
    async fn portal_session(&self) -> String {
        let manager = self.system.caller(MANAGE_KEY);
        let session = manager.create_portal_session(ORGANISATION, "read").await;
        session["id"].as_str().unwrap().to_owned()
    }

    /// A replay of what was exhausted.
    async fn replay(&self, things: &Things) -> String {
        let path = format!("{ENDPOINTS}/{}/replay", things.endpoint);
        let wanted = json!({"since": things.recent("since")});
        let replay = self.customer.post(&path, &wanted).await.expect(202).body;
        replay["id"].as_str().unwrap().to_owned()
    }

    /// The cursor behind the first item of a listing with the filters of the examples.
    async fn cursor(&self, call: &Call, things: &Things) -> String {
        let mut path = call.path.replace("{id}", &things.endpoint);
        path.push_str("?limit=1");
        for filter in call.parameters() {
            if filter.place == "query" && !matches!(filter.name, "cursor" | "limit") {
                let value = match filter.name {
                    "endpointId" => Some(things.endpoint.clone()),
                    "eventId" => Some(things.event()),
                    name => things.recent(name).or(filter.example),
                };
                let value = value.unwrap();
                path.push_str(&format!("&{}={value}", filter.name));
            }
        }
        let page = self.customer.get(&path).await.expect(200);
        let cursor = page.body["nextCursor"].as_str();
        cursor.unwrap_or_else(|| panic!("{}", page.text)).to_owned()
    }

    /// The id that a stream begins with.
    async fn event_id(&self, call: &Call, things: &Things) -> String {
        let path = call.path.replace("{id}", &things.endpoint);
        let mut response = self.customer.request(Method::GET, &path).send().await.unwrap();
        let mut text = String::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            text.push_str(std::str::from_utf8(&chunk).unwrap());
            let line = text.lines().find_map(|line| line.strip_prefix("id: "));
            if let Some(id) = line.filter(|_| text.ends_with("\n\n")) {
                return id.to_owned();
            }
        }
        panic!("the stream said only {text:?}");
    }
}

impl Things {
    /// The event that was exhausted.
    fn event(&self) -> String {
        format!("evt_{}", &self.delivery[4..30])
    }

    /// The ends of a time span with all that was made, in place of those in the examples.
    fn recent(&self, name: &str) -> Option<String> {
        let span = match name {
            "since" => -3_600_000,
            "until" => 30_000,
            _ => return None,
        };
        let time = i64::try_from(self.made_at.as_millis()).unwrap() + span;
        Some(Timestamp::from_millis(time).unwrap().to_string())
    }

    /// The body of an example, with the ids of what was made, and with times since then, in place of the example's.
    pub(super) fn inserted(&self, body: &Value) -> Value {
        match body {
            Value::String(text) if text.starts_with("ep_") => self.endpoint.as_str().into(),
            Value::String(text) if text.starts_with("dlv_") => self.delivery.as_str().into(),
            Value::Array(items) => items.iter().map(|item| self.inserted(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter();
                fields
                    .map(|(name, value)| {
                        let value = self
                            .recent(name)
                            .map_or_else(|| self.inserted(value), Value::from);
                        (name.clone(), value)
                    })
                    .collect()
            }
            other => other.clone(),
        }
    }
}
