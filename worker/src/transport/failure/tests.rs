use super::*;

fn blamed(error: Error) -> (Failure, String) {
    match classify(error, "a.example") {
        Fault::Receiver(failure, sentence) => (failure, sentence),
        other => panic!("{other:?}"),
    }
}

fn failed(error: io::Error, is_unanswered: bool) -> Error {
    let how = How::Failed(error);
    Error::Exchange(Broken { is_unanswered, how })
}

fn system(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

#[test]
fn what_we_lack_is_not_the_receivers_fault() {
    for number in OWN_ERRORS {
        for error in [
            Error::Connect(system(number)),
            Error::Handshake(system(number)),
            Error::Unresolved(Box::new(io::Error::other(system(number)))),
            failed(system(number), true),
        ] {
            let told = format!("{error:?}");
            let fault = classify(error, "a.example");
            assert!(
                matches!(fault, Fault::NotAttempted(NotAttempted::Resources(_))),
                "{told}"
            );
        }
    }
}

#[test]
fn every_failure_has_its_code_and_a_sentence_of_ours() {
    let closed = |missing| {
        Error::Exchange(Broken {
            is_unanswered: missing == Missing::Answer,
            how: How::Closed(missing),
        })
    };
    let in_tls = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let alert = || {
        in_tls(rustls::Error::AlertReceived(
            rustls::AlertDescription::CertificateRequired,
        ))
    };
    for (error, code, sentence) in [
        (
            Error::Unresolved("nobody knows it".into()),
            "dns",
            "the name a.example did not resolve: nobody knows it",
        ),
        (
            Error::Connect(system(111)),
            "connect",
            "no connection: Connection refused (os error 111)",
        ),
        (
            Error::NoServerName,
            "tls",
            "TLS failed: a.example can't be the name in a certificate",
        ),
        (
            Error::Handshake(io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof")),
            "tls",
            "TLS failed: the connection was closed in the middle of the handshake",
        ),
        (
            Error::Handshake(system(104)),
            "tls",
            "TLS failed: the connection broke off in the middle of the handshake: Connection reset by peer (os error 104)",
        ),
        (
            Error::Handshake(alert()),
            "tls",
            "TLS failed: the receiver sent the fatal alert certificate_required",
        ),
        // In TLS 1.3 this comes only when we think that the handshake is over.
        (
            failed(alert(), true),
            "tls",
            "TLS failed: the receiver sent the fatal alert certificate_required",
        ),
        (
            failed(system(104), false),
            "protocol",
            "the exchange broke off: Connection reset by peer (os error 104)",
        ),
        (
            closed(Missing::Answer),
            "protocol",
            "the exchange broke off: the connection was closed before an answer came",
        ),
        (
            closed(Missing::Head),
            "protocol",
            "the exchange broke off: the connection was closed in the middle of the answer's head",
        ),
        (
            closed(Missing::Body),
            "protocol",
            "the exchange broke off: the connection was closed before the end of the answer's body",
        ),
        (
            Error::Exchange(Broken {
                is_unanswered: false,
                how: How::Nonsense("no answer in HTTP/1"),
            }),
            "protocol",
            "the exchange broke off: the receiver sent no answer in HTTP/1",
        ),
    ] {
        let (failure, told) = blamed(error);
        assert_eq!((failure.code(), told.as_str()), (code, sentence));
    }
}

#[test]
fn only_a_connection_that_ended_may_be_back_in_a_moment() {
    let broken = |how, is_unanswered| Broken { is_unanswered, how };
    for number in [104, 32, 103] {
        assert!(broken(How::Failed(system(number)), true).may_pass());
        assert!(!broken(How::Failed(system(number)), false).may_pass());
    }
    assert!(broken(How::Closed(Missing::Answer), true).may_pass());
    assert!(!broken(How::Closed(Missing::Head), false).may_pass());
    assert!(!broken(How::Failed(system(24)), true).may_pass());
    let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
    let alert = io::Error::new(io::ErrorKind::InvalidData, alert);
    assert!(!broken(How::Failed(alert), true).may_pass());
}
