//! How TLS is spoken to receivers: the client's own defaults, and a mark when a handshake begins.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::phases::{Mark, mark};

/// Which certificate authorities are trusted.
#[derive(Debug)]
pub(crate) enum Roots {
    /// The system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
    /// These and no others.
    Only(Vec<CertificateDer<'static>>),
}

/// TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1, and no certificate of our own.
///
/// # Errors
///
/// When the system has no certificate authorities.
pub(super) fn config(roots: Roots) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = match roots {
        Roots::System => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(provider)?)),
        Roots::Only(certificates) => {
            let mut store = RootCertStore::empty();
            for certificate in certificates {
                store.add(certificate)?;
            }
            builder.with_root_certificates(store)
        }
    };
    let mut config = builder.with_client_cert_resolver(Arc::new(NoCertificate));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// We have no certificate to show. rustls asks for one at the start of each handshake, which is how we see that start.
#[derive(Debug)]
struct NoCertificate;

impl ResolvesClientCert for NoCertificate {
    fn has_certs(&self) -> bool {
        mark(Mark::Handshake);
        false
    }

    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }
}
