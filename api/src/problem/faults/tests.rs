use super::*;

#[test]
fn what_is_wrong_keeps_its_order_and_the_first_stands_for_all() {
    let mut faults = Faults::default();
    assert_eq!(faults.take(Ok::<_, Problem>(7)), Some(7));
    assert_eq!(faults.take_any(None::<Result<u8, Problem>>), Some(None));
    let wrong = |code, field: &str| Err::<u8, _>(Problem::new(code).field(field));
    assert_eq!(faults.take(wrong(Code::MissingField, "url")), None);
    assert_eq!(
        faults.take_any(Some(wrong(Code::UnknownEvent, "events[0]"))),
        None
    );
    let body = serde_json::to_value(Problem::from(faults).body()).unwrap();
    assert_eq!(
        (body["code"].as_str(), body["field"].as_str()),
        (Some("missing_field"), Some("url"))
    );
    let told = body["errors"].as_array().unwrap().iter();
    let told: Vec<_> = told
        .map(|fault| (fault["code"].as_str(), fault["field"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("missing_field"), Some("url")),
            (Some("unknown_event"), Some("events[0]"))
        ]
    );
}

#[test]
fn twenty_are_told_and_no_more() {
    let mut faults = Faults::default();
    for number in 0..100 {
        assert_eq!(faults.are_enough(), number >= MAX_FAULTS);
        faults.note(Problem::new(Code::UnknownField).field(number.to_string()));
    }
    let all = Problem::from(faults);
    let both = all.clone().and(all);
    assert_eq!(both.faults().count(), MAX_FAULTS);
}

#[test]
fn nothing_wrong_is_no_problem() {
    assert_eq!(Faults::default().finish(), Ok(()));
}
