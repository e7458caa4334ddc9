use super::*;

#[test]
fn another_store_and_none_are_told() {
    let known = |identity: Option<&str>, schema: Option<&str>| StoreFacts {
        identity: identity.map(|text| text.parse().unwrap()),
        schema: schema.map(str::to_owned),
        ..StoreFacts::default()
    };
    let wanted: StoreId = "a".parse().unwrap();
    for (marks, wanted, is_empty, said) in [
        (known(Some("a"), Some("1")), None, true, None),
        (known(Some("a"), Some("1")), Some(&wanted), false, None),
        (
            known(Some("b"), Some("1")),
            Some(&wanted),
            false,
            Some("the store b"),
        ),
        (known(None, Some("1")), Some(&wanted), false, None),
        (known(None, Some("1")), None, true, Some("empty")),
        (known(None, None), None, true, Some("empty")),
        (known(None, None), None, false, Some("`wh:meta` is gone")),
    ] {
        let reason = is_another(&marks, wanted, is_empty);
        match said {
            None => assert_eq!(reason, None, "{marks:?}"),
            Some(part) => assert!(reason.unwrap().contains(part), "{marks:?}"),
        }
    }
}
