use super::*;

#[test]
fn a_body_is_about_many_if_it_is_an_object_with_ids() {
    for many in [r#"{"ids":[]}"#, r#" {"active":true,"ids":7}"#] {
        assert!(has_ids(many.as_bytes()), "{many}");
    }
    for one in [
        "",
        "{}",
        "null",
        r#"["ids"]"#,
        r#"{"ids":null}"#,
        r#"{"id":"x"}"#,
        r#"{"ids":[]"#,
        r#"{"a":{"ids":[]}}"#,
    ] {
        assert!(!has_ids(one.as_bytes()), "{one}");
    }
}
