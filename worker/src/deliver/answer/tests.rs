//! What is kept of an answer, and what is not.

use proptest::collection::vec;
use proptest::prelude::*;
use reqwest::header::HeaderValue;

use super::*;
use crate::transport::Fields;

fn answer(status: u16, headers: &[(&'static str, &[u8])]) -> Answer {
    Answer {
        from: Recipient::new("https://a.example/hook".parse().unwrap(), &Fields::none()),
        masks: Arc::default(),
        status: StatusCode::from_u16(status).unwrap(),
        headers: headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_bytes(value).unwrap(),
                )
            })
            .collect(),
        body: 0,
        start_of_body: Vec::new(),
    }
}

#[test]
fn a_snippet_is_text_of_bounded_length() {
    let readable = |bytes: &[u8]| super::readable(bytes, MAX_SNIPPET);
    assert_eq!(readable(b"a\tb\r\nc\0\x1b[31m"), "a\\tb\\r\nc\\u{0}\\u{1b}[31m");
    assert_eq!(readable(&[0xff, b'x']), "\u{fffd}x");
    assert_eq!(readable(&[0; 1024]).len(), MAX_SNIPPET);
    assert!(readable(&"é".repeat(1000).into_bytes()).len() <= MAX_SNIPPET);
}

#[test]
fn a_head_is_lines_of_bounded_length_without_secrets() {
    let long = "é".repeat(200);
    let answer = answer(
        401,
        &[
            ("server", b"nginx"),
            ("x-odd", b"a\tb\xff"),
            ("x-long", long.as_bytes()),
            ("set-cookie", b"sid=hunter2"),
            ("proxy-authorization", b"Basic hunter2"),
            ("x-amz-security-token", b"hunter2"),
            ("www-authenticate", b"Bearer realm=\"hooks\""),
            ("location", b"/login?ticket=hunter2"),
        ],
    );
    let head = answer.head();
    let lines: Vec<_> = head.lines().collect();
    assert_eq!(lines[..2], ["server: nginx", "x-odd: a\\tb\u{fffd}"]);
    assert_eq!(lines[2], format!("x-long: {}", "é".repeat(128)));
    assert_eq!(
        lines[3..],
        [
            "set-cookie: …",
            "proxy-authorization: …",
            "x-amz-security-token: …",
            "www-authenticate: Bearer realm=\"hooks\"",
            "location: https://a.example/login",
        ]
    );
    assert!(head.ends_with('\n'));
}

#[test]
fn a_long_head_ends_after_a_whole_line() {
    let mut answer = answer(500, &[]);
    let value = HeaderValue::from_str(&"x".repeat(300)).unwrap();
    for _ in 0..100 {
        answer
            .headers
            .append(HeaderName::from_static("x-more"), value.clone());
    }
    let head = answer.head();
    assert_eq!(head.len(), 7 * ("x-more: \n".len() + MAX_VALUE));
    assert!(head.len() <= MAX_HEAD && head.ends_with("xx\n"));
}

#[test]
fn secrets_in_a_redirect_are_left_out() {
    let shown = |text: &str| without_secrets(text.parse().unwrap());
    assert_eq!(
        shown("https://me:hunter2@b.example/x?token=y#z").as_deref(),
        Some("https://b.example/x")
    );
    assert_eq!(shown("mailto:me@b.example"), None);
}

#[test]
fn a_sentence_names_the_status_and_where_a_redirect_points() {
    assert_eq!(answer(503, &[]).sentence(), "answered 503 Service Unavailable");
    assert_eq!(answer(599, &[]).sentence(), "answered 599");
    assert_eq!(
        answer(307, &[("location", b"https://b.example/x")]).sentence(),
        "answered 307 Temporary Redirect to https://b.example/x; redirects are not followed"
    );
}

#[test]
fn no_more_of_a_body_is_read_than_needed() {
    let mut answer = answer(200, &[]);
    assert!(!answer.take(&[b'x'; MAX_BODY - 1]));
    assert!(answer.take(b"x"));
    assert_eq!(answer.snippet(), "x".repeat(MAX_SNIPPET));
}

/// What a header's value may consist of on the wire.
fn values() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(b'\t'), 32_u8..127, 128_u8..=255], 0..600)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_head_breaks_what_is_kept_of_it(
        status in 100_u16..1000, fields in vec(("[a-z][a-z0-9-]{0,20}", values()), 0..40), location in values(), retry_after in values(),
    ) {
        let mut answer = answer(status, &[("location", &location), ("retry-after", &retry_after)]);
        for (name, value) in &fields {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            answer.headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let head = answer.head();
        prop_assert!(head.len() <= MAX_HEAD && !head.contains(|character: char| character.is_control() && character != '\n'));
        prop_assert!(head.lines().all(|line| line.contains(": ") && line.len() <= MAX_VALUE + 40));
        prop_assert!(!answer.sentence().contains(char::is_control));
        let _wait = answer.retry_after(Timestamp::now());
    }

    #[test]
    fn no_body_breaks_what_is_kept_of_it(parts in vec(vec(any::<u8>(), 0..3000), 0..30)) {
        let mut answer = answer(200, &[]);
        let mut read = 0;
        for part in &parts {
            read += part.len();
            prop_assert_eq!(answer.take(part), read >= MAX_BODY);
        }
        let snippet = answer.snippet();
        prop_assert!(snippet.len() <= MAX_SNIPPET);
        prop_assert!(!snippet.contains(|character: char| character.is_control() && character != '\n'));
    }
}
