//! Names that are never answered, and name servers that do everything else wrong: whose names they are pays for it, and nobody
//! beside. A hostile name server of our own stands where the system's is (see `f18_private_addresses`).
//!
//! Proves (guarantees): names that never answer
//! Proves (guarantees): a name that was not found
//! Proves (guarantees): what name servers do wrong
//! Proves (security): A look-up belongs to the share of an account

use std::net::SocketAddr;
use std::time::Duration;

use domain::id::DeliveryId;
use e2e::account::Account;
use e2e::client::Pushed;
use e2e::name_server::{Conduct, NameServer};
use e2e::namespaces::{run_apart, set_file};
use e2e::ports::NobodyAnswers;
use e2e::receiver::{Answer, Receiver};
use e2e::state::key;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::scene::{ask, builder};
use crate::worker_scene::counter;

/// Who has names that are never answered, and how many each; 100 endpoints are all that an account may have.
const ACCOUNTS: usize = 4;
const NAMES: usize = 99;

/// How many events the healthy endpoint gets.
const EVENTS: usize = 90;

#[test]
fn names_that_never_answer_are_nobody_elses_trouble() {
    run_apart(
        &["--mount", "--net"],
        "f29_names_that_never_answer::names_that_never_answer_are_nobody_elses_trouble",
        async || {
            let names = NameServer::start_for_the_system("nameserver 127.0.0.1\n");
            let mut system = system().await;
            let receiver = Receiver::start().await;
            let port = receiver.address().port();
            // Each request needs a connection of its own, and with it a look-up.
            for path in ["/beside", "/among"] {
                receiver.always(path, Answer::status(200).header("connection", "close"));
            }
            for account in 0..ACCOUNTS {
                let customer = system.customer_of(&organisation(account));
                for number in 0..NAMES {
                    let name = format!("silent{number}.customer{account}.example");
                    names.set(&name, &["127.0.0.1"]);
                    names.behave(&name, Conduct::Silent);
                    let url = format!("http://{name}:{port}/silent");
                    customer.create_endpoint(&url, &["lead.captured"]).await;
                }
            }
            names.set("hooks.healthy.example", &["127.0.0.1"]);
            let url = format!("http://hooks.healthy.example:{port}");
            // One in an account of its own, one among the silent names of the same account.
            let beside = system
                .customer()
                .create_endpoint(&format!("{url}/beside"), &["*"])
                .await;
            let among = system.customer_of(&organisation(0));
            let among = among
                .create_endpoint(&format!("{url}/among"), &["ticket.created"])
                .await;

            let mut pushed = Vec::new();
            for account in 0..ACCOUNTS {
                let account = format!("org:{}", organisation(account));
                pushed.extend(push(&system, &account, "lead.captured", 2).await);
            }
            eventually(LONG, "many look-ups to wait for an answer", async || {
                let asked: usize = (0..NAMES)
                    .map(|number| names.asked(&format!("silent{number}.customer0.example")))
                    .sum();
                check(asked > 20, format!("{asked} questions"))
            })
            .await;
            pushed.extend(push(&system, "org:org_0", "ticket.created", 5).await);
            for _ in 0..EVENTS / 10 {
                pushed.extend(push(&system, system.account(), "lead.captured", 10).await);
            }
            eventually(LONG, "the healthy one to get everything", async || {
                let arrived = receiver.received_at("/beside").len();
                check(arrived == EVENTS, format!("{arrived} of {EVENTS}"))
            })
            .await;
            let unfinished = counter(&system.redis, "deliveries") - counter(&system.redis, "exhausted");
            assert!(unfinished > EVENTS + 5, "the silent names were done before it");

            wait_until_finished(&system).await;
            assert_eq!(receiver.received_at("/among").len(), 5);
            for endpoint in [&beside, &among] {
                assert_eq!(errors_of(&system, &endpoint.id), Vec::<String>::new());
            }
            let balance = Account::of(&system)
                .at(&receiver)
                .accepted(pushed)
                .balance()
                .await;
            assert_eq!(balance.delivered, EVENTS + 5, "{balance:?}");
            assert_eq!(balance.exhausted, ACCOUNTS * NAMES * 2, "{balance:?}");
            system.stop();
        },
    );
}

