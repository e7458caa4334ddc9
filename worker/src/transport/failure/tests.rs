use super::*;

#[test]
fn what_we_lack_is_not_the_receivers_fault() {
    for number in OWN_ERRORS {
        let error = io::Error::from_raw_os_error(number);
        assert!(
            matches!(
                classify(&error, "a.example"),
                Fault::NotAttempted(NotAttempted::Resources(_))
            ),
            "{error}"
        );
    }
}

#[test]
fn tls_errors_are_found_inside_io_errors() {
    let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
    let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
    let Fault::Receiver(failure, sentence) = classify(&error, "a.example") else {
        panic!()
    };
    assert_eq!(failure, Failure::Tls);
    assert!(sentence.contains("Expired"), "{sentence}");
}

#[test]
fn anything_else_is_a_broken_exchange() {
    let error = io::Error::from_raw_os_error(104);
    let Fault::Receiver(failure, sentence) = classify(&error, "a.example") else {
        panic!()
    };
    assert_eq!(failure, Failure::Protocol);
    assert!(
        sentence.starts_with("the exchange broke off: Connection reset"),
        "{sentence}"
    );
}
