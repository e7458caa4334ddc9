//! Events at a steady rate, each to one endpoint or a few: what several scenarios measure beside something else.

use crate::child::ReceiverServer;
use crate::load::{Events, Pushed, Target, at_rate};
use crate::measured::{Measured, Window, wait_for};
use crate::receiver::Arrived;
use crate::subject::{ORGANISATION, Subject, account};

/// Events per second.
pub(super) const RATE: u32 = 200;

/// The events of [`ORGANISATION`], and where they arrive.
pub(super) struct Steady<'a> {
    receiver: &'a ReceiverServer,
    path: &'static str,
    target: Target,
    load: Events,
    events: u32,
    /// How many of the endpoints are below that path.
    endpoints: u32,
}

/// What became of them, to be told when the scenario has ended what it did beside.
pub(super) struct Course {
    events: u64,
    deliveries: u64,
    window: Window,
    pushed: Pushed,
    arrived: Arrived,
}

impl<'a> Steady<'a> {
    /// So many events of 600 bytes, to an endpoint at `url`, which is this path of the receiver.
    pub(super) async fn at(
        subject: &Subject,
        receiver: &'a ReceiverServer,
        url: &str,
        path: &'static str,
        events: u32,
    ) -> Self {
        subject.add_endpoint(ORGANISATION, url, None).await;
        Self {
            receiver,
            path,
            target: subject.target(),
            load: Events::of(&account(ORGANISATION), 600),
            events,
            endpoints: 1,
        }
    }

    /// The same at `/instant/0`.
    pub(super) async fn instant(subject: &Subject, receiver: &'a ReceiverServer, events: u32) -> Self {
        let path = "/instant/0";
        Self::at(subject, receiver, &receiver.url(path), path, events).await
    }

    /// The same at so many endpoints, of which each gets every event.
    pub(super) async fn at_each(
        subject: &Subject,
        receiver: &'a ReceiverServer,
        endpoints: u32,
        events: u32,
    ) -> Self {
        for number in 1..endpoints {
            let url = receiver.url(&format!("/instant/{number}"));
            subject.add_endpoint(ORGANISATION, &url, None).await;
        }
        let steady = Self::at(subject, receiver, &receiver.url("/instant/0"), "/", events).await;
        Self { endpoints, ..steady }
    }

    /// Warms everything up with a tenth of the events, which the receiver forgets.
    pub(super) async fn warm_up(&self, measured: &mut Measured) {
        self.go_before(self.events / 10, RATE, self.endpoints, measured)
            .await;
    }

    /// So many other events go before, at this rate, each to so many endpoints. When those that are measured have got them, the receiver
    /// forgets them.
    pub(super) async fn go_before(&self, before: u32, rate: u32, endpoints: u32, measured: &mut Measured) {
        let numbers = self.events..self.events + before;
        let pushed = at_rate(&self.target, &self.load, numbers, rate).await;
        measured.hold_pushed(&pushed, before.into(), endpoints.into());
        wait_for(self.receiver, self.path, self.deliveries_of(before)).await;
        self.receiver.forget().await;
    }

    /// Pushes the events, and waits until they have arrived.
    pub(super) async fn run(&self, subject: &Subject) -> Course {
        let window = Window::open(Some(subject), self.receiver);
        let pushed = at_rate(&self.target, &self.load, 0..self.events, RATE).await;
        let deliveries = self.deliveries_of(self.events);
        let arrived = wait_for(self.receiver, self.path, deliveries).await;
        Course {
            events: self.events.into(),
            deliveries,
            window,
            pushed,
            arrived,
        }
    }

    fn deliveries_of(&self, events: u32) -> u64 {
        u64::from(events) * u64::from(self.endpoints)
    }
}

impl Course {
    /// Adds what was measured. Each event must have been promised to this many endpoints, and have arrived at ours.
    pub(super) fn tell(self, subject: &Subject, endpoints: u64, measured: &mut Measured) {
        measured.hold_pushed(&self.pushed, self.events, endpoints);
        measured.latency("sent to arrived", self.arrived.latency);
        measured.latency("sent to answered", self.pushed.latency());
        self.window.close(Some(subject), self.arrived.distinct, measured);
        measured.hold_arrived(&self.arrived, self.deliveries);
    }
}
