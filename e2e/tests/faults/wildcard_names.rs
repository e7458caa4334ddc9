//! Many names of one address, as whoever has a wildcard in its zone can make them: they are one host to a worker, which makes no more
//! requests at once there than to a host with one name (see `f29_names_that_never_answer`).
//!
//! Proves (security): An account makes at most `DESTINATION_CONCURRENCY` (64) requests at once to one host and port

use e2e::account::Account;
use e2e::name_server::NameServer;
use e2e::namespaces::run_apart;
use e2e::receiver::{Answer, Receiver};
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::scene::builder;

/// Names, the events for each, and how many requests an account may make at once of one destination.
const NAMES: usize = 30;
const EVENTS: usize = 3;
const PLACES: usize = 4;

#[test]
fn an_address_gets_so_many_requests_of_an_account_at_once_whatever_names_lead_there() {
    run_apart(
        &["--mount", "--net"],
        "wildcard_names::an_address_gets_so_many_requests_of_an_account_at_once_whatever_names_lead_there",
        async || {
            let names = NameServer::start_for_the_system("nameserver 127.0.0.1\n");
            let mut system = builder()
                .env("DESTINATION_CONCURRENCY", PLACES.to_string())
                .env("DELIVERY_TIMEOUT", "2m")
                .start()
                .await;
            let receiver = Receiver::start().await;
            let port = receiver.address().port();
            // Each answer waits until all places are taken.
            receiver.always("/wild", Answer::status(200).held());
            let customer = system.customer();
            for number in 0..NAMES {
                let name = format!("{number}.wild.example");
                names.set(&name, &["127.0.0.1"]);
                let endpoint = customer
                    .create_endpoint(&format!("http://{name}:{port}/wild"), &["*"])
                    .await;
                system.end_slow_start(&endpoint.id);
            }
            names.set("hooks.neighbour.example", &["127.0.0.1"]);
            let neighbour = system.customer_of("org_2neighbour");
            let url = format!("http://hooks.neighbour.example:{port}/beside");
            neighbour.create_endpoint(&url, &["*"]).await;

            let push = async |account: &str, count: usize| {
                let event =
                    json!({"accountId": account, "event": "lead.captured", "chatbotId": "c", "data": {}});
                system.backend().push_batch(&vec![event; count]).await
            };
            let mut pushed = push(system.account(), EVENTS).await;
            eventually(LONG, "all places to be taken", async || {
                let open = receiver.open();
                check(open >= PLACES, format!("{open} requests"))
            })
            .await;
            // Another account has places of its own there.
            pushed.extend(push("org:org_2neighbour", 5).await);
            receiver.wait_for_at("/beside", 5).await;
            eventually(LONG, "the neighbour's to be answered", async || {
                let open = receiver.open();
                check(open == PLACES, format!("{open} are open"))
            })
            .await;
            receiver.open_gate();
            receiver.wait_for_at("/wild", NAMES * EVENTS).await;
            // The neighbour's own may have come at the same time.
            let most = receiver.most_open();
            assert!(most <= PLACES + 5, "{most} requests at once");
            let looked_up = (0..NAMES).filter(|number| names.asked(&format!("{number}.wild.example")) > 0);
            assert_eq!(looked_up.count(), NAMES);
            let balance = Account::of(&system)
                .at(&receiver)
                .accepted(pushed)
                .balance()
                .await;
            assert_eq!(
                (balance.delivered, balance.exhausted),
                (NAMES * EVENTS + 5, 0),
                "{balance:?}"
            );
            system.stop();
        },
    );
}
