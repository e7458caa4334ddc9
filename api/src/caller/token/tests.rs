use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_header_has_one_token_or_none(value in prop::collection::vec(1_u8..=255, 0..80), is_bearer in any::<bool>()) {
        let mut value = value;
        value.retain(|byte| *byte >= 32 && *byte != 127);
        if is_bearer {
            value.splice(0..0, *b"Bearer ");
        }
        let request = Request::builder().header("authorization", value.as_slice()).finish();
        if let Ok(token) = bearer(&request) {
            prop_assert!(!token.is_empty() && token.trim() == token && token.is_ascii());
        }
    }
}
