//! Each test makes a mistake; the doctor must name it, and nothing else.

mod bodies;

mod budget;

mod computed;

mod forms;

mod messages;

mod scene;

mod secrets;

use std::collections::BTreeSet;

use domain::header_names::HeaderPrefix;
use proptest::prelude::*;

use self::scene::Scene;
use super::*;

/// What was done wrong, the request that came of it, and what must be found, in any order.
type Mistake = (&'static str, Scene, Vec<FindingCode>);

fn mistakes() -> Vec<Mistake> {
    [
        secrets::mistakes(),
        messages::mistakes(),
        forms::mistakes(),
        budget::mistakes(),
        bodies::mistakes(),
        computed::mistakes(),
    ]
    .concat()
}

#[test]
fn each_mistake_is_named() {
    for (name, scene, expected) in mistakes() {
        let diagnosis = scene.examine();
        let found: BTreeSet<_> = diagnosis.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, BTreeSet::from_iter(expected), "{name}: {diagnosis:#?}");
        assert_eq!(found.len(), diagnosis.findings.len(), "{name}: {diagnosis:#?}");
        assert_eq!(
            diagnosis.valid,
            found.iter().all(|code| code.is_note()),
            "{name}: {diagnosis:#?}"
        );
    }
}

#[test]
fn every_finding_is_that_of_a_mistake_above_and_has_advice() {
    let found: BTreeSet<_> = mistakes().into_iter().flat_map(|(_, _, codes)| codes).collect();
    assert_eq!(found, BTreeSet::from_iter(FindingCode::ALL.iter().copied()));
    let names: BTreeSet<_> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), FindingCode::ALL.len());
    for (name, scene, _) in mistakes() {
        for finding in scene.examine().findings {
            let advice = &finding.advice;
            assert!(
                advice.ends_with('.') && !advice.contains("{}"),
                "{name}: {advice}"
            );
            assert!(
                finding
                    .code
                    .as_str()
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            );
        }
    }
}

#[test]
fn nothing_gives_away_a_secret_or_a_signature_that_was_not_given() {
    for (name, scene, _) in mistakes() {
        let told = format!("{:?}", scene.examine());
        for hidden in scene.hidden() {
            assert!(!told.contains(&hidden), "{name}: {told}");
        }
    }
}

#[test]
fn what_we_send_is_valid() {
    let sent = Scene::new();
    for scene in [
        sent.clone(),
        sent.clone().forget(),
        sent.clone().without("webhook-signature"),
        sent.clone().without("X-RKT-Signature"),
        sent.clone().without("X-RKT-Signature").forget(),
        // As CGI gives the names.
        sent.clone()
            .rename(|name| format!("HTTP_{}", name.to_uppercase().replace('-', "_"))),
        // Headers of no concern.
        sent.clone()
            .header("Stripe-Signature", "t=1,v1=00")
            .header("Host", "your-server.com"),
        // What a rotation sends: both secrets' signatures.
        sent.clone().header(
            "webhook-signature",
            &format!("v1,{} {}", scene::base64([7; 32]), sent.get("webhook-signature")),
        ),
    ] {
        let diagnosis = scene.examine();
        assert!(diagnosis.valid && diagnosis.findings.is_empty(), "{diagnosis:#?}");
    }
}

#[test]
fn with_another_prefix_the_doctor_looks_for_its_names_and_says_them() {
    let other = |name: &str| name.replace("X-RKT", "x-acme");
    let sent = Scene::new().prefix("X-Acme");
    let diagnosis = sent.clone().rename(other).examine();
    assert!(diagnosis.valid && diagnosis.findings.is_empty(), "{diagnosis:#?}");
    for (name, scene, expected) in mistakes() {
        let diagnosis = scene.rename(other).prefix("X-Acme").examine();
        let found: BTreeSet<_> = diagnosis.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, BTreeSet::from_iter(expected), "{name}: {diagnosis:#?}");
        for finding in diagnosis.findings {
            assert!(!finding.advice.contains("X-RKT"), "{name}: {finding:?}");
        }
    }
    // The default's names are nobody's.
    let diagnosis = sent.without("webhook-signature").examine();
    assert_eq!(diagnosis.findings[0].code, FindingCode::NoSignatureHeader);
    assert!(diagnosis.findings[0].advice.contains("`X-Acme-Signature`"));
}

#[test]
fn the_check_vector_is_valid() {
    let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        (
            "webhook-signature",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "X-RKT-Signature",
            "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c",
        ),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let endpoint = EndpointId::random();
    let headers = Headers::new(headers.to_vec(), HeaderPrefix::default()).unwrap();
    let case = Case {
        endpoint: &endpoint,
        secret: &secret,
        previous: None,
        headers: &headers,
        body: r#"{"test": 2432232314}"#,
        sent: None,
        now: Timestamp::from_millis(1_614_265_330_000).unwrap(),
    };
    let diagnosis = examine(&case, Budget::unlimited());
    assert!(diagnosis.valid, "{diagnosis:#?}");
    assert_eq!(
        diagnosis.signatures,
        [
            (Scheme::Legacy, Verdict::Valid),
            (Scheme::Standard, Verdict::Valid)
        ]
    );
}

#[test]
fn each_signature_has_its_own_verdict() {
    let verdicts = |scene: Scene| scene.examine().signatures.map(|(_, verdict)| verdict);
    let sent = Scene::new();
    assert_eq!(verdicts(sent.clone()), [Verdict::Valid, Verdict::Valid]);
    assert_eq!(
        verdicts(sent.clone().later(600)),
        [Verdict::Valid, Verdict::Invalid]
    );
    assert_eq!(
        verdicts(sent.clone().header("X-RKT-Signature", &"0".repeat(64))),
        [Verdict::Invalid, Verdict::Valid]
    );
    assert_eq!(
        verdicts(sent.clone().without("X-RKT-Signature")),
        [Verdict::Absent, Verdict::Valid]
    );
    assert_eq!(
        verdicts(
            sent.without("webhook-signature")
                .header("X-RKT-Signature", "what?")
        ),
        [Verdict::Invalid, Verdict::Absent]
    );
}

proptest! {
    #[test]
    fn no_other_body_or_value_is_valid(text in "\\PC{0,40}", at in any::<proptest::sample::Index>()) {
        let places: Vec<_> = scene::BODY.char_indices().map(|(at, _)| at).collect();
        let at = *at.get(&places);
        let changed = format!("{}{text}x{}", &scene::BODY[..at], &scene::BODY[at..]);
        let sent = Scene::new();
        for scene in [
            sent.clone().body(&changed),
            sent.clone().body(changed).forget(),
            sent.clone().body(&scene::BODY[..at]),
            sent.clone().header("X-RKT-Signature", &text),
            sent.header("webhook-signature", &text),
        ] {
            let diagnosis = scene.examine();
            prop_assert!(!diagnosis.valid && !diagnosis.findings.is_empty(), "{:?}", diagnosis);
        }
    }
}
