use tokio::net::TcpListener;

use super::*;

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn the_families_take_turns() {
    for (given, expected) in [
        (&[][..], &[][..]),
        (&["1.1.1.1"], &["1.1.1.1"]),
        (
            &["1.1.1.1", "1.1.1.2", "::1", "::2", "::3"],
            &["1.1.1.1", "::1", "1.1.1.2", "::2", "::3"],
        ),
        (&["::1", "::2", "1.1.1.1"], &["::1", "1.1.1.1", "::2"]),
        (&["::1", "::2"], &["::1", "::2"]),
    ] {
        let in_turns: Vec<_> = in_turns(&addresses(given)).collect();
        assert_eq!(in_turns, addresses(expected), "{given:?}");
    }
}

#[tokio::test]
async fn an_address_that_refuses_or_never_answers_makes_way_for_the_next() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Nobody listens at 127.0.0.2. What is sent to 192.0.2.1 (RFC 5737) is lost, or refused.
    for first in ["127.0.0.2", "192.0.2.1"] {
        let stream = dial(&addresses(&[first, "127.0.0.1"]), port).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().ip().to_string(), "127.0.0.1");
    }
}

#[tokio::test]
async fn the_last_failure_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = dial(&addresses(&["127.0.0.2", "127.0.0.3"]), port)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let error = dial(&[], port).await.unwrap_err();
    assert_eq!(error.to_string(), "the name has no address");
}
