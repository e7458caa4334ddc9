//! Moves a shard's hash slot to another node of the cluster, while the programs run.
//!
//! Servers with `CLUSTER MIGRATESLOTS` (Valkey from 9) do it by themselves, in one step at its end (`at_once`): scripts go on meanwhile.
//! Elsewhere the keys are taken over a few at a time (`by_keys`). From its first step to its last both nodes refuse the shard's scripts
//! then, so that calls for its accounts get 503 and its deliveries wait: half a shard is none, and nothing is needed to pause it.
//!
//! How far it has come stands in the cluster itself, so whoever died in between is followed by anybody who gives the same order again.
//! A slot that is half-way goes on by keys, and to where it was going: there is no way back before it has arrived, since its old node can't
//! take keys back without serving what it has of the slot.

mod at_once;
mod by_keys;
mod fault;
mod layout;
mod nodes;

use crate::StoreError;
use crate::keys::Keys;
use crate::settings::{RedisArgs, Servers};
use crate::shards::{FindError, Shards};

pub use self::fault::MoveError;
use self::layout::{Layout, Node};
use self::nodes::{Doors, LOOK_EVERY};

/// How often the store is asked how many shards it has.
const TRIES: u32 = 5;

/// The way of one shard's hash slot to another node.
#[derive(Debug)]
pub struct SlotMove {
    doors: Doors,
    shard: u16,
    slot: u16,
    from: Node,
    to: Node,
    how: How,
}

/// How it goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is there, and every node knows it.
    IsThere,
    /// `CLUSTER MIGRATESLOTS`; whether that has begun already.
    AtOnce {
        /// Whether it is under way.
        begun: bool,
    },
    /// Key by key; whether that has begun already.
    ByKeys {
        /// Whether it is half-way.
        begun: bool,
    },
}

/// What is told on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The server moves it, and this is what it says of it.
    Server(String),
    /// From here on both nodes refuse the shard's scripts, until it has arrived.
    Closed,
    /// How many keys of how many are there.
    Keys {
        /// Those that this call has moved.
        moved: u64,
        /// Those that were left to move when it began.
        of: u64,
    },
}

impl SlotMove {
    /// Looks where a shard is, and how it would get to a node, which is called by its address or its id.
    ///
    /// # Errors
    ///
    /// [`MoveError::Refused`] with a sentence when it can't go there.
    pub async fn plan(args: &RedisArgs, shard: u16, node: &str) -> Result<Self, MoveError> {
        let Servers::Nodes(nodes) = args.servers()? else {
            return Err(not_a_cluster());
        };
        let doors = Doors::new(nodes);
        let Some(layout) = doors.layout().await? else {
            return Err(not_a_cluster());
        };
        let slot = Keys::new(shard).slot();
        let is_half_way = layout.is_open(slot);
        // What is half-way may be what says how many shards there are.
        if !is_half_way {
            let shards = count(args).await?;
            if usize::from(shard) >= shards {
                return Err(MoveError::Refused(format!(
                    "there is no shard {shard}: the store has {shards}, from 0 on"
                )));
            }
        }
        let to = layout.primary(node)?.clone();
        let from = layout.owner(slot)?.clone();
        if let Some(other) = layout.goes_elsewhere(slot, &to) {
            return Err(MoveError::Refused(format!(
                "shard {shard} is half-way to {other}: let it arrive there first (webhooksctl shards move {shard} {other})"
            )));
        }
        let how = match (from.id == to.id, is_half_way) {
            (true, false) => How::IsThere,
            (_, true) => How::ByKeys { begun: true },
            (false, false) => match at_once::job(&doors, &from, slot).await? {
                None => How::ByKeys { begun: false },
                Some(None) => How::AtOnce { begun: false },
                Some(Some(job)) if job.target == to.id => How::AtOnce { begun: true },
                Some(Some(job)) => {
                    return Err(MoveError::Refused(format!(
                        "shard {shard} is on its way to {} already",
                        layout.named(&job.target)
                    )));
                }
            },
        };
        Ok(Self {
            doors,
            shard,
            slot,
            from,
            to,
            how,
        })
    }

    /// How it goes there.
    #[must_use]
    pub const fn how(&self) -> How {
        self.how
    }

    /// The shard's hash slot.
    #[must_use]
    pub const fn slot(&self) -> u16 {
        self.slot
    }

    /// The address of the node that has it.
    #[must_use]
    pub fn from(&self) -> String {
        self.from.to_string()
    }

    /// The address of the node that gets it.
    #[must_use]
    pub fn to(&self) -> String {
        self.to.to_string()
    }

    /// Moves it, `keys` at a time where it goes by keys, and returns once all primaries that can be asked say that it is there.
    ///
    /// # Errors
    ///
    /// What a node says instead; a call with the same arguments goes on from there.
    pub async fn go(&self, keys: u16, tell: &impl Fn(Progress)) -> Result<(), MoveError> {
        match self.how {
            How::IsThere => return Ok(()),
            How::AtOnce { begun } => {
                at_once::go(&self.doors, &self.from, &self.to, self.slot, begun, tell).await?;
            }
            How::ByKeys { .. } => {
                let meta = Keys::new(self.shard).meta(true).to_owned();
                by_keys::go(&self.doors, &self.from, &self.to, self.slot, &meta, keys, tell).await?;
            }
        }
        self.doors
            .agree(self.slot, &self.to, |layout: &Layout| {
                layout.owner(self.slot).cloned()
            })
            .await
    }
}

/// How many shards the store has. A busy server is asked again: nothing has begun yet.
async fn count(args: &RedisArgs) -> Result<usize, MoveError> {
    for _ in 1..TRIES {
        match Shards::find(args).await {
            Err(FindError::Store(StoreError::Unavailable(_))) => tokio::time::sleep(LOOK_EVERY).await,
            found => return Ok(found?.all().len()),
        }
    }
    Ok(Shards::find(args).await?.all().len())
}

fn not_a_cluster() -> MoveError {
    MoveError::Refused("REDIS_URL: only between the nodes of a Redis Cluster can shards be moved".to_owned())
}
