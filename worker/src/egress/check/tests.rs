use std::time::{Duration, Instant};

use domain::delivery::Failure;

use super::{Checks, EgressCheck};

#[test]
fn addresses_and_urls_are_read() {
    for (text, hosts) in [
        ("", ""),
        ("check.example.com:443", "check.example.com"),
        (
            "192.0.2.1:53, https://example.com/health",
            "192.0.2.1, example.com",
        ),
        ("[2001:db8::1]:443", "[2001:db8::1]"),
    ] {
        let check: EgressCheck = text.parse().unwrap();
        assert_eq!(check.to_string(), hosts, "{text}");
    }
    for text in [
        "example.com",
        "example.com:http",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "https://",
        ":443",
        "a b:1",
    ] {
        assert!(text.parse::<EgressCheck>().is_err(), "{text}");
    }
}

#[test]
fn a_check_is_believed_for_an_hour_after_it_has_answered() {
    let start = Instant::now();
    let mut checks = Checks::of(&"192.0.2.1:443,check.test:443".parse().unwrap());
    assert!(checks.are_due(start));
    assert_eq!(checks.begin(start).count(), 2);
    assert!(!checks.are_due(start) && checks.are_due(start + Duration::from_secs(60)));
    checks.note(0, start, Some(Failure::Connect));
    checks.note(1, start, Some(Failure::Timeout));
    assert!(!checks.is_believed(start, |_| true), "it may be a wrong address");

    checks.note(0, start, None);
    checks.note(0, start, Some(Failure::Connect));
    assert!(checks.is_believed(start, |_| true));
    assert!(!checks.is_believed(start, |url| url.domain().is_some()));
    assert!(!checks.is_believed(start + Duration::from_secs(3600), |_| true));
    assert!(!Checks::of(&EgressCheck::default()).are_due(start));
}
