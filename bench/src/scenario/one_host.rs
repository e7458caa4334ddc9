//! Endpoints that share a host, as the customers of one provider do: does it matter to them what the others do? `one-host`.
//!
//! Each event goes to ten endpoints, which take 100 ms for it or hang.

use super::Setting;
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate};
use crate::measured::{Measured, Window, wait_for};
use crate::receiver::HOSTS;
use crate::subject::{ORGANISATION, account};

/// Events per second.
const RATE: u32 = 50;

/// Endpoints that get the same events.
const ENDPOINTS: u8 = HOSTS;

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let events = events(setting);
    format!(
        "{events} events of 600 bytes, {RATE} a second, each to {ENDPOINTS} endpoints that take 100 ms or hang"
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let subject = setting.webhooks_beside_what_hangs().await;
    let hanging = if variant.ends_with("hang") { 4 } else { 0 };
    let urls: Vec<_> = (0..ENDPOINTS)
        .map(|number| {
            let host = if variant == "10 hosts" { number } else { 0 };
            let path = if number < hanging {
                format!("/hang/{number}")
            } else {
                format!("/delay/100/{number}")
            };
            (receiver.url_at(host, &path), None)
        })
        .collect();
    subject.add_endpoints(ORGANISATION, &urls).await;

    let load = Events::of(&account(ORGANISATION), 600);
    let (events, mut measured) = (events(setting), Measured::default());
    let healthy = u64::from(ENDPOINTS - hanging);
    // Endpoints that nobody knows yet start small: their first events wait for each other.
    let warm_up = events / 10;
    let pushed = at_rate(&subject.target(), &load, events..events + warm_up, RATE).await;
    measured.hold_pushed(&pushed, warm_up.into(), ENDPOINTS.into());
    wait_for(&receiver, "/delay/", u64::from(warm_up) * healthy).await;
    receiver.forget().await;

    let window = Window::open(Some(&subject), &receiver);
    let pushed = at_rate(&subject.target(), &load, 0..events, RATE).await;
    let promised = u64::from(events) * healthy;
    let arrived = wait_for(&receiver, "/delay/", promised).await;

    measured.hold_pushed(&pushed, events.into(), ENDPOINTS.into());
    measured.latency("healthy: sent to arrived", arrived.latency);
    measured.count("healthy: arrived", arrived.distinct);
    window.close(Some(&subject), arrived.distinct, &mut measured);
    measured.hold_arrived(&arrived, promised);
    subject.stop();
    measured
}
