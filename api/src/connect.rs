//! Reaching Redis at start: the API listens at once and answers 503 until it is there. Then the store is watched.

use std::convert::Infallible;
use std::time::Duration;

use store::Store;
use store::server::Expectations;
use store::settings::RedisArgs;

use crate::app::App;

const PAUSE: Duration = Duration::from_secs(1);
const LOG_EVERY: u32 = 15;

/// Connects, however long it takes, hands the store to the requests, and watches it from then on.
///
/// # Errors
///
/// Sentences that say why this server must not be used.
pub async fn connect(app: &App, redis: &RedisArgs, expected: Expectations) -> Result<Infallible, String> {
    let store = Store::new(redis).map_err(|error| error.to_string())?;
    let mut attempts = 0_u32;
    loop {
        let error = match store.inspect_server(expected, redis.shards).await {
            Ok(report) if report.refusals.is_empty() => {
                for warning in &report.warnings {
                    tracing::warn!("Redis: {warning}");
                }
                tracing::info!(redis = %redis.redis_url, server = %report.version, "connected to Redis");
                app.store.set(store.clone(), report.lasting_warnings());
                return Ok(store.watch(expected, || app.metrics.store_rewound()).await);
            }
            Ok(report) => return Err(format!("REDIS_URL: {}", report.refusals.join("; "))),
            Err(error) => error,
        };
        if attempts.is_multiple_of(LOG_EVERY) {
            tracing::warn!(%error, redis = %redis.redis_url, "Redis can't be used yet; requests get 503 until it can");
        }
        attempts = attempts.wrapping_add(1);
        app.store.set_waiting_for(error.to_string());
        tokio::time::sleep(PAUSE).await;
    }
}
