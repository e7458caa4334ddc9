use super::*;

#[test]
fn a_position_is_a_time_or_an_entry_and_what_comes_next_is_behind_it() {
    let entry: EntryId = "1700-3".parse().unwrap();
    assert_eq!(place(&behind(entry)), Some(entry));
    assert!(place("1700").unwrap() < "1700-0".parse().unwrap());
    assert!(place("1700").unwrap() > "1699-9".parse().unwrap());
    assert!(place("0").is_some());
    assert_eq!(place("what?"), None);
}
