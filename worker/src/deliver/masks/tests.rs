use super::*;

fn masks(values: &[&str]) -> Masks {
    Masks::of(
        values
            .iter()
            .map(|value| CustomValue::parse(value).unwrap())
            .collect(),
    )
}

fn hidden(values: &[&str], text: &str) -> String {
    masks(values).hide_in(text.to_owned())
}

#[test]
fn values_and_what_receivers_take_out_of_them_are_hidden() {
    let basic = format!("Basic {}", BASE64.encode("joe:opensesame"));
    for (value, text, shown) in [
        ("Bearer abcdefgh1", "you sent Bearer abcdefgh1!", "you sent …!"),
        (
            "Bearer abcdefgh1",
            "the token abcdefgh1 is old",
            "the token … is old",
        ),
        ("abcdefgh", "abcdefghabcdefghi", "……i"),
        ("sid=0123456789; theme=dark", "session 0123456789", "session …"),
        (&basic, "joe:opensesame", "…"),
        (&basic, "no user joe with opensesame", "no user joe with …"),
        ("a/b\"c<d>e&f", r#"{"got":"a\/b\"c<d>e&f"}"#, r#"{"got":"…"}"#),
        (
            "a/b\"c<d>e&f",
            r#"{"got":"a/b\"c\u003cd\u003ee\u0026f"}"#,
            r#"{"got":"…"}"#,
        ),
        ("a/b\"c<d>e&f", "<p>a/b&quot;c&lt;d&gt;e&amp;f", "<p>…"),
        ("a/b\"c<d>e&f", "?q=a%2Fb%22c%3Cd%3Ee%26f&x", "?q=…&x"),
        // One that is short is hidden where it stands alone.
        ("1", "1 of 12 and 1", "… of 12 and …"),
        ("prod", "env=prod, product", "env=…, product"),
        // Whatever was cut off.
        ("Bearer abcdefgh1", "you sent Bearer ab", "you sent …"),
        ("Bearer abcdefgh1", "the token abcde", "the token …"),
        ("Bearer abcdefgh1", "the token abc", "the token abc"),
        ("Bearer abcdefgh1", "nothing of it", "nothing of it"),
    ] {
        assert_eq!(hidden(&[value], text), shown, "{value} in {text}");
    }
}

#[test]
fn the_longest_is_hidden_where_several_fit_and_nothing_without_values() {
    assert_eq!(hidden(&["abcdefgh", "abcdefghij"], "abcdefghijk"), "…k");
    assert_eq!(hidden(&[], "abcdefghijk"), "abcdefghijk");
    assert!(matches!(masks(&[]).hide(b"abc"), Cow::Borrowed(b"abc")));
    let (odd, shown) = (
        b"\xff\xfe abcdefgh \xff tail",
        [b"\xff\xfe ".as_slice(), "…".as_bytes(), b" \xff tail"].concat(),
    );
    assert_eq!(
        *masks(&["abcdefgh"]).hide(odd),
        shown,
        "what is no text stays as it is"
    );
}

#[test]
fn nothing_prints_what_is_hidden() {
    let masks = masks(&["abcdefgh"]);
    let _hidden = masks.hide(b"abcdefgh");
    assert!(!format!("{masks:?}").contains("abc"));
}

/// A tenant may have twenty values of many parts, and a receiver that answers with what costs most.
#[test]
fn what_is_looked_for_is_bounded() {
    let many = vec!["aaaaaaaa"; 900].join(" ");
    let values: Vec<String> = (0..20)
        .map(|number| format!("{number} {}", &many[..400]))
        .collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let masks = masks(&values);
    let _hidden = masks.hide(&[b'a'; 1024]);
    assert!(masks.needles.get().unwrap().len() <= 5 * (20 + MOST_PARTS));
}
