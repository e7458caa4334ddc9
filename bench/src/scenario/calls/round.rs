//! Every call of the API once.

mod account;

use domain::clock::Timestamp;
use e2e::client::{Caller, Reply};
use e2e::system::{MANAGE_KEY, System};
use serde_json::{Value, json};

use super::meter::Meter;
use super::{CONFIG, PARKED, endpoint_with};
use crate::child::ReceiverServer;
use crate::measured::Measured;
use crate::subject::{ORGANISATION, account};

const ACCOUNT_LOG: &str = "/api/webhooks-deliveries";

/// Who makes the calls, and on what.
pub(super) struct Round<'a> {
    meter: Meter<'a>,
    customer: Caller,
    owner_of_parked: Caller,
    backend: Caller,
    manager: Caller,
    /// The endpoint with the full log.
    endpoint: String,
    /// Its last delivery.
    delivery: String,
    /// The endpoint with the parked queue.
    parked: String,
    /// For a new endpoint.
    url: String,
}

impl<'a> Round<'a> {
    pub(super) async fn new(system: &'a System, receiver: &ReceiverServer) -> Self {
        let (customer, owner_of_parked) = (system.customer_of(ORGANISATION), system.customer_of(PARKED));
        let endpoint = endpoint_with(&customer, "/full").await;
        let page = customer
            .get(&format!("{CONFIG}/{endpoint}/deliveries"))
            .await
            .expect(200);
        Self {
            meter: Meter::of(&system.redis),
            backend: system.backend(),
            manager: system.caller(MANAGE_KEY),
            delivery: page.body["deliveries"][0]["id"].as_str().unwrap().to_owned(),
            parked: endpoint_with(&owner_of_parked, "/parked").await,
            url: receiver.url("/instant/new"),
            endpoint,
            customer,
            owner_of_parked,
        }
    }

    /// What can be done again and again.
    pub(super) async fn make_all(&mut self) {
        self.endpoints().await;
        self.one_endpoint().await;
        self.log().await;
        self.account_log().await;
        self.stream().await;
        self.replays().await;
        self.events().await;
        self.api_keys().await;
        self.portal_sessions().await;
        self.accounts().await;
    }

    async fn endpoints(&mut self) {
        let wanted = json!({"url": self.url, "events": ["*"], "chatbotId": "bot_of_others"});
        self.call(
            "checkEndpoint",
            &format!("POST {CONFIG}/check"),
            Some(wanted.clone()),
        )
        .await;
        let made = self
            .call("createEndpoint", &format!("POST {CONFIG}"), Some(wanted.clone()))
            .await;
        let id = made.body["id"].as_str().unwrap();
        self.call("removeEndpoint", &format!("DELETE {CONFIG}?id={id}"), None)
            .await;
        let made = self
            .call("createEndpoint", &format!("POST {CONFIG}"), Some(wanted))
            .await;
        let id = made.body["id"].as_str().unwrap();
        self.call("removeEndpointById", &format!("DELETE {CONFIG}/{id}"), None)
            .await;
        self.call("listEndpoints", &format!("GET {CONFIG}"), None).await;
        let change = json!({"id": self.endpoint, "description": "measured"});
        self.call("changeEndpoint", &format!("PATCH {CONFIG}"), Some(change))
            .await;
        let change = json!({"description": "measured"});
        let at = self.at();
        self.call("changeEndpointById", &format!("PATCH {at}"), Some(change))
            .await;
        let on = json!({"ids": [self.endpoint], "active": true});
        self.call("changeEndpoints", &format!("PATCH {CONFIG}/bulk"), Some(on))
            .await;
        self.call("getSummary", "GET /api/webhooks-summary", None).await;
        self.call("listEventTypes", "GET /api/event-types", None).await;
    }

    async fn one_endpoint(&mut self) {
        let at = self.at();
        self.call("getEndpoint", &format!("GET {at}"), None).await;
        let rotation = json!({"graceHours": 0, "force": true});
        self.call(
            "rotateSecret",
            &format!("POST {at}/rotate-secret"),
            Some(rotation),
        )
        .await;
        let received =
            json!({"headers": {"X-RKT-Signature": "0".repeat(64)}, "body": "{\"event\":\"lead.captured\"}"});
        self.call("verifySignature", &format!("POST {at}/verify"), Some(received))
            .await;
        self.call("sendTestEvent", &format!("POST {at}/test"), Some(json!({})))
            .await;
        self.call("retryEndpoint", &format!("POST {at}/retry"), None)
            .await;
    }

