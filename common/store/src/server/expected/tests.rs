use super::*;

#[test]
fn a_number_of_replicas_is_read_or_refused() {
    let replicas = |number| Ok(AckDurability::Replicas(NonZeroU16::new(number).unwrap()));
    for (text, read) in [
        ("memory", Ok(AckDurability::Memory)),
        ("aof", Ok(AckDurability::Aof)),
        ("replicas:1", replicas(1)),
        ("replicas:100", replicas(100)),
    ] {
        assert_eq!(AckDurability::parse(text), read, "{text}");
    }
    for text in [
        "",
        "tape",
        "AOF",
        "replicas",
        "replicas:",
        "replicas:0",
        "replicas:x",
        "replicas:+1",
        "replicas:-1",
        "replicas: 1",
        "replicas:1.5",
        "replicas:101",
        "replicas:99999999999999999999",
    ] {
        let refused = AckDurability::parse(text).unwrap_err();
        assert!(
            refused.contains("replicas:N with a number from 1 to 100"),
            "{text}"
        );
    }
}

#[test]
fn the_operators_word_is_one_sentence() {
    let read = Assumed::parse(" Each write is in three zones before it is answered. ").unwrap();
    assert_eq!(
        read.to_string(),
        "Each write is in three zones before it is answered."
    );
    for text in ["", "  ", "two\nlines", "a\u{7}b", &"x".repeat(301)] {
        assert!(Assumed::parse(text).is_err(), "{text:?}");
    }
}
