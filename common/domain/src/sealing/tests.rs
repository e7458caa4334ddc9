use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::XChaCha20Poly1305;
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use super::*;
use crate::id::{AccountId, EndpointId};
use crate::signing::SigningSecret;

fn ring(keys: &[u8]) -> SecretsKeyring {
    keys.iter()
        .map(|byte| BASE64.encode([*byte; 32]))
        .collect::<Vec<_>>()
        .join(",")
        .parse()
        .unwrap()
}

#[test]
fn what_is_sealed_opens_only_for_its_endpoint() {
    let (ring, secret) = (ring(&[1]), SigningSecret::generate());
    let (account, endpoint): (AccountId, _) = ("org:a".parse().unwrap(), EndpointId::random());
    let sealed = ring.seal(&secret, &account, &endpoint);
    assert!(!sealed.as_str().contains(secret.expose()));
    assert_ne!(
        sealed,
        ring.seal(&secret, &account, &endpoint),
        "a nonce is used once"
    );
    assert_eq!(
        ring.open(&sealed, &account, &endpoint).unwrap().expose(),
        secret.expose()
    );
    assert_eq!(
        ring.open(&sealed, &account, &EndpointId::random()).unwrap_err(),
        OpenError::Damaged
    );
    assert_eq!(
        ring.open(&sealed, &"org:b".parse().unwrap(), &endpoint)
            .unwrap_err(),
        OpenError::Damaged
    );
    for text in ["", "v1", "v1..", "v2.x.y", "v2.x.1.", "v3.x.1.y", "plain whsec_"] {
        assert!(
            ring.open(&SealedSecret::from_stored(text.to_owned()), &account, &endpoint)
                .is_err()
        );
    }
}

#[test]
fn a_number_is_part_of_what_is_sealed() {
    let (ring, secret) = (ring(&[1]), SigningSecret::generate());
    let (account, endpoint): (AccountId, _) = ("org:a".parse().unwrap(), EndpointId::random());
    let first = ring.seal(&secret, &account, &endpoint);
    let second = ring.seal_next(&SigningSecret::generate(), &first, &account, &endpoint);
    assert_eq!([first.number(), second.number()], [1, 2]);
    assert!(first.may_precede(&second) && !second.may_precede(&first));
    assert!(!first.may_precede(&first), "nothing replaces itself");
    for (from, to) in [(".1.", ".2."), (".1.", ".01."), (".1.", ".+1."), (".1.", "..")] {
        let forged = SealedSecret::from_stored(first.as_str().replacen(from, to, 1));
        assert_eq!(
            ring.open(&forged, &account, &endpoint).unwrap_err(),
            OpenError::Damaged,
            "{to}"
        );
    }
}

#[test]
fn every_part_of_a_sealed_secret_is_authenticated() {
    let ring = ring(&[1]);
    let (account, endpoint): (AccountId, _) = ("org:a".parse().unwrap(), EndpointId::random());
    let sealed = ring.seal(&SigningSecret::generate(), &account, &endpoint);
    for index in 0..sealed.as_str().len() {
        let mut bytes = sealed.as_str().as_bytes().to_vec();
        bytes[index] = if bytes[index] == b'7' { b'8' } else { b'7' };
        let forged = SealedSecret::from_stored(String::from_utf8(bytes).unwrap());
        assert!(ring.open(&forged, &account, &endpoint).is_err(), "byte {index}");
    }
}

/// Sealed in the format without numbers, with the key of 32 bytes of 1, by another implementation.
const SEALED_BEFORE: &str = "v1.72cd6e84.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXD7io4P7Omu6oF1M6LHU96YTEyLmSHtCWGEW34bU1fFH9sgLok8nsv2tx9fk8qAEODJ/b3vVn";
const SECRET_BEFORE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn what_was_sealed_in_the_former_format_opens_and_is_brought_up_to_date() {
    let old = SealedSecret::from_stored(SEALED_BEFORE.to_owned());
    let (account, endpoint): (AccountId, EndpointId) =
        ("org:a".parse().unwrap(), "ep_0123456789abcdef".parse().unwrap());
    let ring = ring(&[1]);
    assert_eq!(
        ring.open(&old, &account, &endpoint).unwrap().expose(),
        SECRET_BEFORE
    );
    assert!(ring.open(&old, &account, &EndpointId::random()).is_err());
    assert_eq!(old.number(), 0);
    assert!(old.may_precede(&old), "two of the former format can't tell");
    let new = ring.rewrap(&old, &account, &endpoint).unwrap().unwrap();
    assert!(new.as_str().starts_with("v2."), "{new:?}");
    assert_eq!(
        ring.open(&new, &account, &endpoint).unwrap().expose(),
        SECRET_BEFORE
    );
    let next = ring.seal_next(&SigningSecret::generate(), &old, &account, &endpoint);
    assert!(new.may_precede(&next) && old.may_precede(&next));
    // The format can't be turned back.
    let back = SealedSecret::from_stored(new.as_str().replacen("v2.", "v1.", 1).replacen(".0.", ".", 1));
    assert!(ring.open(&back, &account, &endpoint).is_err());
}

