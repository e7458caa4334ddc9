//! How much later does an endpoint get its events while workers pack the history of another account? `packing`.
//!
//! What is to be packed was delivered before. Where nothing is packed, workers are told that its series are taken: all else is the same.

use e2e::redis_clock;
use e2e::state::{self, key};
use redis::Commands as _;

use super::steady::{RATE, Steady};
use super::{Ratio, Setting};
use crate::child::ReceiverServer;
use crate::load::{Events, in_batches};
use crate::measured::{Measured, wait_for};
use crate::subject::{ORGANISATION, account};

pub(super) const VARIANTS: &[&str] = &[
    "nothing is packed",
    "packed meanwhile",
    "packed meanwhile, late",
    "nothing is packed, one hangs",
    "packed meanwhile, one hangs",
];

pub(super) const RATIOS: &[Ratio] = &[
    ("packed meanwhile", "nothing is packed"),
    ("packed meanwhile, late", "nothing is packed"),
    ("packed meanwhile, one hangs", "nothing is packed, one hangs"),
];

/// The organisation whose history is packed, and where its endpoint is.
const PAST: &str = "org_2past";
const PAST_PATH: &str = "/instant/past";

/// Longer than any run (ms).
const LONG: u64 = 3_600_000;

/// What has finished so long ago (ms) is packed.
const OLD_ENOUGH: i64 = 61_000;

const fn delivered(setting: Setting) -> u32 {
    setting.full_or_brief(60_000, 600)
}

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(10 * RATE, RATE)
}

pub(super) fn about(setting: Setting) -> String {
    let (events, delivered) = (events(setting), delivered(setting));
    format!(
        "{events} events of 600 bytes, {RATE} a second, to 1 endpoint, while {delivered} events of another account are packed"
    )
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let subject = setting.webhooks_beside_what_hangs().await;
    let mut measured = Measured::default();
    subject.add_endpoint(PAST, &receiver.url(PAST_PATH), None).await;
    let connection = &mut state::connect(subject.redis());
    let is_packed = variant.starts_with("packed");
    if !is_packed {
        take_series(connection);
    }
    let (load, delivered) = (Events::of(&account(PAST), 600).varied(), delivered(setting));
    let pushed = in_batches(&subject.target(), &load, 0..delivered, 500).await;
    measured.hold_pushed(&pushed, delivered.into(), 1);
    wait_for(&receiver, PAST_PATH, delivered.into()).await;
    subject.settle().await;
    let steady = Steady::instant(&subject, &receiver, events(setting)).await;
    steady.warm_up(&mut measured).await;
    subject.settle().await;
    let hangs = variant.ends_with("one hangs");
    if hangs {
        subject
            .add_endpoint(ORGANISATION, &receiver.url("/hang/0"), None)
            .await;
    }

    if !is_packed {
        take_series(connection);
    }
    let blocks = |connection: &mut redis::Connection| -> u64 {
        let written: Option<u64> = connection.hget(key("stats"), "blocksWritten").unwrap();
        written.unwrap_or(0)
    };
    let before = blocks(connection);
    // What was delivered is old enough from here on.
    let age = if variant.ends_with("late") {
        redis_clock::UNTIL_LATE_TO_PACK
    } else {
        OLD_ENOUGH
    };
    redis_clock::jump(subject.redis(), age);
    let course = steady.run(&subject).await;
    let written = blocks(connection) - before;
    measured.count("blocks written meanwhile", written);
    if is_packed {
        measured.demand(setting.brief || written > 0, "no block was written");
    } else {
        measured.demand(written == 0, format!("{written} blocks were written"));
    }
    course.tell(&subject, if hangs { 2 } else { 1 }, &mut measured);
    subject.stop();
    measured
}

/// Workers leave a series alone that another has claimed.
fn take_series(connection: &mut redis::Connection) {
    let now: (u64, u64) = redis::cmd("TIME").query(connection).unwrap();
    let until = now.0 * 1000 + LONG;
    let mut series: Vec<_> = [PAST, ORGANISATION]
        .map(|organisation| format!("delivered:{}", account(organisation)))
        .into();
    for endpoint in state::keys(connection, "endpoint:*") {
        let id = endpoint.rsplit(':').next().unwrap();
        series.push(format!("log:{id}"));
    }
    for series in series {
        let _: i64 = connection.zadd(key("packing"), series, until).unwrap();
    }
}
