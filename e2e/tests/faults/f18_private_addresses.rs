//! A name changes to a private address between check and connect; URLs have literal, encoded and mapped addresses; receivers
//! redirect to them: no byte reaches a canary that listens there, with a proxy or without.
//!
//! The real programs run with the system's own resolver in a network of their own: the test starts itself again in new
//! namespaces, where it is root, adds public and private addresses, and serves names. That needs `unshare` and `ip`, and
//! either root or a kernel that lets users create namespaces.
//!
//! Proves (guarantees): a name changes to a private address between check and connect
//! Proves (security): Names are judged when the connection is made
//! Proves (security): Names without a domain
//! Proves (security): Redirects are failures; environment proxies are ignored; through `EGRESS_PROXY` the same addresses are judged

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::account::Account;
use e2e::egress_proxy::EgressProxy;
use e2e::name_server::NameServer;
use e2e::namespaces::{resolve_names_here, run, run_apart};
use e2e::ports::free_port;
use e2e::receiver::{Answer, Receiver};
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::json;

use crate::scene::{ask, builder};
use crate::worker_scene::{counter, event, push};

/// Addresses of this network that anyone may connect to.
const PUBLIC: &str = "93.184.215.14";

/// Addresses of this network that nobody may be led to; a canary listens on each.
const PRIVATE: [&str; 5] = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"];

/// Names, and what they lead to.
const NAMES: [(&str, &[&str]); 12] = [
    ("loopback.example", &["127.0.0.1"]),
    ("private.example", &["10.1.2.3"]),
    ("metadata.example", &["169.254.169.254"]),
    ("unspecified.example", &["0.0.0.0"]),
    ("loopback6.example", &["::1"]),
    ("unspecified6.example", &["::"]),
    ("local6.example", &["fd00::1"]),
    ("mapped.example", &["::ffff:10.1.2.3"]),
    ("translated.example", &["64:ff9b::a01:203"]),
    ("good-then-bad.example", &[PUBLIC, "10.1.2.3"]),
    ("bad-then-good.example", &["10.1.2.3", PUBLIC]),
    ("good-and-bad6.example", &[PUBLIC, "::1"]),
];

/// Hosts that are private addresses, however they are written.
const LITERALS: [&str; 25] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "127.255.255.254",
    "１２７.０.０.１",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "localhost",
    "any.localhost.",
];

#[test]
fn zero_bytes_reach_the_canary() {
    run_apart(
        &["--mount", "--net"],
        "f18_private_addresses::zero_bytes_reach_the_canary",
        async || {
            set_the_network_up();
            inside().await;
        },
    );
}

/// Brings loopback up with all addresses, and makes our name server the system's.
fn set_the_network_up() {
    resolve_names_here();
    run("ip", &["link", "set", "lo", "up"]);
    for address in [PUBLIC, "10.1.2.3", "169.254.169.254"] {
        run("ip", &["address", "add", &format!("{address}/32"), "dev", "lo"]);
    }
    run("ip", &["address", "add", "fd00::1/128", "dev", "lo", "nodad"]);
}

async fn inside() {
    let names = NameServer::start("127.0.0.1:53".parse().unwrap());
    nothing_is_led_inside(&names, None).await;
    let proxy = EgressProxy::start().await;
    nothing_is_led_inside(&names, Some(&proxy)).await;
    // The worker asks the proxy for the address that it judged, so no lookup of the proxy's can lead elsewhere.
    let asked = proxy.asked();
    assert!(asked.len() > 20, "{asked:?}");
    for head in asked {
        assert!(head.starts_with(&format!("CONNECT {PUBLIC}:")), "{head}");
        assert!(!head.contains(".example"), "{head}");
    }
}

