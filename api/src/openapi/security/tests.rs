use std::collections::BTreeSet;

use super::*;
use crate::access::operations;

#[test]
fn every_operation_stands_in_the_table_and_nothing_else_does() {
    let document: Value = serde_json::from_str(&super::super::document()).unwrap();
    let documented = super::super::operations(&document);
    let documented: BTreeSet<_> = documented
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let known: BTreeSet<_> = operations().collect();
    assert_eq!(documented, known);
}

#[test]
fn each_call_says_what_it_takes() {
    let document: Value = serde_json::from_str(&super::super::document()).unwrap();
    let schemes = |method: &str, path: &str| {
        let taken = document["paths"][path][method]["security"].as_array().unwrap();
        let names = taken.iter().map(|one| {
            one.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join("+")
        });
        names.collect::<Vec<_>>().join(" ")
    };
    for (method, path, expected) in [
        ("get", "/healthz", ""),
        ("post", "/api/events", "serviceKey"),
        (
            "get",
            "/api/events",
            "clerkSession accountKey portalSession manageKey",
        ),
        (
            "get",
            "/api/webhooks-config",
            "clerkSession accountKey portalSession manageKey",
        ),
        (
            "post",
            "/api/webhooks-config/{id}/rotate-secret",
            "clerkSession portalSession manageKey",
        ),
        ("post", "/api/api-keys", "clerkSession manageKey"),
        ("post", "/api/portal-sessions", "manageKey"),
    ] {
        assert_eq!(schemes(method, path), expected, "{method} {path}");
    }
}
