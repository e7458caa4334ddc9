use super::*;
use domain::header_names::HeaderPrefix;

#[test]
fn seconds_are_told_from_milliseconds_and_from_other_texts() {
    for (text, expected) in [
        ("1774539000", SentAt::Seconds(1_774_539_000)),
        ("0", SentAt::Seconds(0)),
        ("1774539000123", SentAt::Milliseconds(1_774_539_000)),
        ("-1", SentAt::Malformed),
        ("2026-03-26T15:30:00.000Z", SentAt::Malformed),
        ("1774539000.5", SentAt::Malformed),
        ("", SentAt::Malformed),
    ] {
        let headers = Headers::new(
            vec![("Webhook-Timestamp".to_owned(), text.to_owned())],
            HeaderPrefix::default(),
        )
        .unwrap();
        assert_eq!(SentAt::of(&headers), expected, "{text}");
    }
    assert_eq!(
        SentAt::of(&Headers::new(vec![], HeaderPrefix::default()).unwrap()),
        SentAt::Unknown
    );
}

#[test]
fn five_minutes_either_way_are_tolerated() {
    let now = Timestamp::from_millis(1_000_000_000_999).unwrap();
    let found = |seconds: i64| -> Vec<_> {
        SentAt::Seconds(seconds)
            .findings(now)
            .into_iter()
            .map(|finding| finding.code)
            .collect()
    };
    for (offset, expected) in [
        (-301, Some(FindingCode::StaleTimestamp)),
        (-300, None),
        (0, None),
        (300, None),
        (301, Some(FindingCode::FutureTimestamp)),
    ] {
        assert_eq!(
            found(1_000_000_000 + offset),
            Vec::from_iter(expected),
            "{offset}"
        );
    }
}

#[test]
fn spans_are_told_in_a_unit_that_fits() {
    for (seconds, text) in [
        (119, "119 seconds"),
        (301, "5 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (400_000, "4 days"),
    ] {
        assert_eq!(span(seconds), text);
    }
}
