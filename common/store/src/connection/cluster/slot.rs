//! The way to one hash slot, wherever it is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, RedisResult};

use super::view::Place;
use super::{Nodes, lock};
use crate::connection::Lost;
use crate::connection::gather::{Address, BELIEVED_FOR};
use crate::connection::primary::connect;
use crate::connection::turns::Turns;

/// The watches of all shards share one look in about a second.
const LOOKED_FOR: Duration = Duration::from_millis(900);

/// A shard's slot among nodes that all shards share.
pub(crate) struct Slot {
    nodes: Arc<Nodes>,
    number: u16,
    /// Where it was last.
    place: Mutex<Option<Place>>,
    /// How often it was at another node than before, and how often that was a replica of the one before.
    changes: Turns,
    failovers: Turns,
}

impl Slot {
    pub(crate) fn new(nodes: Arc<Nodes>, number: u16) -> Self {
        Self {
            nodes,
            number,
            place: Mutex::default(),
            changes: Turns::default(),
            failovers: Turns::default(),
        }
    }

    /// The nodes among which it is.
    pub(crate) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Whether it is one of a cluster's, as far as is known.
    pub(in crate::connection) fn is_in_cluster(&self) -> bool {
        self.nodes.are_cluster()
    }

    pub(in crate::connection) fn described(&self) -> String {
        let shown = |(host, port): &Address| format!("{host}:{port}");
        let listed: Vec<_> = self.nodes.listed.iter().map(shown).collect();
        listed.join(",")
    }

    /// The node that served it last; those that are listed before one was found.
    pub(in crate::connection) fn served_by(&self) -> String {
        let last = lock(&self.place).as_ref().map(ToString::to_string);
        last.unwrap_or_else(|| self.described())
    }

    pub(in crate::connection) fn changes(&self) -> u64 {
        self.changes.count()
    }

    pub(in crate::connection) const fn failovers(&self) -> &Turns {
        &self.failovers
    }

    /// A new connection to the node that serves the slot, and what [`Self::changes`] was when that was found out; or to the one server there is.
    pub(in crate::connection) async fn open(
        &self,
        config: &AsyncConnectionConfig,
    ) -> RedisResult<(MultiplexedConnection, u64)> {
        if let Some(client) = self.nodes.alone()? {
            let mut connection = client
                .get_multiplexed_async_connection_with_config(config)
                .await?;
            if !self.nodes.turn_out_cluster(&mut connection).await? {
                return Ok((connection, 0));
            }
        }
        let place = self.nodes.place_of(self.number, BELIEVED_FOR).await?;
        let changes = self.note(&place);
        let client = self.nodes.client(&place.primary)?;
        let connection = connect(&client, config, "the cluster's nodes").await?;
        Ok((connection, changes))
    }

    /// Asks nodes whether the slot is elsewhere by now, if none was asked so lately.
    pub(in crate::connection) async fn look(&self, believed_for: Duration) -> Result<(), Lost> {
        if self.nodes.lacks_the_database().await {
            return Err(Lost::Nowhere(
                "the server is part of a Redis Cluster, which has database 0 only: leave the database's number out".to_owned(),
            ));
        }
        if self.is_in_cluster() {
            let place = self
                .nodes
                .place_of(self.number, LOOKED_FOR.max(believed_for))
                .await?;
            self.note(&place);
        }
        Ok(())
    }

    /// A node said that the slot is elsewhere: we go there.
    pub(in crate::connection) fn follow(&self, error: &RedisError) {
        let Some((address, slot)) = error.redirect_node().filter(|_| self.is_in_cluster()) else {
            return;
        };
        let here = lock(&self.place).as_ref().map(|place| place.primary.0.clone());
        if slot == self.number
            && let Some(address) = read(address, here.as_deref())
        {
            let place = self.nodes.note_moved(slot, address);
            self.note(&place);
        }
    }

    /// Notes where the slot is; what [`Self::changes`] is with that.
    fn note(&self, place: &Place) -> u64 {
        let mut last = lock(&self.place);
        if let Some(before) = last.replace(place.clone())
            && before.primary != place.primary
        {
            self.changes.note();
            if before.replicas.contains(&place.primary) {
                self.failovers.note();
                tracing::warn!(from = %before, to = %place, slot = self.number, "the cluster promoted a replica");
            } else {
                tracing::info!(from = %before, to = %place, slot = self.number, "a shard's hash slot moved to another node");
            }
        }
        self.changes.count()
    }
}

/// Reads `host:port`, with or without brackets; without a host it is the one that said so.
fn read(address: &str, here: Option<&str>) -> Option<Address> {
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.trim_start_matches('[').trim_end_matches(']') {
        "" => here?,
        "?" => return None,
        host => host,
    };
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests;
