//! TLS: who is trusted, and how its failures are told.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use domain::delivery::Failure;

use super::*;
use crate::fault::Fault;

/// A receiver with a certificate for `localhost`, and a client that trusts it.
pub(super) async fn secured() -> (Receiver, Roots) {
    secured_with(whole("200 OK", ""), &[]).await
}

/// The same with this answer, for these protocols. It never says `close_notify`.
async fn secured_with(answer: Answer, protocols: &[&str]) -> (Receiver, Roots) {
    secured_as("localhost", answer, protocols).await
}

/// The same with a certificate for another name.
async fn secured_as(name: &str, answer: Answer, protocols: &[&str]) -> (Receiver, Roots) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|protocol| protocol.as_bytes().to_vec())
        .collect();
    let receiver = Receiver::start_with(answer, Some(TlsAcceptor::from(Arc::new(config)))).await;
    (receiver, Roots::Only(vec![cert.der().clone()]))
}

pub(super) fn client(roots: Roots) -> Deliverer {
    deliverer_with(
        PATIENT,
        development(),
        roots,
        Arc::new(SystemResolver::for_attempts_of(std::time::Duration::from_secs(
            10,
        ))),
    )
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
async fn names_in_a_certificate_are_told_without_what_a_terminal_would_do_with_them() {
    let name = "a\u{1b}]0;b\u{7}\n\r\u{8}.example";
    let (receiver, roots) = secured_as(name, whole("200 OK", ""), &[]).await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let (record, _) = attempt(&client(roots), &url).await;
    assert_eq!(record.error, Some("tls"), "{record:?}");
    assert!(record.detail.contains(".example"), "{record:?}");
    assert!(!record.detail.chars().any(char::is_control), "{record:?}");
    let exchange =
        Exchange::without_request(Fault::Receiver(Failure::Tls, format!("only for {name}\u{202e}"))).unwrap();
    let detail = exchange.record(Duration::ZERO).detail;
    assert_eq!(detail, "only for a\\u{1b}]0;b\\u{7} \\r\\u{8}.example\\u{202e}");
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

#[tokio::test]
async fn tls_that_ends_without_saying_so_ends_an_answer_like_any_other() {
    for (answer, error) in [
        ("HTTP/1.1 200 OK\r\n\r\n", None),
        ("HTTP/1.1 200 OK\r\n\r\nbody", None),
        ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbody", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody", None),
        ("HTTP/1.1 204 No Content\r\n\r\n", None),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            None,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nbody",
            Some("protocol"),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n",
            Some("protocol"),
        ),
        ("HTTP/1.1 200 OK\r\ncontent-le", Some("protocol")),
    ] {
        let (receiver, roots) = secured_with(Answer::ThenClose(answer.to_owned()), &[]).await;
        let url = format!("https://localhost:{}/", receiver.address.port());
        let (record, _) = attempt(&client(roots), &url).await;
        assert_eq!(record.error, error, "{answer:?}: {record:?}");
        assert_eq!(record.phases.sent_again, 0, "{answer:?}: {record:?}");
        assert!(!record.detail.contains("://"), "{record:?}");
    }
}

#[tokio::test]
async fn a_kept_connection_over_tls_that_ends_without_an_answer_costs_nothing() {
    let ca = e2e::receiver::TestCa::new();
    let receiver = e2e::receiver::Receiver::start_tls(&ca).await;
    let (ok, close) = (e2e::receiver::Answer::status(200), e2e::receiver::Answer::close());
    receiver.then("/", [ok.clone(), close, ok]);
    let pem = std::fs::read(ca.pem_file()).unwrap();
    let trusted = CertificateDer::from_pem_slice(&pem).unwrap();
    let deliverer = client(Roots::Only(vec![trusted]));
    for sent_again in [0, 1] {
        let (record, _) = attempt(&deliverer, &receiver.url("/")).await;
        assert_eq!(
            (record.error, record.phases.sent_again),
            (None, sent_again),
            "{record:?}"
        );
    }
    assert_eq!((receiver.count(), receiver.connections()), (3, 2));
}

#[tokio::test]
async fn receivers_are_spoken_to_in_http_1_1_whatever_else_they_offer() {
    let (receiver, roots) = secured_with(whole("200 OK", ""), &["h2", "http/1.1"]).await;
    let (record, _) = attempt(
        &client(roots),
        &format!("https://localhost:{}/", receiver.address.port()),
    )
    .await;
    assert_eq!(record.error, None, "{record:?}");
    let request = String::from_utf8(receiver.requests().remove(0)).unwrap();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");

    let (receiver, roots) = secured_with(whole("200 OK", ""), &["h2"]).await;
    let (record, _) = attempt(
        &client(roots),
        &format!("https://localhost:{}/", receiver.address.port()),
    )
    .await;
    assert_eq!(record.error, Some("tls"));
    assert_eq!(
        record.detail,
        "TLS failed: the receiver sent the fatal alert no_application_protocol"
    );
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
