use std::collections::BTreeSet;

use super::table::TABLE;
use super::*;

#[test]
fn each_call_stands_in_the_table_once() {
    let ids: BTreeSet<_> = TABLE.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), TABLE.len());
    assert_eq!(of_operation("listEndpoints"), Some(TABLE[0].1));
    assert_eq!(of_operation("somethingElse"), None);
}

#[test]
fn keys_make_neither_keys_nor_secrets_portal_sessions_no_keys_and_nobody_but_the_backend_pushes() {
    let by = |kind| {
        let taken = TABLE.iter().filter(move |(_, access)| access.takes(kind));
        taken.map(|(id, _)| *id).collect::<BTreeSet<_>>()
    };
    let (people, keys, manage) = (by(Kind::Session), by(Kind::Key), by(Kind::Manage));
    let not_for_keys: Vec<_> = people.difference(&keys).copied().collect();
    assert_eq!(
        not_for_keys,
        ["createApiKey", "listApiKeys", "revokeApiKey", "rotateSecret"]
    );
    assert!(keys.is_subset(&people));
    let portal = by(Kind::Portal);
    let not_for_portals: Vec<_> = people.difference(&portal).copied().collect();
    assert_eq!(not_for_portals, ["createApiKey", "listApiKeys", "revokeApiKey"]);
    assert!(portal.is_subset(&people));
    assert_eq!(people, manage);
    assert!(!people.contains("pushEvent"));
}

#[test]
fn kinds_of_callers_have_a_share_each() {
    let account = "org:acme".parse().unwrap();
    let shares = [Kind::Session, Kind::Key, Kind::Portal, Kind::Manage].map(|kind| Share::of(kind, &account));
    let texts: BTreeSet<_> = shares.iter().map(Share::as_str).collect();
    assert_eq!(texts.len(), 4);
}