#[test]
fn who_waits_behind_a_name_that_was_not_found_is_sent_once_it_is_found() {
    run_apart(
        &["--mount", "--net"],
        "f29_names_that_never_answer::who_waits_behind_a_name_that_was_not_found_is_sent_once_it_is_found",
        async || {
            let names = NameServer::start_for_the_system("nameserver 127.0.0.1\n");
            let mut system = system().await;
            let receiver = Receiver::start().await;
            let name = "late.example";
            names.set(name, &["127.0.0.1"]);
            names.behave(name, Conduct::Silent);
            let url = format!("http://{name}:{}/late", receiver.address().port());
            let endpoint = system.customer().create_endpoint(&url, &["*"]).await;
            let pushed = push(&system, system.account(), "lead.captured", 10).await;
            eventually(LONG, "the first to fail", async || {
                let failed = counter(&system.redis, "exhausted");
                check(failed > 0, format!("{failed} failed"))
            })
            .await;
            // For five seconds nobody asks for it again.
            names.behave(name, Conduct::Good);
            wait_until_finished(&system).await;
            assert_eq!(receiver.received_at("/late").len(), 9);
            assert_eq!(errors_of(&system, &endpoint.id).len(), 1);
            let balance = Account::of(&system)
                .at(&receiver)
                .accepted(pushed)
                .balance()
                .await;
            assert_eq!((balance.delivered, balance.exhausted), (9, 1), "{balance:?}");
            system.stop();
        },
    );
}

/// What a name server does, and what becomes of the delivery: nothing if it arrives.
const CONDUCTS: [(&str, Conduct, Option<&str>); 10] = [
    ("good", Conduct::Good, None),
    (
        "silent",
        Conduct::Silent,
        Some("no answer of a name server within 5s"),
    ),
    ("half", Conduct::SilentForIpv6, None),
    ("late", Conduct::Late(Duration::from_millis(1500)), None),
    (
        "fails",
        Conduct::Fails,
        Some("the name server could not find out (SERVFAIL)"),
    ),
    (
        "refuses",
        Conduct::Refuses,
        Some("the name server refused to answer (REFUSED)"),
    ),
    ("wrong-id", Conduct::WrongId, None),
    ("other-name", Conduct::OtherName, None),
    ("noise", Conduct::Noise, None),
    ("truncated", Conduct::Truncated, None),
];

#[test]
fn what_name_servers_do_wrong_is_done_without_or_is_the_names_failure() {
    run_apart(
        &["--mount", "--net"],
        "f29_names_that_never_answer::what_name_servers_do_wrong_is_done_without_or_is_the_names_failure",
        async || {
            // The first name server is not there.
            let names = NameServer::start_for_the_system(
                "nameserver 127.0.0.9\nnameserver 127.0.0.1\nsearch inside.example\noptions ndots:5\n",
            );
            set_file("/etc/hosts", "127.0.0.1 localhost in-the-file.example # here\n");
            std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").unwrap();
            let mut system = system().await;
            let receiver = Receiver::start().await;
            let port = receiver.address().port();
            let mut endpoints = Vec::new();
            for (label, conduct, error) in CONDUCTS {
                let name = format!("{label}.example");
                names.set(&name, &["127.0.0.1"]);
                names.behave(&name, conduct);
                endpoints.push((name, error));
            }
            // More addresses than a datagram has room for, and an address of a kind that this machine has no way to.
            names.decide("huge.example", |_| vec!["127.0.0.1".parse().unwrap(); 2000]);
            names.behave("huge.example", Conduct::Truncated);
            names.set("only-ipv6.example", &["2606:4700::1111"]);
            // A suffix would lead elsewhere.
            names.set("suffixed.example.inside.example", &["127.0.0.1"]);
            names.set("backend.inside.example", &["127.0.0.1"]);
            endpoints.extend([
                ("huge.example".to_owned(), None),
                ("in-the-file.example".to_owned(), None),
                ("backend".to_owned(), None),
                (
                    "only-ipv6.example".to_owned(),
                    Some("no connection: there is no way from here to its IPv6 address"),
                ),
                (
                    "suffixed.example".to_owned(),
                    Some("there is no such name (NXDOMAIN)"),
                ),
            ]);
            let customer = system.customer();
            let mut made = Vec::new();
            for (name, error) in endpoints {
                let url = format!("http://{name}:{port}/{name}");
                let endpoint = customer.create_endpoint(&url, &["lead.captured"]).await;
                made.push((name, endpoint.id, error));
            }
            let pushed = push(&system, system.account(), "lead.captured", 1).await;
            wait_until_finished(&system).await;
            for (name, id, error) in &made {
                let errors = errors_of(&system, id);
                match error {
                    None => assert_eq!(errors, Vec::<String>::new(), "{name}"),
                    Some(sentence) => {
                        assert!(
                            errors.len() == 1 && errors[0].contains(sentence),
                            "{name}: {errors:?}"
                        );
                    }
                }
            }
            assert_eq!(names.asked("suffixed.example.inside.example"), 0);
            let balance = Account::of(&system)
                .at(&receiver)
                .accepted(pushed)
                .balance()
                .await;
            assert_eq!((balance.delivered, balance.exhausted), (10, 5), "{balance:?}");
            system.stop();
        },
    );
}

