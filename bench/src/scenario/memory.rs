//! Memory with as much in flight as there may be, and what is kept of delivered events (`history`): `memory`.

use super::{Setting, history};
use crate::child::ReceiverServer;
use crate::load::{Events, in_batches};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

/// More than enough endpoints to fill `WORKER_CONCURRENCY` (512), with `ENDPOINT_CONCURRENCY` (64) each.
const ENDPOINTS: u32 = 16;

pub(super) const VARIANTS: &[&str] = &[
    "600 B",
    "600 B, 160,000 waiting",
    "256 KiB",
    "kept, 1 endpoint",
    "kept, 1 endpoint, one by one",
    "kept, 1 endpoint, keys",
    "kept, 10 endpoints",
    "kept, 10 endpoints, keys",
];

#[derive(Debug, Clone, Copy)]
struct Shape {
    events: u32,
    payload: usize,
    batch: u32,
}

impl Shape {
    fn of(variant: &str, setting: Setting) -> Self {
        let (events, payload, batch) = match variant {
            "256 KiB" => (setting.full_or_brief(150, 4), 256 << 10, 10),
            "600 B, 160,000 waiting" => (setting.full_or_brief(10_000, 40), 600, 500),
            _ => (setting.full_or_brief(640, 20), 600, 20),
        };
        Self {
            events,
            payload,
            batch,
        }
    }
}

pub(super) fn about() -> String {
    format!(
        "{ENDPOINTS} endpoints that take 200 ms each, so that 512 deliveries are in flight; *kept*: what varied events of 600 bytes \
         take once they are delivered"
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    if let Some(kept) = history::Shape::of(variant, setting) {
        return kept.measure().await;
    }
    let shape = Shape::of(variant, setting);
    let receiver = ReceiverServer::start();
    let mut subject = Subject::webhooks(|builder| builder).await;
    let urls: Vec<_> = (0..ENDPOINTS)
        .map(|number| (receiver.url(&format!("/delay/200/{number}")), None))
        .collect();
    subject.add_endpoints(ORGANISATION, &urls).await;
    let load = Events::of(&account(ORGANISATION), shape.payload);
    let mut measured = Measured::default();

    subject.pause_workers();
    let pushed = in_batches(&subject.target(), &load, 0..shape.events, shape.batch).await;
    measured.hold_pushed(&pushed, shape.events.into(), ENDPOINTS.into());
    let window = Window::open(Some(&subject), &receiver);
    subject.resume_workers();
    // A tenth of a large backlog shows it; the rest would only take long.
    let served = if pushed.deliveries > 100_000 {
        pushed.deliveries / 10
    } else {
        pushed.deliveries
    };
    let arrived = wait_for(&receiver, "/", served).await;
    measured.count("waiting at first", pushed.deliveries);
    measured.count("most in flight", arrived.most_at_once);
    window.close(Some(&subject), arrived.distinct, &mut measured);
    measured.count("duplicates", arrived.duplicates);
    measured.demand(
        arrived.distinct >= served,
        format!("{} of {served} deliveries arrived", arrived.distinct),
    );
    subject.stop();
    measured
}
