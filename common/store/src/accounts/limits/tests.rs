use super::*;

#[test]
fn limits_come_back_as_they_were_set() {
    let all = AccountLimits {
        endpoints: Some(0),
        events_per_minute: Some(600),
        budget_bytes: Some(1 << 40),
        parked_budget_bytes: Some(1),
        history_bytes: Some(0),
        event_types: Some(vec!["lead.captured".to_owned(), "message.sent".to_owned()]),
    };
    let some = AccountLimits {
        history_bytes: Some(7),
        ..AccountLimits::default()
    };
    let no_types = AccountLimits {
        event_types: Some(Vec::new()),
        ..AccountLimits::default()
    };
    for limits in [all, some, no_types, AccountLimits::default()] {
        assert_eq!(AccountLimits::from_stored(&limits.to_stored()), limits);
    }
    assert_eq!(AccountLimits::default().to_stored(), "");
    assert_eq!(AccountLimits::from_stored("erasing"), AccountLimits::default());
}
