use super::*;

const TEXT: &str = r#"{"timestamp":1,"b":[1.10,-5,1e2,7.0],"event":"caf\u00e9/\"é🦀","a":{}}"#;

fn written(style: Style, text: &str) -> String {
    let json = Json::parse(text).unwrap();
    style.write(&json, usize::MAX, &Meter::unlimited()).unwrap()
}

#[test]
fn what_grows_too_long_is_given_up() {
    let deep = format!("{}{}1{}", "[".repeat(100), "1,".repeat(20_000), "]".repeat(100));
    let (json, meter) = (Json::parse(&deep).unwrap(), Meter::unlimited());
    let lines = style(Spacing::Lines(4), Escapes::Kept, Order::Kept, Numbers::Kept);
    assert!(lines.write(&json, 1 << 20, &meter).is_none());
    assert!(lines.write(&json, 10 << 20, &meter).is_some());
}

/// Where a library is named, the text was made with it (PHP's, Ruby's and Go's with another that writes the same).
#[test]
fn each_style_is_written_as_its_library_does() {
    let written: Vec<_> = STYLES.iter().map(|style| written(*style, TEXT)).collect();
    let expected = [
        TEXT,
        r#"{"event":"caf\u00e9/\"é🦀","timestamp":1,"b":[1.10,-5,1e2,7.0],"a":{}}"#,
        r#"{"timestamp":1,"b":[1.10,-5,1e2,7.0],"event":"café/\"é🦀","a":{}}"#,
        r#"{"timestamp":1,"b":[1.1,-5,100,7],"event":"café/\"é🦀","a":{}}"#,
        "{\n  \"timestamp\": 1,\n  \"b\": [\n    1.1,\n    -5,\n    100,\n    7\n  ],\n  \"event\": \"café/\\\"é🦀\",\n  \"a\": {}\n}",
        r#"{"timestamp":1,"b":[1.1,-5,100.0,7.0],"event":"café/\"é🦀","a":{}}"#,
        r#"{"timestamp": 1, "b": [1.1, -5, 100.0, 7.0], "event": "caf\u00e9/\"\u00e9\ud83e\udd80", "a": {}}"#,
        r#"{"timestamp": 1, "b": [1.1, -5, 100.0, 7.0], "event": "café/\"é🦀", "a": {}}"#,
        r#"{"timestamp":1,"b":[1.1,-5,100.0,7.0],"event":"caf\u00e9/\"\u00e9\ud83e\udd80","a":{}}"#,
        "{\n    \"timestamp\": 1,\n    \"b\": [\n        1.1,\n        -5,\n        100.0,\n        7.0\n    ],\n    \"event\": \"caf\\u00e9/\\\"\\u00e9\\ud83e\\udd80\",\n    \"a\": {}\n}",
        r#"{"a": {}, "b": [1.1, -5, 100.0, 7.0], "event": "caf\u00e9/\"\u00e9\ud83e\udd80", "timestamp": 1}"#,
        r#"{"timestamp":1,"b":[1.1,-5,100.0,7.0],"event":"caf\u00e9\/\"\u00e9\ud83e\udd80","a":{}}"#,
        r#"{"a":{},"b":[1.1,-5,100,7],"event":"café/\"é🦀","timestamp":1}"#,
    ];
    assert_eq!(written, expected);
}

#[test]
fn numbers_beyond_a_float_are_rounded_or_left_alone() {
    let numbers = "[12345678901234567890, -0, 1e300, 1e-9, 0.0001]";
    let with = |kept| written(style(Spacing::None, Escapes::Kept, Order::Kept, kept), numbers);
    assert_eq!(
        with(Numbers::Floats),
        "[12345678901234567000,0,1e300,1e-9,0.0001]"
    );
    assert_eq!(
        with(Numbers::Fractions),
        "[12345678901234567890,-0,1e300,1e-9,0.0001]"
    );
}
