//! How TLS is spoken to receivers.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

/// Which certificate authorities are trusted.
#[derive(Debug)]
pub(crate) enum Roots {
    /// The system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    System,
    /// These and no others.
    Only(Vec<CertificateDer<'static>>),
}

/// TLS 1.2 and 1.3, HTTP/1.1 alone, and no certificate of our own.
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
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
