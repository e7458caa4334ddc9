//! Before a worker starts, Redis has to answer, and to be one that it can use.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use store::ready;
use store::server::{AckDurability, Expectations};
use store::{Store, Turn};

use crate::config::Config;
use crate::error::RunError;
use crate::outage::Outage;
use crate::shards::WorkerShard;

/// What a worker expects of the server: how durable an accepted event is concerns the API alone.
pub(crate) fn expected(config: &Config) -> Expectations {
    Expectations {
        durability: AckDurability::Memory,
        assumed: config.assumed.durability_assumed.clone(),
        budget_bytes: config.memory.store_budget_bytes.map(|size| size.0),
    }
}

/// Waits until the store can be used, and tells of failures as of any outage. Answers the server's version.
pub(crate) async fn wait_for_store(
    config: &Config,
    store: &Store,
    outage: &mut Outage,
) -> Result<String, RunError> {
    let expected = expected(config);
    let waited = ready::wait(store, &expected, |failure| {
        // The pause is the store's.
        outage.failed(failure.error);
    });
    let report = waited
        .await
        .map_err(|refused| RunError::Refused(refused.to_string()))?;
    outage.over();
    for warning in &report.warnings {
        tracing::warn!("{warning}");
    }
    Ok(report.version)
}

/// Waits until any shard can be used, which is open then. The others may follow. Answers the version of its server.
pub(crate) async fn wait_for_any(
    config: &Config,
    shards: &[WorkerShard],
    outage: impl Fn(&WorkerShard) -> Outage,
) -> Result<String, RunError> {
    let mut waiting: FuturesUnordered<_> = shards
        .iter()
        .map(async |shard| {
            let version = wait_for_store(config, &shard.store, &mut outage(shard)).await?;
            shard.open();
            Ok(version)
        })
        .collect();
    match waiting.next().await {
        Some(first) => first,
        None => Err(RunError::Refused("the store has no shards".to_owned())),
    }
}

/// Waits for a shard, if it has not been reached yet, and looks at it for as long as it can be used, which is for ever.
pub(crate) async fn watch(config: &Config, shard: &WorkerShard, outage: &mut Outage, on_turn: impl Fn(Turn)) {
    if shard.reached.get().is_none() {
        if let Err(error) = wait_for_store(config, &shard.store, outage).await {
            tracing::error!(%error, shard = shard.store.shard().number, "a shard can't be used");
            return;
        }
        shard.open();
    }
    match shard.store.watch(&expected(config), on_turn).await {}
}
