//! URLs by their text: what is kept, what is refused, and what a refusal says.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

/// A short name for why a URL is refused, for the tables below.
const fn code(error: &UrlError) -> &'static str {
    match error {
        UrlError::TooLong => "url_too_long",
        UrlError::Malformed(_) | UrlError::Host => "url_malformed",
        UrlError::Scheme(_) => "url_scheme_not_allowed",
        UrlError::Credentials => "url_has_credentials",
        UrlError::Fragment => "url_has_fragment",
        UrlError::Port(_) => "url_port_not_allowed",
        UrlError::Address(_) | UrlError::Local(_) | UrlError::SingleLabel(_) => "url_address_blocked",
    }
}

fn policy(allow_http: bool, networks: &[&str]) -> UrlPolicy {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    UrlPolicy {
        allow_http,
        addresses: AddressPolicy::new(networks),
    }
}

#[test]
fn good_urls_pass_in_normal_form() {
    for (given, kept) in [
        (
            "https://your-server.com/webhook",
            "https://your-server.com/webhook",
        ),
        ("HTTPS://Your-Server.com:443", "https://your-server.com/"),
        ("https://example.com:8443/a?b=c", "https://example.com:8443/a?b=c"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://1.1.1.1/x", "https://1.1.1.1/x"),
    ] {
        assert_eq!(
            EndpointUrl::parse(given, &policy(false, &[])).unwrap().as_str(),
            kept
        );
    }
    let development = policy(true, &["127.0.0.0/8"]);
    for given in [
        "http://127.0.0.1:8080/",
        "http://localhost:8080/",
        "http://example.com/",
        "https://example.com/",
        "https://receiver/",
    ] {
        assert!(EndpointUrl::parse(given, &development).is_ok(), "{given}");
    }
}

#[test]
fn odd_urls_are_refused_with_a_stable_code() {
    let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
    for (given, expected) in [
        ("", "url_malformed"),
        ("/webhook", "url_malformed"),
        ("example.com", "url_malformed"),
        ("https://", "url_malformed"),
        ("https://./", "url_malformed"),
        ("https://../", "url_malformed"),
        ("https://example.com../", "url_malformed"),
        ("https://a..example/", "url_malformed"),
        ("https://.example/", "url_malformed"),
        ("https://127.0.0.1../", "url_malformed"),
        ("https://localhost../", "url_malformed"),
        ("https://256.0.0.1/", "url_malformed"),
        ("https://127.0.0.0x100/", "url_malformed"),
        ("https://1.2.3.4.5/", "url_malformed"),
        ("https://a%00b.example/", "url_malformed"),
        ("https://[fe80::1%25eth0]/", "url_malformed"),
        ("https://[::1/", "url_malformed"),
        ("https://[127.0.0.1]/", "url_malformed"),
        ("http://example.com/", "url_scheme_not_allowed"),
        ("ftp://example.com/", "url_scheme_not_allowed"),
        ("javascript:alert(1)", "url_scheme_not_allowed"),
        ("https://user@example.com/", "url_has_credentials"),
        ("https://:secret@example.com/", "url_has_credentials"),
        ("https://example.com/#top", "url_has_fragment"),
        ("https://example.com:22/", "url_port_not_allowed"),
        ("https://example.com:80/", "url_port_not_allowed"),
        ("https://example.com:0/", "url_port_not_allowed"),
        ("https://127.0.0.1/", "url_address_blocked"),
        ("https://localhost/", "url_address_blocked"),
        ("https://api.localhost./", "url_address_blocked"),
        ("https://redis/", "url_address_blocked"),
        ("https://redis./", "url_address_blocked"),
        ("https://REDIS:6379/", "url_address_blocked"),
        ("https://ai/", "url_address_blocked"),
        ("https://bücher/", "url_address_blocked"),
        ("https://%72edis/", "url_address_blocked"),
        ("https://redis。/", "url_address_blocked"),
        (long.as_str(), "url_too_long"),
    ] {
        let error = EndpointUrl::parse(given, &policy(false, &[])).expect_err(given);
        assert_eq!(code(&error), expected, "{given}: {error}");
    }
}

#[test]
fn a_blocked_address_is_refused_in_every_form_and_the_reason_is_told() {
    for (host, address, reason) in [
        ("127.0.0.1", "127.0.0.1", "loopback (RFC 1122)"),
        ("127.0.0.1.", "127.0.0.1", "loopback"),
        ("127.1", "127.0.0.1", "loopback"),
        ("127.0.1", "127.0.0.1", "loopback"),
        ("127.1.", "127.0.0.1", "loopback"),
        ("2130706433", "127.0.0.1", "loopback"),
        ("2130706433.", "127.0.0.1", "loopback"),
        ("0x7f000001", "127.0.0.1", "loopback"),
        ("0X7F.0.0.1", "127.0.0.1", "loopback"),
        ("0x7f.1", "127.0.0.1", "loopback"),
        ("0x7f.0x0.0x0.0x1", "127.0.0.1", "loopback"),
        ("0177.0.0.1", "127.0.0.1", "loopback"),
        ("0000000177.0.0.01", "127.0.0.1", "loopback"),
        ("017700000001", "127.0.0.1", "loopback"),
        ("１２７.０.０.１", "127.0.0.1", "loopback"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1", "loopback"),
        ("⑯⑨.②⑤④.①⑥⑨.②⑤④", "169.254.169.254", "link-local (RFC 3927)"),
        ("127。0。0。1", "127.0.0.1", "loopback"),
        ("127．0．0．1", "127.0.0.1", "loopback"),
        ("127｡0｡0｡1", "127.0.0.1", "loopback"),
        ("𝟏𝟐𝟕.𝟎.𝟎.𝟏", "127.0.0.1", "loopback"),
        ("%31%32%37.0.0.1", "127.0.0.1", "loopback"),
        ("１２７%2e0%2E0.1", "127.0.0.1", "loopback"),
        ("127.0.0\u{ad}.1", "127.0.0.1", "loopback"),
        ("12\t7.0.0.1", "127.0.0.1", "loopback"),
        ("0", "0.0.0.0", "this network (RFC 791)"),
        ("0x", "0.0.0.0", "this network"),
        ("4294967295", "255.255.255.255", "reserved (RFC 1112)"),
        ("169.254.169.254", "169.254.169.254", "link-local (RFC 3927)"),
        ("0xa9fea9fe", "169.254.169.254", "link-local"),
        ("168.63.129.16", "168.63.129.16", "the platform's own services"),
        (
            "100.100.100.200",
            "100.100.100.200",
            "shared by carriers (RFC 6598)",
        ),
        ("[::1]", "::1", "not global unicast (RFC 4291)"),
        ("[::]", "::", "not global unicast"),
        ("[0:0:0:0:0:0:0:1]", "::1", "not global unicast"),
        ("[::127.0.0.1]", "::7f00:1", "not global unicast"),
        ("[::ffff:127.0.0.1]", "127.0.0.1", "loopback"),
        ("[::FFFF:7f00:1]", "127.0.0.1", "loopback"),
        ("[0:0:0:0:0:ffff:10.0.0.1]", "10.0.0.1", "private (RFC 1918)"),
        ("[64:ff9b::127.0.0.1]", "127.0.0.1", "loopback"),
        ("[64:ff9b::a9fe:a9fe]", "169.254.169.254", "link-local"),
        ("[64:ff9b:1::1]", "64:ff9b:1::1", "not global unicast"),
        ("[::ffff:0:127.0.0.1]", "::ffff:0:7f00:1", "not global unicast"),
        ("[2002:7f00:1::]", "2002:7f00:1::", "6to4 (RFC 3056)"),
        (
            "[2001:0:7f00:1::]",
            "2001:0:7f00:1::",
            "protocol assignments (RFC 2928)",
        ),
        ("[2001:db8::1]", "2001:db8::1", "documentation (RFC 3849)"),
        ("[3fff::1]", "3fff::1", "documentation (RFC 9637)"),
        ("[fe80::1]", "fe80::1", "not global unicast"),
        ("[fd00:ec2::254]", "fd00:ec2::254", "not global unicast"),
    ] {
        for url in [
            format!("https://{host}/"),
            format!("https:\\\\{host}:8443\\hook?x"),
        ] {
            let error = EndpointUrl::parse(&url, &policy(false, &[])).expect_err(&url);
            let sentence = format!("points to an address that is not public: {address} is blocked: {reason}");
            assert_eq!(code(&error), "url_address_blocked", "{url}: {error}");
            assert!(error.to_string().starts_with(&sentence), "{url}: {error}");
        }
    }
}

/// An address as URL parsers accept it: one to four parts, each decimal, hexadecimal or octal, with more zeros than needed,
/// in ASCII or in characters that mean the same.
fn written(
    address: Ipv4Addr,
    parts: usize,
    radices: [u8; 4],
    zeros: usize,
    script: u8,
    ends: bool,
) -> String {
    let octets = address.octets();
    let last = octets[parts - 1..]
        .iter()
        .fold(0, |sum, octet| sum << 8 | u32::from(*octet));
    let numbers = octets[..parts - 1]
        .iter()
        .map(|octet| u32::from(*octet))
        .chain([last]);
    let texts: Vec<_> = numbers
        .zip(radices)
        .map(|(number, radix)| match radix {
            0 => number.to_string(),
            1 => format!("0x{}{number:x}", "0".repeat(zeros)),
            2 => format!("0X{}{number:X}", "0".repeat(zeros)),
            _ => format!("0{}{number:o}", "0".repeat(zeros)),
        })
        .collect();
    let text = texts.join(".") + if ends { "." } else { "" };
    text.chars()
        .map(|character| match (script, character.to_digit(10)) {
            (1, _) if character != '.' => char::from_u32(u32::from(character) - 0x21 + 0xff01).unwrap(),
            (1, _) => '。',
            (2, Some(0)) => '⓪',
            (2, Some(digit)) => char::from_u32(0x2460 + digit - 1).unwrap(),
            (3, Some(digit)) => char::from_u32(0x1d7ce + digit).unwrap(),
            _ => character,
        })
        .collect()
}

/// Any address, and as often one that is blocked.
fn addresses() -> impl Strategy<Value = Ipv4Addr> {
    let blocked =
        proptest::sample::select(vec![[127, 0], [10, 9], [169, 254], [192, 168], [172, 16], [0, 0]]);
    prop_oneof![
        any::<Ipv4Addr>(),
        (blocked, any::<[u8; 2]>()).prop_map(|([a, b], [c, d])| Ipv4Addr::new(a, b, c, d)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn however_an_address_is_written_it_is_judged_as_that_address(
        address in addresses(),
        parts in 1..=4_usize,
        radices in proptest::array::uniform4(0..4_u8),
        zeros in 0..4_usize,
        script in 0..4_u8,
        ends in any::<bool>(),
    ) {
        let host = written(address, parts, radices, zeros, script, ends);
        let judged = EndpointUrl::parse(&format!("https://{host}/hook"), &policy(false, &[]));
        match AddressPolicy::default().check(address.into()) {
            Ok(()) => {
                let url = judged.unwrap();
                prop_assert_eq!(url.as_url().host(), Some(Host::Ipv4(address)), "{}", host);
            }
            Err(blocked) => prop_assert_eq!(judged.unwrap_err(), UrlError::Address(blocked), "{}", host),
        }
    }

    #[test]
    fn any_text_is_judged_without_a_panic_and_what_is_kept_is_kept_again(text in "\\PC{0,40}") {
        for given in [text.clone(), format!("https://{text}"), format!("https://a.example{text}")] {
            if let Ok(url) = EndpointUrl::parse(&given, &policy(false, &[])) {
                prop_assert_eq!(EndpointUrl::parse(url.as_str(), &policy(false, &[])), Ok(url.clone()));
                prop_assert_eq!(url.as_url().scheme(), "https");
                prop_assert_eq!(origin_of(url.as_str()), url.as_url().origin().ascii_serialization());
                prop_assert!(url.check_literal(&AddressPolicy::default()).is_ok());
            }
        }
    }
}
