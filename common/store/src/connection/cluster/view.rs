//! What one node says of its cluster.

use std::fmt;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisError, RedisResult, Value, from_redis_value};

use crate::connection::gather::Address;

/// Which nodes serve which slots, as one of them has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Whether the cluster works, as far as that node knows.
    pub(super) is_ok: bool,
    /// The number of the last failover, or move, that it knows of.
    pub(super) epoch: u64,
    pub(super) ranges: Vec<Range>,
}

/// Slots that lie beside each other, and where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) place: Place,
}

/// Where a slot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) primary: Address,
    pub(super) replicas: Vec<Address>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = &self.primary;
        write!(formatter, "{host}:{port}")
    }
}

impl View {
    pub(super) fn place_of(&self, slot: u16) -> Option<Place> {
        let range = self
            .ranges
            .iter()
            .find(|range| (range.first..=range.last).contains(&slot))?;
        Some(range.place.clone())
    }

    /// A slot that is at this node: its replicas are those of its other slots.
    pub(super) fn place_at(&self, primary: &Address) -> Place {
        let place = self.ranges.iter().map(|range| &range.place);
        let mut known = place.filter(|place| place.primary == *primary);
        known.next().cloned().unwrap_or_else(|| Place {
            primary: primary.clone(),
            replicas: Vec::new(),
        })
    }

    /// Every node, some more than once.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Address> {
        self.ranges
            .iter()
            .flat_map(|range| std::iter::once(&range.place.primary).chain(&range.place.replicas))
    }

    /// Reads the answers to `CLUSTER SLOTS` and `CLUSTER INFO` of a node at this host.
    fn read(slots: Vec<Vec<Value>>, info: &str, host: &str) -> RedisResult<Self> {
        let word = |name: &str| {
            let mut lines = info.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        let mut ranges = Vec::with_capacity(slots.len());
        for row in slots {
            let mut row = row.into_iter();
            let (Some(first), Some(last)) = (row.next(), row.next()) else {
                continue;
            };
            let (first, last) = (from_redis_value(first)?, from_redis_value(last)?);
            let mut nodes = Vec::new();
            for node in row {
                nodes.push(address(node, host)?);
            }
            // A range whose primary has no address can't be reached; its replicas don't serve us.
            if let Some((Some(primary), replicas)) = nodes.split_first() {
                let place = Place {
                    primary: primary.clone(),
                    replicas: replicas.iter().flatten().cloned().collect(),
                };
                ranges.push(Range { first, last, place });
            }
        }
        Ok(Self {
            is_ok: word("cluster_state").is_none_or(|state| state == "ok"),
            epoch: word("cluster_current_epoch")
                .and_then(|epoch| epoch.parse().ok())
                .unwrap_or(0),
            ranges,
        })
    }
}

/// `host port id …`, the host being the endpoint that the node prefers: none if that is where it was asked, `?` if it is not known.
fn address(node: Value, asked: &str) -> RedisResult<Option<Address>> {
    let mut words = Vec::<Value>::from_redis_value(node)?.into_iter();
    let (Some(host), Some(port)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let host: Option<String> = from_redis_value(host)?;
    let port: u16 = from_redis_value(port)?;
    Ok(match host.as_deref().unwrap_or_default() {
        "" => Some((asked.to_owned(), port)),
        "?" => None,
        host => Some((host.to_owned(), port)),
    })
}

/// The question that only nodes of a cluster answer.
pub(super) fn slots() -> redis::Cmd {
    redis::cmd("CLUSTER").arg("SLOTS").to_owned()
}

/// Asks a server whether it is part of a cluster.
pub(super) async fn is_of_cluster(mut connection: MultiplexedConnection) -> RedisResult<bool> {
    slots().exec_async(&mut connection).await.map(|()| true)
}

/// Asks one node, which is at this host; `None` if it is part of no cluster.
pub(super) async fn ask(mut connection: MultiplexedConnection, host: &str) -> RedisResult<Option<View>> {
    let slots = match slots().query_async(&mut connection).await {
        Err(error) if is_no_cluster(&error) => return Ok(None),
        slots => slots?,
    };
    let info = redis::cmd("CLUSTER").arg("INFO").to_owned();
    let info: String = match info.query_async(&mut connection).await {
        // Its access list doesn't let us: then its word counts least.
        Err(error) if error.code() == Some("NOPERM") => String::new(),
        info => info?,
    };
    View::read(slots, &info, host).map(Some)
}

fn is_no_cluster(error: &RedisError) -> bool {
    let says = |text| error.detail().is_some_and(|detail| detail.contains(text));
    says("cluster support disabled") || says("unknown command")
}

#[cfg(test)]
mod tests;
