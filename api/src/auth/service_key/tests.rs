use super::*;

fn entry(id: &str, key: &str) -> String {
    format!("{id}:{}", hex::encode(Sha256::digest(key)))
}

fn id_of<'a>(keys: &'a ServiceKeys, token: &str) -> Result<&'a str, AuthError> {
    keys.verify(token)?;
    Ok(keys.find(token).unwrap().id())
}

#[test]
fn a_key_may_call_for_accounts_if_its_entry_says_so() {
    let (plain, manage) = ("whk_push_0123", "whk_owner_4567");
    let keys: ServiceKeys = format!("{},{}:manage", entry("push", plain), entry("owner", manage))
        .parse()
        .unwrap();
    assert!(!keys.verify(plain).unwrap().may_manage());
    assert!(keys.verify(manage).unwrap().may_manage());
}

#[test]
fn several_keys_are_valid_at_once_and_nothing_else() {
    let (old, new) = ("whk_backend_old0123456789", "whk_backend-2_new0123456789");
    let keys: ServiceKeys = format!("{}, {}", entry("backend", old), entry("backend-2", new))
        .parse()
        .unwrap();
    assert_eq!(id_of(&keys, old), Ok("backend"));
    assert_eq!(id_of(&keys, new), Ok("backend-2"));
    for wrong in [
        "",
        "whk_",
        "whk_backend_",
        "whk_backend_old012345678",
        "whk_other_old0123456789",
        "old",
    ] {
        assert_eq!(id_of(&keys, wrong), Err(AuthError::ServiceKey), "{wrong}");
    }
    assert_eq!(id_of(&keys, &"x".repeat(100_000)), Err(AuthError::ServiceKey));
    assert!(ServiceKeys::default().verify(old).is_err());
}

#[test]
fn a_key_that_is_configured_under_another_id_is_refused() {
    let keys: ServiceKeys = entry("billing", "whk_backend_0123").parse().unwrap();
    assert_eq!(id_of(&keys, "whk_backend_0123"), Err(AuthError::ServiceKey));
}

#[test]
fn a_wrong_entry_is_told_without_its_hash() {
    let hash = "a".repeat(64);
    for (text, sentence) in [
        ("backend".to_owned(), "entry 1 must be `id:sha256hex`"),
        (format!(":{hash}"), "the id of entry 1 must be"),
        (format!("a b:{hash}"), "the id of entry 1 must be"),
        ("backend:abcd".to_owned(), "the hash of `backend` must be"),
        (
            format!("backend:{}", "g".repeat(64)),
            "the hash of `backend` must be",
        ),
        (format!("a:{hash},a:{hash}"), "the id `a` is there twice"),
        (format!("a:{hash}:admin"), "entry 1 may end with `:manage`"),
        (format!("a:{hash}:manage:x"), "entry 1 may end with `:manage`"),
    ] {
        let error = text.parse::<ServiceKeys>().unwrap_err();
        assert!(error.starts_with(sentence) && !error.contains(&hash), "{error}");
    }
    assert!("".parse::<ServiceKeys>().unwrap().is_empty());
    assert!(!format!("{:?}", entry("a", "k").parse::<ServiceKeys>().unwrap()).contains(&entry("a", "k")));
}
