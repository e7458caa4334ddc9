use super::*;

#[test]
fn an_origin_is_wanted_as_browsers_write_it() {
    for good in [
        "",
        "https://app.example.com",
        "http://localhost:5173, https://a.example",
    ] {
        assert!(good.parse::<Origins>().is_ok(), "{good}");
    }
    for (wrong, sentence) in [
        ("*", "`*` is not an origin such as https://app.example.com"),
        ("null", "`null` is not an origin such as https://app.example.com"),
        (
            "app.example.com",
            "`app.example.com` is not an origin such as https://app.example.com",
        ),
        (
            "file:///x",
            "`file:///x` is not an origin such as https://app.example.com",
        ),
        (
            "https://App.Example.com:443/",
            "`https://App.Example.com:443/` is not an origin such as https://app.example.com; \
             did you mean https://app.example.com?",
        ),
        (
            "https://*.example.com/x",
            "`https://*.example.com/x` is not an origin such as https://app.example.com; \
             did you mean https://*.example.com?",
        ),
    ] {
        assert_eq!(wrong.parse::<Origins>().unwrap_err(), sentence);
    }
}

#[test]
fn only_the_configured_origin_is_answered() {
    let origins: Origins = "https://a.example,https://b.example".parse().unwrap();
    let known_origin = |given: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for origin in given {
            headers.append(ORIGIN, HeaderValue::from_static(origin));
        }
        origins.known_origin(&headers)
    };
    assert_eq!(known_origin(&["https://b.example"]).unwrap(), "https://b.example");
    for other in [
        &[][..],
        &["null"],
        &["https://a.example.evil.example"],
        &["https://A.example"],
        &["http://a.example"],
        &["https://a.example:8443"],
        &["https://a.example", "https://b.example"],
        &["https://a.example, https://b.example"],
    ] {
        assert_eq!(known_origin(other), None, "{other:?}");
    }
}
