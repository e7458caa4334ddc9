//! What it costs to tell what goes on: logs as they are by default, and metrics that somebody reads. `observed`.

use std::time::Duration;

use super::throughput::{Shape, flood};
use crate::child::ReceiverServer;
use crate::measured::Measured;
use crate::subject::Subject;

/// How often both programs' metrics are read: fifteen times as often as Prometheus does by default, since a run takes seconds.
const READ_EVERY: Duration = Duration::from_secs(1);

/// One run.
pub(super) async fn measure(variant: &str, shape: Shape) -> Measured {
    let receiver = ReceiverServer::start();
    if variant == "silent" {
        let silent = Subject::webhooks(|builder| builder.env("RUST_LOG", "off")).await;
        return flood(silent, &receiver, shape).await;
    }
    let mut subject = Subject::webhooks(|builder| builder).await;
    let system = subject.system();
    let addresses = [
        system.api.variable("API_ADMIN_LISTEN"),
        system.workers[0].variable("WORKER_LISTEN"),
    ];
    let urls = addresses.map(|address| format!("http://{}/metrics", address.expect("where metrics are")));
    let reader = tokio::spawn(read(urls));
    let mut measured = flood(subject, &receiver, shape).await;
    let times = reader.await.expect("a task that doesn't panic");
    measured.demand(times > 0, "nobody read metrics");
    measured.count("metrics read", times);
    measured
}

/// Reads metrics until the programs have ended, and says how many times.
async fn read(urls: [String; 2]) -> u64 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut times = 0;
    loop {
        for url in &urls {
            let answer = client
                .get(url)
                .send()
                .await
                .and_then(reqwest::Response::error_for_status);
            let whole = async { answer?.bytes().await };
            if whole.await.is_err() {
                return times;
            }
        }
        times += 1;
        tokio::time::sleep(READ_EVERY).await;
    }
}