/// A name with an address where nobody answers, in front of one where somebody does.
#[test]
fn an_address_that_never_answers_makes_way_for_the_next() {
    run_apart(
        &["--mount", "--net"],
        "f29_names_that_never_answer::an_address_that_never_answers_makes_way_for_the_next",
        async || {
            let names = NameServer::start_for_the_system("nameserver 127.0.0.1\n");
            let mut system = system().await;
            let receiver = Receiver::start().await;
            receiver.always("/second", Answer::status(200).header("connection", "close"));
            let port = receiver.address().port();
            let _first = NobodyAnswers::at(SocketAddr::from(([127, 0, 0, 3], port))).await;
            names.set("two-addresses.example", &["127.0.0.3", "127.0.0.1"]);
            let url = format!("http://two-addresses.example:{port}/second");
            let customer = system.customer();
            let endpoint = customer.create_endpoint(&url, &["*"]).await;
            let pushed = push(&system, system.account(), "lead.captured", 5).await;
            wait_until_finished(&system).await;
            for event in &pushed {
                let delivery = DeliveryId::of(&event.id.parse().unwrap(), &endpoint.id.parse().unwrap());
                let path = format!("/api/webhooks-config/{}/deliveries/{delivery}", endpoint.id);
                let shown = customer.get(&path).await.expect(200).body;
                let connect = shown["attemptLog"][0]["timing"]["connectMs"].as_f64().unwrap();
                // After 250 ms, and not after the 5 s for which the first may be tried.
                assert!((250.0..4000.0).contains(&connect), "{shown}");
            }
            assert_eq!(errors_of(&system, &endpoint.id), Vec::<String>::new());
            system.stop();
        },
    );
}

/// Each delivery gets one attempt, and nobody is disabled.
async fn system() -> System {
    builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1000")
        .start()
        .await
}

fn organisation(number: usize) -> String {
    format!("org_{number}")
}

async fn push(system: &System, account: &str, event: &str, count: usize) -> Vec<Pushed> {
    let event = json!({"accountId": account, "event": event, "chatbotId": "bot_1", "data": {}});
    system.backend().push_batch(&vec![event; count]).await
}

async fn wait_until_finished(system: &System) {
    eventually(2 * LONG, "all deliveries to be finished", async || {
        let finished = counter(&system.redis, "succeeded") + counter(&system.redis, "exhausted");
        let accepted = counter(&system.redis, "deliveries");
        check(finished == accepted, format!("{finished} of {accepted}"))
    })
    .await;
}

/// The sentences about the failed attempts of an endpoint.
fn errors_of(system: &System, endpoint: &str) -> Vec<String> {
    let entries: Vec<(String, std::collections::HashMap<String, String>)> = ask(
        &system.redis,
        &["XRANGE", &key(&format!("log:{endpoint}")), "-", "+"],
    );
    assert!(!entries.is_empty());
    entries
        .into_iter()
        .filter(|(_, entry)| entry.contains_key("error"))
        .map(|(_, mut entry)| entry.remove("detail").unwrap_or_default())
        .collect()
}
