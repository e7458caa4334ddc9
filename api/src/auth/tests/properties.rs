//! Tokens that strangers make up.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{Key, claims, verifier};
use crate::auth::AuthError;
use crate::auth::clerk::{KeySource, SessionVerifier};
use crate::auth::service_key::ServiceKeys;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

struct Scene {
    verifier: SessionVerifier,
    token: String,
}

/// One key for all cases: making it takes long.
static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let key = Key::generate("k");
    Scene {
        verifier: verifier(KeySource::Pem(key.decoding())),
        token: key.sign(&claims(json!({"exp": super::now() + 3600, "o": {"id": "org_9"}}))),
    }
});

/// The account of a token, if it is accepted.
fn account(token: &str) -> Result<String, AuthError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let session = runtime.block_on(SCENE.verifier.verify(token))?;
    Ok(session.account.as_str().to_owned())
}

/// Texts, and what looks like a token.
fn tokens() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>().prop_map(|text| URL_SAFE_NO_PAD.encode(text)),
        "[A-Za-z0-9_-]{0,60}",
        Just(URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#)),
        Just(URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#)),
        Just(SCENE.token.split('.').nth(1).unwrap().to_owned()),
    ];
    prop_oneof![
        any::<String>(),
        "\\PC{0,9000}",
        prop::collection::vec(part, 0..5).prop_map(|parts| parts.join(".")),
    ]
}

proptest! {
    #[test]
    fn a_token_that_nobody_signed_is_refused(token in tokens()) {
        prop_assert!(account(&token).is_err());
    }

    /// A token that was changed anywhere belongs to nobody else.
    #[test]
    fn a_token_that_was_changed_is_refused(at in any::<prop::sample::Index>(), by in "[A-Za-z0-9_.-]", cut in any::<bool>()) {
        let token = &SCENE.token;
        let at = at.index(token.len());
        let rest = if cut { "" } else { &token[at + 1..] };
        let changed = format!("{}{by}{rest}", &token[..at]);
        prop_assert_eq!(account(token), Ok("org:org_9".to_owned()));
        if changed != *token {
            prop_assert!(account(&changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn a_service_key_is_one_of_ours_or_refused(key in prop_oneof![any::<String>(), "whk_[a-z_]{0,12}_[!-~]{0,600}"]) {
        let keys: ServiceKeys = "backend:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9".parse().unwrap();
        prop_assert!(keys.verify(&key).is_err());
        // What stands in the configuration: an entry, or a sentence that doesn't repeat it.
        if let Err(sentence) = key.parse::<ServiceKeys>() {
            prop_assert!(key.len() < 24 || !sentence.contains(key.as_str()));
        }
    }
}
