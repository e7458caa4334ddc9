use super::*;

fn all(given: &str, sent: Option<&str>) -> Vec<String> {
    let made = candidates(given, sent, &Meter::unlimited(), |_| Tried::GoOn);
    assert!(made.are_all);
    made.bodies
}

#[test]
fn the_given_body_comes_first_then_the_sent_one_and_none_twice() {
    let (given, sent) = (r#"{"a": 1}"#, r#"{"a":1}"#);
    let bodies = all(given, Some(sent));
    assert_eq!(&bodies[..2], [given, sent]);
    for (index, body) in bodies.iter().enumerate() {
        assert!(!bodies[..index].contains(body), "{body:?}");
    }
}

#[test]
fn what_was_done_to_a_whole_text_is_undone() {
    let sent = r#"{"a":"é“"}"#;
    for given in [
        format!("\u{feff}{sent}\r\n"),
        read_as_windows1252(sent),
        format!("\u{feff}{}", read_as_latin1(sent)),
        serde_json::json!(sent).to_string(),
        r#"{ "a" : "é“" }"#.to_owned(),
    ] {
        assert!(all(&given, None).contains(&sent.to_owned()), "{given}");
    }
}