async fn nothing_is_led_inside(names: &NameServer, proxy: Option<&EgressProxy>) {
    let port = free_port();
    let canary = Canary::listen(port);
    canary.sings().await;
    let receiver = Receiver::start_at(SocketAddr::new(PUBLIC.parse().unwrap(), port)).await;
    let mut system = builder()
        .env("ALLOW_NETWORKS", "")
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1000")
        .worker_env("EGRESS_PROXY", proxy.map(EgressProxy::url).unwrap_or_default())
        .start()
        .await;
    names.set("public.example", &[PUBLIC]);
    let mut refused = names_that_lead_inside(&system, names, port).await;
    refused.extend(literal_addresses(&system, port).await);
    let redirected = redirects(&system, &receiver, port).await;
    let mut pushed = push(&system, "lead.captured", 1).await;
    assert_eq!(pushed[0].deliveries, (refused.len() + redirected.len()) as u64);
    wait_until_finished(&system).await;
    for (id, what) in &refused {
        assert_eq!(error_of(&system, id), "blocked_address", "{what}");
        // Where a name leads to is for the operator to know.
        if what.ends_with(".example") {
            assert_eq!(
                detail_of(&system, id),
                format!("{what} resolves to an address that is not public")
            );
        }
    }
    for (id, what) in &redirected {
        assert_eq!(error_of(&system, id), "redirect", "{what}");
    }
    let log = system.workers[0].log();
    assert!(
        log.contains("10.1.2.3") && log.contains("169.254.169.254"),
        "{log}"
    );
    names_without_a_domain(&system, port).await;
    pushed.extend(names_that_change(&system, names, &receiver, port).await);

    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert!(balance.delivered > 20, "{balance:?}");
    assert_eq!(balance.delivered + balance.exhausted, balance.deliveries);
    assert_eq!(canary.heard(), 0, "connections to what is private");
    system.stop();
}

/// Endpoints whose names lead inside, or there too: a name may be saved, whatever it leads to.
async fn names_that_lead_inside(system: &System, names: &NameServer, port: u16) -> Vec<(String, String)> {
    let mut made = Vec::new();
    for (name, addresses) in NAMES {
        names.set(name, addresses);
        let url = format!("http://{name}:{port}/");
        let endpoint = system.customer().create_endpoint(&url, &["lead.captured"]).await;
        made.push((endpoint.id, name.to_owned()));
    }
    made
}

/// Literal addresses are refused by the API; the worker doesn't rely on that, so they are put where an older or looser
/// version could have put them.
async fn literal_addresses(system: &System, port: u16) -> Vec<(String, String)> {
    let customer = system.customer();
    let redis = &mut connect(&system.redis);
    let mut made = Vec::new();
    for host in LITERALS {
        let url = format!("http://{host}:{port}/");
        let wanted = json!({"url": url, "events": ["lead.captured"]});
        let reply = customer.post("/api/webhooks-config", &wanted).await;
        assert_eq!(
            (reply.status, reply.field()),
            (422, "url"),
            "{host}: {}",
            reply.text
        );
        let harmless = format!("http://public.example:{port}/never");
        let endpoint = customer.create_endpoint(&harmless, &["lead.captured"]).await;
        let _: usize = redis
            .hset(key(&format!("endpoint:{}", endpoint.id)), "url", &url)
            .unwrap();
        made.push((endpoint.id, host.to_owned()));
    }
    made
}

/// They mean something within a network alone, and whether they exist there is nobody's business.
async fn names_without_a_domain(system: &System, port: u16) {
    for host in ["redis", "redis.", "REDIS"] {
        let wanted = json!({"url": format!("http://{host}:{port}/"), "events": ["lead.captured"]});
        let reply = system.customer().post("/api/webhooks-config", &wanted).await;
        let refusal = (reply.status, reply.code(), reply.field());
        assert_eq!(
            refusal,
            (422, "url_address_blocked", "url"),
            "{host}: {}",
            reply.text
        );
    }
}

/// A public receiver that redirects to each private address.
async fn redirects(system: &System, receiver: &Receiver, port: u16) -> Vec<(String, String)> {
    let mut made = Vec::new();
    for (number, (status, address)) in [301, 302, 303, 307, 308].into_iter().zip(PRIVATE).enumerate() {
        let path = format!("/redirect-{number}");
        let target = format!("http://{}/", SocketAddr::new(address.parse().unwrap(), port));
        receiver.always(&path, Answer::redirect(status, &target));
        let url = format!("http://public.example:{port}{path}");
        let endpoint = system.customer().create_endpoint(&url, &["lead.captured"]).await;
        made.push((endpoint.id, format!("{status} to {target}")));
    }
    made
}

