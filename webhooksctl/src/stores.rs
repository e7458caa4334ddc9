//! The stores that a command reads: one for each shard, of which there is one so far. What is read of them is merged.

use store::Store;
use store::overview::Overview;
use store::settings::RedisArgs;

/// All shards.
pub(crate) fn stores(redis: &RedisArgs) -> anyhow::Result<Vec<Store>> {
    Ok(vec![Store::new(redis)?])
}

/// What is seen of them together.
pub(crate) async fn overview(stores: &[Store]) -> anyhow::Result<Overview> {
    let mut all = Overview::default();
    for store in stores {
        all.merge(store.overview().await?);
    }
    Ok(all)
}
