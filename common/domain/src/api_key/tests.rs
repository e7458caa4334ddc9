use proptest::prelude::*;

use super::*;

fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

#[test]
fn a_key_names_its_account_and_its_id() {
    for (account_text, written) in [
        ("org:org_2abcDEF", "org_2abcDEF"),
        ("user:user_2q9w8e", "user_2q9w8e"),
        ("org:acme", "org~acme"),
        ("org:a_b.c-d", "org~a_b.c-d"),
        // What looks like another kind's id, or is no more than its beginning, keeps its kind.
        ("org:user_1", "org~user_1"),
        ("org:org_", "org~org_"),
    ] {
        let key = ApiKeyToken::generate(&account(account_text));
        let start = format!("rk_live_{written}_");
        assert!(key.expose().starts_with(&start), "{account_text}");
        let digits = &key.expose()[start.len()..];
        assert_eq!(digits.len(), 48);
        assert_eq!(key.id().as_str(), format!("key_{}", &digits[..16]));
        assert_eq!(key.account().as_str(), account_text);
        let again = ApiKeyToken::parse(key.expose()).unwrap();
        assert_eq!(
            (again.account(), again.id(), again.hash()),
            (key.account(), key.id(), key.hash())
        );
        assert!(!format!("{key:?}").contains(&digits[16..]));
    }
    let [one, other] = [0, 1].map(|_| ApiKeyToken::generate(&account("org:acme")).hash());
    assert_ne!(one, other);
}

#[test]
fn each_key_has_one_spelling() {
    let digits = "0123456789abcdefghjkmnpqrstvwxyz0123456789abcdef";
    for good in ["org_1", "org~acme"] {
        assert!(
            ApiKeyToken::parse(&format!("rk_live_{good}_{digits}")).is_ok(),
            "{good}"
        );
    }
    for wrong in [
        "org~org_1",
        "org:acme",
        "org~",
        "~",
        "",
        "team~x",
        "org~a~b",
        "org~a b",
        "org",
    ] {
        assert!(
            ApiKeyToken::parse(&format!("rk_live_{wrong}_{digits}")).is_err(),
            "{wrong}"
        );
    }
    for text in [
        format!("rk_test_org_1_{digits}"),
        format!("rk_live_org_1_{}", &digits[1..]),
        format!("rk_live_org_1_0{digits}"),
        format!("rk_live_org_1_{}", digits.to_uppercase()),
        format!("rk_live_org_1_{}", digits.replace('0', "o")),
        format!("rk_live_{digits}"),
        "rk_live_".to_owned(),
        String::new(),
    ] {
        assert!(ApiKeyToken::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn to_write_includes_to_read_of_the_same() {
    let scopes = Scopes::read("endpoints:write,replay:read");
    let covered: Vec<_> = Scope::all().filter(|scope| scopes.cover(*scope)).collect();
    let names: Vec<_> = covered.iter().map(|scope| scope.as_str()).collect();
    assert_eq!(names, ["endpoints:read", "endpoints:write", "replay:read"]);
    assert_eq!(scopes.to_string(), "endpoints:write,replay:read");
    // A later release may know more.
    let later = Scopes::read("tickets:write,deliveries:read");
    assert_eq!(later.to_string(), "deliveries:read");
    assert_eq!(Scopes::default().iter().count(), 0);
}

proptest! {
    #[test]
    fn any_text_is_read_as_a_key_or_refused(text in "(rk_live_)?[ -~]{0,160}") {
        if let Ok(key) = ApiKeyToken::parse(&text) {
            prop_assert_eq!(key.expose(), text);
        }
    }

    #[test]
    fn every_account_can_have_keys(kind in "(org|user)", id in "[A-Za-z0-9_.-]{1,100}") {
        let account = account(&format!("{kind}:{id}"));
        let key = ApiKeyToken::generate(&account);
        prop_assert_eq!(key.account(), &account);
        // `rk_live_`, `user~` and 100 characters, `_`, and 48.
        prop_assert!(key.expose().len() <= 162);
    }
}
