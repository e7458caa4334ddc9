use super::*;

fn headers(pairs: &[(&str, &str)]) -> Result<Headers, InvalidHeaders> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Headers::new(pairs.collect(), HeaderPrefix::default())
}

#[test]
fn names_are_found_as_frameworks_write_them() {
    for name in [
        "X-RKT-Signature",
        "x-rkt-signature",
        "X_RKT_SIGNATURE",
        "HTTP_X_RKT_SIGNATURE",
    ] {
        assert_eq!(
            headers(&[(name, " ab ")]).unwrap().find("x-rkt-signature"),
            Some((name, "ab"))
        );
    }
    assert_eq!(
        headers(&[("Host", "example.com")])
            .unwrap()
            .get("x-rkt-signature"),
        None
    );
}

#[test]
fn the_event_is_named_by_its_id_or_by_the_delivery() {
    let (event, delivery) = (
        "evt_01kmnq8v3r5t7w9y1b3d5f7h9j",
        "dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5",
    );
    for pairs in [
        vec![("webhook-id", event)],
        vec![("svix-id", event)],
        vec![("X-RKT-Delivery", delivery)],
        vec![("webhook-id", "msg_1"), ("X-RKT-Delivery", delivery)],
    ] {
        assert_eq!(headers(&pairs).unwrap().event().unwrap().as_str(), event);
    }
    assert_eq!(headers(&[("webhook-id", "msg_1")]).unwrap().event(), None);
}

#[test]
fn they_are_bounded_and_each_is_there_once() {
    let many = |count: usize| {
        Headers::new(
            (0..count)
                .map(|number| (format!("x-{number}"), String::new()))
                .collect(),
            HeaderPrefix::default(),
        )
    };
    assert!(many(MAX_HEADERS).is_ok());
    assert_eq!(many(MAX_HEADERS + 1), Err(InvalidHeaders::TooMany));
    let long = |length: usize| headers(&[("abcd", &"x".repeat(length))]);
    assert!(long(MAX_HEADER_BYTES - 4).is_ok());
    assert_eq!(long(MAX_HEADER_BYTES - 3), Err(InvalidHeaders::TooLong));
    assert_eq!(
        headers(&[("Webhook-Id", "a"), ("webhook-id", "b")]),
        Err(InvalidHeaders::Twice("webhook-id".to_owned()))
    );
}
