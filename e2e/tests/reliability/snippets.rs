//! The verification code that the dashboard gives away, in six languages: each takes what we send, and nothing else.
//!
//! Proves (guarantees): Signatures

mod languages;

#[expect(unreachable_pub, reason = "it is written for others' crates")]
#[path = "../../../dashboard/src/snippets/verify.rs"]
mod verify;

use std::time::{SystemTime, UNIX_EPOCH};

use domain::signing::SigningSecret;
use e2e::receiver::{Answer, Received};
use e2e::system::System;
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::languages::LANGUAGES;
use crate::signatures::headers;

/// A request as a receiver sees it, and whether it is what we sent.
#[derive(Debug, Clone, Serialize)]
struct Request {
    body: String,
    headers: Map<String, Value>,
    secret: String,
    #[serde(skip)]
    is_genuine: bool,
    #[serde(skip)]
    what: String,
}

impl Request {
    fn genuine(what: &str, received: &Received, secret: &str) -> Self {
        Self {
            body: String::from_utf8(received.body.to_vec()).unwrap(),
            headers: headers(received),
            secret: secret.to_owned(),
            is_genuine: true,
            what: what.to_owned(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers[name].as_str().unwrap()
    }

    fn but(&self, what: &str, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other.what = format!("{}, but {what}", self.what);
        other
    }

    /// The same, not genuine, with another value of a header, or without it.
    fn with(&self, name: &str, value: Option<&str>) -> Self {
        self.but(&format!("{name}: {value:?}"), |request| {
            request.is_genuine = false;
            match value {
                Some(value) => request.headers.insert(name.to_owned(), json!(value)),
                None => request.headers.remove(name),
            };
        })
    }

    fn changed(&self, another_secret: &str) -> [Self; 2] {
        let body = self.but("another body", |request| {
            request.body = self.body.replace("Dahl", "Dahm");
            request.is_genuine = false;
        });
        assert_ne!(body.body, self.body);
        let secret = self.but("another secret", |request| {
            another_secret.clone_into(&mut request.secret);
            request.is_genuine = false;
        });
        [body, secret]
    }

    /// The same, as if it had been sent so many seconds ago.
    fn sent(&self, seconds_ago: i64, is_genuine: bool) -> Self {
        self.but(&format!("sent {seconds_ago} s ago"), |request| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let timestamp = i64::try_from(now.as_secs()).unwrap() - seconds_ago;
            let secret = SigningSecret::parse(&self.secret).unwrap();
            let id = self.header("webhook-id");
            let signature = secret.standard_signature(id, timestamp, self.body.as_bytes());
            request.headers["webhook-timestamp"] = json!(timestamp.to_string());
            request.headers["webhook-signature"] = json!(signature);
            request.is_genuine = is_genuine;
        })
    }

    /// What somebody may send who doesn't know the secret.
    fn forged(&self) -> Vec<Self> {
        let (id, timestamp, signature) = ("webhook-id", "webhook-timestamp", "webhook-signature");
        let earlier = self.header(timestamp).parse::<u64>().unwrap() - 1;
        let known = self.header(signature);
        let of_another_version = known.replace("v1,", "v2,");
        let cut = &known[..known.len() - 4];
        let unversioned = known.trim_start_matches("v1,");
        let body_alone = self.header("x-rkt-signature");
        let mut forged = vec![
            self.with(id, Some("msg_2")),
            self.with(timestamp, Some(&earlier.to_string())),
            self.with(timestamp, Some("soon")),
            self.with(timestamp, Some("99999999999999999999")),
        ];
        for name in [id, timestamp, signature] {
            forged.push(self.with(name, None));
            forged.push(self.with(name, Some("")));
        }
        for value in [
            "v1,",
            "v1,AAAA",
            &of_another_version,
            cut,
            unversioned,
            body_alone,
        ] {
            forged.push(self.with(signature, Some(value)));
        }
        forged
    }
}

/// First and repeated attempts, during a rotation with either secret, and up to five minutes late.
#[tokio::test(flavor = "multi_thread")]
async fn verification_code_in_each_language_takes_what_we_send_and_nothing_else() {
    let (system, receiver, endpoint) = System::start_with_hook().await;
    let customer = system.customer();
    let another = customer
        .create_endpoint(&receiver.url("/another"), &["ticket.updated"])
        .await;
    let push = async || {
        let data = json!({"name": "Jøran “J” Dahl", "text": "line\nbreak \\ \u{1f980}", "amount": 1.10});
        system
            .backend()
            .push(system.account(), "lead.captured", data)
            .await
    };
    receiver.then("/hook", [Answer::status(500)]);
    push().await;
    receiver.wait_for(2).await;
    let path = format!("/api/webhooks-config/{}/rotate-secret", endpoint.id);
    let rotated = customer.post(&path, &json!({})).await.expect(200);
    push().await;
    let received = receiver.wait_for(3).await;

    let both = received[2].expect_header("webhook-signature");
    assert_eq!(both.split(' ').count(), 2, "{both}");
    let (old, new) = (endpoint.secret.as_str(), rotated.body["secret"].as_str().unwrap());
    let genuine = [
        Request::genuine("the first attempt", &received[0], old),
        Request::genuine("the second attempt", &received[1], old),
        Request::genuine("the old secret during a rotation", &received[2], old),
        Request::genuine("the new secret during a rotation", &received[2], new),
    ];
    let mut requests = Vec::from(genuine.clone());
    requests.extend(genuine.iter().flat_map(|one| one.changed(&another.secret)));
    let [first, ..] = &genuine;
    requests.extend(first.forged());
    for (minutes, is_genuine) in [(-6, false), (-4, true), (4, true), (6, false)] {
        requests.push(first.sent(60 * minutes, is_genuine));
    }

    for (language, verify) in LANGUAGES {
        let verdicts = verify(&requests);
        assert_eq!(verdicts.len(), requests.len(), "{language}");
        for (verdict, request) in verdicts.into_iter().zip(&requests) {
            assert_eq!(verdict, request.is_genuine, "{language}: {request:?}");
        }
    }
    system.finish().await;
}
