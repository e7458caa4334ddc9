use super::*;
use proptest::prelude::*;

#[test]
fn readings_as_editors_and_libraries_make_them() {
    assert_eq!(read_as_latin1("Jørgen"), "JÃ¸rgen");
    assert_eq!(read_as_windows1252("“é€”"), "â€œÃ©â‚¬â€\u{9d}");
    for text in ["plain", "Jørgen", "日本"] {
        assert_eq!(read_again(text), None);
    }
}

proptest! {
    #[test]
    fn a_reading_is_undone(text in "\\PC{0,20}é\\PC{0,20}") {
        prop_assert_eq!(read_again(&read_as_latin1(&text)), Some(text.clone()));
        prop_assert_eq!(read_again(&read_as_windows1252(&text)), Some(text));
    }
}
