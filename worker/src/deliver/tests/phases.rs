//! Where the time of an attempt went, on real connections, however far it got.

use reqwest::dns::{Addrs, Name, Resolving};
use store::queue::Phases;
use tokio::net::TcpListener;

use super::tls::{client, secured};
use super::*;

/// For what takes for ever.
const SHORT: Duration = Duration::from_millis(400);

/// Knows every name as these addresses; never answers if there are none.
#[derive(Debug)]
struct Names(Vec<std::net::SocketAddr>);

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses = self.0.clone();
        Box::pin(async move {
            if addresses.is_empty() {
                std::future::pending::<()>().await;
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Which phases there were: name lookup, TCP, TLS, first byte.
fn seen(phases: Phases) -> [bool; 4] {
    [phases.dns, phases.connect, phases.tls, phases.first_byte].map(|phase| phase.is_some())
}

/// The phases of an attempt are parts of it.
fn assert_within(record: &AttemptRecord) {
    let Phases {
        dns,
        connect,
        tls,
        first_byte,
        ..
    } = record.phases;
    let connection: Duration = [dns, connect, tls].into_iter().flatten().sum();
    assert!(
        connection <= first_byte.unwrap_or(record.duration) && connection <= record.duration,
        "{record:?}"
    );
}

async fn timed(deliverer: &Deliverer, url: &str) -> (AttemptRecord, [bool; 4]) {
    let (record, _) = attempt(deliverer, url).await;
    assert_within(&record);
    let seen = seen(record.phases);
    (record, seen)
}

#[tokio::test]
async fn a_new_connection_has_every_phase_and_one_that_is_used_again_has_none() {
    let (receiver, roots) = secured().await;
    let port = receiver.address.port();
    let deliverer = client(roots);
    let url = format!("https://localhost:{port}/");
    let (_, new) = timed(&deliverer, &url).await;
    assert_eq!(new, [true, true, true, true]);
    let (_, again) = timed(&deliverer, &url).await;
    assert_eq!(again, [false, false, false, true]);
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn plain_http_has_no_tls_and_a_literal_address_no_lookup() {
    let receiver = Receiver::start(whole("200 OK", "")).await;
    let port = receiver.address.port();
    let deliverer = deliverer(PATIENT);
    let (_, named) = timed(&deliverer, &format!("http://localhost:{port}/")).await;
    assert_eq!(named, [true, true, false, true]);
    let (_, literal) = timed(&deliverer, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(literal, [false, true, false, true]);
}

#[tokio::test]
async fn a_failure_ends_the_phase_that_it_is_in() {
    let gone = Receiver::start(Answer::Hang).await.address;
    let deliverer = deliverer(PATIENT);
    let (record, unknown) = timed(&deliverer, "http://nothing.invalid:8080/").await;
    assert_eq!(
        (record.error, unknown),
        (Some("dns"), [true, false, false, false])
    );
    let deadline = std::time::Instant::now() + PATIENT;
    let (record, refused) = loop {
        // The port is free again as soon as the receiver's task has ended.
        let (record, phases) = timed(&deliverer, &format!("http://localhost:{}/", gone.port())).await;
        if record.error == Some("connect") || std::time::Instant::now() > deadline {
            break (record, phases);
        }
    };
    assert_eq!(
        (record.error, refused),
        (Some("connect"), [true, true, false, false])
    );

    let (receiver, _) = secured().await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let (record, untrusted) = timed(&client(Roots::Only(vec![])), &url).await;
    assert_eq!(
        (record.error, untrusted),
        (Some("tls"), [true, true, true, false])
    );

    let closed = UrlPolicy {
        allow_http: true,
        ..UrlPolicy::default()
    };
    let inside = Arc::new(Names(vec![receiver.address]));
    let guarded = deliverer_with(PATIENT, closed, Roots::Only(vec![]), inside);
    let (record, blocked) = timed(&guarded, "http://a.example:8080/").await;
    assert_eq!(
        (record.error, blocked),
        (Some("blocked_address"), [true, false, false, false])
    );

    let receiver = Receiver::start(whole("500 Internal Server Error", "")).await;
    let (record, answered) = timed(&deliverer, &format!("http://{}/", receiver.address)).await;
    assert_eq!(
        (record.error, answered),
        (Some("http_status"), [false, true, false, true])
    );
}

#[tokio::test]
async fn what_hangs_is_the_phase_that_takes_the_time() {
    // Accepts connections and says nothing, not even TLS.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let here = vec![silent.local_addr().unwrap()];
    for (names, url, expected) in [
        (
            vec![],
            format!("http://a.example:{port}/"),
            [true, false, false, false],
        ),
        (
            here.clone(),
            format!("https://a.example:{port}/"),
            [true, true, true, false],
        ),
        (
            here,
            format!("http://a.example:{port}/"),
            [true, true, false, false],
        ),
    ] {
        let deliverer = deliverer_with(SHORT, development(), Roots::Only(vec![]), Arc::new(Names(names)));
        let (record, phases) = timed(&deliverer, &url).await;
        assert_eq!((record.error, phases), (Some("timeout"), expected), "{url}");
        let Phases { dns, tls, .. } = record.phases;
        let hung = match expected {
            [_, false, ..] => dns,
            [.., true, _] => tls,
            _ => continue,
        };
        assert!(hung.unwrap() > SHORT / 2, "{record:?}");
    }
}
