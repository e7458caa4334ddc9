use super::*;

fn named(text: &str) -> Result<String, NameError> {
    CustomName::parse(text, &HeaderPrefix::default()).map(|name| name.as_str().to_owned())
}

#[test]
fn what_others_need_is_refused_and_all_else_is_taken() {
    for name in [
        "Authorization",
        "X-Api-Key",
        "cookie",
        "x_odd!",
        "X-RKTX",
        "from",
        "contents",
        "hosts",
    ] {
        assert_eq!(named(name), Ok(name.to_ascii_lowercase()), "{name}");
    }
    for (names, error) in [
        (
            &["", "a b", "a:", "é", "a\r\nb", &"x".repeat(MAX_HEADER_NAME + 1)][..],
            NameError::Form,
        ),
        (
            &[
                "Host",
                "Connection",
                "TE",
                "transfer-encoding",
                "Proxy-Authorization",
                "keep-alive",
                "expect",
            ],
            NameError::Connection,
        ),
        (
            &[
                "Content-Type",
                "content-length",
                "User-Agent",
                "Accept",
                "accept-encoding",
                "webhook-id",
                "traceparent",
                "X-RKT-Event",
                "x-rkt-new",
            ],
            NameError::Ours,
        ),
        (
            &["Forwarded", "X-Forwarded-For", "via", "X-Real-IP"],
            NameError::Forwarded,
        ),
    ] {
        for name in names {
            assert_eq!(named(name), Err(error), "{name}");
        }
    }
    let acme = "X-Acme".parse().unwrap();
    assert_eq!(CustomName::parse("X-Acme-Event", &acme), Err(NameError::Ours));
    assert!(CustomName::parse("X-RKT-Event", &acme).is_ok());
}

#[test]
fn a_value_is_visible_and_never_printed() {
    for text in ["1", "Bearer a b\tc", "~!\"", &"x".repeat(MAX_HEADER_BYTES)] {
        let value = CustomValue::parse(text).unwrap();
        assert_eq!(value.expose(), text);
        assert_eq!(format!("{value:?}"), "…");
    }
    let too_long = "x".repeat(MAX_HEADER_BYTES + 1);
    for text in [
        "", " a", "a ", "\ta", "a\r\nb", "a\nb", "\0", "é", "\u{7f}", &too_long,
    ] {
        assert!(CustomValue::parse(text).is_err(), "{text:?}");
    }
}
