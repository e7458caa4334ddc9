//! Changes `SECRETS_KEY`: an operator seals all signing secrets anew while the system runs, and drops the old key.
//!
//! Proves (security): Keys are changed without a gap

use std::collections::HashMap;
use std::time::Duration;

use domain::endpoint::Condition;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{SealedSecret, SecretsKeyring};
use domain::signing::SigningSecret;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::state::{connect, key};
use e2e::system::{System, secrets_key};
use redis::Commands as _;
use serde_json::json;
use store::Store;
use store::rotation::{RotateOutcome, Rotation};

/// The key of the system, and the one that follows it.
const OLD: u8 = 7;
const NEW: u8 = 8;

fn keyring(keys: &[u8]) -> (String, SecretsKeyring) {
    let text = keys
        .iter()
        .map(|byte| secrets_key(*byte))
        .collect::<Vec<_>>()
        .join(",");
    let keyring = text.parse().unwrap();
    (text, keyring)
}

/// Runs `webhooksctl secrets rewrap`; whether it succeeded, and what it said.
fn rewrap(system: &System, keys: &str, arguments: &[&str]) -> (bool, String) {
    let environment = [
        ("REDIS_URL".to_owned(), system.redis.url()),
        ("SECRETS_KEY".to_owned(), keys.to_owned()),
    ];
    let arguments = [&["secrets", "rewrap"], arguments].concat();
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &arguments, &environment));
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), printed)
}

fn record(system: &System, endpoint: &str) -> HashMap<String, String> {
    connect(&system.redis)
        .hgetall(key(&format!("endpoint:{endpoint}")))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_key_can_go() {
    let mut system = System::start().await;
    let (receiver, customer) = (Receiver::start().await, system.customer());
    let one = customer.create_endpoint(&receiver.url("/one"), &["*"]).await;
    let two = customer.create_endpoint(&receiver.url("/two"), &["*"]).await;
    let path = format!("/api/webhooks-config/{}/rotate-secret", two.id);
    let rotated = customer
        .post(&path, &json!({"graceHours": 48}))
        .await
        .expect(200)
        .body;
    let second = rotated["secret"].as_str().unwrap().to_owned();
    let before = [&one.id, &two.id].map(|id| record(&system, id));
    let (old_id, new_id) = (
        keyring(&[OLD]).1.sealing_key_id().to_owned(),
        keyring(&[NEW]).1.sealing_key_id().to_owned(),
    );

    // Without a key, or with a wrong one, the tool looks at nothing, and doesn't repeat what it was given.
    for (keys, sentence) in [("", "SECRETS_KEY: must be"), ("hunter2", "SECRETS_KEY: must be")] {
        let (done, printed) = rewrap(&system, keys, &[]);
        assert!(
            !done && printed.starts_with(sentence) && !printed.contains("hunter2"),
            "{printed}"
        );
    }
    // A key ring that lacks the key of the stored secrets changes nothing, and says which key is missing.
    let (done, printed) = rewrap(&system, &keyring(&[NEW]).0, &[]);
    assert!(!done && printed.contains(&old_id), "{printed}");
    assert!(printed.contains("3 secrets don't open"), "{printed}");
    let both = keyring(&[NEW, OLD]).0;
    let (done, printed) = rewrap(&system, &both, &["--dry-run"]);
    assert!(
        done && printed.contains("3 secrets would be sealed anew"),
        "{printed}"
    );
    assert!(
        printed.contains(&format!("3 under key {old_id} (not the first")),
        "{printed}"
    );
    assert_eq!(before, [&one.id, &two.id].map(|id| record(&system, id)));

    let (done, printed) = rewrap(&system, &both, &[]);
    assert!(
        done && printed.contains("looked at 2 endpoints: 3 secrets sealed anew"),
        "{printed}"
    );
    assert!(
        printed.contains(&format!("3 under key {new_id} (the first")),
        "{printed}"
    );
    assert!(!printed.contains(&old_id), "{printed}");
    let (done, printed) = rewrap(&system, &both, &[]);
    assert!(done && printed.contains(": 0 secrets sealed anew"), "{printed}");

    // Only the texts of the secrets changed.
    for (before, id) in before.iter().zip([&one.id, &two.id]) {
        let after = record(&system, id);
        assert_eq!(before.len(), after.len());
        for (field, value) in before {
            let is_sealed = field == "secret" || field == "previousSecret";
            assert_eq!(after[field] == *value, !is_sealed, "{field}");
        }
    }

    // Without the old key everything goes on, with the secrets that receivers have.
    system.stop();
    for process in system.workers.iter_mut().chain([&mut system.api]) {
        process.set("SECRETS_KEY", &keyring(&[NEW]).0);
        process.restart();
    }
    system.wait_ready().await;
    let backend = system.backend();
    backend
        .push(system.account(), "lead.captured", json!({"a": 1}))
        .await;
    for (path, secret) in [("/one", one.secret), ("/two", second)] {
        let request = receiver.wait_for_at(path, 1).await.remove(0);
        let secret = SigningSecret::parse(&secret).unwrap();
        assert_eq!(
            request.expect_header("x-rkt-signature"),
            secret.legacy_signature(&request.body)
        );
    }
    let both_signed = receiver.received_at("/two")[0]
        .expect_header("webhook-signature")
        .to_owned();
    assert_eq!(both_signed.split(' ').count(), 2, "the grace goes on");
    system.finish().await;
}

/// Secrets that the previous release sealed, without a number, are sealed anew too, and rotate like any other.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_of_the_former_format_are_brought_up_to_date() {
    let (system, _receiver, made) = System::start_with_hook().await;
    // The key ring of this test made it: the account, the id and the key are fixed.
    let (id, sealed) = (
        "ep_0123456789abcdef",
        "v1.72cd6e84.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXD7io4P7Omu6oF1M6LHU96YTEyLmSHtCWGEW34bU1fFH9sgLok8nsv2tx9fk8qAEODJ/b3vVn",
    );
    let mut fields: Vec<_> = record(&system, &made.id).into_iter().collect();
    fields.retain(|(name, _)| name != "secret" && name != "account");
    fields.push(("account".to_owned(), "org:a".to_owned()));
    fields.push(("secret".to_owned(), sealed.to_owned()));
    let _: () = connect(&system.redis)
        .hset_multiple(key(&format!("endpoint:{id}")), &fields)
        .unwrap();
    let (text, ring) = keyring(&[OLD, 1]);
    let (account, endpoint): (AccountId, EndpointId) = ("org:a".parse().unwrap(), id.parse().unwrap());
    let store = Store::new(&system.redis.args()).unwrap();
    let stored = || SealedSecret::from_stored(record(&system, id)["secret"].clone());
    let opens = |sealed: &SealedSecret| {
        ring.open(sealed, &account, &endpoint)
            .unwrap()
            .expose()
            .to_owned()
    };
    let secret = opens(&stored());

    let (done, printed) = rewrap(&system, &text, &[]);
    assert!(
        done && printed.contains("looked at 2 endpoints: 1 secrets sealed anew"),
        "{printed}"
    );
    assert!(stored().as_str().starts_with("v2."));
    assert_eq!(opens(&stored()), secret);

    for number in 1..=2 {
        let next = SigningSecret::generate();
        let rotation = Rotation {
            secret: ring.seal_next(&next, &stored(), &account, &endpoint),
            grace: Duration::from_secs(60),
            legacy_uses_previous: false,
            force: true,
            condition: Condition::Exists,
            by: None,
        };
        assert_eq!(rotation.secret.number(), number);
        let outcome = store.rotate_secret(&account, &endpoint, &rotation).await.unwrap();
        assert!(matches!(outcome, RotateOutcome::Rotated(_)), "{outcome:?}");
        assert_eq!(opens(&stored()), next.expose());
    }
}

