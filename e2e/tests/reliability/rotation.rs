//! After a rotation, receivers verify with the new secret, and with the previous one until its grace ends.
//!
//! Proves (guarantees): during the grace of a rotation both secrets verify

use std::time::Duration;

use domain::endpoint::Condition;
use domain::id::{AccountId, EndpointId};
use domain::sealing::SecretsKeyring;
use domain::signing::SigningSecret;
use e2e::receiver::{Received, Receiver};
use e2e::redis_clock::jump;
use e2e::state::assert_nothing_left;
use e2e::system::{System, secrets_key};
use serde_json::json;
use store::Store;
use store::rotation::{RotateOutcome, Rotation};

use crate::signatures::{VERIFIERS, headers};

const GRACE: Duration = Duration::from_secs(24 * 3600);

/// Who accepts a request with a secret: the documentation's example, which looks at `X-RKT-Signature`, and the
/// libraries, which look at `webhook-signature` and agree with each other.
#[derive(Debug, PartialEq, Eq)]
struct Accepted {
    documentation: bool,
    libraries: bool,
}

const BY_ALL: Accepted = Accepted {
    documentation: true,
    libraries: true,
};
const BY_LIBRARIES: Accepted = Accepted {
    documentation: false,
    libraries: true,
};
const BY_NOBODY: Accepted = Accepted {
    documentation: false,
    libraries: false,
};

fn accepted(request: &Received, secret: &str) -> Accepted {
    let (headers, body) = (headers(request), std::str::from_utf8(&request.body).unwrap());
    let [documentation, libraries @ ..] = VERIFIERS.map(|(_, accepts)| accepts(secret, &headers, body));
    let agree = libraries.iter().all(|accepts| *accepts == libraries[0]);
    assert!(agree, "the libraries disagree about {headers:?}: {libraries:?}");
    Accepted {
        documentation,
        libraries: libraries[0],
    }
}

/// An endpoint on a running system, and how its secret is rotated.
struct Scene {
    system: System,
    receiver: Receiver,
    store: Store,
    endpoint: EndpointId,
}

impl Scene {
    /// With the endpoint's first secret.
    async fn start() -> (Self, String) {
        let (system, receiver, made) = System::start_with_hook().await;
        let scene = Self {
            store: Store::new(&system.redis.args()).unwrap(),
            system,
            receiver,
            endpoint: made.id.parse().unwrap(),
        };
        (scene, made.secret)
    }

    /// Rotates the secret, and returns the new one.
    async fn rotate(&self, grace: Duration, legacy_uses_previous: bool, force: bool) -> String {
        let account: AccountId = self.system.account().parse().unwrap();
        let keyring: SecretsKeyring = secrets_key(7).parse().unwrap();
        let new = SigningSecret::generate();
        let present = self.store.signing_secrets(&account, &self.endpoint).await;
        let present = present.unwrap().unwrap().current;
        let rotation = Rotation {
            secret: keyring.seal_next(&new, &present, &account, &self.endpoint),
            grace,
            legacy_uses_previous,
            force,
            condition: Condition::Exists,
            by: None,
        };
        let outcome = self
            .store
            .rotate_secret(&account, &self.endpoint, &rotation)
            .await;
        assert!(
            matches!(outcome.unwrap(), RotateOutcome::Rotated(_)),
            "it is rotated"
        );
        new.expose().to_owned()
    }

    /// Pushes an event, and returns the request that arrives.
    async fn deliver(&self) -> std::sync::Arc<Received> {
        let before = self.receiver.count();
        let data = json!({"text": "line\nbreak"});
        self.system
            .backend()
            .push(self.system.account(), "message.sent", data)
            .await;
        let request = self.receiver.wait_for(before + 1).await.remove(before);
        assert_nothing_left(&self.system.redis).await;
        request
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_verify_until_the_grace_ends_by_itself() {
    let (scene, old) = Scene::start().await;
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &old), BY_ALL);

    let new = scene.rotate(GRACE, false, false).await;
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &new), BY_ALL);
    assert_eq!(accepted(&request, &old), BY_LIBRARIES);
    let signatures = request.expect_header("webhook-signature");
    assert_eq!(signatures.split(' ').count(), 2, "{signatures}");

    // The worker kept what it derived, and nothing notifies it that the grace is over.
    jump(&scene.system.redis, i64::try_from(GRACE.as_millis()).unwrap() + 1);
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &new), BY_ALL);
    assert_eq!(accepted(&request, &old), BY_NOBODY);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_signature_stays_with_the_old_secret_if_that_was_asked_for() {
    let (scene, old) = Scene::start().await;
    let new = scene.rotate(GRACE, true, false).await;
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &old), BY_ALL);
    assert_eq!(accepted(&request, &new), BY_LIBRARIES);
    jump(&scene.system.redis, i64::try_from(GRACE.as_millis()).unwrap() + 1);
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &old), BY_NOBODY);
    assert_eq!(accepted(&request, &new), BY_ALL);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_grace_and_by_force_the_oldest_secret_ends_at_once() {
    let (scene, first) = Scene::start().await;
    let second = scene.rotate(Duration::ZERO, false, false).await;
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &second), BY_ALL);
    assert_eq!(accepted(&request, &first), BY_NOBODY);

    let third = scene.rotate(GRACE, false, false).await;
    let fourth = scene.rotate(GRACE, false, true).await;
    let request = scene.deliver().await;
    assert_eq!(accepted(&request, &fourth), BY_ALL);
    assert_eq!(accepted(&request, &third), BY_LIBRARIES);
    assert_eq!(accepted(&request, &second), BY_NOBODY);
    scene.system.finish().await;
}
