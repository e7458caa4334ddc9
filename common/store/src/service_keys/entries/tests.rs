use super::*;

fn key(byte: u8, may_manage: bool) -> StoredServiceKey {
    StoredServiceKey {
        hash: [byte; 32],
        may_manage,
        by: "ann@desk and others".to_owned(),
    }
}

fn read(texts: &[(&str, &str)]) -> ServiceKeyEntries {
    let copy = texts
        .iter()
        .map(|(id, text)| ((*id).to_owned(), (*text).to_owned()));
    ServiceKeyEntries::read(copy.collect())
}

fn valid(entries: &ServiceKeyEntries) -> Vec<&str> {
    entries.valid().map(|(id, _, _)| id).collect()
}

#[test]
fn what_is_stored_is_read_again() {
    let mut entries = ServiceKeyEntries::default();
    entries.set("backend", 1_700_000_000_000, Some(key(7, false)));
    entries.set("owner", 1_700_000_000_001, Some(key(9, true)));
    entries.set("gone", 1_700_000_000_002, None);
    let copy = entries.texts().map(|(id, text)| (id.to_owned(), text)).collect();
    assert_eq!(ServiceKeyEntries::read(copy), entries);
    assert_eq!(valid(&entries), ["backend", "owner"]);
    let (_, since, owner) = entries.valid().last().unwrap();
    assert_eq!((since.as_millis(), owner), (1_700_000_000_001, &key(9, true)));
}

#[test]
fn what_cant_be_read_is_no_key() {
    let hash = "ab".repeat(32);
    for text in [
        "",
        "1",
        "1 abcd push ann",
        &format!("x {hash} push ann"),
        &format!("-1 {hash} push ann"),
        &format!("1 {hash}"),
        &format!("1 {hash} everything ann"),
        &format!("1 {}zz push ann", "ab".repeat(31)),
    ] {
        assert_eq!(read(&[("a", text)]), ServiceKeyEntries::default(), "{text}");
    }
    assert_eq!(valid(&read(&[("a", &format!("1 {hash} push"))])), ["a"]);
}

#[test]
fn of_each_id_the_newest_counts_in_whichever_order_copies_are_read() {
    let hash = "ab".repeat(32);
    let [older, newer] = [5, 6].map(|version| format!("{version} {hash} push ann"));
    let behind = read(&[("kept", &older), ("revoked", &older)]);
    let ahead = read(&[("kept", &older), ("revoked", "6 revoked"), ("made", &newer)]);
    for (first, second, changes) in [(&behind, &ahead, true), (&ahead, &behind, false)] {
        let mut known = first.clone();
        assert_eq!(known.merge(second.clone()), changes);
        assert_eq!(known, ahead);
        assert!(!known.merge(second.clone()), "the same again");
    }
    assert_eq!(valid(&ahead), ["kept", "made"]);
    assert!(behind.has("revoked") && !ahead.has("revoked") && !ahead.has("never"));
}

#[test]
fn a_change_is_newer_than_all_that_is_known_whatever_the_clock_says() {
    let mut entries = read(&[("a", "900 revoked")]);
    assert_eq!(entries.set("b", 50, None), 901);
    assert_eq!(entries.set("b", 2_000, Some(key(1, false))), 2_000);
    assert_eq!(
        (entries.version("a"), entries.version("b"), entries.version("c")),
        (900, 2_000, 0)
    );
}
