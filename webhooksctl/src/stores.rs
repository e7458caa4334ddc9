//! The stores that a command works on: one for each shard. What is read of them is merged.

use anyhow::bail;
use domain::id::{AccountId, EndpointId};
use store::overview::Overview;
use store::settings::RedisArgs;
use store::shards::Shards;
use store::{Store, StoreError};

/// All shards.
pub(crate) async fn stores(redis: &RedisArgs) -> anyhow::Result<Vec<Store>> {
    Ok(Shards::find(redis).await?.all().to_vec())
}

/// The shard that has an account.
pub(crate) async fn of_account(redis: &RedisArgs, account: &AccountId) -> anyhow::Result<Store> {
    Ok(Shards::find(redis).await?.of(account).clone())
}

/// The shard that has an endpoint, and its account.
pub(crate) async fn of_endpoint(
    redis: &RedisArgs,
    endpoint: &EndpointId,
) -> anyhow::Result<(Store, AccountId)> {
    endpoint_in(&Shards::find(redis).await?, endpoint).await
}

/// The shard among these that has an endpoint, and its account.
pub(crate) async fn endpoint_in(
    shards: &Shards,
    endpoint: &EndpointId,
) -> anyhow::Result<(Store, AccountId)> {
    for store in shards.all() {
        if let Some(account) = store.account_of(endpoint).await? {
            // Where an account was before it moved, a copy may be left.
            return Ok((shards.of(&account).clone(), account));
        }
    }
    bail!("there is no endpoint {endpoint}");
}

/// Whether it is the account that refuses: it moves, is being erased, or begins elsewhere. Others may go on.
pub(crate) const fn is_of_account(error: &StoreError) -> bool {
    use StoreError::{AccountMoved, AccountMoving, BeingErased, Misplaced};
    matches!(
        error,
        AccountMoving(_) | AccountMoved(_) | BeingErased(_) | Misplaced(_)
    )
}

/// How a line about one of several shards begins.
pub(crate) fn prefix(store: &Store) -> String {
    let shard = store.shard();
    if shard.has_others() {
        format!("shard {}: ", shard.number)
    } else {
        String::new()
    }
}

/// What is seen of them together. Of several, those that can't be asked are told of and left out.
pub(crate) async fn overview(stores: &[Store]) -> anyhow::Result<Overview> {
    let mut all = Overview::default();
    for seen in ask_each(stores, async |store| store.overview().await).await? {
        all.merge(seen);
    }
    Ok(all)
}

/// What each of them answers. Of several, those that can't be asked are told of and left out, unless none can.
pub(crate) async fn ask_each<T>(
    stores: &[Store],
    ask: impl AsyncFn(&Store) -> Result<T, StoreError>,
) -> anyhow::Result<Vec<T>> {
    let (mut answers, mut failed) = (Vec::new(), None);
    for store in stores {
        match ask(store).await {
            Ok(answer) => answers.push(answer),
            Err(error) => {
                if store.shard().has_others() {
                    eprintln!("webhooksctl: {}{error}", prefix(store));
                }
                failed = Some(error);
            }
        }
    }
    match failed {
        Some(error) if answers.is_empty() => Err(error.into()),
        _ => Ok(answers),
    }
}
