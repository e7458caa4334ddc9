//! Which secrets sign, before, during and after the grace of a rotation.

use std::sync::Arc;

use domain::custom_headers::{CustomName, CustomValue};
use domain::header_names::HeaderPrefix;

use super::*;
use crate::tests::{SECRET, development, keyring, leased};

const BODY: &[u8] = br#"{"test": 2432232314}"#;

/// An endpoint whose secret was rotated, the secret before, and the new one.
fn rotated() -> (LeasedEndpoint, SigningSecret, SigningSecret) {
    let mut endpoint = (*leased("https://a.example/", BODY).endpoint).clone();
    let (before, new) = (SigningSecret::parse(SECRET).unwrap(), SigningSecret::generate());
    let next = keyring().seal_next(&new, &endpoint.secret, &endpoint.account, &endpoint.id);
    endpoint.previous_secret = Some(std::mem::replace(&mut endpoint.secret, next));
    (endpoint, before, new)
}

fn targets() -> Targets {
    Targets::new(development(), keyring().into(), (&HeaderPrefix::default()).into())
}

fn signed(target: &Target) -> (String, String) {
    (
        target.standard_signatures("evt_1", 7, BODY),
        target.legacy_signature(BODY),
    )
}

#[test]
fn during_a_grace_both_secrets_sign_and_afterwards_the_new_one() {
    let (mut endpoint, before, new) = rotated();
    let (by_new, by_before) = (
        new.standard_signature("evt_1", 7, BODY),
        before.standard_signature("evt_1", 7, BODY),
    );
    let both = format!("{by_new} {by_before}");
    let targets = targets();
    assert_eq!(
        signed(&targets.find(&endpoint).unwrap()),
        (both.clone(), new.legacy_signature(BODY))
    );

    // Each of these changes what is derived, and none of them the version.
    endpoint.legacy_uses_previous = true;
    assert_eq!(
        signed(&targets.find(&endpoint).unwrap()),
        (both, before.legacy_signature(BODY))
    );
    endpoint.previous_secret = None;
    assert_eq!(
        signed(&targets.find(&endpoint).unwrap()),
        (by_new, new.legacy_signature(BODY))
    );
}

#[test]
fn a_previous_secret_that_does_not_open_is_left_out() {
    let (mut endpoint, before, new) = rotated();
    let of_another = keyring().seal(&before, &endpoint.account, &EndpointId::random());
    endpoint.previous_secret = Some(of_another);
    endpoint.legacy_uses_previous = true;
    let targets = targets();
    assert_eq!(
        signed(&targets.find(&endpoint).unwrap()),
        (
            new.standard_signature("evt_1", 7, BODY),
            new.legacy_signature(BODY)
        )
    );
    assert!(
        !targets.unopened.lock().unwrap().is_due(Instant::now()),
        "the operator is told"
    );
}

#[test]
fn a_replaced_secret_does_not_come_back_by_changing_places() {
    let (mut endpoint, ..) = rotated();
    let previous = endpoint.previous_secret.take().unwrap();
    endpoint.previous_secret = Some(std::mem::replace(&mut endpoint.secret, previous));
    let targets = targets();
    assert!(matches!(
        targets.find(&endpoint),
        Err(Fault::NotAttempted(NotAttempted::DamagedSecret))
    ));
    assert!(
        !targets.unopened.lock().unwrap().is_due(Instant::now()),
        "the operator is told"
    );
}

#[test]
fn what_was_derived_is_kept_until_the_record_changes() {
    let (mut endpoint, ..) = rotated();
    let targets = targets();
    let first = targets.find(&endpoint).unwrap();
    assert!(Arc::ptr_eq(&first, &targets.find(&endpoint).unwrap()));
    endpoint.slow = true; // nothing follows from that
    assert!(Arc::ptr_eq(&first, &targets.find(&endpoint).unwrap()));
    // Its version is the same: the store was set back meanwhile.
    endpoint.url = "https://elsewhere.example.com/hook".to_owned();
    let second = targets.find(&endpoint).unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
    endpoint.previous_secret = None;
    assert!(!Arc::ptr_eq(&second, &targets.find(&endpoint).unwrap()));
}

/// An endpoint with these headers, sealed for this origin.
fn with_headers(headers: &[(&str, &str)], origin: &str) -> LeasedEndpoint {
    let mut endpoint = (*leased("https://a.example/", BODY).endpoint).clone();
    let place = HeaderPlace {
        account: &endpoint.account,
        endpoint: &endpoint.id,
        origin,
    };
    let names: Vec<_> = headers
        .iter()
        .map(|(name, _)| CustomName::parse(name, &"X-Other".parse().unwrap()).unwrap())
        .collect();
    let sealed = names.iter().zip(headers).map(|(name, (_, value))| {
        let value = CustomValue::parse(value).unwrap();
        (name, keyring().seal_header(name, &value, place))
    });
    endpoint.headers = sealed.collect();
    endpoint
}

#[test]
fn own_headers_are_opened_for_the_origin_that_they_were_given_for() {
    let endpoint = with_headers(
        &[("authorization", "Bearer a"), ("x-rkt-event", "mine")],
        "https://a.example",
    );
    let targets = targets();
    let (fields, _) = targets.open_headers(&endpoint).unwrap();
    assert_eq!(fields.lines(), [("authorization", "Bearer a")], "ours are ours");
    let first = targets.find(&endpoint).unwrap();
    assert!(!format!("{first:?}").contains("Bearer"), "{first:?}");

    let mut changed = endpoint.clone();
    changed.headers = with_headers(&[], "").headers;
    assert!(!Arc::ptr_eq(&first, &targets.find(&changed).unwrap()));

    // Somebody wrote another URL into Redis, or took a part of the text away.
    let mut elsewhere = endpoint.clone();
    elsewhere.url = "https://b.example/".to_owned();
    let mut cut = endpoint.clone();
    cut.headers = SealedHeaders::from_stored(endpoint.headers.as_str()[..40].to_owned());
    let mut odd = endpoint;
    odd.headers = SealedHeaders::from_stored("authorization".to_owned());
    for damaged in [elsewhere, cut, odd] {
        let found = targets.find(&damaged);
        assert!(
            matches!(found, Err(Fault::NotAttempted(NotAttempted::DamagedSecret))),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_kept_of_own_headers_is_bounded() {
    let targets = targets();
    let long = "x".repeat(8000);
    for _ in 0..2 * MAX_HEADERS_KEPT / 10_000 {
        let endpoint = with_headers(&[("x-long", &long)], "https://a.example");
        let _target = targets.find(&endpoint).unwrap();
        let kept = targets.kept();
        let lengths = kept
            .targets
            .values()
            .map(|(source, _)| source.headers.as_str().len());
        assert_eq!(kept.headers, lengths.sum::<usize>());
        assert!(kept.headers <= MAX_HEADERS_KEPT);
    }
}
