use super::*;

#[test]
fn a_proxy_is_given_as_a_url_and_its_password_is_not_printed() {
    let proxy: EgressProxy = "http://me:hun%3ater2@proxy.internal:3128".parse().unwrap();
    assert_eq!(
        format!("{proxy} {proxy:?}"),
        "proxy.internal:3128 proxy.internal:3128"
    );
    let expected = format!("Basic {}", STANDARD.encode("me:hun:ter2"));
    assert_eq!(proxy.0.authorization.as_deref(), Some(expected.as_str()));
    let proxy: EgressProxy = "http://[::1]".parse().unwrap();
    assert_eq!((proxy.0.host.as_str(), proxy.0.port), ("::1", 80));
    for bad in [
        "",
        "proxy:3128",
        "https://proxy:3128",
        "socks5://proxy:1080",
        "http://",
        "http://proxy/path",
        "http://proxy?x",
        "http://a%zz:b@proxy",
    ] {
        assert!(bad.parse::<EgressProxy>().is_err(), "{bad}");
    }
}
