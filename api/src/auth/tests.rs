//! Session tokens against real keys and a real key-set server on loopback.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{EndpointExt as _, Response, Server, endpoint::make};
use serde_json::{Value, json};
use tokio::net::TcpListener;

mod properties;

use super::AuthError;
use super::claims::Rules;
use super::clerk::{KeySource, SessionVerifier};
use super::jwks::{Jwks, RefreshPolicy};

const ISSUER: &str = "https://clerk.example.test";
const PARTY: &str = "https://app.example.test";

struct Key {
    id: &'static str,
    signing: EncodingKey,
    public_pem: String,
}

impl Key {
    fn generate(id: &'static str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        Self {
            id,
            signing: EncodingKey::from_rsa_pem(pem("PRIVATE KEY", private.as_ref()).as_bytes()).unwrap(),
            public_pem: pem("PUBLIC KEY", public.as_ref()),
        }
    }

    fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.id.to_owned());
        jsonwebtoken::encode(&header, claims, &self.signing).unwrap()
    }

    fn jwk(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.signing, Algorithm::RS256).unwrap()).unwrap();
        jwk["kid"] = self.id.into();
        jwk["use"] = "sig".into();
        jwk
    }

    fn decoding(&self) -> DecodingKey {
        DecodingKey::from_rsa_pem(self.public_pem.as_bytes()).unwrap()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The claims of a good token, with some of them changed; `null` removes one.
fn claims(changes: Value) -> Value {
    let now = now();
    let mut claims = json!({
        "sub": "user_2abc", "sid": "sess_1", "iss": ISSUER, "azp": PARTY, "sts": "active", "v": 2,
        "iat": now, "nbf": now - 1, "exp": now + 60,
    });
    for (name, value) in changes.as_object().unwrap().clone() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(&name);
        } else {
            claims[name] = value;
        }
    }
    claims
}

fn verifier(keys: KeySource) -> SessionVerifier {
    SessionVerifier::new(keys, rules())
}

fn rules() -> Rules {
    Rules {
        issuer: Some(ISSUER.to_owned()),
        parties: vec![PARTY.to_owned(), "https://admin.example.test".to_owned()],
        ..Rules::default()
    }
}

#[tokio::test]
async fn the_account_is_the_organisation_or_the_user() {
    let key = Key::generate("k");
    let verifier = verifier(KeySource::Pem(key.decoding()));
    for (changes, account) in [
        (json!({}), "user:user_2abc"),
        (
            json!({"o": {"id": "org_9", "rol": "admin", "slg": "nine"}}),
            "org:org_9",
        ),
        (json!({"v": null}), "user:user_2abc"),
        (json!({"v": null, "org_id": "org_8"}), "org:org_8"),
        (json!({"v": 1, "org_id": "org_8"}), "org:org_8"),
        // A claim of the other version says nothing.
        (json!({"org_id": "org_8"}), "user:user_2abc"),
        (json!({"v": 3, "org_id": "org_8"}), "org:org_8"),
        (json!({"v": 1, "o": null}), "user:user_2abc"),
        (json!({"azp": null}), "user:user_2abc"),
        (json!({"azp": "https://admin.example.test"}), "user:user_2abc"),
        (json!({"sts": null}), "user:user_2abc"),
        (json!({"nbf": null}), "user:user_2abc"),
        (json!({"aud": "somebody"}), "user:user_2abc"),
        // Five seconds of skew.
        (json!({"nbf": now() + 3}), "user:user_2abc"),
        (json!({"exp": now() - 2}), "user:user_2abc"),
    ] {
        let session = verifier.verify(&key.sign(&claims(changes.clone()))).await;
        assert_eq!(session.unwrap().account.as_str(), account, "{changes}");
    }
}

