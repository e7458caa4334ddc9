use super::*;

#[test]
fn tokens_are_kept_as_they_were_written() {
    let text = " {\"b\\u00e9\" : [1.50, -2e+3,\ttrue ,null, \"a\\\"]}\" ] ,\"b\":{} ,\"b\":[\n]}\r\n";
    let words = ["1.50", "-2e+3", "true", "null"].map(Json::Word);
    let mut items = words.to_vec();
    items.push(Json::Text("\"a\\\"]}\""));
    assert_eq!(
        Json::parse(text).unwrap(),
        Json::Object(vec![
            ("\"b\\u00e9\"", Json::Array(items)),
            ("\"b\"", Json::Object(vec![])),
            ("\"b\"", Json::Array(vec![])),
        ])
    );
    assert_eq!(Json::parse("12"), Some(Json::Word("12")));
}

#[test]
fn what_is_no_json_or_too_deep_is_nothing() {
    for text in ["", "{", "{\"a\":}", "[1,]", "{} {}", "\u{feff}{}"] {
        assert_eq!(Json::parse(text), None, "{text}");
    }
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(Json::parse(&nested(MAX_DEPTH)).is_some());
    for levels in [MAX_DEPTH + 1, 150_000] {
        assert!(Json::parse(&nested(levels)).is_none());
    }
}
