//! A server with a store has become a node of a cluster. There each shard has a `wh:meta` of its own, in its hash slot.

use std::collections::HashMap;

use super::{Common, FindError, Recorded, Routes, Shard, Shards, readable};
use crate::identity::{Known, Sight, StoreId, unknown_schema};
use crate::keys::{Keys, META};
use crate::settings::{RedisArgs, Servers};
use crate::{Store, StoreError};

/// Why the store of a server can't be taken into the cluster.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// It can't: a sentence.
    #[error("nothing was changed: {0}")]
    Refused(String),
    /// The settings can't be used.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Redis failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Shards {
    /// Gives each shard of a store that was a single server's what the cluster needs, and takes `wh:meta` away. Programs that run, and were told
    /// where the nodes are, go on. Returns how many shards there are. The same again goes on where it left off.
    ///
    /// # Errors
    ///
    /// [`AdoptError`].
    pub async fn adopt(args: &RedisArgs) -> Result<u16, AdoptError> {
        let refused = |why: &str| Err(AdoptError::Refused(why.to_owned()));
        let servers = args.servers().map_err(FindError::from)?;
        let at_meta = Store::at_slot(args, &servers, Keys::slot_of_meta());
        let meta: HashMap<String, String> = at_meta.query_anywhere(redis::cmd("HGETALL").arg(META)).await?;
        if !at_meta.connections().are_to_cluster() {
            return refused("this server is no node of a cluster (`cluster-enabled yes`)");
        }
        let word = |name: &str| meta.get(name).map(String::as_str);
        let (Some(identity), Some(schema)) = (word("store"), word("schema")) else {
            return refused("there is no `wh:meta` of a single server here, with an identity and a schema");
        };
        if let Some(reason) = unknown_schema(schema) {
            return Err(AdoptError::Refused(reason));
        }
        if word("growsTo").is_some() {
            return refused("the store is being given more shards: finish that first, on the single server");
        }
        let identity = StoreId::from_stored(identity.to_owned());
        let has = word("shards").and_then(readable).unwrap_or(1);
        let shards = Self::prepare(
            args,
            &servers,
            Recorded {
                has,
                routes: Routes::by(has),
            },
        );
        for store in shards.all() {
            let seen = store.sight(&Known::default(), None).await?;
            match &seen.identity {
                Some(found) if *found == identity => {}
                Some(found) => {
                    let number = store.shard().number;
                    return refused(&format!(
                        "shard {number} of the cluster has the store {found} already"
                    ));
                }
                None => {
                    let schema = Some(schema.to_owned());
                    store.claim(&Sight { schema, ..seen }, &identity, false).await?;
                }
            }
        }
        if word("directory").is_some() {
            shards.enter_all(&[], false).await?;
        }
        let _: i64 = at_meta.query_anywhere(redis::cmd("DEL").arg(META)).await?;
        Ok(has)
    }
}

impl Store {
    /// What asks the node that serves a slot; it is no shard.
    fn at_slot(args: &RedisArgs, servers: &Servers, slot: u16) -> Self {
        Self::on_way(args, servers.way(slot), Shard::ONLY, &Common::default())
    }
}
