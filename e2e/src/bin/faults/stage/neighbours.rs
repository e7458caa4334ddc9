//! Neighbours that take what all share, and endpoints beside them whose receiver no fault touches: they must come to no harm.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use e2e::clerk::Claims;
use e2e::client::Caller;
use e2e::crowd::{Crowd, Guest};
use e2e::load::{Load, Loaded, Shape};
use e2e::name_server::{Conduct, NameServer};
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::unharmed;
use crate::plan::Neighbour;

/// The account whose only endpoint is well, and the one that fills its budget.
const HEALTHY: &str = "org_2healthy";
const FULL: &str = "org_2full";

/// New endpoints that hang: so many at once, and so often.
const FRESH: usize = 12;
const WAVES: usize = 3;

/// What fills a budget several times over.
const BIG_EVENTS: usize = 150;
const BIG: usize = 20_000;

/// More clients than the API has places.
const CROWD: usize = 80;

/// How long one of our calls may take.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) struct Neighbours {
    /// Of the endpoints that are well.
    receiver: Receiver,
    /// Whose they are, and their ids.
    healthy: Vec<(&'static str, String)>,
    /// Events of the account that is well, and of those that are greedy.
    loads: Vec<Load>,
    examined: String,
    examiner: Caller,
    examinations: JoinSet<()>,
    crowds: HashMap<Neighbour, Crowd>,
    /// Only in namespaces of our own.
    names: Option<NameServer>,
}

impl Neighbours {
    /// `common` is the receiver whose answers become faults.
    pub(super) async fn start(system: &System, common: &Receiver, names: Option<&NameServer>) -> Self {
        let receiver = Receiver::start().await;
        let mut host = receiver.address().to_string();
        if let Some(names) = names {
            // Each request needs a look-up.
            receiver.always("/healthy", Answer::status(200).header("connection", "close"));
            names.set("well.example", &["127.0.0.1"]);
            host = format!("well.example:{}", receiver.address().port());
        }
        let full = system.customer_of(FULL);
        let hanging = full.create_endpoint(&common.url("/full"), &["*"]).await;
        let mut healthy = Vec::new();
        for (organisation, path) in [(FULL, "/quick"), (HEALTHY, "/healthy")] {
            let endpoint = system
                .customer_of(organisation)
                .create_endpoint(&format!("http://{host}{path}"), &["*"])
                .await;
            healthy.push((organisation, endpoint.id));
        }
        let steady = Shape {
            callers: 1,
            pause: Duration::from_millis(40),
            ..Shape::gentle(&account(HEALTHY))
        };
        Self {
            receiver,
            healthy,
            loads: vec![Load::start_as(system, "healthy", &steady)],
            examined: format!("/api/webhooks-config/{}/verify", hanging.id),
            examiner: full,
            examinations: JoinSet::new(),
            crowds: HashMap::new(),
            names: names.cloned(),
        }
    }

    pub(super) async fn begin(&mut self, neighbour: Neighbour, system: &System, common: &Receiver) {
        match neighbour {
            Neighbour::FreshOnesHang => {
                common.always("/fresh", Answer::hang());
                let organisation = format!("org_2fresh{}", self.loads.len());
                let url = common.url("/fresh");
                make_fresh(&system.customer_of(&organisation), |_| url.clone()).await;
                self.push(system, &organisation, 3, 0);
            }
            Neighbour::SilentNames => {
                let Some(names) = &self.names else { return };
                for number in 0..FRESH * WAVES {
                    names.set(&silent(number), &["127.0.0.1"]);
                }
                all_silent(names, Conduct::Silent);
                let organisation = format!("org_2silent{}", self.loads.len());
                let port = common.address().port();
                let url = |number| format!("http://{}:{port}/silent", silent(number));
                make_fresh(&system.customer_of(&organisation), url).await;
                self.push(system, &organisation, 3, 0);
            }
            Neighbour::FullBudget => {
                common.always("/full", Answer::hang());
                self.push(system, FULL, BIG_EVENTS, BIG);
            }
            Neighbour::Examinations => {
                for _ in 0..4 {
                    let (customer, path) = (self.examiner.clone(), self.examined.clone());
                    self.examinations.spawn(examine(customer, path));
                }
            }
            Neighbour::SlowSenders => {
                let token = Claims::v2("user_2slow", Some("org_2slow")).sign(&system.key);
                let guests = [Guest::sends_a_head_slowly(), Guest::sends_a_body_slowly(&token)];
                self.crowd(neighbour, system, &guests);
            }
            Neighbour::SlowReaders => {
                let guest = Guest::never_reads("GET /docs HTTP/1.1\r\nhost: x\r\n\r\n");
                self.crowd(neighbour, system, &[guest]);
            }
        }
    }

