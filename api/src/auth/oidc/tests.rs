use serde_json::json;

use super::*;

fn rules(account: &str, role: &str, write_roles: &[&str]) -> OidcRules {
    OidcRules {
        issuer: "https://login.example.com".to_owned(),
        audience: None,
        account: ClaimNames::parse(account).unwrap(),
        person: ClaimNames::parse("sub").unwrap(),
        role: ClaimNames::parse(role).unwrap(),
        write_roles: write_roles.iter().map(|role| (*role).to_owned()).collect(),
    }
}

#[test]
fn the_account_is_that_of_the_first_claim_that_is_there_else_the_persons() {
    let malformed = Err(AuthError::Malformed);
    for (names, claims, expected) in [
        ("o.id,org_id", json!({}), Ok("user:u1")),
        ("o.id,org_id", json!({"org_id": "a"}), Ok("org:a")),
        (
            "o.id,org_id",
            json!({"org_id": "a", "o": {"id": "b"}}),
            Ok("org:b"),
        ),
        (
            "o.id,org_id",
            json!({"o": {"id": null}, "org_id": null}),
            Ok("user:u1"),
        ),
        ("o.id", json!({"o.id": "c", "o": {"id": "b"}}), Ok("org:c")),
        (
            "https://acme.example/org.id",
            json!({"https://acme.example/org": {"id": "d"}}),
            Ok("org:d"),
        ),
        ("a.b.c", json!({"a": {"b": {"c": "e"}}}), Ok("org:e")),
        ("a.b.c", json!({"a": "b"}), Ok("user:u1")),
        ("org", json!({"org": 7}), malformed),
        ("org", json!({"org": ""}), malformed),
        ("org", json!({"org": ["a"]}), malformed),
        ("org", json!({"org": "a b"}), malformed),
        (
            "org",
            json!({"sub": null, "org": "a"}),
            Err(AuthError::NotASession),
        ),
        ("org", json!({"sub": 7}), malformed),
    ] {
        let mut all = json!({"sub": "u1", "exp": 100});
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let session = rules(names, "role", &[]).session(&all);
        let account = session.map(|session| session.account.as_str().to_owned());
        assert_eq!(
            account.as_deref().map_err(|error| *error),
            expected,
            "{names}: {claims}"
        );
    }
}

#[test]
fn a_role_or_one_of_several_must_be_listed_in_an_organisation() {
    for (listed, claims, expected) in [
        (&[][..], json!({"org": "a"}), true),
        (&["admin"], json!({"org": "a", "role": "admin"}), true),
        (&["admin"], json!({"org": "a", "role": ["member", "admin"]}), true),
        (&["admin"], json!({"org": "a", "role": ["member"]}), false),
        (&["admin"], json!({"org": "a", "role": "Admin"}), false),
        (&["admin"], json!({"org": "a", "role": {"admin": true}}), false),
        (&["admin"], json!({"org": "a"}), false),
        (&["admin"], json!({}), true),
    ] {
        let mut all = json!({"sub": "u1", "exp": 100.5});
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let session = rules("org", "role", listed).session(&all).unwrap();
        assert_eq!(
            (session.may_write, session.expires_at),
            (expected, 100),
            "{claims}"
        );
    }
}

#[test]
fn a_setting_names_a_claim_at_least() {
    for text in ["", " , ", &"a".repeat(501), "o.", "org_id,.id", "o..id"] {
        assert!(ClaimNames::parse(text).is_err(), "{text}");
    }
    assert_eq!(ClaimNames::parse("a, b.c").unwrap().0, ["a", "b.c"]);
}
