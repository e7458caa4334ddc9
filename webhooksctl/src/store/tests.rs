use super::*;

#[test]
fn a_new_identity_is_a_line_for_a_file() {
    let line = new_id();
    let value = line.strip_prefix("STORE_ID=").unwrap();
    assert!(value.parse::<StoreId>().is_ok(), "{line}");
    assert_ne!(line, new_id());
}

#[test]
fn what_is_known_of_a_store_is_told() {
    let mut facts = StoreFacts::default();
    assert!(described(&facts).starts_with("no store"));
    facts.schema = Some("1".to_owned());
    assert!(described(&facts).starts_with("no identity yet"));
    facts.identity = Some("a".parse().unwrap());
    facts.writes = 7;
    facts.accepted_at = 1_774_539_000_000;
    facts.rewound = Some(Rewind {
        at: 1_774_539_000_000,
        from: 9,
        to: 6,
    });
    let text = described(&facts);
    for part in [
        "STORE_ID=a",
        "writes 7",
        "schema 1",
        "2026-03-26",
        "writes 9 to 6",
    ] {
        assert!(text.contains(part), "{text}");
    }
}
