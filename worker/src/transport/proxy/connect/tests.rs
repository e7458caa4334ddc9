use super::*;

#[test]
fn only_what_the_proxy_says_of_the_receiver_is_its_fault() {
    let proxy: EgressProxy = "http://proxy.internal:3128".parse().unwrap();
    let fault_of = |head: &str| proxy.fault_of(format!("{head}\r\n\r\n").as_bytes());
    for good in [
        "HTTP/1.1 200 Connection established",
        "HTTP/1.0 200",
        "HTTP/1.1 204 x",
    ] {
        assert_eq!(fault_of(good), None, "{good}");
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
        let blamed = fault_of(theirs).unwrap();
        assert!(
            matches!(&blamed, Fault::Receiver(blamed, _) if *blamed == failure),
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
        let blamed = fault_of(ours).unwrap();
        assert!(
            matches!(blamed, Fault::NotAttempted(NotAttempted::Proxy(_))),
            "{ours}: {blamed}"
        );
    }
}
