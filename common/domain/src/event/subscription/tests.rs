use super::*;

#[test]
fn ten_types_and_the_wildcard() {
    assert_eq!(EventType::ALL.len(), 10);
    for kind in EventType::ALL {
        assert_eq!(kind.as_str().parse::<EventType>().unwrap(), *kind);
    }
    assert_eq!("*".parse::<Subscription>().unwrap(), Subscription::All);
    for bad in ["", "lead", "lead.*", "LEAD.CAPTURED", " lead.captured"] {
        assert!(bad.parse::<Subscription>().is_err());
    }
}
