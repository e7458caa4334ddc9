//! Failures of TLS in words. rustls prints the names of its variants for most of them.

use domain::clock::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

/// How many names of a certificate are told.
const MAX_NAMES: usize = 4;

/// The failure as the end of a sentence. The API's advice recognises some of these words.
pub(super) fn sentence(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => format!("the certificate {}", certificate(error)),
        Error::AlertReceived(alert) => format!("the receiver sent the fatal alert {}", name(*alert)),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the receiver does not speak TLS at this port".to_owned()
        }
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerSentOversizedRecord
        | Error::DecryptError
        | Error::PeerMisbehaved(_) => "the receiver sent what TLS does not allow".to_owned(),
        Error::PeerIncompatible(why) => incompatible(why).to_owned(),
        Error::NoCertificatesPresented => "the receiver has no certificate".to_owned(),
        _ => "it could not be set up".to_owned(),
    }
}

const fn incompatible(why: &PeerIncompatible) -> &'static str {
    match why {
        PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::ServerDoesNotSupportTls12Or13 => {
            "the receiver offers neither TLS 1.2 nor TLS 1.3"
        }
        PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon
        | PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon => "the receiver offers no method that is safe today",
        _ => "the receiver wants what we do not offer",
    }
}

/// What is wrong with a certificate.
fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => format!("expired on {}", date(*not_after)),
        CertificateError::Expired => "expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("is not valid yet; it is from {} on", date(*not_before))
        }
        CertificateError::NotValidYet => "is not valid yet".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let presented: Vec<_> = presented.iter().take(MAX_NAMES).map(|name| bare(name)).collect();
            let expected = expected.to_str();
            match presented.as_slice() {
                [] => format!("is not valid for name {expected}, nor for any other"),
                names => format!("is not valid for name {expected}, only for {}", names.join(", ")),
            }
        }
        CertificateError::NotValidForName => "is not valid for name of the host".to_owned(),
        CertificateError::UnknownIssuer => "has an unknown issuer".to_owned(),
        CertificateError::Revoked => "was revoked".to_owned(),
        CertificateError::BadEncoding => "can't be read".to_owned(),
        CertificateError::BadSignature => "has a signature that is wrong".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not meant for servers".to_owned()
        }
        CertificateError::UnhandledCriticalExtension => "has a critical extension that is unknown".to_owned(),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "is signed in a way that is not supported".to_owned()
        }
        _ => "is not valid".to_owned(),
    }
}

/// A name as it stands in a certificate, out of the form `DnsName("a.example")`.
fn bare(presented: &str) -> &str {
    presented.split('"').nth(1).unwrap_or(presented)
}

/// The day, in UTC.
fn date(time: UnixTime) -> String {
    let ms = i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| seconds.checked_mul(1000));
    let time = ms.and_then(Timestamp::from_millis).map(|time| time.to_string());
    time.as_deref()
        .and_then(|time| time.get(..10))
        .unwrap_or("another day")
        .to_owned()
}

/// An alert as the standards write it: `handshake_failure`.
fn name(alert: AlertDescription) -> String {
    if let AlertDescription::Unknown(number) = alert {
        return number.to_string();
    }
    let mut name = String::new();
    let mut was_lower = false;
    for letter in format!("{alert:?}").chars() {
        if letter.is_ascii_uppercase() && was_lower {
            name.push('_');
        }
        was_lower = letter.is_ascii_lowercase();
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests;
