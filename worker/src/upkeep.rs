//! Upkeep that nobody waits for: expired leases are taken back, and what was released, discarded or removed is worked
//! through, in bounded steps. Every worker does it, and any one is enough.

use std::time::Duration;

use common::id::fill_random;
use common::store::Store;
use common::store::queue::QueuePolicy;

use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::stop::Stop;

/// How often there is a look, while there is nothing to do.
const EVERY: Duration = Duration::from_secs(2);

/// Runs until the worker stops.
pub(crate) async fn run(
    store: Store,
    policy: QueuePolicy,
    metrics: Metrics,
    mut stop: Stop,
    mut outage: Outage,
) {
    loop {
        let wait = match store.upkeep(&policy).await {
            Ok(reply) => {
                outage.over();
                metrics.leases_reaped.inc_by(reply.reaped.into());
                metrics.deliveries_swept.inc_by(reply.swept.into());
                if reply.reaped > 0 {
                    tracing::info!(leases = reply.reaped, "took back leases that had expired");
                }
                if reply.more {
                    Duration::ZERO
                } else {
                    jittered(EVERY)
                }
            }
            Err(error) => outage.failed(&error).max(EVERY / 2),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.requested() => return,
        }
    }
}

/// Up to 10 % shorter or longer, so that workers don't march in step.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8];
    fill_random(&mut byte);
    wait.mul_f64(0.9 + 0.2 * f64::from(byte[0]) / 255.0)
}
