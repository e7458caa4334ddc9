//! A certificate authority for one test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::temp_dir::TempDir;

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// A certificate authority that lives as long as the test.
#[derive(Debug)]
pub struct TestCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl TestCa {
    /// Creates an authority.
    #[must_use]
    pub fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Clients tell authorities apart by name. If two had the same one, certificates of the second would look forged.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        parameters
            .distinguished_name
            .push(DnType::CommonName, format!("Test authority {number}"));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let dir = TempDir::new("ca");
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, dir }
    }

    /// The certificate in a file, for a client that must trust it.
    #[must_use]
    pub fn pem_file(&self) -> PathBuf {
        Path::new(self.dir.path()).join("ca.pem")
    }

    /// A client's certificate and its key in files, for a server that demands one. The name tells the files apart.
    #[must_use]
    pub fn client_files(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = parameters(&[]);
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let files = ["crt", "key"].map(|ending| self.dir.path().join(format!("{name}.{ending}.pem")));
        std::fs::write(&files[0], certificate.pem()).unwrap();
        std::fs::write(&files[1], key.serialize_pem()).unwrap();
        files.into()
    }

    /// The certificate of a server for these names and its key in files, for a server that isn't ours.
    #[must_use]
    pub fn server_files(&self, names: &[&str]) -> [PathBuf; 2] {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters(names).signed_by(&key, &self.issuer).unwrap();
        let files = ["crt", "key"].map(|ending| self.dir.path().join(format!("server.{ending}.pem")));
        std::fs::write(&files[0], certificate.pem()).unwrap();
        std::fs::write(&files[1], key.serialize_pem()).unwrap();
        files
    }

    /// What a server for these names needs, if it accepts only clients with a certificate of this authority.
    pub(crate) fn demanding_acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        self.acceptor_for(parameters(names), Some(verifier))
    }

    /// What a server for these names needs.
    pub(super) fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        self.acceptor_with(parameters(names))
    }

    /// What a server for these names needs, with a certificate that expired on the first of March 2021.
    pub(super) fn expired_acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let mut parameters = parameters(names);
        parameters.not_before = date_time_ymd(2020, 3, 1);
        parameters.not_after = date_time_ymd(2021, 3, 1);
        self.acceptor_with(parameters)
    }

    fn acceptor_with(&self, parameters: CertificateParams) -> TlsAcceptor {
        self.acceptor_for(parameters, None)
    }

    fn acceptor_for(
        &self,
        parameters: CertificateParams,
        clients: Option<Arc<dyn ClientCertVerifier>>,
    ) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let config = builder
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn parameters(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

impl Default for TestCa {
    fn default() -> Self {
        Self::new()
    }
}
