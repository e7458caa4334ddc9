use super::*;

#[test]
fn every_key_of_the_table_has_a_kind() {
    let table = include_str!("../../keys.rs");
    let names: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next())
        .filter(|name| *name != "wh:meta")
        .collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let name = name
            .replace("<operation>:<queue>", "1:pending")
            .replace("<class>", "delivered");
        assert!(Kind::of(&name).is_some(), "{name}");
    }
}

#[test]
fn what_no_kind_fits_is_unknown() {
    for (name, rest) in [
        ("event:evt_1", Some("evt_1")),
        ("account:org:a:bytes", Some("org:a")),
        ("ready", Some("")),
        ("ready:slow", Some("")),
        ("ready:else", None),
        ("readyx", None),
        ("event:", None),
        ("account:org:a:else", None),
        ("sweep:1:else", None),
        ("", None),
    ] {
        let found = Kind::of(name).and_then(|kind| kind.rest_of(name));
        assert_eq!(found, rest, "{name}");
    }
}
