use super::*;

#[test]
fn types_differ_by_name_or_by_what_is_known_about_them() {
    let types = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, digest)| ((*name).to_owned(), (*digest).to_owned()))
            .collect()
    };
    let ours = types(&[("a", "1"), ("b", "1"), ("c", "1")]);
    assert!(differing(&ours, &ours).is_empty());
    let theirs = types(&[("b", "2"), ("c", "1"), ("d", "1")]);
    assert_eq!(differing(&ours, &theirs), ["a", "b", "d"]);
}
