//! The signature doctor over HTTP: a handful of mistakes, and its limits. `common/doctor/src` tests every mistake.
//!
//! Proves (security): Examining a signature
//! Proves (guarantees): whoever has signatures examined

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::clock::Timestamp;
use domain::id::EventId;
use domain::signing::SigningSecret;
use e2e::clerk::Claims;
use e2e::client::Caller;
use e2e::receiver::Received;
use e2e::state::assert_nothing_left;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{
    ENDPOINTS, api, api_with_endpoint, assert_refused, everything, processor_time, refuses,
};

fn path(id: &str) -> String {
    format!("{ENDPOINTS}/{id}/verify")
}

/// A request as its receiver may paste it.
#[derive(Clone)]
struct Pasted {
    headers: Map<String, Value>,
    body: String,
}

impl Pasted {
    fn of(request: &Received) -> Self {
        let headers = request.headers.iter();
        Self {
            headers: headers
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect(),
            body: String::from_utf8(request.body.to_vec()).unwrap(),
        }
    }

    /// With another value of a header, whatever the case of its name.
    fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.insert(name.to_owned(), json!(value));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
        self
    }

    fn with_body(self, body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..self
        }
    }

    fn value(&self, name: &str) -> String {
        let (_, value) = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .unwrap();
        value.as_str().unwrap().to_owned()
    }
}

