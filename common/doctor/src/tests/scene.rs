//! A request as we send it, to be spoilt.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::header_names::HeaderPrefix;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::super::*;

pub(super) const EVENT: &str = "evt_01kmnq8v3r5t7w9y1b3d5f7h9j";
pub(super) const OTHER_EVENT: &str = "evt_01kmnq8v3r0000000000000000";
pub(super) const ENDPOINT: &str = "ep_7zq3k9m2x4t8w1v5";
pub(super) const SENT_AT: i64 = 1_774_539_000;

/// With everything in it that parsing and writing again may change.
pub(super) const BODY: &str = r#"{"event":"lead.captured","chatbotId":"cmf9n7u1c0001","timestamp":"2026-03-26T15:30:00.000Z","data":{"name":"Jøran “J” Dahl","city":"Troms\u00f8","page":"https:\/\/example.com/a","amount":1.10,"leadId":"clx0001"}}"#;

/// The body of another event.
pub(super) const OTHER_BODY: &str = r#"{"event":"session.created","chatbotId":"cmf9n7u1c0001","timestamp":"2026-03-26T15:31:00.000Z","data":{"sessionId":"rkt_abc123"}}"#;

#[derive(Debug, Clone)]
pub(super) struct Scene {
    pub(super) secret: SigningSecret,
    pub(super) previous: PreviousSecret,
    headers: Vec<(String, String)>,
    body: String,
    sent: Option<String>,
    now: i64,
    prefix: HeaderPrefix,
}

impl Scene {
    /// Signed twice, with nothing wrong; there was a rotation an hour ago with a grace of two, and the new secret
    /// signs all.
    pub(super) fn new() -> Self {
        let secret = SigningSecret::generate();
        let headers = [
            ("X-RKT-Signature", secret.legacy_signature(BODY.as_bytes())),
            (
                "X-RKT-Delivery",
                format!("dlv_{}_{}", &EVENT[4..], &ENDPOINT[3..]),
            ),
            ("webhook-id", EVENT.to_owned()),
            ("webhook-timestamp", SENT_AT.to_string()),
            (
                "webhook-signature",
                secret.standard_signature(EVENT, SENT_AT, BODY.as_bytes()),
            ),
        ];
        Self {
            secret,
            previous: PreviousSecret {
                secret: SigningSecret::generate(),
                until: Timestamp::from_millis((SENT_AT + 3600) * 1000).unwrap(),
                signs_legacy: false,
            },
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body: BODY.to_owned(),
            sent: Some(BODY.to_owned()),
            now: SENT_AT + 2,
            prefix: HeaderPrefix::default(),
        }
    }

    /// With `X-RKT-Signature` alone, as the receiver's code made it of this.
    pub(super) fn computed(content: impl AsRef<[u8]>) -> Self {
        let scene = Self::new().without("webhook-signature");
        let value = scene.secret.legacy_signature(content.as_ref());
        scene.header("X-RKT-Signature", &value)
    }

    /// With a header set.
    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(super) fn rename(mut self, rename: impl Fn(&str) -> String) -> Self {
        for (name, _) in &mut self.headers {
            *name = rename(name);
        }
        self
    }

    /// Headers of ours begin with this.
    pub(super) fn prefix(self, prefix: &str) -> Self {
        let prefix = prefix.parse().unwrap();
        Self { prefix, ..self }
    }

    pub(super) fn body(self, body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    /// What was sent isn't stored any more.
    pub(super) fn forget(self) -> Self {
        Self { sent: None, ..self }
    }

    /// The previous secret makes `X-RKT-Signature` until its grace ends.
    pub(super) fn previous_signs_legacy(mut self) -> Self {
        self.previous.signs_legacy = true;
        self
    }

    /// Seconds pass; they may be negative.
    pub(super) fn later(self, seconds: i64) -> Self {
        Self {
            now: self.now + seconds,
            ..self
        }
    }

    pub(super) fn get(&self, name: &str) -> &str {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name).unwrap();
        value
    }

    pub(super) fn examine(&self) -> Diagnosis {
        self.examine_within(Budget::unlimited())
    }

    pub(super) fn examine_within(&self, budget: Budget<'_>) -> Diagnosis {
        let (endpoint, headers) = (
            ENDPOINT.parse().unwrap(),
            Headers::new(self.headers.clone(), self.prefix.clone()).unwrap(),
        );
        let case = Case {
            endpoint: &endpoint,
            secret: &self.secret,
            previous: Some(&self.previous),
            headers: &headers,
            body: &self.body,
            sent: self.sent.as_deref(),
            now: Timestamp::from_millis(self.now * 1000).unwrap(),
        };
        examine(&case, budget)
    }

    /// The secrets, and the right signatures.
    pub(super) fn hidden(&self) -> Vec<String> {
        let secrets = [&self.secret, &self.previous.secret];
        secrets
            .iter()
            .flat_map(|secret| {
                let standard = secret.standard_signature(EVENT, SENT_AT, BODY.as_bytes());
                [
                    secret.expose()[6..].to_owned(),
                    hex::encode(secret.expose()),
                    secret.legacy_signature(BODY.as_bytes()),
                    standard[3..].to_owned(),
                ]
            })
            .collect()
    }
}

/// HMAC-SHA256, as a receiver's code would call it.
pub(super) fn hmac(key: impl AsRef<[u8]>, message: impl AsRef<[u8]>) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).unwrap();
    mac.chain_update(message).finalize().into_bytes().into()
}

pub(super) fn base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// The decoded part of a secret.
pub(super) fn decoded(secret: &SigningSecret) -> Vec<u8> {
    STANDARD.decode(&secret.expose()[6..]).unwrap()
}
