use super::*;

#[test]
fn without_a_prefix_the_names_are_the_documented_ones() {
    let names = HeaderNames::from(&HeaderPrefix::default());
    assert_eq!(names.signature, "X-RKT-Signature");
    assert_eq!(names.event, "X-RKT-Event");
    assert_eq!(names.delivery, "X-RKT-Delivery");
    assert_eq!(names.attempt, "X-RKT-Attempt");
    assert_eq!(names.replay, "X-RKT-Replay");
    assert_eq!(names.test, "X-RKT-Test");
    assert_eq!(HeaderPrefix::DEFAULT.parse(), Ok(HeaderPrefix::default()));
}

#[test]
fn a_prefix_is_words_of_letters_and_digits_that_belong_to_nobody() {
    let (form, longest) = (Err(InvalidPrefix::Form), "a".repeat(32));
    for text in ["X-Acme", "acme", "X", "A1-b2-C3", "Webhooks", "x-http", &longest] {
        assert_eq!(text.parse::<HeaderPrefix>().unwrap().as_str(), text);
    }
    for text in [
        "", "-", "X-", "-X", "X--A", "1X", "X_A", "X A", "X:A", "X\r\nA", "Ü", "X.A", " X",
    ] {
        assert_eq!(text.parse::<HeaderPrefix>(), form, "{text:?}");
    }
    assert_eq!("a".repeat(33).parse::<HeaderPrefix>(), form);
    for (text, taken) in [
        ("webhook", "webhook"),
        ("Webhook-Acme", "webhook"),
        ("svix", "svix"),
        ("Content", "content"),
        ("proxy-acme", "proxy"),
        ("HTTP-Acme", "http"),
        ("Connection", "connection"),
        ("transfer", "transfer"),
    ] {
        let refused = text.parse::<HeaderPrefix>();
        assert_eq!(refused, Err(InvalidPrefix::Taken(taken)), "{text}");
    }
}

#[test]
fn texts_that_name_headers_follow_the_prefix() {
    let acme: HeaderPrefix = "Acme".parse().unwrap();
    for (text, expected) in [
        (
            "`X-RKT-Event`, X-RKT-Attempt and webhook-id",
            "`Acme-Event`, Acme-Attempt and webhook-id",
        ),
        ("X-Request-Id", "X-Request-Id"),
    ] {
        assert_eq!(acme.put_into(text), expected);
        assert_eq!(HeaderPrefix::default().put_into(text), text);
    }
    let longer: HeaderPrefix = "X-RKT-Two".parse().unwrap();
    assert_eq!(
        longer.put_into("X-RKT-Two-Event and X-RKT-Attempt"),
        "X-RKT-Two-Event and X-RKT-Two-Attempt"
    );
}
