use super::*;
use crate::transport::failure::{Error, classify};

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

#[tokio::test]
async fn the_system_knows_this_machine_and_no_invalid_name() {
    let resolver = SystemResolver::for_attempts_of(Duration::from_secs(10));
    let found: Vec<_> = resolver
        .resolve("localhost".parse().unwrap())
        .await
        .unwrap()
        .collect();
    assert!(found.iter().all(|address| address.ip().is_loopback()));
    assert!(
        resolver
            .resolve("nothing.invalid".parse().unwrap())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_look_up_whose_turn_does_not_come_is_our_own_trouble() {
    let resolver = SystemResolver::for_attempts_of(Duration::from_millis(20));
    let _all = resolver.lookups.acquire_many(256).await.unwrap();
    let error = resolver
        .resolve("localhost".parse().unwrap())
        .await
        .err()
        .unwrap();
    let fault = classify(Error::Unresolved(error), "localhost");
    assert!(
        matches!(fault, Fault::NotAttempted(NotAttempted::Resources(_))),
        "{fault:?}"
    );
}
