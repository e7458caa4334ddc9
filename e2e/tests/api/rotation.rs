//! Rotation of signing secrets over HTTP.
//!
//! Proves (guarantees): during the grace of a rotation both secrets verify
//! Proves (guarantees): of two rotations at once one is made
//! Proves (security): A secret is shown in two answers only

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use domain::signing::SigningSecret;
use e2e::client::Caller;
use e2e::receiver::{Received, Receiver};
use e2e::redis_clock::jump;
use e2e::state::{assert_nothing_left, connect, key};
use e2e::system::System;
use futures_util::future::join_all;
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api_with_endpoint, assert_refused, everything, refuses};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn path(id: &str) -> String {
    format!("{ENDPOINTS}/{id}/rotate-secret")
}

/// Which of two secrets made a request's signatures, the older one first.
#[derive(Debug, PartialEq, Eq)]
struct SignedBy {
    legacy: [bool; 2],
    standard: [bool; 2],
}

fn signed_by(request: &Received, old: &str, new: &str) -> SignedBy {
    let given = request.expect_header("webhook-signature").split(' ');
    let given: Vec<_> = given.collect();
    let timestamp = request.expect_header("webhook-timestamp").parse().unwrap();
    let secrets = [old, new].map(|text| SigningSecret::parse(text).unwrap());
    SignedBy {
        legacy: secrets
            .each_ref()
            .map(|secret| request.expect_header("x-rkt-signature") == secret.legacy_signature(&request.body)),
        standard: secrets.each_ref().map(|secret| {
            let id = request.expect_header("webhook-id");
            let wanted = secret.standard_signature(id, timestamp, &request.body);
            given.contains(&wanted.as_str())
        }),
    }
}

const BY_BOTH: SignedBy = SignedBy {
    legacy: [false, true],
    standard: [true, true],
};
const BY_NEW: SignedBy = SignedBy {
    legacy: [false, true],
    standard: [false, true],
};

/// A system, an endpoint with its first secret, and the receiver behind it.
struct Scene {
    system: System,
    receiver: Receiver,
    customer: Caller,
    id: String,
    first: String,
}

impl Scene {
    async fn start() -> Self {
        let (system, receiver, made) = System::start_with_hook().await;
        let customer = system.customer();
        Self {
            system,
            receiver,
            customer,
            id: made.id,
            first: made.secret,
        }
    }

    async fn rotate(&self, body: &Value) -> Value {
        self.customer.post(&path(&self.id), body).await.expect(200).body
    }

    /// What Redis holds of the endpoint. The rest changes with time while there are workers.
    fn stored(&self) -> BTreeMap<String, Vec<u8>> {
        let mut stored = everything(&self.system);
        stored.retain(|key, _| key.ends_with(&self.id));
        assert_eq!(stored.len(), 2, "the endpoint and its log: {:?}", stored.keys());
        stored
    }

    /// Pushes an event, and returns the request that arrives.
    async fn deliver(&self) -> std::sync::Arc<Received> {
        let before = self.receiver.count();
        self.system
            .backend()
            .push(self.system.account(), "message.sent", json!({}))
            .await;
        let request = self.receiver.wait_for(before + 1).await.remove(before);
        assert_nothing_left(&self.system.redis).await;
        request
    }
}

fn secret(body: &Value) -> String {
    body["secret"].as_str().unwrap().to_owned()
}

