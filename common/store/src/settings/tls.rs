//! TLS to Redis: reads and checks the files of a private authority and of our own certificate at the start.

use std::fmt;

use redis::{ClientTlsConfig, TlsCertificates};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use secrecy::zeroize::Zeroizing;

use super::RedisArgs;
use super::way::InvalidRedis;

/// More than any chain of certificates takes.
const MAX_FILE: u64 = 1 << 20;

/// The text of a PEM file. Never printed; its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Pem(Zeroizing<Vec<u8>>);

impl fmt::Debug for Pem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pem(…)")
    }
}

impl RedisArgs {
    /// Our certificate and the authorities, if any are given.
    ///
    /// # Errors
    ///
    /// A sentence with the variables' names when they don't fit together.
    pub(super) fn certificates(&self, is_tls: bool) -> Result<Option<TlsCertificates>, InvalidRedis> {
        if self.redis_ca_file.is_none() && self.redis_cert_file.is_none() {
            return Ok(None);
        }
        if !is_tls {
            let variable = if self.redis_ca_file.is_some() {
                "REDIS_CA_FILE"
            } else {
                "REDIS_CERT_FILE"
            };
            return Err(InvalidRedis(format!(
                "{variable}: REDIS_URL must be rediss:// or redis+sentinels:// for that"
            )));
        }
        self.check_key()?;
        let bytes = |pem: &Option<Pem>| pem.as_ref().map(|pem| pem.0.to_vec());
        let pair = bytes(&self.redis_cert_file).zip(bytes(&self.redis_key_file));
        Ok(Some(TlsCertificates {
            client_tls: pair.map(|(client_cert, client_key)| ClientTlsConfig {
                client_cert,
                client_key,
            }),
            root_cert: bytes(&self.redis_ca_file),
        }))
    }

    /// Refuses a key that doesn't belong to the certificate, which would otherwise show at each try to connect.
    fn check_key(&self) -> Result<(), InvalidRedis> {
        let (Some(certificate), Some(key)) = (&self.redis_cert_file, &self.redis_key_file) else {
            return Ok(());
        };
        let wrong = |error: &dyn fmt::Display| {
            InvalidRedis(format!(
                "REDIS_CERT_FILE, REDIS_KEY_FILE: they don't go together ({error})"
            ))
        };
        let chain = CertificateDer::pem_slice_iter(&certificate.0)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(&error))?;
        let key = PrivateKeyDer::from_pem_slice(&key.0).map_err(|error| wrong(&error))?;
        ClientConfig::builder()
            .with_root_certificates(RootCertStore::empty())
            .with_client_auth_cert(chain, key)
            .map_err(|error| wrong(&error))?;
        Ok(())
    }
}

/// Reads a file of authorities.
pub(crate) fn authorities(path: &str) -> Result<Pem, String> {
    let pem = certificates(path)?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem.0).flatten() {
        store
            .add(certificate)
            .map_err(|error| format!("the file `{path}` has a certificate that can't be used ({error})"))?;
    }
    Ok(pem)
}

/// Reads a file of one or more certificates.
pub(crate) fn certificates(path: &str) -> Result<Pem, String> {
    let pem = read(path)?;
    let count = CertificateDer::pem_slice_iter(&pem.0)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| format!("the file `{path}` is damaged: it must be certificates in PEM"))?
        .len();
    if count == 0 {
        return Err(format!("the file `{path}` has no certificate in PEM"));
    }
    Ok(pem)
}

/// Reads the file of a private key.
pub(crate) fn key(path: &str) -> Result<Pem, String> {
    let pem = read(path)?;
    // The parser's message may repeat the file, so nobody gets to read it.
    PrivateKeyDer::from_pem_slice(&pem.0)
        .map_err(|_| format!("the file `{path}` has no private key in PEM, or one with a password"))?;
    Ok(pem)
}

fn read(path: &str) -> Result<Pem, String> {
    let fault = |error: std::io::Error| format!("the file `{path}` can't be read ({error})");
    if std::fs::metadata(path).map_err(fault)?.len() > MAX_FILE {
        return Err(format!("the file `{path}` is too long for certificates"));
    }
    std::fs::read(path).map(Zeroizing::new).map(Pem).map_err(fault)
}
