use super::*;
use proptest::prelude::*;
use store::log::ListPosition;

const KEYS: &str =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

struct Parts {
    keys: SecretsKeyring,
    account: AccountId,
    endpoint: EndpointId,
}

impl Parts {
    fn new(keys: &str) -> Self {
        Self {
            keys: keys.parse().unwrap(),
            account: "org:org_1".parse().unwrap(),
            endpoint: "ep_0000000000000000".parse().unwrap(),
        }
    }

    fn scope(&self) -> CursorScope<'_> {
        CursorScope {
            keys: &self.keys,
            purpose: "deliveries",
            account: &self.account,
            endpoint: Some(&self.endpoint),
            filter: "status=succeeded",
        }
    }
}

#[test]
fn a_cursor_comes_back_as_the_place_that_it_was_made_of() {
    let parts = Parts::new(KEYS);
    for text in [
        "log 1790000000000-3 1790000000000-18446744073709551615",
        "log 1790000000000-3 1790000000000-18446744073709551615 whole",
        "pending dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5:12",
    ] {
        let place: ListPosition = text.parse().unwrap();
        let cursor = parts.scope().write(&place);
        assert!(cursor.len() < 200 && !cursor.contains(text), "{cursor}");
        assert_eq!(parts.scope().read(&cursor), Ok(place));
    }
}

#[test]
fn a_cursor_is_good_for_its_own_scope_alone() {
    let parts = Parts::new(KEYS);
    let (account, endpoint) = (
        "org:org_2".parse().unwrap(),
        "ep_0000000000000001".parse().unwrap(),
    );
    let scope = parts.scope();
    let cursor = scope.write(&"a place");
    assert_eq!(scope.read::<String>(&cursor), Ok("a place".to_owned()));
    for other in [
        CursorScope {
            purpose: "stream",
            ..scope
        },
        CursorScope {
            account: &account,
            ..scope
        },
        CursorScope {
            endpoint: Some(&endpoint),
            ..scope
        },
        CursorScope { filter: "", ..scope },
        CursorScope {
            filter: "status=exhausted",
            ..scope
        },
    ] {
        assert_eq!(other.read::<String>(&cursor), Err(InvalidCursor), "{other:?}");
    }
}

#[test]
fn keys_can_be_changed_as_those_of_secrets_are() {
    let (first, second) = KEYS.split_once(',').unwrap();
    let cursor = Parts::new(first).scope().write(&"a place");
    assert!(
        Parts::new(&format!("{second},{first}"))
            .scope()
            .read::<String>(&cursor)
            .is_ok()
    );
    assert!(Parts::new(second).scope().read::<String>(&cursor).is_err());
}

#[test]
fn what_was_changed_or_made_elsewhere_is_refused() {
    let parts = Parts::new(KEYS);
    let cursor = parts.scope().write(&"log 1790000000000-3 1790000000000-9");
    for (at, character) in cursor.char_indices() {
        let other = if character == 'A' { "B" } else { "A" };
        let forged = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
        assert!(parts.scope().read::<String>(&forged).is_err(), "{at}: {forged}");
    }
    let long = "A".repeat(MAX_CURSOR + 4);
    for bad in [
        "",
        "x",
        "log 1-0 1-0",
        &cursor[1..],
        &format!("{cursor}A"),
        &format!("{cursor}="),
        &long,
    ] {
        assert!(parts.scope().read::<String>(bad).is_err(), "{bad}");
    }
    // Made here, but of something else.
    let other = parts.scope().write(&"no place");
    assert!(parts.scope().read::<ListPosition>(&other).is_err());
}

proptest! {
    #[test]
    fn no_text_is_a_cursor_unless_it_was_made_here(
        text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,600}"], place in any::<String>(),
    ) {
        let parts = Parts::new(KEYS);
        prop_assert_eq!(parts.scope().read::<String>(&text), Err(InvalidCursor));
        let cursor = parts.scope().write(&place);
        let back = parts.scope().read::<String>(&cursor);
        prop_assert_eq!(back, if cursor.len() > MAX_CURSOR { Err(InvalidCursor) } else { Ok(place) });
    }

    #[test]
    fn no_text_breaks_the_parser_of_places(text in prop_oneof![any::<String>(), "(log|pending|retry|failed) [ -~]{0,80}"]) {
        if let Ok(place) = text.parse::<ListPosition>() {
            prop_assert_eq!(place.to_string().parse::<ListPosition>(), Ok(place));
        }
    }
}
