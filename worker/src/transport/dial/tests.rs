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

#[test]
fn a_head_start_is_as_long_as_rfc_8305_recommends() {
    assert!((Duration::from_millis(250)..=Duration::from_millis(300)).contains(&HEAD_START));
}

#[tokio::test]
async fn whoever_keeps_us_waiting_has_a_head_start_and_no_more() {
    let hung = addresses(&["192.0.2.1", "192.0.2.2"]);
    let all = addresses(&["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]);
    let tried = std::sync::Mutex::new(Vec::new());
    let began = tokio::time::Instant::now();
    let found = first_of(
        &all,
        async |address| {
            tried.lock().unwrap().push(address);
            if hung.contains(&address) {
                std::future::pending::<()>().await;
            }
            Ok::<_, io::Error>(address)
        },
        |_| false,
    )
    .await;
    assert_eq!(found.unwrap(), all[2]);
    assert_eq!(*tried.lock().unwrap(), all[..3], "nobody is tried in vain");
    assert!(began.elapsed() >= 2 * HEAD_START);
}

#[tokio::test]
async fn an_error_that_ends_everything_does() {
    let all = addresses(&["192.0.2.1", "192.0.2.2"]);
    for ends in [false, true] {
        let mut tried = 0;
        let failed: Result<(), _> = first_of(
            &all,
            |_| {
                tried += 1;
                std::future::ready(Err("no"))
            },
            |_| ends,
        )
        .await;
        assert_eq!((failed, tried), (Err(Some("no")), if ends { 1 } else { 2 }));
    }
}
