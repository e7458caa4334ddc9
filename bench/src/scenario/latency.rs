//! How soon an event arrives at a moderate rate: `latency`.

use super::Setting;
use super::steady::{RATE, Steady};
use crate::child::ReceiverServer;
use crate::measured::Measured;
use crate::subject::Subject;

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
    let mut measured = Measured::default();
    let steady = Steady::instant(&subject, &receiver, events(setting)).await;
    steady.warm_up(&mut measured).await;
    let course = steady.run(&subject).await;
    subject.settle().await;
    course.tell(&subject, 1, &mut measured);
    subject.stop();
    measured
}
