//! A customer, a backend and an operator use everything that the system offers.

use domain::clock::Timestamp;
use domain::signing::SigningSecret;
use e2e::clerk::Claims;
use e2e::client::{Caller, Pushed};
use e2e::receiver::{Answer, Receiver};
use e2e::system::{Builder, MANAGE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use reqwest::{Method, Response};
use serde_json::{Value, json};

const ENDPOINTS: &str = "/api/webhooks-config";

/// What stands in every payload, and nowhere else.
pub(crate) const MARKER: &str = "payload-marker-7Qw3";

/// The value of a header of the endpoints' own.
pub(crate) const HEADER: &str = "own-header-Zk81mP4q";

/// A system whose deliveries are exhausted after two attempts, and whose endpoints are switched off after five failures.
pub(crate) fn builder() -> Builder {
    System::builder()
        .workers(2)
        .worker_env("RETRY_SCHEDULE", "50ms")
        .worker_env("DISABLE_AFTER", "5")
}

/// The tour, and what it has met.
pub(crate) struct Tour<'a> {
    system: &'a System,
    pub(crate) receiver: Receiver,
    customer: Caller,
    /// The session token of the customer.
    pub(crate) token: String,
    /// Every signing secret.
    pub(crate) secrets: Vec<String>,
    /// A key of the account.
    pub(crate) api_key: String,
    /// The token of a portal session.
    pub(crate) portal_token: String,
}

impl<'a> Tour<'a> {
    /// Does everything, and waits until all of it is done.
    pub(crate) async fn of(system: &'a System) -> Self {
        let token = Claims::v2("user_2test", Some("org_2test")).sign(&system.key);
        let mut tour = Self {
            system,
            receiver: Receiver::start().await,
            customer: system.caller(&token),
            token,
            secrets: Vec::new(),
            api_key: String::new(),
            portal_token: String::new(),
        };
        tour.use_keys().await;
        tour.embed().await;
        let good = tour.endpoint("/good", &["*"]).await;
        let begin = tour.place(&good).await;
        let bad = tour.endpoint("/bad", &["lead.captured"]).await;
        tour.endpoint(
            "/notified",
            &["endpoint.disabled", "endpoint.recovered", "delivery.exhausted"],
        )
        .await;
        tour.deliver_twice(&good).await;
        tour.fail_until_switched_off(&bad).await;
        tour.discard_then_release(&bad).await;
        tour.replay(&good).await;
        tour.rotate(&good).await;
        tour.try_out(&good).await;
        tour.read_the_log(&good).await;
        tour.follow(&good, &begin).await;
        for id in [&good, &bad] {
            tour.customer.endpoint(id).await;
        }
        tour.get("/api/webhooks-summary").await;
        tour.get(ENDPOINTS).await;
        tour.get("/api/event-types").await;
        let gone = tour.endpoint("/gone", &["lead.captured"]).await;
        tour.customer.remove_endpoint(&gone).await;
        tour
    }

    /// A program with a key of the account, and the backend in its name, who brings a secret along.
    async fn use_keys(&mut self) {
        self.api_key = self
            .customer
            .create_api_key(&["endpoints:write", "deliveries:read"])
            .await;
        let program = self.system.caller(&self.api_key);
        let made = program
            .create_endpoint(&self.receiver.url("/kept"), &["session.created"])
            .await;
        self.secrets.push(made.secret);
        program.remove_endpoint(&made.id).await;
        let secret = SigningSecret::generate().expose().to_owned();
        let wanted =
            json!({"url": self.receiver.url("/moved"), "events": ["session.created"], "secret": secret});
        let manager = self.system.manager_of(self.system.account());
        let moved = manager.post(ENDPOINTS, &wanted).await.expect(201).body;
        manager.remove_endpoint(moved["id"].as_str().unwrap()).await;
        self.secrets.push(secret);
        let stream = program.request(Method::GET, "/api/webhooks-deliveries/stream");
        let mut stream = stream.send().await.unwrap();
        assert!(stream.chunk().await.unwrap().is_some());
        self.get("/api/api-keys").await;
        self.customer.create_api_key(&["replay:read"]).await;
        let keys = self.get("/api/api-keys").await;
        let id = keys["keys"][1]["id"].as_str().unwrap();
        let _reply = self
            .customer
            .delete(&format!("/api/api-keys?id={id}"))
            .await
            .expect(204);
    }

