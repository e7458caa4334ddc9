//! How soon an event arrives at a moderate rate: `latency`.

use super::Setting;
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

/// Events per second.
const RATE: u32 = 200;

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(30 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    format!(
        "{} events of 600 bytes, {RATE} a second, to 1 endpoint",
        events(setting)
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let subject = match variant {
        "bullmq" => Subject::bullmq(),
        _ => Subject::webhooks(|builder| builder).await,
    };
    subject
        .add_endpoint(ORGANISATION, &receiver.url("/instant/0"), None)
        .await;
    let (target, load) = (subject.target(), Events::of(&account(ORGANISATION), 600));
    let events = events(setting);
    let mut measured = Measured::default();

    let warm = events / 10;
    let pushed = at_rate(&target, &load, events..events + warm, RATE).await;
    measured.hold_pushed(&pushed, warm.into(), 1);
    wait_for(&receiver, "/", warm.into()).await;
    receiver.forget().await;

    let window = Window::open(Some(&subject), &receiver);
    let pushed = at_rate(&target, &load, 0..events, RATE).await;
    let arrived = wait_for(&receiver, "/", events.into()).await;
    subject.settle().await;
    measured.hold_pushed(&pushed, events.into(), 1);
    measured.latency("sent to arrived", arrived.latency);
    measured.latency("sent to answered", pushed.latency());
    window.close(Some(&subject), arrived.distinct, &mut measured);
    measured.hold_arrived(&arrived, events.into());
    subject.stop();
    measured
}
