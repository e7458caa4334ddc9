use super::EgressCheck;

#[test]
fn addresses_and_urls_are_read() {
    for (text, hosts) in [
        ("", ""),
        ("check.example.com:443", "check.example.com"),
        (
            "192.0.2.1:53, https://example.com/health",
            "192.0.2.1, example.com",
        ),
        ("[2001:db8::1]:443", "[2001:db8::1]"),
    ] {
        let check: EgressCheck = text.parse().unwrap();
        assert_eq!(check.to_string(), hosts, "{text}");
    }
    for text in [
        "example.com",
        "example.com:http",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "https://",
        ":443",
        "a b:1",
    ] {
        assert!(text.parse::<EgressCheck>().is_err(), "{text}");
    }
}
