use super::*;

#[test]
fn a_payload_follows_from_its_number_and_has_the_size_that_was_asked_for() {
    for number in 0..2000 {
        let made = data(number, r#""n":1"#, 500);
        assert_eq!(made.len(), 500, "{made}");
        assert_eq!(made, data(number, r#""n":1"#, 500));
        let read: serde_json::Value = serde_json::from_str(&made).unwrap();
        assert!(read["sessionId"].as_str().unwrap().starts_with("rkt_"), "{made}");
        // Something is left for what people write.
        assert!(read["text"].as_str().unwrap().len() > 150, "{made}");
    }
}

#[test]
fn payloads_have_the_types_that_are_asked_for_most_often_and_no_two_are_alike() {
    let kinds: std::collections::HashSet<_> = (0..2000).map(kind).collect();
    assert_eq!(kinds.len(), KINDS.len());
    let made: std::collections::HashSet<_> = (0..2000).map(|number| data(number, "\"n\":1", 500)).collect();
    assert_eq!(made.len(), 2000);
    let shares: u32 = KINDS.iter().map(|(share, ..)| share).sum();
    assert_eq!(shares, 100);
}
