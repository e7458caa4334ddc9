use super::*;

#[test]
fn hours_and_days_are_shown_with_those_in_which_nothing_happened() {
    let now: Timestamp = "2026-03-26T15:30:00Z".parse().unwrap();
    let hour = now.as_millis() / HOUR_MS;
    let recent = Recent::read(
        &format!("{} 3 1 !", hour - 1),
        &format!("{}:2:0", hour - 23),
        "",
        "",
    );
    let hours = hours(&recent, now);
    assert_eq!(hours.len(), 24);
    let shown: Vec<_> = hours
        .iter()
        .filter(|hour| hour.succeeded + hour.failed_attempts > 0)
        .map(|hour| (hour.start.0.as_str(), hour.succeeded, hour.failed_attempts))
        .collect();
    assert_eq!(
        shown,
        [
            ("2026-03-25T16:00:00.000Z", 2, 0),
            ("2026-03-26T14:00:00.000Z", 3, 1)
        ]
    );
    let days = days(&recent, now);
    assert_eq!(days.len(), 90);
    let shown: Vec<_> = days
        .iter()
        .rev()
        .take(3)
        .map(|day| (day.start.0.as_str(), day.succeeded))
        .collect();
    assert_eq!(
        shown,
        [
            ("2026-03-26T00:00:00.000Z", 3),
            ("2026-03-25T00:00:00.000Z", 2),
            ("2026-03-24T00:00:00.000Z", 0)
        ]
    );
}