/// Names that lead outside at first and inside at the next lookup, once and again and again: each connection goes where the
/// lookup led that was judged.
async fn names_that_change(
    system: &System,
    names: &NameServer,
    receiver: &Receiver,
    port: u16,
) -> Vec<e2e::client::Pushed> {
    let public: IpAddr = PUBLIC.parse().unwrap();
    names.decide("rebinds.example", move |lookup| {
        vec![if lookup == 1 {
            public
        } else {
            "127.0.0.1".parse().unwrap()
        }]
    });
    names.decide("alternates.example", move |lookup| {
        vec![if lookup % 2 == 1 {
            public
        } else {
            "10.1.2.3".parse().unwrap()
        }]
    });
    // Each request needs a connection of its own, and with it a lookup.
    let once = Answer::status(200).header("connection", "close");
    let mut pushed = Vec::new();
    for (name, kind, count) in [
        ("rebinds", "ticket.created", 5),
        ("alternates", "ticket.updated", 40),
    ] {
        let path = format!("/{name}");
        receiver.always(&path, once.clone());
        let url = format!("http://{name}.example:{port}{path}");
        system.customer().create_endpoint(&url, &[kind]).await;
        for number in 0..count {
            pushed.extend(system.backend().push_batch(&[event(system, kind, number)]).await);
            wait_until_finished(system).await;
        }
    }
    assert_eq!(receiver.received_at("/rebinds").len(), 1);
    assert_eq!(names.asked("rebinds.example"), 5);
    assert_eq!(receiver.received_at("/alternates").len(), 20);
    assert_eq!(names.asked("alternates.example"), 40);
    pushed
}

async fn wait_until_finished(system: &System) {
    eventually(LONG, "all deliveries to be finished", async || {
        let redis = &system.redis;
        let finished = counter(redis, "succeeded") + counter(redis, "exhausted");
        let accepted = counter(redis, "deliveries");
        check(finished == accepted, format!("{finished} of {accepted}"))
    })
    .await;
}

/// The code of the only attempt of an endpoint.
fn error_of(system: &System, endpoint: &str) -> String {
    logged(system, endpoint, "error")
}

/// What its owner reads of it.
fn detail_of(system: &System, endpoint: &str) -> String {
    logged(system, endpoint, "detail")
}

/// A field of the log's entry about the only attempt of an endpoint.
fn logged(system: &System, endpoint: &str, field: &str) -> String {
    let entries: Vec<(String, std::collections::HashMap<String, String>)> = ask(
        &system.redis,
        &["XRANGE", &key(&format!("log:{endpoint}")), "-", "+"],
    );
    let codes: Vec<_> = entries.iter().filter_map(|(_, entry)| entry.get(field)).collect();
    assert_eq!(codes.len(), 1, "{entries:?}");
    codes[0].clone()
}

/// Listens on every private address, and counts who connects.
struct Canary {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Canary {
    fn listen(port: u16) -> Self {
        let connections = Arc::<AtomicUsize>::default();
        for address in PRIVATE {
            let address = SocketAddr::new(address.parse().unwrap(), port);
            let listener = TcpListener::bind(address).unwrap();
            let connections = Arc::clone(&connections);
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    connections.fetch_add(1, Ordering::SeqCst);
                    drop(stream);
                }
            });
        }
        Self { port, connections }
    }

    /// Asserts that clients reach it on every address and that it notices; else its silence would mean nothing.
    async fn sings(&self) {
        for address in PRIVATE {
            let address = SocketAddr::new(address.parse().unwrap(), self.port);
            // The kernel enters the routes to new addresses a moment after it has added them.
            let mut stream = eventually(LONG, "a route to the canary", async || {
                TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))
            })
            .await;
            // It closes at once, after it has counted.
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        }
        assert_eq!(self.connections.swap(0, Ordering::SeqCst), PRIVATE.len());
    }

    fn heard(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
