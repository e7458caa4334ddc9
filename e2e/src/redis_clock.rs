//! Moves the clock that the scripts read (`clockOffset` in `stats`).

use std::time::Duration;

use redis::Commands;
use store::Store;
use store::policy::Policy;

use crate::redis_server::RedisServer;
use crate::state;

/// Upkeep takes more than ten seconds without a run for an outage, so time passes in shorter steps.
const STEP: Duration = Duration::from_secs(5);

/// As long (ms) as it takes until what is finished is late to be packed, so that workers do it as quickly as they can.
pub const UNTIL_LATE_TO_PACK: i64 = 361_000;

/// Moves the clock by this many milliseconds at once, in either direction.
pub fn jump(server: &RedisServer, by_ms: i64) {
    let _: i64 = state::connect(server)
        .hincr(state::key("stats"), "clockOffset", by_ms)
        .unwrap();
}

/// Lets time pass while upkeep runs, as it does with a worker: upkeep takes back leases that expire meanwhile.
pub async fn pass(server: &RedisServer, time: Duration) {
    let store = Store::new(&server.args()).unwrap();
    let mut left = time;
    while !left.is_zero() {
        upkeep(&store).await;
        let step = left.min(STEP);
        jump(server, i64::try_from(step.as_millis()).unwrap());
        left -= step;
    }
    upkeep(&store).await;
}

async fn upkeep(store: &Store) {
    // The configuration of a test system's workers, unless the test changes it.
    let policy = Policy {
        endpoint_concurrency: 32,
        destination_concurrency: 64,
        disable_after: 10,
        disable_min_span: Duration::ZERO,
        retention_succeeded: Duration::from_secs(24 * 3600),
        retention_failed: Duration::from_secs(14 * 24 * 3600),
        log_length: 100_000,
        max_attempts: 10,
        exhausted_budget: 1 << 30,
        history_budget: 1 << 30,
        operator_events: false,
        delivery_timeout: Duration::from_secs(10),
    };
    while store.upkeep(&policy).await.unwrap().more {}
}
