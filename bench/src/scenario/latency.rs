//! How soon an event arrives at a moderate rate: `latency`.

use super::steady::{RATE, Steady};
use super::{Ratio, Setting};
use crate::child::ReceiverServer;
use crate::measured::Measured;
use crate::subject::Subject;

pub(super) const VARIANTS: &[&str] = &[
    "webhooks",
    "bullmq",
    "webhooks, 3 endpoints",
    "bullmq, 3 endpoints",
];

pub(super) const RATIOS: &[Ratio] = &[
    ("webhooks", "bullmq"),
    ("webhooks, 3 endpoints", "bullmq, 3 endpoints"),
];

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(30 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    format!(
        "{} events of 600 bytes, {RATE} a second, to 1 endpoint or 3",
        events(setting)
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let subject = if variant.starts_with("bullmq") {
        Subject::bullmq()
    } else {
        Subject::webhooks(|builder| builder).await
    };
    let endpoints = if variant.ends_with("3 endpoints") { 3 } else { 1 };
    let mut measured = Measured::default();
    let steady = Steady::at_each(&subject, &receiver, endpoints, events(setting)).await;
    steady.warm_up(&mut measured).await;
    let course = steady.run(&subject).await;
    subject.settle().await;
    course.tell(&subject, endpoints.into(), &mut measured);
    subject.stop();
    measured
}
