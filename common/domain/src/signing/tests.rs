use super::*;
use proptest::prelude::*;

#[test]
fn the_check_vector() {
    let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let body = br#"{"test": 2432232314}"#;
    assert_eq!(
        secret.standard_signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
    assert_eq!(
        secret.legacy_signature(body),
        "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
    );
}

#[test]
fn a_new_secret_is_whsec_and_base64_of_32_bytes_and_never_printed() {
    let (one, two) = (SigningSecret::generate(), SigningSecret::generate());
    assert_eq!(one.expose().len(), PREFIX.len() + 44);
    assert!(SigningSecret::parse(one.expose()).is_ok());
    assert_ne!(one.expose(), two.expose());
    assert_eq!(format!("{one:?}"), "SigningSecret(…)");
    for bad in [
        "",
        "whsec_",
        "whsec_short",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_????",
    ] {
        assert!(SigningSecret::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_mac_with_the_right_key_is_the_signature_and_with_another_it_is_not() {
    let secret = SigningSecret::generate();
    let legacy = hex::decode(secret.legacy_signature(b"body")).unwrap();
    let standard = BASE64
        .decode(&secret.standard_signature("evt_1", 1, b"body")["v1,".len()..])
        .unwrap();
    for key in KeyForm::ALL {
        let (of_body, of_all) = (
            secret.mac(key, &[b"body"]),
            secret.mac(key, &[b"evt_1.1.", b"body"]),
        );
        assert_eq!(of_body.is(&legacy), key == KeyForm::WholeText, "{key:?}");
        assert_eq!(of_all.is(&standard), key == KeyForm::Decoded, "{key:?}");
        assert!(!of_body.is(&legacy[..31]) && !of_body.is(b""));
        assert_eq!(format!("{of_body:?}"), "MessageMac(…)");
    }
}

proptest! {
    #[test]
    fn another_body_id_time_or_secret_gives_another_signature(body in proptest::collection::vec(any::<u8>(), 0..100), flip in any::<proptest::sample::Index>()) {
        let secret = SigningSecret::generate();
        let signature = secret.standard_signature("evt_1", 1, &body);
        prop_assert_eq!(&secret.clone().standard_signature("evt_1", 1, &body), &signature);
        prop_assert_ne!(&secret.standard_signature("evt_2", 1, &body), &signature);
        prop_assert_ne!(&secret.standard_signature("evt_1", 2, &body), &signature);
        prop_assert_ne!(&SigningSecret::generate().standard_signature("evt_1", 1, &body), &signature);
        if !body.is_empty() {
            let mut other = body.clone();
            other[flip.index(body.len())] ^= 1;
            prop_assert_ne!(secret.legacy_signature(&other), secret.legacy_signature(&body));
        }
    }
}
