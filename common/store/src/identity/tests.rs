use super::*;

#[test]
fn an_identity_is_one_plain_word() {
    for good in ["a", "0123456789abcdef", "Prod_1-eu", &"x".repeat(64)] {
        assert_eq!(good.parse::<StoreId>().unwrap().as_str(), good);
    }
    for bad in ["", " ", "a b", "ä", "a\n", &"x".repeat(65)] {
        assert!(bad.parse::<StoreId>().is_err(), "{bad:?}");
    }
    let random = StoreId::random();
    assert_eq!(random.as_str().parse::<StoreId>().unwrap(), random);
    assert_ne!(random, StoreId::random());
}

#[test]
fn scripts_know_the_same_schemas() {
    let base = include_str!("../lua/shared/base.lua");
    for (place, known) in schema::KNOWN.iter().enumerate() {
        assert_eq!(*known, (place + 1).to_string());
        assert!(base.contains(&format!("SCHEMA == {known}")), "{known}");
    }
    assert!(!base.contains(&format!("SCHEMA == {}", schema::KNOWN.len() + 1)));
}

#[test]
fn what_scripts_tell_is_read() {
    assert_eq!(Replaced::from_reply("empty 17 "), Replaced::Empty);
    assert_eq!(Replaced::from_reply("unmarked 17 "), Replaced::Unmarked);
    assert_eq!(
        Replaced::from_reply("other 17 abc"),
        Replaced::Other(StoreId("abc".to_owned()))
    );
}
