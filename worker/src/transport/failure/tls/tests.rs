use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ContentType, HandshakeType, PeerMisbehaved};

use super::*;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn named(presented: &[&str]) -> Error {
    Error::InvalidCertificate(CertificateError::NotValidForNameContext {
        expected: ServerName::try_from("a.example").unwrap(),
        presented: presented.iter().map(|name| (*name).to_owned()).collect(),
    })
}

#[test]
fn failures_of_tls_are_told_in_words() {
    for (error, expected) in [
        (
            Error::InvalidCertificate(CertificateError::ExpiredContext {
                time: at(1_774_526_400),
                not_after: at(1_772_366_399),
            }),
            "the certificate expired on 2026-03-01",
        ),
        (
            Error::InvalidCertificate(CertificateError::NotValidYetContext {
                time: at(0),
                not_before: at(1_772_366_400),
            }),
            "the certificate is not valid yet; it is from 2026-03-01 on",
        ),
        (
            Error::InvalidCertificate(CertificateError::UnknownIssuer),
            "the certificate has an unknown issuer",
        ),
        (
            named(&["DnsName(\"b.example\")", "DnsName(\"*.b.example\")"]),
            "the certificate is not valid for name a.example, only for b.example, *.b.example",
        ),
        (
            named(&[]),
            "the certificate is not valid for name a.example, nor for any other",
        ),
        (
            Error::InvalidCertificate(CertificateError::InvalidPurpose),
            "the certificate is not meant for servers",
        ),
        (
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            "the receiver sent the fatal alert handshake_failure",
        ),
        (
            Error::AlertReceived(AlertDescription::UnknownCA),
            "the receiver sent the fatal alert unknown_ca",
        ),
        (
            Error::AlertReceived(AlertDescription::NoApplicationProtocol),
            "the receiver sent the fatal alert no_application_protocol",
        ),
        (
            Error::AlertReceived(AlertDescription::Unknown(200)),
            "the receiver sent the fatal alert 200",
        ),
        (
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            "the receiver does not speak TLS at this port",
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            "the receiver offers neither TLS 1.2 nor TLS 1.3",
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            "the receiver offers no method that is safe today",
        ),
    ] {
        assert_eq!(sentence(&error), expected);
    }
}

/// No link, and no name of a variant such as `InvalidContentType`.
#[test]
fn no_failure_of_tls_is_told_in_rust() {
    for error in [
        Error::DecryptError,
        Error::EncryptError,
        Error::PeerSentOversizedRecord,
        Error::NoCertificatesPresented,
        Error::General("UnexpectedThing".to_owned()),
        Error::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments),
        Error::PeerIncompatible(PeerIncompatible::KeyShareExtensionRequired),
        Error::InvalidMessage(InvalidMessage::MessageTooShort),
        Error::InvalidCertificate(CertificateError::BadEncoding),
        Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure),
        Error::InvalidCertificate(CertificateError::NotValidForName),
        Error::InappropriateMessage {
            expect_types: vec![ContentType::Handshake],
            got_type: ContentType::ApplicationData,
        },
        Error::InappropriateHandshakeMessage {
            expect_types: vec![HandshakeType::ServerHello],
            got_type: HandshakeType::Finished,
        },
    ] {
        let told = sentence(&error);
        let in_rust = told.split(' ').any(|word| {
            let inner = word.chars().skip(1).any(|letter| letter.is_ascii_uppercase());
            inner && word != "TLS"
        });
        assert!(
            !in_rust && !told.contains("://") && !told.contains(['(', '{', '"']),
            "{told}"
        );
    }
}
