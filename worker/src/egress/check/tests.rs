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

#[test]
fn a_check_that_answered_another_worker_or_this_one_before_it_was_restarted_is_believed() {
    let start = Instant::now();
    let check: EgressCheck = "https://check.test/health,192.0.2.1:443".parse().unwrap();
    let mut one = Checks::of(&check);
    assert_eq!(one.news(start), Vec::<String>::new());
    one.note(0, start, None);
    let told = one.news(start);
    assert_eq!(told, ["https://check.test/ check"]);
    assert_eq!(one.news(start), Vec::<String>::new(), "once a minute");
    // In an outage it stays an answer of within the hour, and is told again.
    let hour = Duration::from_secs(3600);
    one.stand_still(start + 2 * hour, 2 * hour);
    assert!(one.is_believed(start + 2 * hour, |_| true));
    assert_eq!(one.news(start + 2 * hour), told);

    let (mut other, now) = (Checks::of(&check), start + 3 * hour);
    other.heard_of(now, "https://other.test/ check", Duration::ZERO);
    other.heard_of(now, "https://check.test/ org:a", Duration::ZERO);
    assert!(!other.is_believed(now, |_| true));
    other.heard_of(now, &told[0], hour / 2);
    assert!(other.is_believed(now, |_| true));
    other.stand_still(now + hour / 2, hour / 2);
    assert!(
        !other.is_believed(now + hour / 2, |_| true),
        "what was only heard grows old"
    );
    assert_eq!(other.news(now), Vec::<String>::new(), "and nobody is told of it");
}
