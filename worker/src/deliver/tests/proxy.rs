//! Through a proxy: the guard stays ours, receivers get the same, and what the proxy does wrong is nobody's strike.

use e2e::egress_proxy::{Conduct, EgressProxy};

use super::guard::{closed, names};
use super::*;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Long enough for one who answers, short enough to wait for one who doesn't.
const SHORT: Duration = Duration::from_secs(2);

fn through(
    proxy: &str,
    timeout: Duration,
    urls: UrlPolicy,
    roots: Roots,
    names: Arc<dyn Resolve>,
) -> Deliverer {
    deliverer_through(Some(proxy), timeout, urls, roots, names)
}

/// Plain http to this machine is allowed, and nobody is trusted.
fn plain(proxy: &EgressProxy, timeout: Duration) -> Deliverer {
    let names = Arc::new(SystemResolver::for_attempts_of(std::time::Duration::from_secs(
        10,
    )));
    through(&proxy.url(), timeout, development(), Roots::Only(vec![]), names)
}

async fn is_given_back(deliverer: &Deliverer, url: &str) -> bool {
    let outcome = deliverer.attempt(&leased(url, b"{}")).await;
    matches!(outcome, Err(NotAttempted::Proxy(_)))
}

#[tokio::test]
async fn the_proxy_is_asked_for_an_address_and_the_receiver_gets_what_it_always_gets() {
    let proxy = EgressProxy::start().await;
    let receiver = Receiver::start(whole("200 OK", "thanks")).await;
    let port = receiver.address.port();
    let url = proxy.url().replace("http://", "http://me:secret@");
    let deliverer = through(
        &url,
        PATIENT,
        development(),
        Roots::Only(vec![]),
        names(&[receiver.address]),
    );
    for _ in 0..3 {
        let (record, _) = attempt(&deliverer, &format!("http://receiver.example:{port}/hook?a=b")).await;
        assert_eq!((record.error, record.status), (None, Some(200)), "{record:?}");
    }
    let asked = proxy.asked();
    assert_eq!(asked.len(), 1, "a tunnel is used again: {asked:?}");
    assert!(
        asked[0].starts_with(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n")),
        "{asked:?}"
    );
    assert!(!asked[0].contains("receiver.example"), "{asked:?}");
    assert!(
        asked[0].contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"),
        "{asked:?}"
    );
    let request = String::from_utf8(receiver.requests().remove(0)).unwrap();
    assert!(request.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains(&format!("\r\nHost: receiver.example:{port}\r\n")),
        "{request}"
    );
    assert!(request.contains("\r\nUser-Agent: RKT-Webhooks/"), "{request}");
    assert!(!request.to_lowercase().contains("proxy-"), "{request}");
}

#[tokio::test]
async fn tls_goes_through_the_tunnel_and_the_name_is_checked() {
    let proxy = EgressProxy::start().await;
    let (receiver, roots) = tls::secured().await;
    let port = receiver.address.port();
    let names = Arc::new(SystemResolver::for_attempts_of(std::time::Duration::from_secs(
        10,
    )));
    let deliverer = through(&proxy.url(), PATIENT, development(), roots, names);
    let (record, _) = attempt(&deliverer, &format!("https://localhost:{port}/")).await;
    assert_eq!(record.error, None, "{record:?}");
    assert!(
        record.phases.tls.is_some() && record.phases.dns.is_some(),
        "{record:?}"
    );
    let (record, _) = attempt(&deliverer, &format!("https://127.0.0.1:{port}/")).await;
    assert_eq!(record.error, Some("tls"), "{record:?}");
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn the_guard_holds_before_the_proxy_is_asked() {
    let proxy = EgressProxy::start().await;
    let canary = Receiver::start(whole("200 OK", "")).await;
    let port = canary.address.port();
    let public: SocketAddr = "1.1.1.1:0".parse().unwrap();
    for addresses in [
        vec![canary.address],
        vec![public, canary.address],
        vec![canary.address, public],
    ] {
        let names = names(&addresses);
        let deliverer = through(&proxy.url(), PATIENT, closed(), Roots::Only(vec![]), names);
        for host in [
            "receiver.example",
            "127.0.0.1",
            "2130706433",
            "[::ffff:127.0.0.1]",
            "localhost",
        ] {
            let (record, _) = attempt(&deliverer, &format!("http://{host}:{port}/")).await;
            assert_eq!(record.error, Some("blocked_address"), "{host}: {record:?}");
        }
    }
    assert_eq!((proxy.connections(), canary.connections()), (0, 0));
}

#[tokio::test]
async fn what_the_proxy_does_wrong_is_no_attempt() {
    let receiver = Receiver::start(whole("200 OK", "")).await;
    let url = format!("http://{}/", receiver.address);
    let mut proxy = EgressProxy::start().await;
    for conduct in [
        Conduct::Answer("HTTP/1.1 407 Proxy Authentication Required"),
        Conduct::Answer("HTTP/1.1 403 Forbidden"),
        Conduct::Answer("HTTP/1.1 503 Service Unavailable"),
        Conduct::Answer("HTTP/1.1 500 Internal Server Error"),
        Conduct::Answer("nonsense"),
        Conduct::Close,
        Conduct::Hang,
    ] {
        proxy.conduct(conduct.clone());
        let timeout = if conduct == Conduct::Hang { SHORT } else { PATIENT };
        assert!(is_given_back(&plain(&proxy, timeout), &url).await, "{conduct:?}");
    }
    proxy.stop().await;
    assert!(is_given_back(&plain(&proxy, PATIENT), &url).await);
    assert_eq!(receiver.connections(), 0);
    proxy.listen().await;
    proxy.conduct(Conduct::Tunnel);
    let (record, _) = attempt(&plain(&proxy, PATIENT), &url).await;
    assert_eq!(record.error, None, "{record:?}");
}

#[tokio::test]
async fn a_proxy_that_ends_in_the_middle_of_an_exchange_is_no_strike() {
    let receiver = Receiver::start(Answer::Hang).await;
    let mut proxy = EgressProxy::start().await;
    let deliverer = plain(&proxy, PATIENT);
    let url = format!("http://{}/", receiver.address);
    let ending = async {
        while receiver.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        proxy.stop().await;
    };
    let (is_given_back, ()) = tokio::join!(is_given_back(&deliverer, &url), ending);
    assert!(is_given_back);
}

#[tokio::test]
async fn a_proxy_that_was_restarted_is_no_strike_for_those_whose_tunnels_it_had() {
    let receiver = Receiver::start(whole("200 OK", "")).await;
    let mut proxy = EgressProxy::start().await;
    let deliverer = plain(&proxy, PATIENT);
    let url = format!("http://{}/", receiver.address);
    for restarts in 0..20 {
        let outcome = deliverer.attempt(&leased(&url, b"{}")).await;
        let is_fair = matches!(outcome, Ok(Outcome::Succeeded(_)) | Err(NotAttempted::Proxy(_)));
        assert!(is_fair, "{restarts}: {outcome:?}");
        proxy.stop().await;
        proxy.listen().await;
    }
}

#[tokio::test]
async fn a_kept_tunnel_that_ends_without_an_answer_costs_nothing() {
    use e2e::receiver::{Answer, Receiver};
    let proxy = EgressProxy::start().await;
    let receiver = Receiver::start().await;
    receiver.then("/", [Answer::status(200), Answer::close(), Answer::status(200)]);
    let deliverer = plain(&proxy, PATIENT);
    for sent_again in [0, 1] {
        let (record, _) = attempt(&deliverer, &receiver.url("/")).await;
        assert_eq!(
            (record.error, record.phases.sent_again),
            (None, sent_again),
            "{record:?}"
        );
    }
    assert_eq!((receiver.count(), proxy.asked().len()), (3, 2));
}

#[tokio::test]
async fn what_the_receiver_does_wrong_behind_the_proxy_is_a_strike() {
    let proxy = EgressProxy::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let (record, _) = attempt(&plain(&proxy, PATIENT), &nobody).await;
    assert_eq!(record.error, Some("connect"), "{record:?}");
    for (conduct, error) in [
        (Conduct::Answer("HTTP/1.1 504 Gateway Timeout"), "timeout"),
        (
            Conduct::Answer("HTTP/1.1 503 x\r\nX-Squid-Error: ERR_CONNECT_FAIL 111"),
            "connect",
        ),
        // It tries to connect for longer than an attempt may take, and answers others meanwhile.
        (Conduct::Try, "timeout"),
    ] {
        proxy.conduct(conduct.clone());
        let timeout = if conduct == Conduct::Try { SHORT } else { PATIENT };
        let (record, _) = attempt(&plain(&proxy, timeout), &nobody).await;
        assert_eq!(record.error, Some(error), "{conduct:?}: {record:?}");
    }
    proxy.conduct(Conduct::Tunnel);
    for (answer, error) in [
        (Answer::Hang, "timeout"),
        (Answer::ThenClose("HTTP/1.1 2".to_owned()), "protocol"),
        (Answer::Reset, "protocol"),
        (whole("500 Oops", ""), "http_status"),
        (whole("302 Found\r\nlocation: http://127.0.0.1/", ""), "redirect"),
    ] {
        let receiver = Receiver::start(answer.clone()).await;
        let timeout = if matches!(answer, Answer::Hang) {
            SHORT
        } else {
            PATIENT
        };
        let (record, _) = attempt(&plain(&proxy, timeout), &format!("http://{}/", receiver.address)).await;
        assert_eq!(record.error, Some(error), "{answer:?}: {record:?}");
    }
}