    pub(super) async fn end(&mut self, neighbour: Neighbour, common: &Receiver) {
        match neighbour {
            Neighbour::FreshOnesHang => common.always("/fresh", Answer::status(200)),
            Neighbour::SilentNames => {
                if let Some(names) = &self.names {
                    all_silent(names, Conduct::Good);
                }
            }
            Neighbour::FullBudget => common.always("/full", Answer::status(200)),
            Neighbour::Examinations => self.examinations.shutdown().await,
            Neighbour::SlowSenders | Neighbour::SlowReaders => {
                if let Some(crowd) = self.crowds.remove(&neighbour) {
                    crowd.leave().await;
                }
            }
        }
    }

    /// Of the endpoints that are well.
    pub(super) const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Begins no further event, and adds those that were accepted.
    pub(super) async fn stop(&mut self, loaded: &mut Loaded) {
        for load in self.loads.drain(..) {
            loaded.extend(load.stop().await);
        }
    }

    /// Asserts that no attempt failed whose receiver no fault touched.
    pub(super) async fn assert_unharmed(&self, system: &System) {
        let mut attempts = 0;
        for (organisation, id) in &self.healthy {
            attempts += unharmed::attempts(&system.customer_of(organisation), id).await;
        }
        assert!(attempts > 0, "endpoints that are well got nothing");
    }

    fn push(&mut self, system: &System, organisation: &str, events: usize, fill: usize) {
        let shape = Shape {
            callers: 2,
            pause: Duration::ZERO,
            accounts: vec![account(organisation)],
            at_most: events,
            fill,
        };
        let name = format!("neighbour-{}", self.loads.len());
        self.loads.push(Load::start_as(system, &name, &shape));
    }

    fn crowd(&mut self, neighbour: Neighbour, system: &System, guests: &[Guest]) {
        let address: SocketAddr = system.api.variable("API_LISTEN").unwrap().parse().unwrap();
        let crowd = Crowd::at(address, guests.iter().cloned().cycle().take(CROWD));
        self.crowds.insert(neighbour, crowd);
    }
}

/// One of the names that are never answered.
fn silent(number: usize) -> String {
    format!("silent-{number}.example")
}

fn all_silent(names: &NameServer, conduct: Conduct) {
    for number in 0..FRESH * WAVES {
        names.behave(&silent(number), conduct);
    }
}

/// Makes endpoints at these URLs, as many as the API makes in the middle of other faults.
async fn make_fresh(customer: &Caller, url: impl Fn(usize) -> String) {
    for wave in 0..WAVES {
        let requests = (0..FRESH).map(|number| {
            let wanted = json!({"url": url(wave * FRESH + number), "events": ["*"]});
            let request = customer.request(Method::POST, "/api/webhooks-config");
            Caller::try_send(request.json(&wanted).timeout(PATIENCE))
        });
        requests.collect::<JoinSet<_>>().join_all().await;
    }
}

/// Has signatures of long bodies examined until it is stopped.
async fn examine(customer: Caller, path: String) {
    let body = json!({"headers": {"X-RKT-Signature": "0".repeat(64)}, "body": "b".repeat(300_000)});
    loop {
        let request = customer.request(Method::POST, &path).json(&body);
        if Caller::try_send(request.timeout(PATIENCE)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn account(organisation: &str) -> String {
    format!("org:{organisation}")
}
