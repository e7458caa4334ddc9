use super::*;

#[test]
fn names_have_groups_of_letters_digits_and_dashes() {
    let longest = "a".repeat(MAX_EVENT_TYPE);
    for good in [
        "lead.captured",
        "order.created",
        "Order.Created",
        "invoice.payment_failed.v2",
        "x",
        "a-b.3",
        &longest,
    ] {
        let kind: EventType = good.parse().unwrap();
        assert_eq!((kind.as_str(), kind.to_string().as_str()), (good, good));
    }
    let too_long = "a".repeat(MAX_EVENT_TYPE + 1);
    for bad in [
        "",
        "*",
        "-",
        ".",
        "a.",
        ".a",
        "a..b",
        "lead.*",
        " lead.captured",
        "a b",
        "a,b",
        "a|b",
        "3d",
        "_a",
        "ä",
        "a\n",
        &too_long,
    ] {
        assert_eq!(bad.parse::<EventType>(), Err(InvalidEventType::Form), "{bad:?}");
    }
}

#[test]
fn names_of_account_events_belong_to_the_system() {
    for (name, prefix) in [
        ("endpoint.disabled", "endpoint."),
        ("endpoint.moved", "endpoint."),
        ("delivery.created", "delivery."),
    ] {
        assert_eq!(name.parse::<EventType>(), Err(InvalidEventType::Reserved(prefix)));
    }
    assert!("delivery".parse::<EventType>().is_ok() && "endpoints.x".parse::<EventType>().is_ok());
}

#[test]
fn names_are_sorted_as_texts() {
    let mut names: Vec<EventType> = ["b", "a.b", "a", "ab"]
        .into_iter()
        .map(|name| name.parse().unwrap())
        .collect();
    names.sort();
    let sorted: Vec<_> = names.iter().map(EventType::as_str).collect();
    assert_eq!(sorted, ["a", "a.b", "ab", "b"]);
    assert_eq!(format!("{:?}", names[1]), "EventType(a.b)");
}
