use domain::sealing::SecretsKeyring;

use super::*;

#[test]
fn a_new_secrets_key_is_a_key_ring() {
    assert!(new_secrets_key().parse::<SecretsKeyring>().is_ok());
    assert_ne!(new_secrets_key(), new_secrets_key());
}

#[test]
fn a_service_key_names_its_id_and_its_entry_does_not_give_it_away() {
    let key = new_service_key("backend");
    assert!(key.starts_with("whk_backend_"));
    let entry = service_key_entry("backend", &key);
    assert_eq!(entry.len(), "backend:".len() + 64);
    assert!(!entry.contains(&key));
    for bad in ["", "with_underscore", "with space", "a,b", "ü"] {
        assert!(parse_id(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_key_that_may_call_for_accounts_says_so_in_its_entry() {
    let described = |manage| {
        let id = "owner".to_owned();
        describe_new(&ServiceKeyArgs { id, manage })
    };
    assert!(described(true).ends_with(":manage"));
    assert!(!described(false).contains("manage"));
}