#[tokio::test]
async fn a_token_without_a_party_is_refused_where_one_is_required() {
    let key = Key::generate("k");
    for (parties, changes, expected) in [
        (true, json!({}), None),
        (true, json!({"azp": null}), Some(AuthError::NoParty)),
        (
            true,
            json!({"azp": "https://evil.example.test"}),
            Some(AuthError::Party),
        ),
        (false, json!({"azp": "https://evil.example.test"}), None),
        (false, json!({"azp": null}), Some(AuthError::NoParty)),
    ] {
        let mut rules = Rules {
            requires_party: true,
            ..rules()
        };
        rules.parties.retain(|_| parties);
        let verifier = SessionVerifier::new(KeySource::Pem(key.decoding()), rules);
        let refused = verifier.verify(&key.sign(&claims(changes.clone()))).await.err();
        assert_eq!(refused, expected, "{changes}");
    }
}

#[tokio::test]
async fn a_role_may_change_things_if_it_is_listed_or_none_is() {
    let key = Key::generate("k");
    let v2 = |role: Value| json!({"o": {"id": "org_9", "rol": role}});
    let v1 = |role: Value| json!({"v": null, "org_id": "org_8", "org_role": role});
    for (listed, changes, expected) in [
        (&[][..], v2(json!("member")), true),
        (&[], v2(Value::Null), true),
        (&["admin"], v2(json!("admin")), true),
        (&["admin"], v2(json!("org:admin")), true),
        (&["org:admin"], v2(json!("admin")), true),
        (&["admin", "editor"], v2(json!("editor")), true),
        (&["admin"], v2(json!("member")), false),
        (&["admin"], v2(json!("ADMIN")), false),
        (&["admin"], v2(json!("")), false),
        (&["admin"], v2(Value::Null), false),
        (&["admin"], v1(json!("org:admin")), true),
        (&["admin"], v1(json!("org:member")), false),
        (&["admin"], v1(Value::Null), false),
        // Nobody's but their own.
        (&["admin"], json!({}), true),
        (&["admin"], json!({"org_role": "org:member"}), true),
    ] {
        let rules = Rules {
            write_roles: listed.iter().map(|role| (*role).to_owned()).collect(),
            ..rules()
        };
        let verifier = SessionVerifier::new(KeySource::Pem(key.decoding()), rules);
        let session = verifier
            .verify(&key.sign(&claims(changes.clone())))
            .await
            .unwrap();
        assert_eq!(session.may_write, expected, "{listed:?} {changes}");
    }
}

