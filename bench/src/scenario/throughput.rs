//! As much as the system takes: `ingest`, `fanout`, `workers` and `observed`.

use super::{Setting, variant_workers};
use crate::child::ReceiverServer;
use crate::load::{Events, closed, per_second};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};
use crate::{bare, clock};

/// What is pushed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Events.
    pub(super) events: u32,
    /// Endpoints, each of which gets every event.
    pub(super) endpoints: u32,
    /// Callers, each of which pushes one event after the other.
    pub(super) callers: u32,
    /// Bytes of a delivered body.
    pub(super) payload: usize,
}

/// Attempts in flight for each endpoint, as `ENDPOINT_CONCURRENCY` has it by default.
const AT_ONCE_PER_ENDPOINT: u32 = 64;

impl Shape {
    pub(super) const fn ingest(setting: Setting) -> Self {
        Self {
            events: setting.full_or_brief(20_000, 400),
            endpoints: 1,
            callers: 64,
            payload: 600,
        }
    }

    pub(super) const fn fanout(setting: Setting) -> Self {
        Self {
            events: setting.full_or_brief(5_000, 60),
            endpoints: 10,
            callers: 64,
            payload: 600,
        }
    }

    pub(super) fn about(self) -> String {
        let Self {
            events,
            endpoints,
            callers,
            payload,
        } = self;
        let plural = if endpoints == 1 { "" } else { "s" };
        format!("{events} events of {payload} bytes to {endpoints} endpoint{plural}, {callers} callers")
    }

    fn paths(self) -> impl Iterator<Item = String> {
        (0..self.endpoints).map(|number| format!("/instant/{number}"))
    }
}

/// One run.
pub(super) async fn measure(variant: &str, shape: Shape) -> Measured {
    let receiver = ReceiverServer::start();
    let subject = match variant {
        "bare" => return bare(&receiver, shape).await,
        "bullmq" => Subject::bullmq(),
        _ => Subject::webhooks(|builder| builder.workers(variant_workers(variant))).await,
    };
    flood(subject, &receiver, shape).await
}

/// Pushes everything as fast as it is taken, and waits until it has arrived.
pub(super) async fn flood(subject: Subject, receiver: &ReceiverServer, shape: Shape) -> Measured {
    for path in shape.paths() {
        subject
            .add_endpoint(ORGANISATION, &receiver.url(&path), None)
            .await;
    }
    let events = Events::of(&account(ORGANISATION), shape.payload);
    let (target, warm) = (subject.target(), warm_up(shape));
    let mut measured = Measured::default();
    let (many, promised) = (
        u64::from(shape.endpoints),
        u64::from(shape.events * shape.endpoints),
    );

    // Connections, caches and compiled code are what a running system has.
    let pushed = closed(&target, &events, shape.events..shape.events + warm, shape.callers).await;
    measured.hold_pushed(&pushed, warm.into(), many);
    wait_for(receiver, "/", u64::from(warm) * many).await;
    subject.settle().await;
    receiver.forget().await;

    let window = Window::open(Some(&subject), receiver);
    let pushed = closed(&target, &events, 0..shape.events, shape.callers).await;
    let arrived = wait_for(receiver, "/", promised).await;
    subject.settle().await;

    measured.hold_pushed(&pushed, shape.events.into(), many);
    measured.set("events/s accepted", pushed.rate());
    let until = arrived.last_at.unwrap_or_default().max(pushed.until);
    measured.set(
        "events/s accepted and delivered",
        per_second(pushed.accepted, pushed.from, until),
    );
    measured.set("deliveries/s", per_second(arrived.distinct, pushed.from, until));
    measured.latency("answer", pushed.latency());
    window.close(Some(&subject), arrived.distinct, &mut measured);
    measured.hold_arrived(&arrived, promised);
    subject.stop();
    measured
}

async fn bare(receiver: &ReceiverServer, shape: Shape) -> Measured {
    let urls: Vec<_> = shape.paths().map(|path| receiver.url(&path)).collect();
    let events = Events::of(&account(ORGANISATION), shape.payload);
    let at_once = AT_ONCE_PER_ENDPOINT * shape.endpoints;
    bare::post_all(
        &urls,
        &events,
        shape.events..shape.events + warm_up(shape),
        at_once,
    )
    .await;
    receiver.forget().await;

    let (window, from) = (Window::open(None, receiver), clock::now());
    bare::post_all(&urls, &events, 0..shape.events, at_once).await;
    let until = clock::now();
    let arrived = receiver.arrived("/").await;
    let mut measured = Measured::default();
    measured.set("deliveries/s", per_second(arrived.distinct, from, until));
    window.close(None, arrived.distinct, &mut measured);
    measured.hold_arrived(&arrived, u64::from(shape.events * shape.endpoints));
    measured
}

fn warm_up(shape: Shape) -> u32 {
    (shape.events / 10).max(10)
}