    async fn log(&mut self) {
        let log = format!("{}/deliveries", self.at());
        let page = self
            .call("listDeliveries", &format!("GET {log}?limit=100"), None)
            .await;
        if let Some(cursor) = page.body["nextCursor"].as_str() {
            let next = format!("GET {log}?limit=100&cursor={cursor}");
            self.call("listDeliveries, next page", &next, None).await;
        }
        for (name, filter) in [
            ("listDeliveries, exhausted (none)", "status=exhausted"),
            ("listDeliveries, another type (none)", "event=ticket.created"),
            ("listDeliveries, long ago (none)", "until=2020-01-01T00:00:00Z"),
        ] {
            self.call(name, &format!("GET {log}?limit=100&{filter}"), None)
                .await;
        }
        let parked = format!("GET {CONFIG}/{}/deliveries?limit=100&status=parked", self.parked);
        self.meter
            .call(&self.owner_of_parked, "listDeliveries, parked", &parked, None)
            .await;
        let one = format!("{log}/{}", self.delivery);
        self.call("getDelivery", &format!("GET {one}"), None).await;
        self.call("replayDelivery", &format!("POST {one}/replay"), None)
            .await;
    }

    async fn account_log(&mut self) {
        let page = self
            .call(
                "listAccountDeliveries",
                &format!("GET {ACCOUNT_LOG}?limit=100"),
                None,
            )
            .await;
        if let Some(cursor) = page.body["nextCursor"].as_str() {
            let next = format!("GET {ACCOUNT_LOG}?limit=100&cursor={cursor}");
            self.call("listAccountDeliveries, next page", &next, None).await;
        }
        let none = format!("GET {ACCOUNT_LOG}?limit=100&status=exhausted");
        self.call("listAccountDeliveries, exhausted (none)", &none, None)
            .await;
    }

    async fn stream(&mut self) {
        let stream = format!("{}/deliveries/stream", self.at());
        self.meter.open(&self.customer, "streamDeliveries", &stream).await;
        let stream = format!("{ACCOUNT_LOG}/stream");
        self.meter
            .open(&self.customer, "streamAccountDeliveries", &stream)
            .await;
    }

    async fn replays(&mut self) {
        let at = self.at();
        let replays = format!("POST {at}/replay");
        let now = i64::try_from(Timestamp::now().as_millis()).unwrap();
        let since = Timestamp::from_millis(now - 24 * 60 * 60 * 1000)
            .unwrap()
            .to_string();
        let span = json!({"since": since, "status": "succeeded"});
        let count = format!("{replays}/count");
        self.call("countReplay", &count, Some(span.clone())).await;
        let replay = self.call("replayDeliveries", &replays, Some(span)).await;
        let replay = format!("{at}/replays/{}", replay.body["id"].as_str().unwrap());
        self.call("getReplay", &format!("GET {replay}"), None).await;
        self.call("cancelReplay", &format!("DELETE {replay}"), None).await;
    }

    async fn events(&mut self) {
        let event = json!({
            "accountId": account(ORGANISATION), "event": "lead.captured", "chatbotId": "bot_00", "data": {},
        });
        let mut with_key = event.clone();
        with_key["idempotencyKey"] = json!("measured");
        let events = json!({"events": vec![event.clone(); 100]});
        self.meter
            .call(&self.backend, "pushEvent", "POST /api/events", Some(event))
            .await;
        let one = json!({"events": [with_key]});
        let batch = "POST /api/events/batch";
        let pushed = self
            .meter
            .call(&self.backend, "pushEvents, one with a key", batch, Some(one))
            .await;
        let id = pushed.body["results"][0]["id"].as_str().unwrap();
        let path = format!("/api/events/{id}");
        self.call("getEvent", &format!("GET {path}"), None).await;
        self.call("findEvent", "GET /api/events?idempotencyKey=measured", None)
            .await;
        self.call("eraseEvent", &format!("DELETE {path}"), None).await;
        self.meter
            .call(&self.backend, "pushEvents, 100", batch, Some(events))
            .await;
    }

    /// What can be done once.
    pub(super) async fn switch_on_and_remove(&mut self) {
        let (owner, parked) = (&self.owner_of_parked, &self.parked);
        let on = json!({"id": parked, "active": true});
        let change = format!("PATCH {CONFIG}");
        self.meter
            .call(owner, "changeEndpoint, releases", &change, Some(on))
            .await;
        let remove = format!("DELETE {CONFIG}?id={parked}");
        self.meter
            .call(owner, "removeEndpoint, with a queue", &remove, None)
            .await;
    }

    /// Adds all costs to what was measured.
    pub(super) fn add_to(&self, measured: &mut Measured) {
        self.meter.add_to(measured);
    }

    fn at(&self) -> String {
        format!("{CONFIG}/{}", self.endpoint)
    }

    async fn call(&mut self, name: &str, call: &str, body: Option<Value>) -> Reply {
        self.meter.call(&self.customer, name, call, body).await
    }
}
