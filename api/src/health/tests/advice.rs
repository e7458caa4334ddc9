//! The sentence for each failure, with the details as the worker writes them.

use super::super::advice::Failed;
use domain::delivery::Failure;
use std::time::Duration;

fn read(error: &str, status: Option<u16>, detail: &str) -> String {
    let failed = Failed {
        error,
        status,
        detail,
        timeout: Some(Duration::from_secs(10)),
    };
    failed.reading().at("since 11:52 UTC")
}

#[test]
fn every_failure_has_advice_of_its_own() {
    for failure in Failure::ALL {
        assert_eq!(Failure::from_code(failure.code()), Some(failure));
        let told = read(failure.code(), None, "");
        assert!(!told.contains("the delivery log says more"), "{told}");
    }
    assert_eq!(Failure::from_code("unheard_of"), None);
    assert_eq!(
        read("unheard_of", None, "x"),
        "unheard_of since 11:52 UTC: the delivery log says more"
    );
}

#[test]
fn statuses() {
    const MALFORMED: &str =
        "the receiver takes the body for malformed; its log and the start of its answer say why";
    const REFUSED: &str = "the receiver refuses; its log and the start of its answer say why";
    const BROKEN: &str = "the receiver fails; its own log of this time says why";
    const BEHIND: &str = "what stands in front of the receiver gets no answer from it; is it running?";
    for (status, advice) in [
        (400, MALFORMED),
        (401, "the signature is checked with another secret?"),
        (402, REFUSED),
        (
            403,
            "the signature is checked with another secret, or a firewall refuses our requests?",
        ),
        (
            404,
            "nothing is served at this path; correct the URL, or the receiver's route",
        ),
        (
            405,
            "the receiver takes no POST at this path; correct the URL, or the receiver's route",
        ),
        (
            413,
            "the receiver's limit for the size of a body is too low; raise it",
        ),
        (415, "the receiver does not take `application/json`; let it"),
        (422, MALFORMED),
        (
            429,
            "the receiver's rate limit is too low for its events; raise it, give the endpoint a `rateLimit`, or let \
             `Retry-After` say when to come again",
        ),
        (500, BROKEN),
        (502, BEHIND),
        (503, BEHIND),
        (504, BEHIND),
        (599, BROKEN),
    ] {
        let told = read("http_status", Some(status), &format!("answered {status}"));
        assert_eq!(told, format!("{status} since 11:52 UTC: {advice}"));
    }
    assert_eq!(
        read("gone", Some(410), "answered 410 Gone"),
        "410 since 11:52 UTC: the receiver says that this URL is gone for good; give the endpoint another URL, or remove it"
    );
}

#[test]
fn redirects_say_where_they_lead() {
    assert_eq!(
        read(
            "redirect",
            Some(307),
            "answered 307 Temporary Redirect to https://b.example/x; redirects are not followed"
        ),
        "307 to https://b.example/x since 11:52 UTC: update the URL"
    );
    for untold in [
        "answered 302 Found",
        "answered 302 Found to https://b.example/cut-o",
        "",
    ] {
        assert_eq!(
            read("redirect", Some(302), untold),
            "302 since 11:52 UTC: redirects are not followed; update the URL to where it leads"
        );
    }
}

#[test]
fn certificates() {
    const PEER: &str = "TLS failed: invalid peer certificate: ";
    for (detail, advice) in [
        (
            "TLS failed: the certificate expired on 2026-03-01".to_owned(),
            "the certificate expired on 2026-03-01; renew it",
        ),
        (
            "TLS failed: the certificate is not valid yet; it is from 2026-03-01 on".to_owned(),
            "the certificate is not valid yet; check its dates",
        ),
        (
            "TLS failed: the certificate is not valid for name a.example, only for b.example".to_owned(),
            "the certificate is for another name; get one for the URL's host",
        ),
        (
            "TLS failed: the certificate has an unknown issuer".to_owned(),
            "the certificate's issuer is unknown; use a public authority, and send the chain in full",
        ),
        (
            "TLS failed: the receiver does not speak TLS at this port".to_owned(),
            "the port speaks no TLS; check the URL's scheme and port",
        ),
        (
            "TLS failed: the connection was closed in the middle of the handshake".to_owned(),
            "the port speaks no TLS; check the URL's scheme and port",
        ),
        (
            "TLS failed: the receiver sent the fatal alert handshake_failure".to_owned(),
            "the receiver breaks the handshake off; it must offer TLS 1.2 or 1.3 and want no certificate of ours",
        ),
        // Logged by workers of the previous release.
        (
            format!(
                "{PEER}certificate expired: verification time 1774526400 (UNIX), but certificate is not valid after \
                 1772366399 (2160001 seconds ago)"
            ),
            "the certificate expired on 2026-03-01; renew it",
        ),
        (format!("{PEER}Expired"), "the certificate expired; renew it"),
        (
            format!(
                "{PEER}certificate not valid yet: verification time 1 (UNIX), but certificate is not valid before 2 \
                 (1 seconds in future)"
            ),
            "the certificate is not valid yet; check its dates",
        ),
        (
            format!(
                "{PEER}certificate not valid for name \"a.example\"; certificate is only valid for \
                 DnsName(\"b.example\")"
            ),
            "the certificate is for another name; get one for the URL's host",
        ),
        (
            format!("{PEER}UnknownIssuer"),
            "the certificate's issuer is unknown; use a public authority, and send the chain in full",
        ),
        (
            "TLS failed: received corrupt message of type InvalidContentType".to_owned(),
            "the port speaks no TLS; check the URL's scheme and port",
        ),
        (
            "TLS failed: tls handshake eof".to_owned(),
            "the port speaks no TLS; check the URL's scheme and port",
        ),
        (
            "TLS failed: received fatal alert: the server did not like our offer".to_owned(),
            "the receiver breaks the handshake off; it must offer TLS 1.2 or 1.3 and want no certificate of ours",
        ),
        (
            String::new(),
            "check the certificate, and that TLS 1.2 or 1.3 is offered",
        ),
    ] {
        let expected = format!("TLS failure since 11:52 UTC: {advice}");
        assert_eq!(read("tls", None, &detail), expected, "{detail}");
    }
}