#[test]
fn what_another_key_sealed_is_sealed_anew_with_its_number() {
    let (account, endpoint): (AccountId, _) = ("user:u".parse().unwrap(), EndpointId::random());
    let (old, both, new) = (ring(&[1]), ring(&[2, 1]), ring(&[2]));
    let first = old.seal(&SigningSecret::generate(), &account, &endpoint);
    let secret = SigningSecret::generate();
    let second = old.seal_next(&secret, &first, &account, &endpoint);
    let rewrapped = both.rewrap(&second, &account, &endpoint).unwrap().unwrap();
    assert_eq!(rewrapped.number(), 2);
    assert_eq!(rewrapped.key_id(), Some(new.sealing_key_id()));
    assert_eq!(
        new.open(&rewrapped, &account, &endpoint).unwrap().expose(),
        secret.expose()
    );
    assert_eq!(both.rewrap(&rewrapped, &account, &endpoint), Ok(None));
    assert!(matches!(
        new.rewrap(&second, &account, &endpoint),
        Err(OpenError::UnknownKey(_))
    ));
}

#[test]
fn nothing_of_it_is_printed() {
    let key = BASE64.encode([1; 32]);
    let ring: SecretsKeyring = key.parse().unwrap();
    let secret = SigningSecret::generate();
    let printed = format!("{ring:?} {secret:?}");
    assert!(
        !printed.contains(&key) && !printed.contains(&secret.expose()[6..]),
        "{printed}"
    );
    let told = format!("{:?} {0}", "hunter2".parse::<SecretsKeyring>().unwrap_err());
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_check_value_tells_whether_a_ring_has_the_key() {
    let value = ring(&[1, 2]).check_value();
    assert_eq!(value, ring(&[1]).check_value());
    for (keys, has) in [(&[1][..], true), (&[2, 1], true), (&[2], false), (&[2, 3], false)] {
        assert_eq!(ring(keys).has_made(&value), has, "{keys:?}");
    }
    for other in ["", "00", &value[1..], &value.replace(|_| true, "g")] {
        assert!(!ring(&[1]).has_made(other), "{other}");
    }
}

#[test]
fn rotation_keeps_old_secrets_readable() {
    let (account, endpoint): (AccountId, _) = ("user:u".parse().unwrap(), EndpointId::random());
    let sealed = ring(&[1]).seal(&SigningSecret::generate(), &account, &endpoint);
    assert!(ring(&[2, 1]).open(&sealed, &account, &endpoint).is_ok());
    assert!(matches!(
        ring(&[2]).open(&sealed, &account, &endpoint),
        Err(OpenError::UnknownKey(_))
    ));
}

#[test]
fn a_tag_is_of_one_text_and_one_of_the_keys() {
    let parts: [&[u8]; 2] = [b"purpose", b"text"];
    let tag = ring(&[1]).tag(&parts);
    assert_eq!(tag, ring(&[1, 2]).tag(&parts), "the first key makes tags");
    assert!(ring(&[1]).has_tagged(&parts, &tag) && ring(&[2, 1]).has_tagged(&parts, &tag));
    assert!(!ring(&[2]).has_tagged(&parts, &tag));
    let others: [&[&[u8]]; 4] = [
        &[b"purpose", b"Text"],
        &[b"purposet", b"ext"],
        &[b"purposetext"],
        &[],
    ];
    for other in others {
        assert!(!ring(&[1]).has_tagged(other, &tag), "{other:?}");
    }
    for bit in 0..8 * TAG_LEN {
        let mut forged = tag;
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(!ring(&[1]).has_tagged(&parts, &forged), "bit {bit}");
    }
}

#[test]
fn a_wrong_key_is_refused() {
    for bad in ["", "x", "AAAA", &format!("{},", BASE64.encode([1; 32]))] {
        assert!(bad.parse::<SecretsKeyring>().is_err(), "{bad}");
    }
}

/// That these compile is the test: what holds a key is overwritten when it is dropped.
#[test]
fn what_holds_a_key_is_wiped() {
    fn is_wiped<T: secrecy::zeroize::ZeroizeOnDrop>() {}
    is_wiped::<XChaCha20Poly1305>();
    // What an `Hmac` consists of.
    is_wiped::<Sha256>();
    is_wiped::<secrecy::SecretString>();
    is_wiped::<Zeroizing<Vec<u8>>>();
}

#[test]
fn a_ring_is_the_same_that_has_the_same_keys_in_the_same_order() {
    assert!(ring(&[1, 2]).is_same(&ring(&[1, 2])));
    for other in [&[1][..], &[2, 1], &[1, 2, 3], &[1, 3]] {
        assert!(!ring(&[1, 2]).is_same(&ring(other)), "{other:?}");
    }
}
