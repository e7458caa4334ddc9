use super::*;

#[test]
fn fields_are_found_by_name() {
    let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: other\n";
    assert_eq!(field(text, "model name"), Some("Some CPU @ 2 GHz"));
    assert_eq!(field(text, "flags"), None);
}

#[test]
fn this_machine_has_a_description() {
    let description = description();
    assert!(
        description.contains("Linux ") && description.contains("v="),
        "{description}"
    );
}