#[test]
fn the_way_to_the_receiver() {
    for (error, detail, expected) in [
        (
            "dns",
            "the name a.example did not resolve: failed to lookup address information: Name or service not known",
            "host name not found since 11:52 UTC: check the spelling of a.example, and its DNS records",
        ),
        (
            "dns",
            "the name a.example did not resolve: failed to lookup address information: Temporary failure in name \
             resolution",
            "host name not resolved since 11:52 UTC: the name servers of its domain do not answer; check them",
        ),
        (
            "dns",
            "",
            "host name not found since 11:52 UTC: check the spelling of the URL's host, and its DNS records",
        ),
        (
            "connect",
            "no connection: Connection refused (os error 111)",
            "connection refused since 11:52 UTC: nothing listens at the URL's host and port; is the receiver running?",
        ),
        (
            "connect",
            "no connection: No route to host (os error 113), host unreachable",
            "host unreachable since 11:52 UTC: no route leads to the host; check its address and its firewall",
        ),
        (
            "connect",
            "no connection: Connection reset by peer (os error 104)",
            "no connection since 11:52 UTC: the receiver, or a firewall in front of it, breaks connections off",
        ),
        (
            "timeout",
            "no answer within 10s",
            "no answer within 10 s since 11:52 UTC: answer first and work later",
        ),
        (
            "timeout",
            "answered 200, but its body was not complete within 10s",
            "no complete answer within 10 s since 11:52 UTC: end the answer at once; answer first and work later",
        ),
        (
            "timeout",
            "no connection in time: deadline has elapsed",
            "no connection in time since 11:52 UTC: the host takes no connections; does a firewall drop ours?",
        ),
        (
            "blocked_address",
            "a.example resolves to an address that is not public",
            "address not public since 11:52 UTC: the host resolves to a private address; give a URL whose host is \
             reachable from the internet",
        ),
        (
            "protocol",
            "the exchange broke off: connection closed before message completed",
            "connection broken off since 11:52 UTC: the receiver, or a proxy in front of it, closes connections before \
             its answer is complete, or speaks no HTTP there; check the URL's scheme and port",
        ),
        (
            "url",
            "must start with https://",
            "URL no longer allowed since 11:52 UTC: give an https URL with port 443, or one from 1024",
        ),
    ] {
        assert_eq!(read(error, None, detail), expected);
    }
    let unknown = Failed {
        error: "timeout",
        status: None,
        detail: "",
        timeout: None,
    };
    assert_eq!(unknown.reading().what, "no answer in time");
}

#[test]
fn what_was_given_up() {
    for (error, expected) in [
        (
            "payload_missing",
            "events lost before they were sent since 11:52 UTC: the receiver is not to blame; tell whoever operates this \
             system",
        ),
        (
            "parked_too_long",
            "deliveries given up after they were parked for too long since 11:52 UTC: switch the endpoint on as soon as \
             its receiver works",
        ),
        (
            "parked_overflow",
            "deliveries given up because too many were parked since 11:52 UTC: switch the endpoint on as soon as its \
             receiver works, then replay what is still kept",
        ),
        (
            "endpoint_over_budget",
            "deliveries given up because the endpoint held over half of the account's budget since 11:52 UTC: it is too slow \
             for what it gets: make its receiver quicker, or subscribe it to fewer events; replay what is still kept",
        ),
    ] {
        assert_eq!(read(error, None, ""), expected);
    }
}
