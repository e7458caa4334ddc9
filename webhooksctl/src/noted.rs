//! What is done to the store as a whole is noted in the audit of its first shard, once it is done: before, there may be no store to note it in.

use store::settings::RedisArgs;

use crate::order::{Deed, OrderArgs};
use crate::stores::stores;

/// Notes what was done to the store as a whole, once its identity is what the new handle finds.
pub(crate) async fn noted(action: &str, redis: &RedisArgs, order: &OrderArgs, result: &str) {
    let deed = Deed {
        action,
        target: "the store",
        account: "",
    };
    match stores(redis).await {
        Ok(stores) => {
            if let Some(store) = stores.first() {
                deed.note(&store.ordered_by(&order.order()), result).await;
            }
        }
        Err(error) => eprintln!("webhooksctl: the audit lacks this: {error}"),
    }
}
