use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::*;
use crate::header_names::HeaderPrefix;

fn ring(keys: &[u8]) -> SecretsKeyring {
    let keys: Vec<_> = keys.iter().map(|byte| BASE64.encode([*byte; 32])).collect();
    keys.join(",").parse().unwrap()
}

#[test]
fn the_value_of_a_header_opens_only_where_it_was_sealed() {
    let ours = HeaderPrefix::default();
    let [name, other_name] = ["Authorization", "x-other"].map(|name| CustomName::parse(name, &ours).unwrap());
    let value = CustomValue::parse("Bearer s3cret").unwrap();
    let (account, endpoint): (AccountId, _) = ("org:a".parse().unwrap(), EndpointId::random());
    let (other_account, other_endpoint): (AccountId, _) = ("org:b".parse().unwrap(), EndpointId::random());
    let place = HeaderPlace {
        account: &account,
        endpoint: &endpoint,
        origin: "https://example.com",
    };
    let ring1 = ring(&[1]);
    let headers: SealedHeaders = [&name, &other_name]
        .into_iter()
        .map(|name| (name, ring1.seal_header(name, &value, place)))
        .collect();
    assert!(headers.is_well_formed() && !headers.as_str().contains("s3cret"));
    let (found, sealed) = headers.iter().next().unwrap();
    assert_eq!(found, "authorization");
    let open =
        |ring: &SecretsKeyring, name: &CustomName, place| ring.open_header(name.as_str(), &sealed, place);
    assert_eq!(open(&ring1, &name, place).unwrap().expose(), "Bearer s3cret");
    assert_eq!(open(&ring1, &other_name, place).unwrap_err(), OpenError::Damaged);
    for elsewhere in [
        HeaderPlace {
            account: &other_account,
            ..place
        },
        HeaderPlace {
            endpoint: &other_endpoint,
            ..place
        },
        HeaderPlace {
            origin: "https://example.com:8443",
            ..place
        },
        HeaderPlace {
            origin: "http://example.com",
            ..place
        },
    ] {
        assert_eq!(
            open(&ring1, &name, elsewhere).unwrap_err(),
            OpenError::Damaged,
            "{elsewhere:?}"
        );
    }
    assert!(matches!(
        open(&ring(&[2]), &name, place),
        Err(OpenError::UnknownKey(_))
    ));

    let both = ring(&[2, 1]);
    let anew = both
        .rewrap_header(name.as_str(), &sealed, place)
        .unwrap()
        .unwrap();
    assert_eq!(both.rewrap_header(name.as_str(), &anew, place), Ok(None));
    assert_eq!(
        ring(&[2])
            .open_header(name.as_str(), &anew, place)
            .unwrap()
            .expose(),
        "Bearer s3cret"
    );
}

#[test]
fn headers_in_another_form_are_known_as_such() {
    for (text, is_good, names) in [
        ("", true, 0),
        ("a h1.k.AA", true, 1),
        ("a h1.k.AA,b h1.k.AA", true, 2),
        ("a", false, 0),
        ("a h1.k.AA,", false, 1),
        ("a v2.k.1.AA", false, 1),
    ] {
        let headers = SealedHeaders::from_stored(text.to_owned());
        assert_eq!(
            (headers.is_well_formed(), headers.iter().count()),
            (is_good, names),
            "{text:?}"
        );
    }
}
