//! Endpoints that are made once for each idempotency key.
//!
//! Proves (guarantees): a creation or a batch that is sent again with its `Idempotency-Key` is made once

use domain::endpoint::NewEndpoint;
use domain::sealing::{SealedSecret, SecretsKeyring};
use domain::signing::SigningSecret;
use store::endpoints::CreateOutcome;
use store::events::Idempotency;

use crate::fixture::{Fixture, account, new_endpoint};

const DAY_MS: i64 = 86_400_000;

/// A keyring with these keys, the first of which seals.
fn ring(keys: &[u8]) -> SecretsKeyring {
    let keys: Vec<_> = keys.iter().map(|byte| e2e::system::secrets_key(*byte)).collect();
    keys.join(",").parse().unwrap()
}

/// A new endpoint with a secret of its own.
fn new() -> NewEndpoint {
    let new = new_endpoint(&account(), &["*"], None);
    let secret = ring(&[1]).seal(&SigningSecret::generate(), &new.account, &new.id);
    NewEndpoint { secret, ..new }
}

impl Fixture {
    async fn create_once(&self, new: &NewEndpoint, key: &str, fingerprint: &str) -> CreateOutcome {
        let idempotency = Idempotency {
            key: key.to_owned(),
            fingerprint: fingerprint.to_owned(),
            ..Idempotency::default()
        };
        self.store
            .create_endpoint_once(new, 2, Some(&idempotency))
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_key_makes_one_endpoint_and_gives_the_secret_that_this_has() {
    let fixture = Fixture::new().await;
    let first = new();
    let CreateOutcome::Created(made) = fixture.create_once(&first, "k", "f").await else {
        panic!("not created")
    };
    let keys = fixture.keys().await;
    // The same call again, whose answer was lost.
    assert_eq!(
        fixture.create_once(&first, "k", "f").await,
        CreateOutcome::Created(made.clone())
    );
    // Another call of the same caller.
    assert_eq!(
        fixture.create_once(&new(), "k", "f").await,
        CreateOutcome::Again(made.clone(), first.secret.clone())
    );
    assert_eq!(
        fixture.create_once(&new(), "k", "other").await,
        CreateOutcome::IdempotencyConflict
    );
    assert_eq!(fixture.keys().await, keys);
    let entry = keys.iter().find(|key| key.starts_with("creation:")).unwrap();
    let lifetime = fixture.ttl(entry).await;
    assert!((DAY_MS - 60_000..=DAY_MS).contains(&lifetime), "{lifetime}");

    // Sealed anew it is the same secret.
    let both = ring(&[2, 1]);
    let report = fixture.store.rewrap_secrets(&both, false, &|_| {}).await.unwrap();
    assert_eq!(report.rewrapped, 1);
    let CreateOutcome::Again(again, sealed) = fixture.create_once(&new(), "k", "f").await else {
        panic!("not answered again")
    };
    assert_eq!(again, made);
    assert_ne!(sealed, first.secret);
    let open = |ring: &SecretsKeyring, sealed: &SealedSecret| {
        ring.open(sealed, &account(), &made.id)
            .unwrap()
            .expose()
            .to_owned()
    };
    assert_eq!(open(&ring(&[2]), &sealed), open(&both, &first.secret));
    fixture.assert_sound().await;

    assert!(fixture.store.remove_endpoint(&account(), &made.id).await.unwrap());
    assert_eq!(
        fixture.create_once(&new(), "k", "f").await,
        CreateOutcome::Overtaken(made.id)
    );
    fixture.assert_sound().await;
}
