//! The address guard at the moment of connecting. Zero bytes may reach what is blocked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::address::AddressPolicy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::*;

/// Answers every name with the same addresses, and counts how often it was asked.
#[derive(Debug, Default)]
pub(super) struct Names {
    addresses: Vec<SocketAddr>,
    asked: AtomicU32,
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let addresses = Box::new(self.addresses.clone().into_iter()) as Addrs;
        Box::pin(async move { Ok(addresses) })
    }
}

pub(super) fn names(addresses: &[SocketAddr]) -> Arc<Names> {
    Arc::new(Names {
        addresses: addresses.to_vec(),
        asked: AtomicU32::new(0),
    })
}

fn guarded(urls: UrlPolicy, names: &Arc<Names>) -> Deliverer {
    deliverer_with(
        PATIENT,
        urls,
        Roots::Only(vec![]),
        Arc::clone(names) as Arc<dyn Resolve>,
    )
}

/// Plain http is allowed, and no blocked network is opened.
pub(super) fn closed() -> UrlPolicy {
    UrlPolicy {
        allow_http: true,
        addresses: AddressPolicy::default(),
    }
}

#[tokio::test]
async fn a_name_that_points_to_a_blocked_address_is_not_connected_to() {
    let canary = Receiver::start(whole("200 OK", "")).await;
    let public: SocketAddr = "1.1.1.1:0".parse().unwrap();
    let port = canary.address.port();
    for addresses in [
        vec![canary.address],
        vec![public, canary.address],
        vec![canary.address, public],
    ] {
        let names = names(&addresses);
        let deliverer = guarded(closed(), &names);
        let (record, _) = attempt(&deliverer, &format!("http://receiver.example:{port}/")).await;
        assert_eq!(record.error, Some("blocked_address"), "{record:?}");
        // Where it leads to is not its owner's business.
        assert_eq!(
            record.detail, "receiver.example resolves to an address that is not public",
            "{record:?}"
        );
        assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn with_the_network_opened_the_same_name_is_delivered_to() {
    let receiver = Receiver::start(whole("200 OK", "")).await;
    let deliverer = guarded(development(), &names(&[receiver.address]));
    let url = format!("http://receiver.example:{}/", receiver.address.port());
    let (record, _) = attempt(&deliverer, &url).await;
    assert_eq!(record.error, None, "{record:?}");
    let request = String::from_utf8(receiver.requests().remove(0)).unwrap();
    assert!(request.contains(&format!(
        "\r\nHost: receiver.example:{}\r\n",
        receiver.address.port()
    )));
}

#[tokio::test]
async fn a_literal_address_never_reaches_the_resolver_so_its_text_is_judged() {
    let canary = Receiver::start(whole("200 OK", "")).await;
    let port = canary.address.port();
    let names = names(&[]);

    // The client alone would connect: the resolver is not asked.
    let open = guarded(development(), &names);
    let (record, _) = attempt(&open, &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(
        (
            record.error,
            names.asked.load(Ordering::SeqCst),
            canary.connections()
        ),
        (None, 0, 1)
    );

    let deliverer = guarded(closed(), &names);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "localhost",
    ] {
        let (record, _) = attempt(&deliverer, &format!("http://{host}:{port}/")).await;
        assert_eq!(record.error, Some("blocked_address"), "{host}: {record:?}");
    }
    assert_eq!((names.asked.load(Ordering::SeqCst), canary.connections()), (0, 1));
}

#[tokio::test]
async fn a_redirect_to_a_blocked_address_is_not_followed() {
    let canary = Receiver::start(whole("200 OK", "")).await;
    let head = format!("307 Temporary Redirect\r\nlocation: http://{}/", canary.address);
    let receiver = Receiver::start(whole(&head, "")).await;
    let (record, _) = attempt(&deliverer(PATIENT), &format!("http://{}/", receiver.address)).await;
    assert_eq!(record.error, Some("redirect"));
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn a_url_that_was_allowed_once_is_judged_again() {
    let urls = UrlPolicy::default();
    let deliverer = guarded(urls, &names(&[]));
    let (record, _) = attempt(&deliverer, "http://receiver.example/").await;
    assert_eq!(record.error, Some("url"), "{record:?}");
    assert_eq!(record.detail, "the URL must start with https://");
}
