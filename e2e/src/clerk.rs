//! Clerk as far as the API sees it: keys, session tokens of both versions, and a key-set server.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::receiver::{Answer, Receiver};

/// The issuer that tests use.
pub const ISSUER: &str = "https://clerk.test.example";

/// The authorized party that tests use.
pub const PARTY: &str = "https://app.test.example";

/// An RSA key pair with its id.
pub struct SigningKey {
    kid: String,
    private_pem: String,
    public_pem: String,
    encoding: EncodingKey,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey({})", self.kid)
    }
}

impl SigningKey {
    /// A new key of 2048 bits.
    #[must_use]
    pub fn generate(kid: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let private_pem = pem("PRIVATE KEY", private.as_ref());
        Self {
            kid: kid.to_owned(),
            public_pem: pem("PUBLIC KEY", public.as_ref()),
            encoding: EncodingKey::from_rsa_pem(private_pem.as_bytes()).unwrap(),
            private_pem,
        }
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key, for `CLERK_JWT_KEY`.
    #[must_use]
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// The private key.
    #[must_use]
    pub fn private_pem(&self) -> &str {
        &self.private_pem
    }

    /// The public key as a member of a key set.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.encoding, Algorithm::RS256).unwrap()).unwrap();
        jwk["kid"] = json!(self.kid);
        jwk["use"] = json!("sig");
        jwk
    }

    /// Signs claims as they are, with this key's id in the header.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.kid.clone());
        self.sign_with(&header, claims)
    }

    /// Signs claims under any header.
    #[must_use]
    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.encoding).unwrap()
    }
}

/// The claims of a session token, each of which can be changed before they are signed.
#[derive(Debug, Clone)]
pub struct Claims(Value);

impl Claims {
    /// A session of a user in an organisation, in the second version of the claims (`o.id`).
    #[must_use]
    pub fn v2(user: &str, organisation: Option<&str>) -> Self {
        let mut claims = Self::common(user);
        claims.0["v"] = json!(2);
        if let Some(id) = organisation {
            claims.0["o"] = json!({"id": id, "slg": "test", "rol": "admin"});
        }
        claims
    }

    /// The same in the first version (`org_id`).
    #[must_use]
    pub fn v1(user: &str, organisation: Option<&str>) -> Self {
        let mut claims = Self::common(user);
        if let Some(id) = organisation {
            claims.0["org_id"] = json!(id);
            claims.0["org_slug"] = json!("test");
            claims.0["org_role"] = json!("org:admin");
        }
        claims
    }

    fn common(user: &str) -> Self {
        let now = now();
        Self(json!({
            "iss": ISSUER, "azp": PARTY, "sub": user, "sid": "sess_2test", "jti": "8f3e2b1a",
            "iat": now, "nbf": now - 10, "exp": now + 3600, "sts": "active", "fva": [0, -1],
        }))
    }

    /// Sets a claim to another value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0[name] = value.into();
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(name);
        self
    }

    /// The claims that [`Self::sign`] will sign.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// Signs the claims, which makes a token of them.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        key.sign(&self.0)
    }

    /// Makes a token that nobody signed: `alg: none`.
    #[must_use]
    pub fn unsigned(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!(
            "{}.{}.",
            part(&json!({"alg": "none", "typ": "JWT"})),
            part(&self.0)
        )
    }
}

/// Seconds since 1970.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A server for `CLERK_JWKS_URL` whose keys can change, and that can fail.
#[derive(Debug)]
pub struct KeySetServer {
    receiver: Receiver,
    keys: Mutex<Vec<Value>>,
}

impl KeySetServer {
    const PATH: &str = "/.well-known/jwks.json";

    /// Starts one that serves these keys.
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let server = Self {
            receiver: Receiver::start().await,
            keys: Mutex::default(),
        };
        server.rotate(keys);
        server
    }

    /// The value of `CLERK_JWKS_URL` that leads to it.
    #[must_use]
    pub fn url(&self) -> String {
        self.receiver.url(Self::PATH)
    }

    /// Serves these keys from now on, and recovers if it was failing.
    pub fn rotate(&self, keys: &[&SigningKey]) {
        *self.keys.lock().unwrap() = keys.iter().map(|key| key.jwk()).collect();
        self.work();
    }

    /// Answers every request like this from now on, until [`Self::work`] or [`Self::rotate`].
    pub fn fail(&self, answer: Answer) {
        self.receiver.always(Self::PATH, answer);
    }

    /// Serves its keys again.
    pub fn work(&self) {
        let body = json!({"keys": *self.keys.lock().unwrap()}).to_string();
        let answer = Answer::status(200)
            .header("content-type", "application/json")
            .body(body);
        self.receiver.always(Self::PATH, answer);
    }

    /// How many requests it has answered.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.receiver.count()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