#[tokio::test]
async fn extensions_that_must_be_understood_are_refused() {
    let key = Key::generate("k");
    let verifier = verifier(KeySource::Pem(key.decoding()));
    let good = key.sign(&claims(json!({})));
    let (_, rest) = good.split_once('.').unwrap();
    for (crit, error) in [
        (r#","crit":["exp"]"#, AuthError::Critical),
        (r#","crit":[]"#, AuthError::Critical),
        (r#","crit":null"#, AuthError::Critical),
        ("", AuthError::Signature),
    ] {
        let header = format!(r#"{{"alg":"RS256","kid":"k"{crit},"x":1}}"#);
        let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(verifier.verify(&token).await.err(), Some(error), "{crit}");
    }
}

#[tokio::test]
async fn every_wrong_claim_is_refused() {
    let key = Key::generate("k");
    let verifier = verifier(KeySource::Pem(key.decoding()));
    for (changes, error) in [
        (json!({"exp": now() - 60}), AuthError::Expired),
        (json!({"exp": null}), AuthError::Malformed),
        (json!({"exp": "tomorrow"}), AuthError::Malformed),
        (json!({"nbf": now() + 60}), AuthError::NotYetValid),
        (json!({"iss": "https://evil.example.test"}), AuthError::Issuer),
        (json!({"iss": null}), AuthError::Issuer),
        (json!({"azp": "https://evil.example.test"}), AuthError::Party),
        (json!({"azp": ""}), AuthError::Party),
        (json!({"azp": ["https://app.example.test"]}), AuthError::Malformed),
        // An organisation is meant, in a version that we don't know.
        (json!({"v": null, "o": {"id": "org_9"}}), AuthError::Version),
        (
            json!({"v": 1, "o": {"id": "org_9"}, "org_id": "org_9"}),
            AuthError::Version,
        ),
        (json!({"v": 3, "o": {"id": "org_9"}}), AuthError::Version),
        (json!({"v": null, "o": {}}), AuthError::Version),
        (json!({"sts": "pending"}), AuthError::Pending),
        (json!({"sid": null}), AuthError::NotASession),
        (json!({"sid": ""}), AuthError::NotASession),
        (json!({"sub": null}), AuthError::NotASession),
        (json!({"sub": "mch_2abc"}), AuthError::NotASession),
        (json!({"sub": "mch_2abc", "sid": null}), AuthError::NotASession),
        (json!({"sub": 7}), AuthError::Malformed),
        (json!({"o": {"id": "a b"}}), AuthError::Malformed),
        (json!({"o": "org_9"}), AuthError::Malformed),
    ] {
        let result = verifier.verify(&key.sign(&claims(changes.clone()))).await;
        assert_eq!(result.unwrap_err(), error, "{changes}");
    }
}

#[tokio::test]
async fn every_wrong_signature_is_refused() {
    let (key, other) = (Key::generate("k"), Key::generate("k"));
    let verifier = verifier(KeySource::Pem(key.decoding()));
    let good = key.sign(&claims(json!({})));
    assert!(verifier.verify(&good).await.is_ok());
    assert_eq!(
        verifier
            .verify(&other.sign(&claims(json!({}))))
            .await
            .unwrap_err(),
        AuthError::Signature
    );

    let parts: Vec<_> = good.split('.').collect();
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let forged_claims = encode(claims(json!({"sub": "user_evil"})));
    let none = encode(json!({"alg": "none", "typ": "JWT"}));
    let with_public_key = |algorithm| {
        let secret = EncodingKey::from_secret(key.public_pem.as_bytes());
        jsonwebtoken::encode(&Header::new(algorithm), &claims(json!({})), &secret).unwrap()
    };
    for (token, error) in [
        (
            format!("{}.{forged_claims}.{}", parts[0], parts[2]),
            AuthError::Signature,
        ),
        (format!("{}.{}.", parts[0], parts[1]), AuthError::Signature),
        (format!("{none}.{}.", parts[1]), AuthError::Malformed),
        (format!("{none}.{}.{}", parts[1], parts[2]), AuthError::Malformed),
        (with_public_key(Algorithm::HS256), AuthError::Algorithm),
        (with_public_key(Algorithm::HS512), AuthError::Algorithm),
        (format!("{}.{}", parts[0], parts[1]), AuthError::Malformed),
        (format!("{good}.x"), AuthError::Malformed),
        ("a.b.c".to_owned(), AuthError::Malformed),
        ("...".to_owned(), AuthError::Malformed),
        ("garbage".to_owned(), AuthError::Malformed),
        ("ü.ü.ü".to_owned(), AuthError::Malformed),
        (format!("{good}{}", "A".repeat(10_000)), AuthError::Malformed),
    ] {
        assert_eq!(verifier.verify(&token).await.unwrap_err(), error, "{token}");
    }
    let long = key.sign(&claims(json!({"x": "y".repeat(10_000)})));
    assert_eq!(verifier.verify(&long).await.unwrap_err(), AuthError::Malformed);
}

/// A key-set server that can rotate and fail, and counts.
#[derive(Clone)]
struct KeySetServer {
    body: Arc<Mutex<(StatusCode, String)>>,
    requests: Arc<AtomicU32>,
    hangs: Arc<AtomicBool>,
    url: String,
}

impl KeySetServer {
    async fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            body: Arc::new(Mutex::new((StatusCode::OK, String::new()))),
            requests: Arc::default(),
            hangs: Arc::default(),
            url: format!("http://{}/jwks.json", listener.local_addr().unwrap()),
        };
        server.serve(keys);
        let answering = server.clone();
        let endpoint = make(move |_| {
            let server = answering.clone();
            async move {
                server.requests.fetch_add(1, Ordering::SeqCst);
                if server.hangs.load(Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                let (status, body) = server.body.lock().unwrap().clone();
                Response::builder().status(status).body(body)
            }
        })
        .boxed();
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
        server
    }

    fn serve(&self, keys: &[&Key]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        self.answer(StatusCode::OK, json!({ "keys": keys }).to_string());
    }

    fn answer(&self, status: StatusCode, body: String) {
        *self.body.lock().unwrap() = (status, body);
    }

    fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }

    fn verifier(&self, policy: RefreshPolicy) -> SessionVerifier {
        verifier(KeySource::Jwks(Box::new(
            Jwks::new(self.url.parse().unwrap(), policy).unwrap(),
        )))
    }
}

fn good(key: &Key) -> String {
    key.sign(&claims(json!({})))
}

#[tokio::test]
async fn two_keys_verify_and_a_rotation_is_noticed() {
    let (one, two, three) = (Key::generate("one"), Key::generate("two"), Key::generate("three"));
    let server = KeySetServer::start(&[&one, &two]).await;
    let verifier = server.verifier(RefreshPolicy::default());
    for _ in 0..3 {
        assert!(verifier.verify(&good(&one)).await.is_ok());
        assert!(verifier.verify(&good(&two)).await.is_ok());
    }
    assert_eq!(server.requests(), 1);
    assert_eq!(
        verifier.verify(&good(&three)).await.unwrap_err(),
        AuthError::UnknownKey
    );
    server.serve(&[&two, &three]);
    assert!(verifier.verify(&good(&three)).await.is_ok());
    assert!(verifier.verify(&good(&two)).await.is_ok());
    // The key that was taken out is no longer accepted.
    assert_eq!(
        verifier.verify(&good(&one)).await.unwrap_err(),
        AuthError::UnknownKey
    );
}

#[tokio::test]
async fn a_token_must_name_its_key_and_be_signed_with_it() {
    let (one, two) = (Key::generate("one"), Key::generate("two"));
    let server = KeySetServer::start(&[&one, &two]).await;
    let verifier = server.verifier(RefreshPolicy::default());
    let nameless =
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims(json!({})), &one.signing).unwrap();
    assert_eq!(
        verifier.verify(&nameless).await.unwrap_err(),
        AuthError::UnknownKey
    );
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some("two".to_owned());
    let swapped = jsonwebtoken::encode(&header, &claims(json!({})), &one.signing).unwrap();
    assert_eq!(verifier.verify(&swapped).await.unwrap_err(), AuthError::Signature);
    header.kid = Some("x".repeat(1000));
    let long = jsonwebtoken::encode(&header, &claims(json!({})), &one.signing).unwrap();
    assert_eq!(verifier.verify(&long).await.unwrap_err(), AuthError::UnknownKey);
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn unknown_key_ids_do_not_hammer_the_server() {
    let key = Key::generate("one");
    let server = KeySetServer::start(&[&key]).await;
    let verifier = server.verifier(RefreshPolicy {
        unknown_interval: Duration::from_secs(3600),
        ..RefreshPolicy::default()
    });
    for number in 0..100_u32 {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(format!("garbage-{number}"));
        let token = jsonwebtoken::encode(&header, &claims(json!({})), &key.signing).unwrap();
        let looked = number < RefreshPolicy::default().unknown_burst;
        // What wasn't looked for may be a new key.
        let expected = if looked {
            AuthError::UnknownKey
        } else {
            AuthError::Unavailable
        };
        assert_eq!(verifier.verify(&token).await.unwrap_err(), expected, "{number}");
    }
    assert_eq!(server.requests(), RefreshPolicy::default().unknown_burst);
    assert!(verifier.verify(&good(&key)).await.is_ok());
}

#[tokio::test]
async fn many_callers_share_one_fetch() {
    let key = Key::generate("one");
    let server = KeySetServer::start(&[&key]).await;
    let verifier = Arc::new(server.verifier(RefreshPolicy::default()));
    let token = good(&key);
    let callers = (0..50).map(|_| {
        let (verifier, token) = (verifier.clone(), token.clone());
        async move { verifier.verify(&token).await }
    });
    for result in futures_util::future::join_all(callers).await {
        assert!(result.is_ok());
    }
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn known_keys_stay_in_use_while_the_server_fails() {
    let key = Key::generate("one");
    let server = KeySetServer::start(&[&key]).await;
    let verifier = server.verifier(RefreshPolicy {
        max_age: Duration::ZERO,
        retry_after: Duration::ZERO,
        ..RefreshPolicy::default()
    });
    assert!(verifier.verify(&good(&key)).await.is_ok());
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        (StatusCode::FOUND, String::new()),
        (StatusCode::OK, "not json".to_owned()),
        (StatusCode::OK, r#"{"keys":[]}"#.to_owned()),
        (
            StatusCode::OK,
            r#"{"keys":[{"kty":"EC","kid":"one"}]}"#.to_owned(),
        ),
        (
            StatusCode::OK,
            format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(300_000)),
        ),
    ] {
        let before = server.requests();
        server.answer(status, body);
        // It is fetched in the background, once the fetch before has ended.
        let asked = async {
            while server.requests() == before {
                assert!(verifier.verify(&good(&key)).await.is_ok());
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asked)
            .await
            .unwrap();
    }
    // A key that we don't know may be a new one.
    assert_eq!(
        verifier.verify(&good(&Key::generate("two"))).await.unwrap_err(),
        AuthError::Unavailable
    );
}

#[tokio::test]
async fn a_server_that_hangs_delays_nobody_whose_key_is_known() {
    let key = Key::generate("one");
    let server = KeySetServer::start(&[&key]).await;
    let verifier = server.verifier(RefreshPolicy {
        max_age: Duration::ZERO,
        retry_after: Duration::ZERO,
        ..RefreshPolicy::default()
    });
    assert!(verifier.verify(&good(&key)).await.is_ok());
    server.hangs.store(true, Ordering::SeqCst);
    let before = server.requests();
    let asked = async {
        while server.requests() == before {
            let verified = verifier.verify(&good(&key)).now_or_never();
            assert!(verified.expect("an answer at once").is_ok());
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asked)
        .await
        .unwrap();
    let verified = verifier.verify(&good(&key)).now_or_never();
    assert!(verified.expect("an answer at once").is_ok());
}

#[tokio::test]
async fn without_any_key_set_nothing_can_be_said() {
    let key = Key::generate("one");
    let server = KeySetServer::start(&[]).await;
    let verifier = server.verifier(RefreshPolicy::default());
    assert_eq!(
        verifier.verify(&good(&key)).await.unwrap_err(),
        AuthError::Unavailable
    );
    server.serve(&[&key]);
    assert!(verifier.verify(&good(&key)).await.is_ok());
}

#[tokio::test]
async fn a_key_of_another_kind_does_not_spoil_the_set() {
    let (key, encryption) = (Key::generate("one"), Key::generate("enc"));
    let server = KeySetServer::start(&[&key]).await;
    let mut other = encryption.jwk();
    other["use"] = "enc".into();
    let set =
        json!({"keys": [{"kty": "weird"}, 7, {"kty": "oct", "kid": "h", "k": "AAAA"}, other, key.jwk()]});
    server.answer(StatusCode::OK, set.to_string());
    let verifier = server.verifier(RefreshPolicy::default());
    assert!(verifier.verify(&good(&key)).await.is_ok());
    assert_eq!(
        verifier.verify(&good(&encryption)).await.unwrap_err(),
        AuthError::UnknownKey
    );
}
