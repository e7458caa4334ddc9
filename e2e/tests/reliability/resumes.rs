//! An endpoint whose owner wants that (`autoResume`) comes back by itself after failures have disabled it.
//!
//! Proves (guarantees): an endpoint that resumes by itself is probed after a minute, then after twice as long each time, up to an hour
//! Proves (guarantees): an endpoint that is off is tried again by itself (`autoResume`)

use std::time::Duration;

use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::system::System;
use serde_json::{Value, json};

const ENDPOINTS: &str = "/api/webhooks-config";

const SECOND: Duration = Duration::from_secs(1);

/// An endpoint that resumes by itself, and that three failures have disabled.
struct Scene {
    system: System,
    receiver: Receiver,
    /// It is told what becomes of the endpoint.
    watcher: Receiver,
    id: String,
}

impl Scene {
    /// The one delivery so far has `attempts` attempts.
    async fn start(attempts: usize) -> Self {
        let schedule = vec!["20ms"; attempts - 1].join(",");
        let (system, receiver, endpoint) = System::builder()
            .env("DISABLE_AFTER", "3")
            .env("RETRY_SCHEDULE", schedule)
            .start_with_hook()
            .await;
        let (customer, watcher) = (system.customer(), Receiver::start().await);
        let told = ["endpoint.disabled", "endpoint.recovered"];
        customer.create_endpoint(&watcher.url("/told"), &told).await;
        let change = json!({"id": endpoint.id, "autoResume": true});
        let changed = customer.patch(ENDPOINTS, &change).await.expect(200);
        assert_eq!(changed.body["autoResume"], true);
        receiver.always("/hook", Answer::status(500));
        let scene = Self {
            system,
            receiver,
            watcher,
            id: endpoint.id,
        };
        scene.push(0).await;
        scene.wait_for("it to be disabled", is("state", "disabled")).await;
        assert_eq!(scene.receiver.count(), 3);
        assert_eq!(scene.told(1).await["event"], "endpoint.disabled");
        scene
    }

    async fn push(&self, number: usize) {
        let (backend, data) = (self.system.backend(), json!({"number": number}));
        backend.push(self.system.account(), "lead.captured", data).await;
    }

    async fn pass(&self, time: Duration) {
        redis_clock::pass(&self.system.redis, time).await;
    }

    async fn wait_for(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        self.system.wait_for_endpoint(&self.id, what, condition).await
    }

    /// When the next probe is due, if that is planned.
    async fn resume_at(&self) -> Option<String> {
        let endpoint = self.system.customer().endpoint(&self.id).await;
        let at = endpoint["health"]["resumeAt"].as_str();
        at.map(str::to_owned)
    }

    /// Lets `seconds` pass, when a probe is due. It is request number `number`. Waits until its failure is recorded.
    async fn is_probed_in_vain(&self, number: usize, seconds: u32) {
        let before = self.system.customer().endpoint(&self.id).await;
        let planned = before["health"]["resumeAt"].as_str().map(str::to_owned);
        self.pass(SECOND * (seconds - 10)).await;
        assert_eq!(self.receiver.count(), number - 1, "not before {seconds} s");
        self.pass(SECOND * 11).await;
        self.receiver.wait_for(number).await;
        let after = self
            .wait_for("the next probe to be planned", |endpoint| {
                endpoint["health"]["resumeAt"].as_str() > planned.as_deref()
            })
            .await;
        for unchanged in [
            "state",
            "disabledReason",
            "disabledAt",
            "consecutiveFailures",
            "queueDepth",
        ] {
            assert_eq!(after[unchanged], before[unchanged], "{unchanged}");
        }
        let notice = &after["health"]["notices"][0];
        assert_eq!(notice["about"], "resuming", "{after}");
    }

    /// Waits until so many account events have come, and returns the latest.
    async fn told(&self, count: usize) -> Value {
        let told = self.watcher.wait_for(count).await;
        assert_eq!(told.len(), count);
        let body = told[count - 1].json();
        assert_eq!(body["data"]["endpointId"], self.id.as_str(), "{body}");
        body
    }
}

fn is(field: &'static str, value: impl Into<Value>) -> impl Fn(&Value) -> bool {
    let value = value.into();
    move |endpoint| endpoint[field] == value
}

