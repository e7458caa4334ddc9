//! TLS: who is trusted, and how its failures are told.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

/// A receiver with a certificate for `localhost`, and a client that trusts it.
pub(super) async fn secured() -> (Receiver, Roots) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let receiver = Receiver::start_with(whole("200 OK", ""), Some(TlsAcceptor::from(Arc::new(config)))).await;
    (receiver, Roots::Only(vec![cert.der().clone()]))
}

pub(super) fn client(roots: Roots) -> Deliverer {
    deliverer_with(PATIENT, development(), roots, Arc::new(SystemResolver::default()))
}

#[tokio::test]
async fn a_trusted_receiver_gets_its_delivery() {
    let (receiver, roots) = secured().await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let (record, _) = attempt(&client(roots), &url).await;
    assert_eq!(record.error, None, "{record:?}");
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn an_untrusted_one_and_one_with_another_name_get_nothing() {
    let (receiver, roots) = secured().await;
    let port = receiver.address.port();
    let untrusting = client(Roots::Only(vec![]));
    let (record, _) = attempt(&untrusting, &format!("https://localhost:{port}/")).await;
    assert_eq!(record.error, Some("tls"), "{record:?}");
    assert!(record.detail.contains("certificate"), "{record:?}");
    let (record, _) = attempt(&client(roots), &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(record.error, Some("tls"), "{record:?}");
    assert_eq!(receiver.requests().len(), 0);
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tls_is_a_tls_failure() {
    for answer in [
        Answer::ThenClose("HTTP/1.1 400 Bad Request\r\n\r\n".to_owned()),
        Answer::Reset,
    ] {
        let receiver = Raw::start(answer).await;
        let (record, _) = attempt(
            &client(Roots::Only(vec![])),
            &format!("https://localhost:{}/", receiver.0),
        )
        .await;
        assert_eq!(record.error, Some("tls"), "{record:?}");
    }
}

/// A listener that answers whatever comes first.
struct Raw(u16, tokio::task::JoinHandle<()>);

impl Raw {
    async fn start(answer: Answer) -> Self {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut hello = [0; 5];
                stream.read_exact(&mut hello).await.unwrap();
                match &answer {
                    Answer::ThenClose(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                    _ => stream.set_zero_linger().unwrap(),
                }
            }
        });
        Self(port, task)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.1.abort();
    }
}
