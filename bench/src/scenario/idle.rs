//! What a system costs that has nothing to do: `idle`.

use std::time::Duration;

use super::Setting;
use crate::child::ReceiverServer;
use crate::load::{Events, closed};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

const fn span(setting: Setting) -> Duration {
    Duration::from_secs(setting.full_or_brief(20, 1) as u64)
}

pub(super) fn about(setting: Setting) -> String {
    format!(
        "nothing happens for {} s, after a few events",
        span(setting).as_secs()
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
    let mut measured = Measured::default();
    let load = Events::of(&account(ORGANISATION), 600);
    let pushed = closed(&subject.target(), &load, 0..100, 4).await;
    measured.hold_pushed(&pushed, 100, 1);
    let arrived = wait_for(&receiver, "/", 100).await;
    subject.settle().await;

    let window = Window::open(Some(&subject), &receiver);
    // What is measured is that nothing happens, for so long.
    tokio::time::sleep(span(setting)).await;
    let (seconds, work) = (window.seconds(), window.redis(&subject));
    measured.set("redis calls/s", work.round_trips / seconds);
    measured.set("redis commands/s", work.commands / seconds);
    for (name, used) in window.cpu() {
        measured.set(format!("cpu {name} %"), used / seconds * 100.0);
    }
    for (name, pid) in subject.processes() {
        measured.set(format!("memory {name} MiB"), crate::usage::resident_mib(pid));
    }
    measured.hold_arrived(&arrived, 100);
    subject.stop();
    measured
}
