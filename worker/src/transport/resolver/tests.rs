use super::*;

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn one_blocked_address_refuses_the_whole_host() {
    let policy = AddressPolicy::default();
    assert!(admit("a.example", &addresses(&["1.1.1.1", "2606:4700::1111"]), &policy).is_ok());
    for bad in [
        &["10.0.0.1"][..],
        &["1.1.1.1", "10.0.0.1"],
        &["10.0.0.1", "1.1.1.1"],
        &["1.1.1.1", "::ffff:169.254.169.254"],
        &["1.1.1.1", "::1"],
    ] {
        let error = admit("a.example", &addresses(bad), &policy).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a.example resolves to an address that is not public"
        );
    }
}

#[test]
fn an_opened_network_is_let_through() {
    let policy = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]);
    assert!(admit("localhost", &addresses(&["127.0.0.1"]), &policy).is_ok());
    assert!(admit("localhost", &addresses(&["127.0.0.1", "::1"]), &policy).is_err());
}
