//! From the start of the programs to the first delivery, and from SIGTERM under load to their end: `start-stop`.

use std::time::{Duration, Instant};

use e2e::state;
use redis::Commands;

use super::Setting;
use crate::child::ReceiverServer;
use crate::clock;
use crate::load::{Events, at_rate, closed};
use crate::measured::{Measured, wait_for};
use crate::subject::{ORGANISATION, Subject, account};

/// Events per second, each to ten endpoints.
const fn rate(setting: Setting) -> u32 {
    setting.full_or_brief(300, 50)
}

/// How long there is load before the worker is asked to stop.
const fn load_for(setting: Setting) -> Duration {
    Duration::from_millis(setting.full_or_brief(3_000, 500) as u64)
}

pub(super) fn about(setting: Setting) -> String {
    format!(
        "both programs start on a running Redis; the worker stops under {} events/s to 10 endpoints, one of which hangs",
        rate(setting)
    )
}

/// One run.
pub(super) async fn measure(setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let mut subject = setting.webhooks_beside_what_hangs().await;
    subject
        .add_endpoint(ORGANISATION, &receiver.url("/instant/0"), None)
        .await;
    let load = Events::of(&account(ORGANISATION), 600);
    let mut measured = Measured::default();
    start(&mut subject, &receiver, &load, &mut measured).await;

    for number in 1..10 {
        let mode = if number == 9 { "hang" } else { "instant" };
        let url = receiver.url(&format!("/{mode}/{number}"));
        subject.add_endpoint(ORGANISATION, &url, None).await;
    }
    receiver.forget().await;
    stop(&mut subject, &receiver, &load, setting, &mut measured).await;
    subject.stop();
    measured
}

async fn start(subject: &mut Subject, receiver: &ReceiverServer, load: &Events, measured: &mut Measured) {
    let target = subject.target();
    let system = subject.system();
    for process in system.workers.iter_mut().chain([&mut system.api]) {
        measured.demand(process.terminate().success(), "a program did not end well");
    }
    let from = clock::now();
    system.api.restart();
    system.workers[0].restart();
    // The first that is accepted counts; what is refused before is not there.
    let mut tries = 0;
    while closed(&target, load, 0..1, 1).await.accepted == 0 {
        tries += 1;
        measured.demand(tries < 10_000, "the API does not come up");
        if tries >= 10_000 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    measured.set(
        "start to accepted ms",
        clock::seconds(from, clock::now()) * 1000.0,
    );
    let arrived = wait_for(receiver, "/", 1).await;
    let at = arrived.first_at.unwrap_or(u64::MAX);
    measured.set("start to first delivery ms", clock::seconds(from, at) * 1000.0);
    measured.hold_arrived(&arrived, 1);
    subject.system().wait_ready().await;
}

async fn stop(
    subject: &mut Subject,
    receiver: &ReceiverServer,
    load: &Events,
    setting: Setting,
    measured: &mut Measured,
) {
    let (rate, lasts) = (rate(setting), load_for(setting));
    let events = rate * (2 * u32::try_from(lasts.as_millis()).unwrap()) / 1000;
    let running = {
        let (target, load) = (subject.target(), load.clone());
        tokio::spawn(async move { at_rate(&target, &load, 0..events, rate).await })
    };
    wait_for(receiver, "/instant/", u64::from(events / 2 * 9)).await;
    let asked = Instant::now();
    let mut worker = subject.system().workers.remove(0);
    // The call blocks, and the load goes on.
    let (status, worker) = tokio::task::spawn_blocking(move || (worker.terminate(), worker))
        .await
        .unwrap();
    measured.set("stop under load s", asked.elapsed().as_secs_f64());
    measured.demand(status.success(), format!("the worker ended with {status}"));
    let leases: u64 = state::connect(subject.redis())
        .zcard(state::key("leases"))
        .unwrap();
    measured.count("leases left", leases);
    measured.demand(leases == 0, format!("{leases} deliveries are still leased"));
    let pushed = running.await.unwrap();

    subject.system().workers.push(worker);
    subject.system().workers[0].restart();
    subject.system().wait_ready().await;
    let promised = pushed.accepted * 9;
    let arrived = wait_for(receiver, "/instant/", promised).await;
    measured.hold_pushed(&pushed, events.into(), 10);
    measured.demand(
        arrived.distinct == promised,
        format!("{} of {promised} deliveries arrived", arrived.distinct),
    );
    measured.latency("sent to arrived", arrived.latency);
    measured.count("missing under load", promised - arrived.distinct);
    measured.count("duplicates under load", arrived.duplicates);
}