    /// The dashboard within the product's own pages.
    async fn embed(&mut self) {
        let manager = self.system.caller(MANAGE_KEY);
        let session = manager.create_portal_session("org_2test", "write").await;
        session["token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.portal_token);
        let embedded = self.system.caller(&self.portal_token);
        let _reply = embedded.get(ENDPOINTS).await.expect(200);
        let _reply = embedded.get("/api/api-keys").await.expect(403);
        let stream = embedded.request(Method::GET, "/api/webhooks-deliveries/stream");
        let mut stream = stream.send().await.unwrap();
        assert!(stream.chunk().await.unwrap().is_some());
        let other = manager.create_portal_session("org_2test", "read").await;
        let path = format!("/api/portal-sessions/{}", other["id"].as_str().unwrap());
        let _reply = manager.delete(&path).await.expect(204);
    }

    async fn endpoint(&mut self, path: &str, events: &[&str]) -> String {
        let made = self
            .customer
            .create_endpoint(&self.receiver.url(path), events)
            .await;
        self.secrets.push(made.secret);
        let headers = json!({"headers": {"Authorization": format!("Bearer {HEADER}")}});
        self.patch(&format!("{ENDPOINTS}/{}", made.id), &headers, 200)
            .await;
        made.id
    }

    async fn get(&self, path: &str) -> Value {
        self.customer.get(path).await.expect(200).body
    }

    async fn post(&self, path: &str, body: &Value, status: u16) -> Value {
        self.customer.post(path, body).await.expect(status).body
    }

    async fn patch(&self, path: &str, body: &Value, status: u16) -> Value {
        self.customer.patch(path, body).await.expect(status).body
    }

    async fn push(&self, event: &str) -> Pushed {
        let data = json!({"text": MARKER});
        self.system
            .backend()
            .push(self.system.account(), event, data)
            .await
    }

    /// Waits until a receiver's path has this many requests.
    async fn got(&self, path: &str, count: usize) {
        self.receiver.wait_for_at(path, count).await;
    }

    async fn state(&self, id: &str, active: bool) {
        self.system
            .wait_for_endpoint(id, "the endpoint's state", |endpoint| {
                endpoint["active"] == active
            })
            .await;
    }

    /// Single events, batches, and a repeat with the same key.
    async fn deliver_twice(&self, good: &str) {
        let item = json!({
            "accountId": self.system.account(), "event": "message.sent", "chatbotId": "bot_1", "data": {"text": MARKER},
        });
        for _ in 0..2 {
            let backend = self.system.backend();
            let request = backend.request(Method::POST, "/api/events").json(&item);
            let reply = Caller::send(request.header("idempotency-key", "order-66")).await;
            assert_eq!(reply.status, 202);
        }
        self.system.backend().push_batch(&[item.clone(), item]).await;
        self.got("/good", 3).await;
        self.get(&format!("{ENDPOINTS}/{good}")).await;
    }

    async fn fail_until_switched_off(&self, bad: &str) {
        self.receiver.always(
            "/bad",
            Answer::status(500).body(format!("no {MARKER} of {HEADER}")),
        );
        // The first is exhausted after its second attempt; the next ones switch the endpoint off.
        self.push("lead.captured").await;
        self.notified("delivery.exhausted").await;
        for _ in 0..5 {
            self.push("lead.captured").await;
        }
        self.state(bad, false).await;
        self.notified("endpoint.disabled").await;
    }

    /// Waits for an account event.
    async fn notified(&self, event: &str) {
        eventually(LONG, event, async || {
            let requests = self.receiver.received_at("/notified");
            let notified = requests
                .iter()
                .any(|request| request.header("x-rkt-event") == Some(event));
            check(notified, "it is missing")
        })
        .await;
    }

    async fn discard_then_release(&self, bad: &str) {
        self.push("lead.captured").await;
        let discard = json!({"id": bad, "active": true, "parked": "discard"});
        self.patch(ENDPOINTS, &discard, 200).await;
        for _ in 0..5 {
            self.push("lead.captured").await;
        }
        self.state(bad, false).await;
        self.receiver.always("/bad", Answer::status(200));
        let before = self.receiver.received_at("/bad").len();
        self.push("lead.captured").await;
        self.customer.toggle(bad).await;
        self.got("/bad", before + 1).await;
        let changed = json!({"id": bad, "description": "changed", "chatbotId": null, "events": ["*"]});
        self.patch(ENDPOINTS, &changed, 200).await;
    }

    async fn replay(&self, good: &str) {
        let before = self.receiver.received_at("/good").len();
        let page = self.page(good, "limit=1").await;
        let newest = page["deliveries"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("{ENDPOINTS}/{good}/deliveries/{newest}/replay");
        self.post(&path, &Value::Null, 202).await;
        let path = format!("{ENDPOINTS}/{good}/replay");
        let hour_ago = i64::try_from(Timestamp::now().as_millis()).unwrap() - 3_600_000;
        let since = Timestamp::from_millis(hour_ago).unwrap().to_string();
        let counted = json!({"since": since, "status": "succeeded", "dryRun": true});
        self.post(&path, &counted, 200).await;
        let many = self
            .post(&path, &json!({"since": since, "status": "succeeded"}), 202)
            .await;
        let path = format!("{ENDPOINTS}/{good}/replays/{}", many["id"].as_str().unwrap());
        eventually(LONG, "the replay's end", async || {
            let replay = self.get(&path).await;
            check(replay["state"] == "finished", replay.to_string())
        })
        .await;
        self.customer.delete(&path).await;
        self.got("/good", before + 2).await;
    }

    async fn rotate(&mut self, good: &str) {
        let path = format!("{ENDPOINTS}/{good}/rotate-secret");
        for _ in 0..2 {
            let rotated = self.post(&path, &json!({"force": true}), 200).await;
            self.secrets.push(rotated["secret"].as_str().unwrap().to_owned());
        }
        self.post(&path, &json!({}), 409).await;
        self.push("ticket.created").await;
        // Not the last one that came: what was replayed may still be under way.
        let newest = eventually(LONG, "the event after the rotation", async || {
            let mut requests = self.receiver.received_at("/good").into_iter();
            let found = requests.find(|request| request.expect_header("x-rkt-event") == "ticket.created");
            found.ok_or_else(|| "it isn't there".to_owned())
        })
        .await;
        let secret = SigningSecret::parse(self.secrets.last().unwrap()).unwrap();
        assert_eq!(
            newest.expect_header("x-rkt-signature"),
            secret.legacy_signature(&newest.body)
        );
    }

    /// A test event, and the doctor.
    async fn try_out(&self, good: &str) {
        let path = format!("{ENDPOINTS}/{good}/test");
        let tested = self.post(&path, &json!({}), 200).await;
        assert_eq!(tested["attempt"]["httpStatus"], 200, "{tested}");
        let request = self.receiver.received_at("/good").last().unwrap().clone();
        let headers: serde_json::Map<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let path = format!("{ENDPOINTS}/{good}/verify");
        let pasted = json!({"headers": headers, "body": body});
        let diagnosis = self.post(&path, &pasted, 200).await;
        assert_eq!(diagnosis["valid"], true);
    }

    async fn page(&self, id: &str, query: &str) -> Value {
        let path = format!("{ENDPOINTS}/{id}/deliveries?{query}");
        self.get(&path).await
    }

    async fn read_the_log(&self, good: &str) {
        for status in [
            "succeeded",
            "retrying",
            "exhausted",
            "pending",
            "parked",
            "in_flight",
        ] {
            self.page(good, &format!("limit=2&status={status}")).await;
        }
        let page = self.page(good, "limit=1").await;
        let cursor = page["nextCursor"].as_str().unwrap();
        let next = self.page(good, &format!("limit=1&cursor={cursor}")).await;
        let id = next["deliveries"][0]["id"].as_str().unwrap();
        let path = format!("{ENDPOINTS}/{good}/deliveries/{id}");
        let delivery = self.get(&path).await;
        assert_eq!(delivery["id"], id);
    }

    /// The live stream, from its end and from before the log began.
    async fn follow(&self, good: &str, begin: &str) {
        for last in [None, Some(begin)] {
            let mut response = self.stream(good, last).await;
            assert!(response.chunk().await.unwrap().is_some());
            self.push("message.sent").await;
            assert!(response.chunk().await.unwrap().is_some());
        }
    }

    async fn stream(&self, id: &str, last: Option<&str>) -> Response {
        let path = format!("{ENDPOINTS}/{id}/deliveries/stream");
        let mut request = self.customer.request(Method::GET, &path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        response
    }

    /// Where the stream of an endpoint begins now.
    async fn place(&self, id: &str) -> String {
        let mut response = self.stream(id, None).await;
        let mut read = String::new();
        loop {
            let place = read.lines().find_map(|line| line.strip_prefix("id:"));
            if let (Some(place), true) = (place, read.contains("\n\n")) {
                return place.trim().to_owned();
            }
            let chunk = response.chunk().await.unwrap().unwrap();
            read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
