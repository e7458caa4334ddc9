//! A backlog of one endpoint: how much later does another endpoint of another account get its next event? `backlog`.

use super::Setting;
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate, in_batches};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

/// The organisation whose endpoint has the backlog.
const BUSY: &str = "org_2busy";

/// Events per second for the other endpoint.
const RATE: u32 = 100;

const fn waiting(setting: Setting) -> u32 {
    setting.full_or_brief(100_000, 2_000)
}

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(5 * RATE, RATE / 2)
}

pub(super) fn about(setting: Setting) -> String {
    let (events, waiting) = (events(setting), waiting(setting));
    format!("{events} events, {RATE} a second, to 1 endpoint, while {waiting} deliveries wait for another")
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let mut subject = Subject::webhooks(|builder| builder).await;
    subject
        .add_endpoint(BUSY, &receiver.url("/instant/busy"), None)
        .await;
    subject
        .add_endpoint(ORGANISATION, &receiver.url("/instant/other"), None)
        .await;
    let (target, events) = (subject.target(), events(setting));
    let mut measured = Measured::default();

    let waiting = if variant == "no backlog" {
        0
    } else {
        waiting(setting)
    };
    subject.pause_workers();
    let busy = Events::of(&account(BUSY), 600);
    let pushed = in_batches(&target, &busy, 0..waiting, 500).await;
    measured.hold_pushed(&pushed, waiting.into(), 1);
    let window = Window::open(Some(&subject), &receiver);
    subject.resume_workers();
    let load = Events::of(&account(ORGANISATION), 600);
    let pushed = at_rate(&target, &load, 0..events, RATE).await;
    let arrived = wait_for(&receiver, "/instant/other", events.into()).await;
    let served = receiver.counts("/instant/busy").await.distinct;
    measured.hold_pushed(&pushed, events.into(), 1);
    measured.latency("sent to arrived", arrived.latency);
    measured.count("still waiting at the end", u64::from(waiting) - served);
    measured.hold_arrived(&arrived, events.into());
    let busy = wait_for(&receiver, "/instant/busy", waiting.into()).await;
    subject.settle().await;
    measured.demand(
        busy.distinct == u64::from(waiting),
        format!(
            "{} of the {waiting} deliveries that waited arrived",
            busy.distinct
        ),
    );
    window.close(Some(&subject), busy.distinct + arrived.distinct, &mut measured);
    subject.stop();
    measured
}
