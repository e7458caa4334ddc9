use super::*;

const ONE: &str = "0123456789abcdef0123";
const OTHER: &str = "ffffffffffffffffffff";

fn tags(texts: &[&str]) -> Result<Condition, MalformedCondition> {
    let tags = texts.iter().map(|text| EndpointTag::new(text).unwrap());
    Ok(Condition::HasTag(tags.collect()))
}

#[test]
fn conditions_are_read_as_http_writes_them() {
    let quoted = format!("\"{ONE}\"");
    for (value, read) in [
        ("*".to_owned(), Ok(Condition::Exists)),
        (" * ".to_owned(), Ok(Condition::Exists)),
        (quoted.clone(), tags(&[ONE])),
        (format!(" , {quoted},,\"{OTHER}\"\t,"), tags(&[ONE, OTHER])),
        // The comparison is strong.
        (format!("W/{quoted}"), tags(&[])),
        (format!("W/{quoted}, {quoted}"), tags(&[ONE])),
        // Tags that no endpoint has match none.
        ("\"\"".to_owned(), tags(&[])),
        ("\"a,b\", \"*\"".to_owned(), tags(&[])),
        (format!("\"{}\"", ONE.to_uppercase()), tags(&[])),
        (format!("\"{ONE}0\""), tags(&[])),
    ] {
        assert_eq!(Condition::parse(value.as_bytes()), read, "{value}");
    }
    assert_eq!(Condition::parse(b"\"\xff\xfe\""), tags(&[]));
}

#[test]
fn what_http_does_not_write_is_refused() {
    for value in [
        "",
        " ",
        ",",
        ONE,
        "\"",
        "\"open",
        "w/\"a\"",
        "W/",
        "W/a",
        "**",
        "*, \"a\"",
        "\"a\", *",
        "\"a\" \"b\"",
        "\"a\"b",
        "\"a b\"",
        "\"a\tb\"",
    ] {
        assert_eq!(
            Condition::parse(value.as_bytes()),
            Err(MalformedCondition),
            "{value:?}"
        );
    }
}

#[test]
fn a_tag_is_shown_as_it_is_sent_back() {
    let tag = EndpointTag::new(ONE).unwrap();
    let Ok(Condition::HasTag(read)) = Condition::parse(tag.to_string().as_bytes()) else {
        panic!("not a condition")
    };
    assert_eq!(read, [tag]);
}

#[test]
fn only_the_tag_itself_meets_a_condition() {
    let tag = EndpointTag::new(ONE).unwrap();
    for (texts, is_met) in [
        (&[ONE][..], true),
        (&[OTHER, ONE], true),
        (&[OTHER], false),
        (&[], false),
    ] {
        assert_eq!(tags(texts).unwrap().is_met_by(&tag), is_met, "{texts:?}");
    }
    assert!(Condition::Exists.is_met_by(&tag));
}
