use sha2::{Digest as _, Sha256};

use super::*;

const STORED: &str = "whk_stored_0123";
const CONFIGURED: &str = "whk_configured_4567";
const BOTH: [&str; 2] = ["whk_both_configured", "whk_both_stored"];

fn configured(keys: &[(&str, &str)]) -> ServiceKeys {
    let entries = keys
        .iter()
        .map(|(id, key)| format!("{id}:{}", hex::encode(Sha256::digest(key))));
    entries.collect::<Vec<_>>().join(",").parse().unwrap()
}

/// An id, the version of its entry, and its key with whether it may manage.
type Entry<'a> = (&'a str, u64, Option<(&'a str, bool)>);

fn stored(keys: &[Entry<'_>]) -> ServiceKeyEntries {
    let entries = keys.iter().map(|(id, version, key)| {
        let text = match key {
            None => format!("{version} revoked"),
            Some((key, may_manage)) => {
                let may = if *may_manage { "manage" } else { "push" };
                format!("{version} {} {may} ann", hex::encode(Sha256::digest(key)))
            }
        };
        ((*id).to_owned(), text)
    });
    ServiceKeyEntries::read(entries.collect())
}

fn id_of(book: &ServiceKeyBook, token: &str) -> Result<String, AuthError> {
    book.verify(token).map(|key| key.id().to_owned())
}

#[test]
fn until_a_shard_was_read_nobody_can_say_that_a_service_key_is_wrong() {
    let book = ServiceKeyBook::from(configured(&[("configured", CONFIGURED)]));
    assert_eq!(id_of(&book, CONFIGURED).unwrap(), "configured");
    assert_eq!(id_of(&book, STORED), Err(AuthError::StoreUnseen));
    for (token, error) in [
        ("nothing like it", AuthError::ServiceKey),
        ("rk_live_1", AuthError::NotAServiceKey),
    ] {
        assert_eq!(id_of(&book, token), Err(error), "{token}");
    }
    book.learn(ServiceKeyEntries::default());
    assert_eq!(id_of(&book, STORED), Err(AuthError::ServiceKey));
}

#[test]
fn a_stored_key_is_valid_beside_those_of_the_configuration_until_it_is_revoked() {
    let book = ServiceKeyBook::from(configured(&[("configured", CONFIGURED)]));
    let made = stored(&[("stored", 5, Some((STORED, true)))]);
    book.learn(made.clone());
    assert!(book.verify(STORED).unwrap().may_manage());
    assert!(!book.verify(CONFIGURED).unwrap().may_manage());
    book.configure(ServiceKeys::default());
    assert_eq!(id_of(&book, CONFIGURED), Err(AuthError::ServiceKey));
    assert_eq!(id_of(&book, STORED).unwrap(), "stored");
    book.learn(stored(&[("stored", 6, None)]));
    assert_eq!(id_of(&book, STORED), Err(AuthError::ServiceKey));
    // A shard that was away has it still.
    book.learn(made);
    assert_eq!(id_of(&book, STORED), Err(AuthError::ServiceKey));
    assert!(book.get().is_empty());
}

#[test]
fn of_two_with_the_same_id_that_of_the_configuration_counts() {
    let [of_configuration, of_store] = BOTH;
    let book = ServiceKeyBook::from(configured(&[("both", of_configuration)]));
    book.learn(stored(&[("both", 5, Some((of_store, false)))]));
    assert_eq!(id_of(&book, of_configuration).unwrap(), "both");
    assert_eq!(id_of(&book, of_store), Err(AuthError::ServiceKey));
    book.configure(ServiceKeys::default());
    assert_eq!(id_of(&book, of_configuration), Err(AuthError::ServiceKey));
    assert_eq!(id_of(&book, of_store).unwrap(), "both");
}