/// What the doctor says: whether all is well, the verdicts, and the codes of what it found.
async fn diagnosis(caller: &Caller, id: &str, pasted: &Pasted) -> (bool, [String; 2], Vec<String>) {
    let body = json!({"headers": pasted.headers, "body": pasted.body});
    let answer = caller.post(&path(id), &body).await.expect(200);
    assert!(
        !answer.text.contains("whsec_") || answer.text.contains("`whsec_`"),
        "{}",
        answer.text
    );
    let signatures = answer.body["signatures"].as_array().unwrap();
    let names: Vec<_> = signatures
        .iter()
        .map(|signature| signature["header"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["X-RKT-Signature", "webhook-signature"]);
    let verdict = |place: usize| signatures[place]["verdict"].as_str().unwrap().to_owned();
    let findings = answer.body["findings"].as_array().unwrap().iter();
    let codes = findings.map(|finding| {
        let advice = finding["advice"].as_str().unwrap();
        assert!(advice.len() > 20 && !advice.contains("{}"), "{advice}");
        finding["code"].as_str().unwrap().to_owned()
    });
    (
        answer.body["valid"].as_bool().unwrap(),
        [verdict(0), verdict(1)],
        codes.collect(),
    )
}

/// What goes wrong, the request that results, and what the doctor must find, if one word says it.
type Mistake = (&'static str, Pasted, Option<&'static str>);

fn mistakes(request: &Pasted, secret: &SigningSecret) -> Vec<Mistake> {
    let parsed: Value = serde_json::from_str(&request.body).unwrap();
    let digits = request.value("x-rkt-signature");
    let computed = |content: &str| {
        let value = secret.legacy_signature(content.as_bytes());
        request
            .clone()
            .without("webhook-signature")
            .with("X-RKT-Signature", &value)
    };
    let old = |age: i64| {
        let id = request.value("webhook-id");
        let at = i64::try_from(Timestamp::now().as_millis() / 1000).unwrap() - age;
        let signature = secret.standard_signature(&id, at, request.body.as_bytes());
        request
            .clone()
            .with("webhook-timestamp", &at.to_string())
            .with("webhook-signature", &signature)
    };
    vec![
        (
            "printed prettily before the check",
            request
                .clone()
                .with_body(serde_json::to_string_pretty(&parsed).unwrap()),
            None,
        ),
        (
            "a line feed at the end",
            request.clone().with_body(format!("{}\n", request.body)),
            Some("trailing_whitespace"),
        ),
        (
            "parsed and written again in the receiver's code, as JavaScript does",
            computed(&request.body.replace("1.10", "1.1").replace("\\/", "/")),
            Some("numbers_changed"),
        ),
        (
            "other content",
            request.clone().with_body(request.body.replace("Jøran", "Jonas")),
            Some("body_changed"),
        ),
        (
            "base64 where hex is wanted",
            request
                .clone()
                .without("webhook-signature")
                .with("X-RKT-Signature", &STANDARD.encode(hex::decode(&digits).unwrap())),
            Some("base64_instead_of_hex"),
        ),
        (
            "one header's value as the other",
            request
                .clone()
                .without("X-RKT-Signature")
                .with("webhook-signature", &digits),
            Some("wrong_header"),
        ),
        ("an hour old", old(3600), Some("stale_timestamp")),
        ("an hour ahead", old(-3600), Some("future_timestamp")),
        (
            "without an id",
            request
                .clone()
                .without("webhook-id")
                .without("X-RKT-Signature")
                .without("X-RKT-Delivery"),
            Some("missing_header"),
        ),
        (
            "GitHub's header",
            request
                .clone()
                .without("X-RKT-Signature")
                .without("webhook-signature")
                .with("X-Hub-Signature-256", &format!("sha256={digits}")),
            None,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_as_it_was_received_is_valid_and_what_was_done_to_it_is_found() {
    let (system, receiver, made) = System::start_with_hook().await;
    let customer = system.customer();
    let other = customer
        .create_endpoint(&receiver.url("/other"), &["ticket.created"])
        .await;
    let event = r#"{"accountId":"org:org_2test","event":"lead.captured","chatbotId":"bot_1","timestamp":"2026-03-26T15:30:00Z","data":{"name":"Jøran","amount":1.10,"page":"https:\/\/example.com\/"}}"#;
    let pushed = crate::fixture::send(&system.backend(), Method::POST, "/api/events", event).await;
    assert_eq!(pushed.status, 202, "{}", pushed.text);
    let request = Pasted::of(&receiver.wait_for(1).await[0]);
    assert_nothing_left(&system.redis).await;
    let secret = SigningSecret::parse(&made.secret).unwrap();

    let both_valid = ["valid".to_owned(), "valid".to_owned()];
    assert_eq!(
        diagnosis(&customer, &made.id, &request).await,
        (true, both_valid, vec![])
    );

    for (mistake, pasted, found) in mistakes(&request, &secret) {
        let (valid, _, codes) = diagnosis(&customer, &made.id, &pasted).await;
        assert!(!valid && !codes.is_empty(), "{mistake}: {codes:?}");
        let is_found = found.is_none_or(|code| codes.iter().any(|found| found == code));
        assert!(is_found, "{mistake}: {codes:?}");
    }
    // When it is asked about another endpoint, it names the one that this went to.
    let (valid, _, codes) = diagnosis(&customer, &other.id, &request).await;
    assert!(
        !valid && codes.iter().any(|code| code == "another_endpoint"),
        "{codes:?}"
    );
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_seen() {
    let (system, receiver, made) = System::start_with_hook().await;
    let customer = system.customer();
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let request = Pasted::of(&receiver.wait_for(1).await[0]);
    let rotate = format!("{ENDPOINTS}/{}/rotate-secret", made.id);
    let reply = customer.post(&rotate, &json!({"graceHours": 1})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    // It was signed with the previous secret, which libraries go on accepting for an hour.
    let (valid, [legacy, standard], codes) = diagnosis(&customer, &made.id, &request).await;
    assert_eq!((legacy.as_str(), standard.as_str()), ("invalid", "valid"));
    assert!(
        !valid && codes.iter().any(|code| code == "previous_secret"),
        "{codes:?}"
    );
    let only_standard = request.clone().without("X-RKT-Signature");
    let (valid, verdicts, codes) = diagnosis(&customer, &made.id, &only_standard).await;
    assert_eq!(
        (valid, verdicts[0].as_str(), verdicts[1].as_str()),
        (true, "absent", "valid")
    );
    assert_eq!(codes, ["previous_secret_in_grace"]);
    let reply = customer
        .post(&rotate, &json!({"graceHours": 0, "force": true}))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    // The secret before the previous one: nothing of it is kept.
    let (valid, _, codes) = diagnosis(&customer, &made.id, &only_standard).await;
    assert!(!valid, "{codes:?}");
    assert_eq!(codes, ["signature_mismatch"]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_at_a_time_of_an_account_and_others_are_answered_meanwhile() {
    let mut system = api().await;
    let (customer, neighbour) = (system.customer(), system.customer_of("org_2other"));
    let url = "http://127.0.0.1:9000/";
    let path_of = async |caller: &Caller| path(&caller.create_endpoint(url, &["*"]).await.id);
    let (mine, theirs) = (path_of(&customer).await, path_of(&neighbour).await);
    // Long enough to be under way when others come, or when their clients hang up.
    let long = json!({"headers": {"X-RKT-Signature": "0".repeat(64)}, "body": "b".repeat(300_000)});
    let ask = |caller: &Caller, path: &str| {
        let (caller, path, body) = (caller.clone(), path.to_owned(), long.clone());
        tokio::spawn(async move { caller.post(&path, &body).await })
    };
    eventually(LONG, "one of several at once has to wait", async || {
        let asked: Vec<_> = (0..8).map(|_| ask(&customer, &mine)).collect();
        let other = ask(&neighbour, &theirs).await.unwrap();
        assert_eq!((other.status, &other.body["valid"]), (200, &json!(false)));
        let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
        let (examined, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert!(!examined.is_empty());
        for answer in &refused {
            assert_refused(&Method::POST, &mine, answer, 429, "examination_under_way", "");
            assert_eq!(answer.headers["retry-after"], "1");
        }
        if refused.is_empty() {
            Err("all were examined".to_owned())
        } else {
            Ok(())
        }
    })
    .await;
    // Whoever hangs up leaves its account's place.
    let hung_up: Vec<_> = (0..8).map(|_| ask(&customer, &mine)).collect();
    hung_up.iter().for_each(tokio::task::JoinHandle::abort);
    eventually(LONG, "the account has its place again", async || {
        match ask(&customer, &mine).await.unwrap() {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text),
        }
    })
    .await;
    system.stop();
}

/// Sixty of one account at once, of a body of 278 kB. (They took 2.1 s of a processor each, and the neighbour waited for 85 s.)
#[tokio::test(flavor = "multi_thread")]
async fn sixty_examinations_at_once_take_little_time_and_nobody_waits_for_them() {
    const NEIGHBOUR_WAITS: Duration = Duration::from_secs(20);
    const SECONDS: u64 = 20;
    let (mut system, customer, id) = api_with_endpoint().await;
    let neighbour = system.customer_of("org_2other");
    let theirs = neighbour
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    // Of a build that isn't optimised it takes all the time that there is.
    let deep = format!("{}{}1{}", "[".repeat(100), "1,".repeat(138_900), "]".repeat(100));
    let headers = json!({"X-RKT-Signature": "0".repeat(64)});
    let body = json!({"headers": headers, "body": deep});
    let before = processor_time(&system);
    let asked: Vec<_> = (0..60)
        .map(|_| {
            let (customer, path, body) = (customer.clone(), path(&id), body.clone());
            tokio::spawn(async move { customer.post(&path, &body).await })
        })
        .collect();
    let asks = async { neighbour.post(&path(&theirs), &body).await };
    let answer = tokio::time::timeout(NEIGHBOUR_WAITS, asks).await;
    assert_eq!(answer.expect("the neighbour is answered").status, 200);
    let answers = join_all(asked).await.into_iter().map(Result::unwrap);
    let (examined, refused): (Vec<_>, Vec<_>) = answers.partition(|answer| answer.status == 200);
    assert!(!examined.is_empty());
    for answer in &refused {
        assert_refused(
            &Method::POST,
            &path(&id),
            answer,
            429,
            "examination_under_way",
            "",
        );
    }
    let took = processor_time(&system) - before;
    assert!(took < 100 * SECONDS, "{took} hundredths of a second");
    system.stop();
}

/// The start of a request for an examination, whose body is declared, and of which this much comes.
async fn begin(address: &str, token: &str, path: &str, part: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\norigin: {ORIGIN}\r\n\
         content-type: application/json\r\ncontent-length: 300000\r\n\r\n{part}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The page that the requests come from.
const ORIGIN: &str = "https://app.example.com";

#[tokio::test(flavor = "multi_thread")]
async fn who_has_to_wait_is_told_before_the_body_and_whoever_gives_up_leaves_the_place() {
    let mut system = System::builder()
        .workers(0)
        .api_env("CORS_ORIGINS", ORIGIN)
        .start()
        .await;
    let address = system.api.variable("API_LISTEN").unwrap().to_owned();
    let token = Claims::v2("user_2own", Some("org_2own")).sign(&system.key);
    let caller = system.caller(&token);
    let made = caller.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    let path = path(&made.id);
    let has_place = async || {
        let reply = caller.post(&path, &json!({"headers": {}, "body": ""})).await;
        check(reply.status == 200, reply.text)
    };

    // One whose body doesn't come has the place, if it came before the next one.
    let small = json!({"headers": {}, "body": ""});
    let first = eventually(LONG, "a refusal", async || {
        has_place().await?;
        let first = begin(&address, &token, &path, "{").await;
        let reply = caller.post(&path, &small).await;
        check(reply.status == 429, reply.text)?;
        Ok(first)
    })
    .await;
    // Nothing of the other body has been sent when it is answered, and all of it can be sent then on the same connection.
    let mut second = begin(&address, &token, &path, "").await;
    for round in 0..3 {
        if round > 0 {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\norigin: {ORIGIN}\r\n\
                 content-type: application/json\r\ncontent-length: 300000\r\n\r\n"
            );
            second.write_all(head.as_bytes()).await.unwrap();
        }
        let mut said = vec![0; 16 << 10];
        let mut answer = String::new();
        while !answer.ends_with('}') {
            let read = tokio::time::timeout(LONG, second.read(&mut said)).await;
            let read = read.expect("an answer before the body").unwrap();
            assert!(read > 0, "{answer}");
            answer += std::str::from_utf8(&said[..read]).unwrap();
        }
        assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
        for part in [
            "retry-after: 1",
            "content-type: application/problem+json",
            "access-control-allow-origin: https://app.example.com",
            "examination_under_way",
        ] {
            assert!(answer.contains(part), "{part}: {answer}");
        }
        second.write_all("x".repeat(300_000).as_bytes()).await.unwrap();
    }
    // Its client goes away.
    drop(first);
    eventually(LONG, "the place of a client that went away", has_place).await;
    // Bodies that are refused leave no place taken either.
    for body in ["{", "[]", r#"{"headers":{},"body":7}"#] {
        let reply = crate::fixture::send(&caller, Method::POST, &path, body.to_owned()).await;
        assert!(matches!(reply.status, 400 | 422), "{}", reply.text);
    }
    has_place().await.unwrap();
    system.stop();
}

/// A body of which every candidate is long, and a signature that none of them has. This build may take less time than it would
/// need to try them all, and one that is optimised more.
#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_not_finished_and_the_answer_says_so() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let deep = format!(
        r#"{{"a":{}{}1{}}}"#,
        "[".repeat(100),
        "1,".repeat(130_000),
        "]".repeat(100)
    );
    let headers =
        json!({"X-RKT-Signature": "0".repeat(64), "webhook-id": "evt_1", "webhook-timestamp": "1774539000"});
    let body = json!({"headers": headers, "body": deep});
    let answer = customer.post(&path(&id), &body).await.expect(200);
    let codes: Vec<_> = answer.body["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| &finding["code"])
        .collect();
    assert_eq!(codes, ["stopped_looking"], "{}", answer.text);
    assert_eq!(answer.body["valid"], json!(false));
    system.stop();
}

#[tokio::test]
async fn an_event_of_another_account_is_as_good_as_none() {
    let mut system = api().await;
    let (customer, stranger) = (system.customer(), system.customer_of("org_2other"));
    let made = customer.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    stranger.create_endpoint("http://127.0.0.1:9000/", &["*"]).await;
    let data = json!({"secretOfTheirs": "hunter2"});
    let theirs = system
        .backend()
        .push("org:org_2other", "lead.captured", data)
        .await;
    let unknown = EventId::new(Timestamp::now().as_millis()).to_string();
    let mut answers = Vec::new();
    for id in [theirs.id, unknown] {
        let headers = json!({
            "X-RKT-Signature": "7e11ba49a2fcca714d8fba4903b383199bec9bcc9e02ccdabee469998d62d2bc", "webhook-id": id,
        });
        let body = json!({"headers": headers, "body": "{\"event\":\"lead.captured\"}"});
        answers.push(customer.post(&path(&made.id), &body).await.expect(200).body);
    }
    assert_eq!(answers[0], answers[1]);
    system.stop();
}

/// This many headers.
fn headers(count: usize) -> Map<String, Value> {
    (0..count)
        .map(|number| (format!("x-{number}"), json!("v")))
        .collect()
}

/// A body that is refused, with status, code and field.
type Wrong = (String, u16, &'static str, &'static str);

fn wrong_headers() -> [Wrong; 4] {
    [
        json!({"headers": headers(101), "body": ""}).to_string(),
        json!({"headers": headers(5000), "body": ""}).to_string(),
        json!({"headers": {"x": "v".repeat(8 * 1024)}, "body": ""}).to_string(),
        r#"{"headers":{"webhook-id":"a","Webhook-Id":"b"},"body":""}"#.to_owned(),
    ]
    .map(|body| (body, 422, "invalid_headers", "headers"))
}

fn wrong_shapes() -> [Wrong; 7] {
    [
        (
            json!({"headers": {"x": 7}, "body": ""}),
            "invalid_type",
            "headers.x",
        ),
        (
            json!({"headers": [["x", "y"]], "body": ""}),
            "invalid_type",
            "headers",
        ),
        (json!({"headers": null, "body": ""}), "invalid_type", "headers"),
        (json!({"headers": {}, "body": {}}), "invalid_type", "body"),
        (json!({"headers": {}}), "missing_field", "body"),
        (json!({"body": ""}), "missing_field", "headers"),
        (
            json!({"headers": {}, "body": "", "secret": "whsec_x"}),
            "unknown_field",
            "secret",
        ),
    ]
    .map(|(body, code, field)| (body.to_string(), 422, code, field))
}

#[tokio::test]
async fn the_limits_hold_and_nothing_is_changed() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    // A payload of the largest size and 64 KiB more.
    let longest = 262_144 + 65_536;
    let with_body = |length: usize| json!({"headers": {}, "body": "b".repeat(length)}).to_string();
    // Each é as an escape is six bytes of the request and two of the body.
    let escaped = format!(r#"{{"headers":{{}},"body":"{}"}}"#, r"\u00e9".repeat(longest / 2));
    for fits in [
        with_body(longest),
        escaped,
        json!({"headers": headers(100), "body": ""}).to_string(),
        json!({"headers": {"x": "v".repeat(8 * 1024 - 1)}, "body": ""}).to_string(),
    ] {
        let reply = crate::fixture::send(&customer, Method::POST, &path(&id), fits).await;
        assert_eq!(
            (reply.status, &reply.body["valid"]),
            (200, &json!(false)),
            "{}",
            reply.text
        );
    }
    let whole = longest * 3 + 2 * 100 * 8 * 1024;
    let too_long = [
        (with_body(longest + 1), 413, "body_too_large", "body"),
        (with_body(whole), 413, "body_too_large", ""),
    ];
    let wrong = wrong_shapes().into_iter().chain(wrong_headers());
    for (body, status, code, field) in wrong.chain(too_long) {
        refuses(&customer, Method::POST, &path(&id), body, (status, code, field)).await;
    }
    let stranger = system.customer_of("org_2other");
    let good = json!({"headers": {}, "body": ""}).to_string();
    for (caller, id) in [
        (&stranger, id.as_str()),
        (&customer, "ep_0000000000000000"),
        (&customer, "x"),
    ] {
        refuses(
            caller,
            Method::POST,
            &path(id),
            good.clone(),
            (404, "endpoint_not_found", ""),
        )
        .await;
    }
    let reply = system.backend().post(&path(&id), &json!({})).await;
    assert_refused(&Method::POST, &path(&id), &reply, 403, "wrong_token_kind", "");
    assert_eq!(everything(&system), before);
    system.stop();
}
