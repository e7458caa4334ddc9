use super::*;

#[test]
fn only_what_the_proxy_says_of_the_receiver_is_its_fault() {
    let address = "192.0.2.1:443".parse().unwrap();
    let judged = |head: &str| judge(format!("{head}\r\n\r\n").as_bytes(), address);
    for good in [
        "HTTP/1.1 200 Connection established",
        "HTTP/1.0 200",
        "HTTP/1.1 204 x",
    ] {
        assert_eq!(judged(good), Ok(()), "{good}");
    }
    for (theirs, failure) in [
        ("HTTP/1.1 502 Bad Gateway", Failure::Connect),
        ("HTTP/1.1 504 Gateway Timeout", Failure::Timeout),
        (
            "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_CONNECT_FAIL 111",
            Failure::Connect,
        ),
        (
            "HTTP/1.1 503 x\r\nProxy-Status: ours; error=connection_refused",
            Failure::Connect,
        ),
    ] {
        let blamed = judged(theirs).unwrap_err();
        assert!(
            matches!(&blamed, NoTunnel::Receiver(blamed, _) if *blamed == failure),
            "{theirs}: {blamed}"
        );
    }
    for ours in [
        "HTTP/1.1 503 Service Unavailable",
        "HTTP/1.1 503 x\r\nProxy-Status: ours; error=proxy_internal_error",
        "HTTP/1.1 407 Proxy Authentication Required",
        "HTTP/1.1 403 Forbidden",
        "HTTP/1.1 429 Too Many Requests",
        "HTTP/1.1 500 Oops",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 100 Continue",
        "HTTP/2 200",
        "SSH-2.0-OpenSSH",
        "HTTP/1.1 20",
        "",
    ] {
        let blamed = judged(ours).unwrap_err();
        assert!(matches!(blamed, NoTunnel::Proxy(_)), "{ours}: {blamed}");
    }
}

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