fn millis(time: &Value) -> u64 {
    time.as_str().unwrap().parse::<Timestamp>().unwrap().as_millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_with_a_grace_that_ends_by_itself() {
    let scene = Scene::start().await;
    let before = scene.customer.endpoint(&scene.id).await;
    assert_eq!(before["secretRotation"], Value::Null);

    // Without a body: a day.
    let request = scene.customer.request(Method::POST, &path(&scene.id));
    let rotated = Caller::send(request).await.expect(200);
    assert_eq!(rotated.headers["cache-control"], "no-store");
    let (new, until) = (
        secret(&rotated.body),
        rotated.body["previousSecretValidUntil"].clone(),
    );
    assert_ne!(new, scene.first);
    SigningSecret::parse(&new).unwrap();
    assert_eq!(millis(&until), millis(&rotated.body["updatedAt"]) + DAY_MS);
    // The answer is the endpoint and these two, and the secret is not shown again.
    let now = scene.customer.endpoint(&scene.id).await;
    let rotation = json!({"previousSecretValidUntil": until, "legacySignature": "new"});
    assert_eq!(now["secretRotation"], rotation);
    let mut shown = rotated.body.clone();
    for extra in ["secret", "previousSecretValidUntil"] {
        shown.as_object_mut().unwrap().remove(extra);
    }
    for (name, value) in shown.as_object().unwrap() {
        assert_eq!(now[name], *value, "{name}");
        assert!(
            ["updatedAt", "etag"].contains(&name.as_str()) || before[name] == *value,
            "{name}"
        );
    }
    assert!(!now.to_string().contains("whsec_"), "{now}");
    assert_eq!(signed_by(&*scene.deliver().await, &scene.first, &new), BY_BOTH);

    // A second rotation is refused until then, and the refusal says when that is.
    let stored = scene.stored();
    let again = scene
        .customer
        .post(&path(&scene.id), &json!({"graceHours": 0}))
        .await;
    assert_refused(
        &Method::POST,
        &path(&scene.id),
        &again,
        409,
        "rotation_in_progress",
        "",
    );
    let detail = again.body["detail"].as_str().unwrap();
    assert!(detail.contains(until.as_str().unwrap()), "{detail}");
    assert_eq!(scene.stored(), stored);

    // The grace ends by itself.
    jump(&scene.system.redis, i64::try_from(DAY_MS).unwrap() + 1000);
    let over = scene.customer.endpoint(&scene.id).await;
    assert_eq!(over["secretRotation"], Value::Null);
    assert_eq!(signed_by(&*scene.deliver().await, &scene.first, &new), BY_NEW);
    let next = scene.rotate(&json!({"graceHours": 168})).await;
    let until = millis(&next["previousSecretValidUntil"]);
    assert_eq!(until, millis(&next["updatedAt"]) + 7 * DAY_MS);
    assert_eq!(signed_by(&*scene.deliver().await, &new, &secret(&next)), BY_BOTH);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_rotation_ends_the_grace_before_it() {
    let scene = Scene::start().await;
    let second = secret(&scene.rotate(&json!({})).await);
    let third = secret(&scene.rotate(&json!({"force": true, "graceHours": 1})).await);
    let request = scene.deliver().await;
    assert_eq!(signed_by(&request, &second, &third), BY_BOTH);
    assert_eq!(signed_by(&request, &scene.first, &third), BY_NEW);

    // Without a grace, as when a secret leaked, the new one is alone at once.
    let leaked = scene.rotate(&json!({"force": true, "graceHours": 0})).await;
    assert_eq!(leaked["previousSecretValidUntil"], Value::Null);
    let rotation = &scene.customer.endpoint(&scene.id).await["secretRotation"];
    assert_eq!(*rotation, Value::Null);
    let request = scene.deliver().await;
    assert_eq!(signed_by(&request, &third, &secret(&leaked)), BY_NEW);
    // So the next rotation needs no force.
    scene.rotate(&json!({"graceHours": 0})).await;
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_signature_changes_over_at_the_end_if_that_was_asked_for() {
    let scene = Scene::start().await;
    let rotated = scene
        .rotate(&json!({"graceHours": 2, "legacySignature": "previous"}))
        .await;
    let new = secret(&rotated);
    let rotation = scene.customer.endpoint(&scene.id).await["secretRotation"].clone();
    assert_eq!(rotation["legacySignature"], "previous");
    let by_previous = SignedBy {
        legacy: [true, false],
        standard: [true, true],
    };
    assert_eq!(
        signed_by(&*scene.deliver().await, &scene.first, &new),
        by_previous
    );
    jump(&scene.system.redis, 2 * 60 * 60 * 1000 + 1000);
    assert_eq!(signed_by(&*scene.deliver().await, &scene.first, &new), BY_NEW);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rotations_at_once_one_is_made_and_its_secret_signs() {
    let scene = Scene::start().await;
    let (path, body) = (path(&scene.id), json!({}));
    let answers = join_all((0..8).map(|_| scene.customer.post(&path, &body))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(made.len(), 1, "{made:?}");
    for answer in &refused {
        assert_refused(&Method::POST, &path, answer, 409, "rotation_in_progress", "");
    }
    let new = secret(&made[0].body);
    assert_eq!(signed_by(&*scene.deliver().await, &scene.first, &new), BY_BOTH);
    // Forced rotations are made one after the other; in the end two of the secrets in the answers sign.
    let body = json!({"force": true});
    let answers = join_all((0..4).map(|_| scene.customer.post(&path, &body))).await;
    let secrets: Vec<_> = answers
        .into_iter()
        .map(|answer| secret(&answer.expect(200).body))
        .collect();
    let request = scene.deliver().await;
    let signing = secrets
        .iter()
        .filter(|secret| signed_by(&request, secret, secret).standard[0]);
    assert_eq!(signing.count(), 2);
    let legacy = secrets
        .iter()
        .filter(|secret| signed_by(&request, secret, secret).legacy[0]);
    assert_eq!(legacy.count(), 1);
    scene.system.finish().await;
}

#[tokio::test]
async fn what_is_wrong_rotates_nothing() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    for (body, status, code, field) in [
        (json!({"graceHours": -1}), 422, "invalid_value", "graceHours"),
        (json!({"graceHours": 169}), 422, "invalid_value", "graceHours"),
        (json!({"graceHours": 1.5}), 422, "invalid_type", "graceHours"),
        (json!({"graceHours": "1"}), 422, "invalid_type", "graceHours"),
        (json!({"graceHours": null}), 422, "invalid_type", "graceHours"),
        (json!({"force": 1}), 422, "invalid_type", "force"),
        (
            json!({"legacySignature": "both"}),
            422,
            "invalid_value",
            "legacySignature",
        ),
        (
            json!({"graceHours": 0, "legacySignature": "previous"}),
            422,
            "invalid_value",
            "legacySignature",
        ),
        (json!({"secret": "whsec_x"}), 422, "unknown_field", "secret"),
        (json!([]), 422, "invalid_type", ""),
        (json!({"force": "x".repeat(20_000)}), 413, "body_too_large", ""),
    ] {
        refuses(
            &customer,
            Method::POST,
            &path(&id),
            body.to_string(),
            (status, code, field),
        )
        .await;
    }
    refuses(
        &customer,
        Method::POST,
        &path(&id),
        "{",
        (400, "invalid_json", ""),
    )
    .await;
    let undeclared = customer.request(Method::POST, &path(&id)).body("{}");
    let reply = Caller::send(undeclared).await;
    assert_refused(
        &Method::POST,
        &path(&id),
        &reply,
        415,
        "unsupported_media_type",
        "",
    );
    // Neither another account's endpoint, nor one that isn't there.
    let stranger = system.customer_of("org_2other");
    for (caller, id) in [
        (&stranger, id.as_str()),
        (&customer, "ep_0000000000000000"),
        (&customer, "ep_"),
    ] {
        refuses(
            caller,
            Method::POST,
            &path(id),
            "{}",
            (404, "endpoint_not_found", ""),
        )
        .await;
    }
    let reply = system.backend().post(&path(&id), &json!({})).await;
    assert_refused(&Method::POST, &path(&id), &reply, 403, "wrong_token_kind", "");
    assert_eq!(everything(&system), before);
    system.stop();
}

#[tokio::test]
async fn a_new_secret_is_kept_sealed_and_not_logged() {
    let (mut system, customer, id) = api_with_endpoint().await;
    // An endpoint that is switched off gets a new secret like any other.
    customer.toggle(&id).await;
    let rotated = customer.post(&path(&id), &json!({})).await.expect(200).body;
    assert_eq!(rotated["active"], false);
    let secret = secret(&rotated);
    let mut connection = connect(&system.redis);
    let endpoint: Vec<(String, String)> = connection.hgetall(key(&format!("endpoint:{id}"))).unwrap();
    let mut range = redis::cmd("XRANGE");
    range.arg(key(&format!("log:{id}"))).arg("-").arg("+");
    let log: redis::Value = range.query(&mut connection).unwrap();
    let stored = format!("{endpoint:?} {log:?}");
    assert!(
        stored.contains("previousSecret") && !stored.contains(&secret[6..26]),
        "{stored}"
    );
    assert!(!system.api.log().contains(&secret[6..26]));
    system.stop();
}