#[tokio::test(flavor = "multi_thread")]
async fn one_parked_delivery_probes_it_ever_more_seldom_and_a_success_brings_everything_back() {
    let scene = Scene::start(10).await;
    for number in 1..=5 {
        scene.push(number).await;
    }
    for (number, seconds) in [(4, 60), (5, 120), (6, 240)] {
        scene.is_probed_in_vain(number, seconds).await;
    }
    scene.receiver.always("/hook", Answer::status(204));
    scene.pass(SECOND * 481).await;
    let received = scene.receiver.wait_for(12).await;
    let first = received[0].expect_header("x-rkt-delivery");
    for probe in &received[3..7] {
        assert_eq!(probe.expect_header("x-rkt-delivery"), first, "the oldest");
        assert_eq!(probe.expect_header("x-rkt-attempt"), "4", "they are no attempts");
    }
    let mut released: Vec<_> = received[7..]
        .iter()
        .map(|request| request.json()["data"]["number"].as_u64())
        .collect();
    released.sort_unstable();
    assert_eq!(released, [1, 2, 3, 4, 5].map(Some));
    let back = scene
        .wait_for("everything to be recorded", is("queueDepth", 0))
        .await;
    assert_eq!(
        (&back["active"], &back["consecutiveFailures"]),
        (&json!(true), &json!(0))
    );
    for over in [
        &back["disabledReason"],
        &back["disabledAt"],
        &back["health"]["resumeAt"],
    ] {
        assert_eq!(*over, Value::Null, "{back}");
    }
    assert_eq!(scene.told(2).await["event"], "endpoint.recovered");

    let path = format!("{ENDPOINTS}/{}/deliveries/{first}", scene.id);
    let shown = scene.system.customer().get(&path).await.expect(200).body;
    let log = shown["attemptLog"].as_array().unwrap().iter();
    let log: Vec<_> = log
        .map(|attempt| {
            let outcome = attempt["outcome"].as_str().unwrap();
            (
                attempt["attempt"].as_u64().unwrap(),
                outcome,
                attempt["probe"] == true,
            )
        })
        .collect();
    let expected = [
        (1, "retrying", false),
        (2, "retrying", false),
        (3, "retrying", false),
        (4, "retrying", true),
        (4, "retrying", true),
        (4, "retrying", true),
        (4, "succeeded", true),
    ];
    assert_eq!(log, expected, "{shown}");
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_parked_the_next_event_probes_it() {
    // Its third failure ended the delivery.
    let scene = Scene::start(3).await;
    assert!(scene.resume_at().await.is_some());
    scene.pass(SECOND * 90).await;
    let due = scene.system.customer().endpoint(&scene.id).await;
    assert_eq!(
        (&due["queueDepth"], &due["health"]["resumeAt"]),
        (&json!(0), &Value::Null)
    );
    let told = due["health"]["notices"][0]["text"].as_str().unwrap();
    assert!(told.contains("as soon as one comes"), "{due}");

    scene.push(1).await;
    scene.receiver.wait_for(4).await;
    scene
        .wait_for("the next probe to be planned", |endpoint| {
            endpoint["health"]["resumeAt"].is_string()
        })
        .await;
    scene.receiver.always("/hook", Answer::status(204));
    scene.pass(SECOND * 121).await;
    let active = scene.wait_for("it to be active", is("active", true)).await;
    assert_eq!(active["consecutiveFailures"], 0);
    assert_eq!(scene.receiver.count(), 5);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_busy_when_it_is_probed_did_not_fail() {
    let scene = Scene::start(10).await;
    let busy = Answer::status(429).header("retry-after", "1");
    scene.receiver.always("/hook", busy);
    scene.is_probed_in_vain(4, 60).await;
    let health = &scene.system.customer().endpoint(&scene.id).await["health"];
    assert_eq!(health["heldAttempts"], 1, "{health}");
    let summary = scene.system.customer().get("/api/webhooks-summary").await;
    let summary = summary.expect(200).body;
    let hours = summary["hours"].as_array().unwrap();
    let total = |field: &str| hours.iter().filter_map(|hour| hour[field].as_u64()).sum::<u64>();
    assert_eq!((total("heldAttempts"), total("failedAttempts")), (1, 3));
    scene.receiver.always("/hook", Answer::status(204));
    scene.pass(SECOND * 121).await;
    scene.wait_for("it to be active", is("queueDepth", 0)).await;
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_says_it_is_gone_is_not_probed_any_more() {
    let mut scene = Scene::start(10).await;
    scene.receiver.always("/hook", Answer::status(410));
    scene.pass(SECOND * 61).await;
    let gone = scene
        .wait_for("it to be gone", is("disabledReason", "gone"))
        .await;
    assert_eq!((&gone["active"], &gone["queueDepth"]), (&json!(false), &json!(1)));
    assert_eq!(gone["health"]["resumeAt"], Value::Null, "{gone}");

    // Nor is one that says so at once, or that its owner switched off.
    let customer = scene.system.customer();
    let wanted =
        json!({"url": scene.receiver.url("/gone"), "events": ["ticket.created"], "autoResume": true});
    let other = customer.post(ENDPOINTS, &wanted).await.expect(201).body;
    scene.receiver.always("/gone", Answer::status(410));
    let backend = scene.system.backend();
    backend
        .push(scene.system.account(), "ticket.created", json!({}))
        .await;
    let other = other["id"].as_str().unwrap();
    scene
        .system
        .wait_for_endpoint(other, "it to be gone", is("disabledReason", "gone"))
        .await;
    scene.pass(Duration::from_secs(2 * 3600)).await;
    // A delivery that is pushed later, to another endpoint, arrives; nothing else has.
    let url = scene.receiver.url("/well");
    customer.create_endpoint(&url, &["ticket.updated"]).await;
    backend
        .push(scene.system.account(), "ticket.updated", json!({}))
        .await;
    scene.receiver.wait_for_at("/well", 1).await;
    let came = |path| scene.receiver.received_at(path).len();
    assert_eq!((came("/hook"), came("/gone")), (4, 1));
    scene.system.stop();
}
