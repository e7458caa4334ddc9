//! Crowds at the door of the API: how much later do events arrive? `doors`.
//!
//! More clients than the API has places send a byte now and then, or ask for the documentation and don't read it; those that are
//! thrown out come again. Events are pushed meanwhile as ever. The crowd are [`Outsiders`].

use e2e::clerk::Claims;
use e2e::crowd::{Crowd, Guest};

use super::Setting;
use super::outsiders::Outsiders;
use super::steady::{RATE, Steady};
use crate::child::ReceiverServer;
use crate::measured::Measured;
use crate::subject::Subject;

/// More than the API has places (1,024).
const CROWD: usize = 1060;

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let events = events(setting);
    format!("{events} events of 600 bytes, {RATE} a second, while {CROWD} clients crowd the API")
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let mut subject = Subject::webhooks(|builder| builder).await;
    let steady = Steady::instant(&subject, &receiver, events(setting)).await;
    let (address, mut measured) = (subject.target().address, Measured::default());

    let size = if variant == "no crowd" { 0 } else { CROWD };
    let guests = (0..size).map(|number| match variant {
        "slow readers" => Guest::never_reads("GET /docs HTTP/1.1\r\nhost: x\r\n\r\n"),
        _ => sends_slowly(&mut subject, number),
    });
    let guests: Vec<_> = guests.collect();
    let crowd = Outsiders::come(move || async move {
        let _crowd = Crowd::at(address, guests);
        std::future::pending().await
    });
    steady.warm_up(&mut measured).await;
    let course = steady.run(&subject).await;
    crowd.leave().await;
    course.tell(&subject, 1, &mut measured);
    subject.stop();
    measured
}

/// Sends a head, or the body of one of ten accounts.
fn sends_slowly(subject: &mut Subject, number: usize) -> Guest {
    if number.is_multiple_of(2) {
        return Guest::sends_a_head_slowly();
    }
    let organisation = format!("org_2slow{}", number / 2 % 10);
    let claims = Claims::v2("user_2slow", Some(&organisation));
    Guest::sends_a_body_slowly(&claims.sign(&subject.system().key))
}
