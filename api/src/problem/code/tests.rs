use super::*;
use std::collections::BTreeSet;

#[test]
fn every_code_is_one_stable_word_and_an_error() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(
            code.as_str()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        );
        assert!(code.status().is_client_error() || code.status().is_server_error());
        assert!(code.advice().ends_with('.') && !code.title().is_empty());
    }
}
