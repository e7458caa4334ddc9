//! What a delivery costs Redis as the system grows: `growth`.

use std::time::Duration;

use super::Setting;
use crate::child::ReceiverServer;
use crate::load::{Events, in_batches};
use crate::measured::{Measured, wait_for};
use crate::redis_usage::{Counters, Slow, slow_calls, watch_slow};
use crate::subject::{Subject, account};

/// The endpoints of an account, each of which gets all events of the account.
pub(super) const PER_ACCOUNT: u32 = 100;

/// Deliveries that are measured.
const SERVED: u32 = 20_000;

/// Endpoints, and deliveries that wait.
pub(super) const SIZES: [(&str, u32, u32); 4] = [
    ("10, 1,000", 10, 1_000),
    ("1,000, 100,000", 1_000, 100_000),
    ("10, 1,000,000", 10, 1_000_000),
    ("10,000, 1,000,000", 10_000, 1_000_000),
];

/// Of a variant.
fn size(variant: &str, setting: Setting) -> (u32, u32) {
    let known = SIZES.iter().find(|(name, ..)| *name == variant);
    let &(_, endpoints, pending) = known.expect("a size with this name");
    if setting.brief {
        let endpoints = endpoints.min(200);
        (endpoints, pending.min(4 * endpoints))
    } else {
        (endpoints, pending)
    }
}

pub(super) fn about(setting: Setting) -> String {
    if setting.brief {
        return "the cost of a delivery, in small, by endpoints and deliveries that wait".to_owned();
    }
    format!("the cost of a delivery, over {SERVED} of them, by endpoints and deliveries that wait")
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let (endpoints, pending) = size(variant, setting);
    let receiver = ReceiverServer::start();
    let mut subject = Subject::webhooks(|builder| builder).await;
    let fan_out = endpoints.min(PER_ACCOUNT);
    let load = Events {
        accounts: add_many_endpoints(&subject, &receiver, endpoints).await,
        ..Events::of("", 600)
    };
    let target = subject.target();
    let mut measured = Measured::default();

    // What every endpoint has after its first delivery: a log, an opened secret.
    let first = u32::try_from(load.accounts.len()).unwrap();
    let pushed = in_batches(&target, &load, 0..first, 200).await;
    measured.hold_pushed(&pushed, first.into(), fan_out.into());
    let mut arrived = wait_for(&receiver, "/", endpoints.into()).await.distinct;
    subject.settle().await;
    watch_slow(subject.redis(), 500);

    // A small backlog is filled and served again and again, until as much was served as of a large one.
    let served_at_once = pending.min(SERVED);
    let rounds = if setting.brief { 2 } else { SERVED / served_at_once };
    let mut total = Total::default();
    let mut next = first;
    for _ in 0..rounds {
        subject.pause_workers();
        let before = Counters::read(subject.redis());
        let events = next..next + pending / fan_out;
        next = events.end;
        let pushed = in_batches(&target, &load, events.clone(), 200).await;
        measured.hold_pushed(&pushed, events.len() as u64, fan_out.into());
        let accepted = Counters::read(subject.redis()).since(&before);
        total.pushed += pushed.deliveries;
        total.events += pushed.accepted;
        total.accept_seconds += accepted.script_seconds;
        total.grown += accepted.grown;

        let before = Counters::read(subject.redis());
        let from = crate::clock::now();
        subject.resume_workers();
        let now = wait_for(&receiver, "/", arrived + u64::from(served_at_once)).await;
        if pending == served_at_once {
            subject.settle().await;
        }
        let work = Counters::read(subject.redis()).since(&before);
        total.served += now.distinct - arrived;
        total.duplicates = now.duplicates;
        total.cpu_seconds += work.cpu_seconds;
        total.script_seconds += work.script_seconds;
        total.wall += crate::clock::seconds(from, now.last_at.unwrap_or(from));
        arrived = now.distinct;
    }
    total.add_to(&mut measured);
    measured.demand(
        total.served >= u64::from(served_at_once * rounds),
        format!(
            "{} deliveries arrived of {}",
            total.served,
            served_at_once * rounds
        ),
    );
    print_slow(&slow_calls(subject.redis()), &mut measured);
    subject.stop();
    measured
}

/// The longest calls. Their time is that of the clock: on a busy machine it holds what others did meanwhile.
fn print_slow(calls: &[Slow], measured: &mut Measured) {
    let millis = |slow: &Slow| Duration::from_micros(slow.micros).as_secs_f64() * 1000.0;
    let over = calls.iter().filter(|slow| slow.micros > 5000).count();
    measured.count("calls over 5 ms", over as u64);
    if let Some(slowest) = calls.iter().max_by_key(|slow| slow.micros) {
        measured.set("slowest call ms", millis(slowest));
        eprintln!("  the slowest call: {} {:.2} ms", slowest.name, millis(slowest));
    }
}

/// Makes this many endpoints in as few accounts as may have them; gives back the accounts.
pub(super) async fn add_many_endpoints(
    subject: &Subject,
    receiver: &ReceiverServer,
    count: u32,
) -> Vec<String> {
    let mut accounts = Vec::new();
    for number in 0..count.div_ceil(PER_ACCOUNT) {
        let organisation = format!("org_2bench{number}");
        let urls: Vec<_> = (0..count.min(PER_ACCOUNT))
            .map(|of| (receiver.url(&format!("/instant/{number}-{of}")), None))
            .collect();
        subject.add_endpoints(&organisation, &urls).await;
        accounts.push(account(&organisation));
    }
    accounts
}

#[derive(Debug, Default)]
struct Total {
    events: u64,
    pushed: u64,
    served: u64,
    duplicates: u64,
    accept_seconds: f64,
    script_seconds: f64,
    cpu_seconds: f64,
    wall: f64,
    grown: f64,
}

impl Total {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn add_to(&self, measured: &mut Measured) {
        let served = self.served.max(1) as f64;
        let pushed = self.pushed.max(1) as f64;
        measured.set(
            "redis script us/delivery, fetch and complete",
            self.script_seconds * 1e6 / served,
        );
        measured.set(
            "redis cpu us/delivery, fetch and complete",
            self.cpu_seconds * 1e6 / served,
        );
        measured.set(
            "redis script us/delivery, accept",
            self.accept_seconds * 1e6 / pushed,
        );
        measured.set("deliveries/s", served / self.wall.max(1e-6));
        let payloads = 600.0 * self.events as f64;
        measured.set(
            "redis bytes/pending delivery, payload off",
            (self.grown - payloads) / pushed,
        );
        measured.count("duplicates", self.duplicates);
    }
}
