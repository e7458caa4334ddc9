use super::*;

#[test]
fn every_reason_is_told_by_its_stable_name() {
    for reason in AttentionReason::ALL {
        let told = serde_json::to_value(AttentionReasonView::from(reason)).unwrap();
        assert_eq!(told, reason.as_str());
    }
}

#[test]
fn every_hour_is_told_and_none_before() {
    let now: Timestamp = "2026-03-26T15:30:00Z".parse().unwrap();
    let this = now.as_millis() / HOUR_MS;
    let counted = HashMap::from([
        ((this, "succeeded".to_owned()), 3),
        ((this - 23, "failedAttempts".to_owned()), 2),
        ((this - 24, "exhausted".to_owned()), 1),
    ]);
    let hours = results(&counted, now, HOURS, HOUR_MS);
    let starts: Vec<_> = hours.iter().map(|hour| hour.start.0.as_str()).collect();
    assert_eq!(
        (starts.len(), starts[0], starts[23]),
        (24, "2026-03-25T16:00:00.000Z", "2026-03-26T15:00:00.000Z")
    );
    assert!(starts.is_sorted());
    assert_eq!((hours[23].succeeded, hours[0].failed_attempts), (3, 2));
    assert_eq!(hours.iter().map(|hour| hour.exhausted).sum::<u64>(), 0);
}
