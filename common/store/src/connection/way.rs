//! How a connection finds its server: at one address, at the node that serves a slot, or where the sentinels say.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, RedisResult};

use super::Lost;
use super::cluster::Slot;
use super::gather::BELIEVED_FOR;
use super::primary::connect;
use super::sentinels::Sentinels;

/// The way to a server, or to the one that takes its place.
pub(crate) enum Way {
    /// It is at this address, or the one that takes its place will be; or it is the node of a cluster that serves this slot.
    Slot(Box<Slot>),
    /// These know where it is.
    Sentinels(Arc<Sentinels>),
}

impl Way {
    /// The address, or what the sentinels call the primary, for people.
    pub(super) fn described(&self) -> String {
        match self {
            Self::Slot(slot) => slot.described(),
            Self::Sentinels(sentinels) => sentinels.name().to_owned(),
        }
    }

    /// The server that it led to last, for people.
    pub(super) fn served_by(&self) -> String {
        match self {
            Self::Slot(slot) => slot.served_by(),
            Self::Sentinels(sentinels) => sentinels.name().to_owned(),
        }
    }

    /// Whether it leads to a node of a cluster, as far as is known: it is, once anything was asked.
    pub(super) fn is_in_cluster(&self) -> bool {
        match self {
            Self::Slot(slot) => slot.is_in_cluster(),
            Self::Sentinels(_) => false,
        }
    }

    /// How often another server was named than before.
    pub(super) fn changes(&self) -> u64 {
        match self {
            Self::Slot(slot) => slot.changes(),
            Self::Sentinels(sentinels) => sentinels.changes().count(),
        }
    }

    /// How often that was one that had replicated the other, as far as was announced.
    pub(super) fn failovers(&self) -> u64 {
        match self {
            Self::Slot(slot) => slot.failovers().count(),
            Self::Sentinels(sentinels) => sentinels.changes().count(),
        }
    }

    /// How long ago that was last.
    pub(super) fn failed_over_since(&self) -> Option<Duration> {
        match self {
            Self::Slot(slot) => slot.failovers().since(),
            Self::Sentinels(sentinels) => sentinels.changes().since(),
        }
    }

    /// How long to wait after a failure before the next try. A server that is still named may refuse each connection, being the
    /// primary no longer; calls must not open one each until another one is named.
    pub(super) fn rests_for(&self) -> Duration {
        match self {
            Self::Slot(slot) if !slot.is_in_cluster() => Duration::ZERO,
            Self::Slot(_) | Self::Sentinels(_) => BELIEVED_FOR,
        }
    }

    /// A new connection, and what [`Self::changes`] was when its server was named.
    pub(super) async fn open(
        &self,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<(MultiplexedConnection, u64)> {
        let (client, changes) = match self {
            Self::Slot(slot) => return slot.open(config).await,
            Self::Sentinels(sentinels) => sentinels.client().await?,
        };
        let connection = connect(&client, config, "the sentinels").await?;
        Ok((connection, changes))
    }

    /// Asks whether another server is named by now, which [`Self::changes`] then tells. Connections to the old one
    /// may be as good as ever, if it is cut off from the others and not from us.
    pub(super) async fn look(&self, believed_for: Duration) -> Result<(), Lost> {
        match self {
            Self::Slot(slot) => slot.look(believed_for).await,
            Self::Sentinels(sentinels) => sentinels.find(believed_for).await.map(drop),
        }
    }

    /// A server said in the place of an answer where to ask, which [`Self::changes`] then tells.
    pub(super) fn follow(&self, error: &RedisError) {
        if let Self::Slot(slot) = self {
            slot.follow(error);
        }
    }
}
