use poem::http::{HeaderMap, HeaderValue};

use super::TraceParent;

const ONE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn read(values: &[&[u8]]) -> Option<String> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("traceparent", HeaderValue::from_bytes(value).unwrap());
    }
    TraceParent::of(&headers).0.map(|context| context.to_string())
}

#[test]
fn one_that_is_right_counts() {
    assert_eq!(read(&[ONE.as_bytes()]).as_deref(), Some(ONE));
    let later = format!("{ONE}-{}", "a".repeat(10_000)).replacen("00", "01", 1);
    assert_eq!(read(&[later.as_bytes()]).as_deref(), Some(ONE));
}

#[test]
fn what_is_wrong_or_comes_twice_is_none() {
    assert_eq!(read(&[]), None);
    for wrong in [&b""[..], b"hello", "\u{e4}".as_bytes(), &ONE.as_bytes()[1..]] {
        assert_eq!(read(&[wrong]), None);
    }
    assert_eq!(read(&[ONE.as_bytes(), ONE.as_bytes()]), None);
}