/// A rotation between reading and writing is kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_in_between_is_not_undone() {
    let system = System::builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let store = Store::new(&system.redis.args()).unwrap();
    let account: AccountId = system.account().parse().unwrap();
    let (old, both) = (keyring(&[OLD]).1, keyring(&[NEW, OLD]).1);
    let mut made = Vec::new();
    for _ in 0..20 {
        let endpoint = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await;
        made.push(endpoint.id.parse::<EndpointId>().unwrap());
    }
    let rotated = std::sync::Mutex::new(HashMap::new());
    let rotate = async {
        for id in &made {
            let next = SigningSecret::generate();
            loop {
                let present = store
                    .signing_secrets(&account, id)
                    .await
                    .unwrap()
                    .unwrap()
                    .current;
                let rotation = Rotation {
                    secret: old.seal_next(&next, &present, &account, id),
                    grace: Duration::from_secs(60),
                    legacy_uses_previous: false,
                    force: true,
                    condition: Condition::Exists,
                    by: None,
                };
                match store.rotate_secret(&account, id, &rotation).await.unwrap() {
                    RotateOutcome::Rotated(_) => break,
                    RotateOutcome::Overtaken => {}
                    other => panic!("{other:?}"),
                }
            }
            rotated
                .lock()
                .unwrap()
                .insert(id.clone(), next.expose().to_owned());
        }
    };
    let rewrap = async {
        for _ in 0..5 {
            store.rewrap_secrets(&both, false, &|_| {}).await.unwrap();
        }
    };
    tokio::join!(rotate, rewrap);
    let report = store.rewrap_secrets(&both, false, &|_| {}).await.unwrap();
    assert_eq!((report.endpoints, report.unopened, report.overtaken), (20, 0, 0));
    let new = keyring(&[NEW]).1;
    for id in &made {
        let secrets = store.signing_secrets(&account, id).await.unwrap().unwrap();
        let current = new.open(&secrets.current, &account, id).unwrap();
        assert_eq!(current.expose(), rotated.lock().unwrap()[id]);
        assert!(new.open(&secrets.previous.unwrap().secret, &account, id).is_ok());
    }
    system.finish().await;
}

/// A secret that changed since it was read is left alone.
#[tokio::test]
async fn only_what_is_still_there_is_replaced() {
    let (system, _receiver, made) = System::builder().workers(0).start_with_hook().await;
    let store = Store::new(&system.redis.args()).unwrap();
    let account: AccountId = system.account().parse().unwrap();
    let id: EndpointId = made.id.parse().unwrap();
    let (old, both) = (keyring(&[OLD]).1, keyring(&[NEW, OLD]).1);
    let present = store
        .signing_secrets(&account, &id)
        .await
        .unwrap()
        .unwrap()
        .current;
    let anew = both.rewrap(&present, &account, &id).unwrap().unwrap();
    for _ in 0..2 {
        let present = store
            .signing_secrets(&account, &id)
            .await
            .unwrap()
            .unwrap()
            .current;
        let rotation = Rotation {
            secret: old.seal_next(&SigningSecret::generate(), &present, &account, &id),
            grace: Duration::from_secs(60),
            legacy_uses_previous: false,
            force: true,
            condition: Condition::Exists,
            by: None,
        };
        store.rotate_secret(&account, &id, &rotation).await.unwrap();
    }
    let before = record(&system, &made.id);
    let replaced = store.replace_sealed(&account, &id, &[(present, anew)]).await;
    assert_eq!(replaced.unwrap(), 0);
    assert_eq!(before, record(&system, &made.id));
    system.finish().await;
}
