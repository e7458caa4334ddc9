use super::*;

#[test]
fn an_order_is_two_lines_whatever_is_said() {
    for (by, why, expected) in [
        ("ann@host", "too loud", ("ann@host", "too loud")),
        ("ann\nbob", "a\nb\r", ("ann bob", "a b")),
        ("", "", ("somebody", "")),
        (" \u{7} ", "why", ("somebody", "why")),
    ] {
        assert_eq!(Order::new(by, why).words(), expected);
    }
    let long = "x".repeat(LONGEST + 1);
    assert_eq!(Order::new(&long, &long).words().0.len(), LONGEST);
}
