//! What each call of the API costs Redis in a large system: `calls`.
//!
//! The calls are made for an account with as many endpoints as one may have, one of which has a full log and another a
//! queue of parked deliveries. Redis writes every command down with its time; those of workers are left out, and
//! every call is made a few times.

mod round;

mod meter;

use super::Setting;
use super::growth::{PER_ACCOUNT, add_many_endpoints};
use crate::child::ReceiverServer;
use crate::load::{Events, in_batches};
use crate::measured::{Measured, wait_for};
use crate::subject::{ORGANISATION, Subject, account};
use e2e::client::Caller;
use round::Round;

const CONFIG: &str = "/api/webhooks-config";

/// The organisation whose only endpoint answers 410, so that everything for it is parked.
const PARKED: &str = "org_2parked";

#[derive(Debug, Clone, Copy)]
struct Shape {
    endpoints: u32,
    /// Events of each account, one delivery to each endpoint of the account.
    events: u32,
    /// Deliveries of the endpoint with the full log, and of the one with the parked queue.
    of_one: u32,
    /// How many times each call is made. An account may have ten test events in a minute.
    times: u32,
}

const fn shape(setting: Setting) -> Shape {
    Shape {
        endpoints: setting.full_or_brief(10_000, 30),
        events: setting.full_or_brief(100, 3),
        of_one: setting.full_or_brief(2_000, 40),
        times: setting.full_or_brief(10, 2),
    }
}

pub(super) fn about(setting: Setting) -> String {
    let Shape {
        endpoints, events, ..
    } = shape(setting);
    format!(
        "Redis milliseconds of each call: all its commands (median), and its longest command, at {endpoints} endpoints and {} stored deliveries",
        endpoints * events
    )
}

/// One run.
pub(super) async fn measure(setting: Setting) -> Measured {
    let shape = shape(setting);
    let receiver = ReceiverServer::start();
    let mut subject = Subject::webhooks(|builder| builder).await;
    let mut measured = Measured::default();
    fill(&mut subject, &receiver, shape, &mut measured).await;
    let mut round = Round::new(subject.system(), &receiver).await;
    for _ in 0..shape.times {
        round.make_all().await;
    }
    round.switch_on_and_remove().await;
    round.add_to(&mut measured);
    subject.stop();
    measured
}

/// Makes endpoints and deliveries.
async fn fill(subject: &mut Subject, receiver: &ReceiverServer, shape: Shape, measured: &mut Measured) {
    let accounts = add_many_endpoints(subject, receiver, shape.endpoints).await;
    let fan_out = shape.endpoints.min(PER_ACCOUNT);
    let events = shape.events * u32::try_from(accounts.len()).unwrap();
    let many = Events {
        accounts,
        ..Events::of("", 600)
    };
    let target = subject.target();
    let pushed = in_batches(&target, &many, 0..events, 100).await;
    measured.hold_pushed(&pushed, events.into(), fan_out.into());
    let arrived = wait_for(receiver, "/instant/", pushed.deliveries).await;
    measured.count("deliveries stored", arrived.distinct);
    measured.hold_arrived(&arrived, pushed.deliveries);

    // One endpoint gets everything of its account; the others are another chatbot's. One place is left.
    let mut endpoints = vec![(receiver.url("/instant/full"), None)];
    endpoints.extend((0..PER_ACCOUNT - 2).map(|number| {
        let url = receiver.url(&format!("/instant/other-{number}"));
        (url, Some("bot_of_others".to_owned()))
    }));
    subject.add_endpoints(ORGANISATION, &endpoints).await;
    subject
        .add_endpoint(PARKED, &receiver.url("/fail/410/parked"), None)
        .await;
    for organisation in [ORGANISATION, PARKED] {
        let load = Events::of(&account(organisation), 600);
        let pushed = in_batches(&target, &load, 0..shape.of_one, 100).await;
        measured.hold_pushed(&pushed, shape.of_one.into(), 1);
    }
    let arrived = wait_for(receiver, "/instant/full", shape.of_one.into()).await;
    measured.demand(
        arrived.distinct == u64::from(shape.of_one),
        format!("{} deliveries of the full log arrived", arrived.distinct),
    );
    subject.settle().await;
}

/// The endpoint whose URL ends like this.
async fn endpoint_with(customer: &Caller, end: &str) -> String {
    let listed = customer.get(CONFIG).await.expect(200).body;
    let mut endpoints = listed["endpoints"].as_array().unwrap().iter();
    let found = endpoints.find(|endpoint| endpoint["url"].as_str().unwrap().ends_with(end));
    found.unwrap()["id"].as_str().unwrap().to_owned()
}
