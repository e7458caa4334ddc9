//! HTTP/2: negotiated over TLS, and one connection for many attempts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

/// Answers every request with 200, or, if its path is `/large`, with a body that doesn't end.
async fn serve(listener: TcpListener, tls: TlsAcceptor, connections: Arc<AtomicU32>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        connections.fetch_add(1, Ordering::SeqCst);
        let stream = tls.accept(stream).await.unwrap();
        tokio::spawn(async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            // A body that is dropped before its end is reset.
            let mut open = Vec::new();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let is_large = request.uri().path() == "/large";
                let response = http::Response::builder().status(200).body(()).unwrap();
                let mut body = respond.send_response(response, !is_large).unwrap();
                if is_large {
                    body.send_data(Bytes::from(vec![b'x'; 1 << 20]), false).unwrap();
                    open.push(body);
                }
            }
        });
    }
}

#[tokio::test]
async fn attempts_share_a_connection_and_bodies_are_bounded() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicU32::new(0));
    let server = tokio::spawn(serve(
        listener,
        TlsAcceptor::from(Arc::new(config)),
        Arc::clone(&connections),
    ));

    let roots = Roots::Only(vec![cert.der().clone()]);
    let deliverer = deliverer_with(PATIENT, development(), roots, Arc::new(SystemResolver::default()));
    for path in ["/", "/large", "/", "/large", "/"] {
        let (record, _) = attempt(&deliverer, &format!("https://localhost:{port}{path}")).await;
        assert_eq!(
            (record.status, record.error),
            (Some(200), None),
            "{path}: {record:?}"
        );
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    server.abort();
}
