//! `OIDC_ISSUER`: any OpenID Connect issuer in Clerk's place, whose keys are found and whose claims are named by the settings.
//!
//! Proves (security): Tokens of an OpenID Connect issuer

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use e2e::clerk::{Claims, SigningKey, now};
use e2e::receiver::{Answer, Receiver};
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, assert_refused};

const DISCOVERY: &str = "/realm/.well-known/openid-configuration";
const KEYS: &str = "/certs";

/// An issuer with a key for RS256 and one for ES256.
struct Issuer {
    server: Receiver,
    rsa: SigningKey,
    curve: EncodingKey,
}

impl Issuer {
    async fn start() -> Self {
        let pair =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let issuer = Self {
            server: Receiver::start().await,
            rsa: SigningKey::generate("rsa"),
            curve: EncodingKey::from_ec_der(pair.as_ref()),
        };
        let mut curve =
            serde_json::to_value(Jwk::from_encoding_key(&issuer.curve, Algorithm::ES256).unwrap()).unwrap();
        curve["kid"] = json!("curve");
        let keys = json!({"keys": [issuer.rsa.jwk(), curve]});
        issuer
            .server
            .always(KEYS, Answer::status(200).body(keys.to_string()));
        issuer.discover(&issuer.name());
        issuer
    }

    /// The value of `OIDC_ISSUER`.
    fn name(&self) -> String {
        self.server.url("/realm")
    }

    /// Serves the discovery document of this issuer.
    fn discover(&self, name: &str) {
        let document = json!({"issuer": name, "jwks_uri": self.server.url(KEYS)});
        self.server
            .always(DISCOVERY, Answer::status(200).body(document.to_string()));
    }

    /// A system that trusts it, in which Clerk isn't configured.
    fn system(&self) -> Builder {
        System::builder()
            .workers(0)
            .api_env("CLERK_JWT_KEY", "")
            .api_env("CLERK_ISSUER", "")
            .api_env("CLERK_AUTHORIZED_PARTIES", "")
            .api_env("OIDC_ISSUER", self.name())
    }

    /// The claims of a token, changed.
    fn claims(&self, changes: Value) -> Value {
        let mut claims =
            json!({"iss": self.name(), "sub": "person-1", "aud": "webhooks", "exp": now() + 600});
        claims
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        claims
    }

    fn token(&self, changes: Value) -> String {
        self.rsa.sign(&self.claims(changes))
    }

    fn curve_token(&self, changes: Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some("curve".to_owned());
        jsonwebtoken::encode(&header, &self.claims(changes), &self.curve).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_another_issuer_name_the_account_the_person_and_the_role() {
    let issuer = Issuer::start().await;
    let mut system = issuer
        .system()
        .api_env("OIDC_AUDIENCE", "webhooks")
        .api_env("OIDC_ACCOUNT_CLAIM", "tenant.id")
        .api_env("OIDC_ROLE_CLAIM", "tenant.roles")
        .api_env("OIDC_WRITE_ROLES", "owner")
        .start()
        .await;
    let tenant = |roles: Value| json!({"tenant": {"id": "t1", "roles": roles}});
    let owner = system.caller(&issuer.token(tenant(json!(["member", "owner"]))));
    let url = "http://127.0.0.1:9000/";
    owner.create_endpoint(url, &["*"]).await;
    // The same account by a token with the other algorithm, whose role may look and change nothing.
    let member = system.caller(&issuer.curve_token(tenant(json!("member"))));
    let listed = member.get(ENDPOINTS).await.expect(200).body;
    assert_eq!(listed["endpoints"].as_array().unwrap().len(), 1, "{listed}");
    let refused = member
        .post(ENDPOINTS, &json!({"url": url, "events": ["*"]}))
        .await;
    assert_refused(&Method::POST, ENDPOINTS, &refused, 403, "role_not_allowed", "");
    // Without an organisation the account is the person's own, where they may do everything.
    let person = system.caller(&issuer.curve_token(json!({})));
    let listed = person.get(ENDPOINTS).await.expect(200).body;
    assert_eq!(listed["endpoints"], json!([]));
    person.create_endpoint(url, &["*"]).await;

    for (token, code) in [
        (
            issuer.token(json!({"iss": "https://evil.example"})),
            "invalid_token",
        ),
        (issuer.token(json!({"iss": null})), "invalid_token"),
        (issuer.token(json!({"aud": "another"})), "invalid_token"),
        (issuer.token(json!({"aud": null})), "invalid_token"),
        (issuer.token(json!({"exp": now() - 60})), "token_expired"),
        (issuer.token(json!({"nbf": now() + 60})), "token_not_yet_valid"),
        (issuer.token(json!({"exp": null})), "invalid_token"),
        (issuer.token(json!({"tenant": {"id": 7}})), "invalid_token"),
        (issuer.token(json!({"tenant": {"id": "a b"}})), "invalid_token"),
        (
            SigningKey::generate("rsa").sign(&issuer.claims(json!({}))),
            "invalid_token",
        ),
        // The key of the one algorithm with the name of the other.
        (
            {
                let mut header = Header::new(Algorithm::RS256);
                header.kid = Some("curve".to_owned());
                issuer.rsa.sign_with(&header, &issuer.claims(json!({})))
            },
            "invalid_token",
        ),
        (Claims::v2("user_2test", None).sign(&system.key), "invalid_token"),
    ] {
        let reply = system.caller(&token).get(ENDPOINTS).await;
        assert_refused(&Method::GET, ENDPOINTS, &reply, 401, code, "");
    }
    let machine = system.caller(&issuer.token(json!({"sub": null})));
    let reply = machine.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 403, "wrong_token_kind", "");
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_only_by_the_issuers_own_document() {
    let issuer = Issuer::start().await;
    issuer.discover("https://another.example");
    let mut system = issuer.system().start().await;
    let caller = system.caller(&issuer.token(json!({"o": {"id": "org_1"}})));
    let reply = caller.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 503, "auth_unavailable", "");
    let log = system.api.log();
    assert!(
        log.contains("the discovery document is that of another issuer"),
        "{log}"
    );
    // A redirect leads to keys that nobody configured.
    let elsewhere = Answer::status(302).header("location", &issuer.server.url("/elsewhere"));
    issuer.server.always(DISCOVERY, elsewhere);
    let reply = caller.get(ENDPOINTS).await;
    assert_refused(&Method::GET, ENDPOINTS, &reply, 503, "auth_unavailable", "");
    assert!(issuer.server.received_at("/elsewhere").is_empty());
    issuer.discover(&issuer.name());
    eventually(LONG, "the keys", async || {
        let reply = caller.get(ENDPOINTS).await;
        check(reply.status == 200, reply.text)
    })
    .await;
    system.stop();
}
