//! Neighbours that hang: how much later do the others get theirs? `noisy`.
//!
//! Each event goes to ten endpoints. With 100 endpoints, these belong to ten chatbots, in which events happen in turn; half of
//! each chatbot's endpoints hang.

use super::{Ratio, Setting};
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate, chatbot};
use crate::measured::{Measured, Window, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

/// Events per second.
const RATE: u32 = 200;

/// Endpoints that get the same events.
const TOGETHER: u32 = 10;

pub(super) const VARIANTS: &[&str] = &[
    "0 of 10 hang",
    "1 of 10 hang",
    "0 of 100 hang",
    "50 of 100 hang",
    "bullmq, 1 of 10",
];

pub(super) const RATIOS: &[Ratio] = &[
    ("1 of 10 hang", "0 of 10 hang"),
    ("50 of 100 hang", "0 of 100 hang"),
];

/// Some endpoints, of which some hang.
#[derive(Debug, Clone, Copy)]
struct Neighbourhood {
    chatbots: u32,
    healthy_of_each: u32,
    hanging_of_each: u32,
}

impl Neighbourhood {
    fn of(variant: &str) -> Self {
        let (chatbots, hanging) = if variant.ends_with("of 10 hang") || is_peer(variant) {
            (1, 1)
        } else {
            (10, 5)
        };
        Self {
            chatbots,
            healthy_of_each: TOGETHER - hanging,
            hanging_of_each: if variant.starts_with('0') { 0 } else { hanging },
        }
    }
}

fn is_peer(variant: &str) -> bool {
    variant.starts_with("bullmq")
}

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let events = events(setting);
    format!("{events} events of 600 bytes, {RATE} a second, each to {TOGETHER} endpoints, some of which hang")
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let is_peer = is_peer(variant);
    let subject = if is_peer {
        Subject::bullmq()
    } else {
        setting.webhooks_beside_what_hangs().await
    };
    let neighbours = Neighbourhood::of(variant);
    let mut urls = Vec::new();
    for number in 0..neighbours.chatbots {
        let paths = (0..neighbours.healthy_of_each)
            .map(|of| format!("/instant/{number}-{of}"))
            .chain((0..neighbours.hanging_of_each).map(|of| format!("/hang/{number}-{of}")));
        urls.extend(paths.map(|path| (receiver.url(&path), Some(chatbot(number)))));
    }
    subject.add_endpoints(ORGANISATION, &urls).await;

    let load = Events {
        chatbots: neighbours.chatbots,
        ..Events::of(&account(ORGANISATION), 600)
    };
    let (events, mut measured) = (events(setting), Measured::default());
    let window = Window::open(Some(&subject), &receiver);
    let pushed = at_rate(&subject.target(), &load, 0..events, RATE).await;
    let promised = u64::from(events * neighbours.healthy_of_each);
    let arrived = wait_for(&receiver, "/instant/", promised).await;

    let each = neighbours.healthy_of_each + neighbours.hanging_of_each;
    measured.hold_pushed(&pushed, events.into(), each.into());
    measured.latency("healthy: sent to arrived", arrived.latency);
    measured.count("healthy: arrived", arrived.distinct);
    measured.count("hanging: requests", receiver.counts("/hang/").await.requests);
    window.close(Some(&subject), arrived.distinct, &mut measured);
    if is_peer {
        measured.count("missing", promised - arrived.distinct);
        measured.count("duplicates", arrived.duplicates);
    } else {
        measured.hold_arrived(&arrived, promised);
    }
    subject.stop();
    measured
}
