//! Before a worker starts: Redis has to answer, and to be one that can be used.

use store::Store;
use store::server::AckDurability;
use store::server::Expectations;

use crate::config::Config;
use crate::error::RunError;
use crate::outage::Outage;

/// What a worker expects of the server: the durability of what is acknowledged is the API's business.
pub(crate) fn expected(config: &Config) -> Expectations {
    Expectations {
        durability: AckDurability::Memory,
        budget_bytes: config.memory.store_budget_bytes.map(|size| size.0),
    }
}

/// Waits until Redis answers, and makes sure that it can be used. Answers its version.
pub(crate) async fn wait_for_redis(
    config: &Config,
    store: &Store,
    outage: &mut Outage,
) -> Result<String, RunError> {
    loop {
        match store.inspect_server(expected(config), config.redis.shards).await {
            Ok(report) if report.refusals.is_empty() => {
                outage.over();
                for warning in &report.warnings {
                    tracing::warn!("{warning}");
                }
                return Ok(report.version);
            }
            Ok(report) => return Err(RunError::Refused(report.refusals.join("; "))),
            Err(error) => tokio::time::sleep(outage.failed(&error)).await,
        }
    }
}
