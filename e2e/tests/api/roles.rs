//! `CLERK_WRITE_ROLES` and `CLERK_REQUIRE_AZP`: who may look, who may change things, and who must say where they come from.
//!
//! Proves (security): Roles in an organisation

use e2e::clerk::Claims;
use e2e::system::System;
use reqwest::Method;
use serde_json::json;

use crate::documented::calls::calls;
use crate::fixture::{ENDPOINTS, assert_refused};
use crate::tenancy::answer;

#[tokio::test]
async fn roles_that_are_not_listed_may_look_and_change_nothing() {
    let mut system = System::builder()
        .workers(0)
        .api_env("CLERK_WRITE_ROLES", "admin,org:editor")
        .start()
        .await;
    let caller = |claims: Claims| system.caller(&claims.sign(&system.key));
    let v2 = |role: &str| {
        caller(Claims::v2("user_2other", None).with("o", json!({"id": "org_2test", "rol": role})))
    };
    let v1 = |role: &str| caller(Claims::v1("user_2other", Some("org_2test")).with("org_role", role));
    let url = "http://127.0.0.1:9000/";
    for writer in [
        v2("admin"),
        v2("editor"),
        v1("org:admin"),
        caller(Claims::v2("user_2test", None)),
    ] {
        writer.create_endpoint(url, &["*"]).await;
    }
    let member = v2("member");
    for reader in [&member, &v1("org:member"), &v2("")] {
        let listed = reader.get(ENDPOINTS).await.expect(200);
        assert_eq!(listed.body["endpoints"].as_array().unwrap().len(), 3);
        let reply = reader
            .post(ENDPOINTS, &json!({"url": url, "events": ["*"]}))
            .await;
        assert_refused(&Method::POST, ENDPOINTS, &reply, 403, "role_not_allowed", "");
    }
    // Every call of the document: what it says of roles is so.
    let (mut reading, mut writing) = (0, 0);
    for call in calls().into_iter().filter(|call| call.takes("clerkSession")) {
        let request = member.request(call.method.clone(), call.path).body("[");
        let (status, code, text) = answer(request).await;
        let is_documented = call
            .answers()
            .iter()
            .any(|answer| answer.name == "role_not_allowed");
        let is_refused = (status, code.as_str()) == (403, "role_not_allowed");
        assert_eq!(is_refused, is_documented, "{}: {text}", call.name());
        let reads = ["verifySignature", "countReplay", "checkEndpoint"];
        let changes = call.method != Method::GET && !reads.contains(&call.id());
        assert_eq!(is_refused, changes, "{}: {text}", call.name());
        *(if changes { &mut writing } else { &mut reading }) += 1;
    }
    assert!(reading > 5 && writing > 7, "{reading}, {writing}");
    system.stop();
}

#[tokio::test]
async fn a_token_that_names_no_party_is_accepted_unless_one_is_required() {
    let claims = || Claims::v2("user_2test", Some("org_2test"));
    for (required, status) in [("false", 200), ("true", 401)] {
        let mut system = System::builder()
            .workers(0)
            .api_env("CLERK_REQUIRE_AZP", required)
            .start()
            .await;
        let reply = system
            .caller(&claims().without("azp").sign(&system.key))
            .get(ENDPOINTS)
            .await;
        assert_eq!(reply.status, status, "{}", reply.text);
        if status == 401 {
            assert_refused(&Method::GET, ENDPOINTS, &reply, 401, "party_missing", "");
        }
        let _reply = system
            .caller(&claims().sign(&system.key))
            .get(ENDPOINTS)
            .await
            .expect(200);
        let other = claims().with("azp", "https://evil.example").sign(&system.key);
        assert_eq!(
            system.caller(&other).get(ENDPOINTS).await.expect(401).code(),
            "invalid_token"
        );
        system.stop();
    }
}
