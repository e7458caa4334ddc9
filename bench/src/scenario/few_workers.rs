//! Receivers that serve a few requests at a time: do they get as much as they can do, and no more? `few-workers`.
//!
//! Each gets a batch at once. What is more than it serves waits there, in turn; what waits too long times out, and comes again.

use super::Setting;
use crate::child::ReceiverServer;
use crate::load::{Events, in_batches};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

/// How many events come at once for each request that is served at a time.
const fn batch(setting: Setting) -> u32 {
    setting.full_or_brief(100, 10)
}

/// How long a request takes once it is served, in milliseconds.
const fn handler(setting: Setting) -> u32 {
    setting.full_or_brief(400, 50)
}

pub(super) fn about(setting: Setting) -> String {
    format!(
        "{} events at once for each that an endpoint's receiver serves at a time, in {} ms",
        batch(setting),
        handler(setting)
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let subject = Subject::webhooks(|builder| builder).await;
    let workers = variant.split(' ').next().and_then(|number| number.parse().ok());
    let workers: u32 = workers.expect("a number of workers");
    let path = format!("/in-turn/{workers}/{}/0", handler(setting));
    subject
        .add_endpoint(ORGANISATION, &receiver.url(&path), None)
        .await;
    let (target, events) = (subject.target(), batch(setting) * workers);
    let mut measured = Measured::default();

    let window = Window::open(Some(&subject), &receiver);
    let load = Events::of(&account(ORGANISATION), 600);
    let pushed = in_batches(&target, &load, 0..events, 500).await;
    let arrived = wait_for(&receiver, "/", events.into()).await;
    subject.settle().await;
    let least = f64::from(batch(setting) * handler(setting)) / 1000.0;
    measured.set("of what it can do", least / window.seconds());
    measured.hold_pushed(&pushed, events.into(), 1);
    measured.count("most at once", arrived.most_at_once);
    window.close(Some(&subject), arrived.distinct, &mut measured);
    measured.hold_arrived(&arrived, events.into());
    subject.stop();
    measured
}
