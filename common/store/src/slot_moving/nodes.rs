//! Asks nodes one by one: which ones there are, and what each has to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisError};

use super::fault::MoveError;
use super::layout::{Layout, Node};
use crate::connection::{Address, Nodes};

/// How long a node may take to let us in, and for an answer: it answers nothing else while it hands keys over.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How long all may take to hear where a slot is, and how often they are asked.
const AGREE_WITHIN: Duration = Duration::from_secs(30);
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The ways to all nodes.
pub(super) struct Doors {
    nodes: Arc<Nodes>,
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Doors").finish_non_exhaustive()
    }
}

impl Doors {
    pub(super) const fn new(nodes: Arc<Nodes>) -> Self {
        Self { nodes }
    }

    /// A connection to a node, for one question after the other.
    pub(super) async fn open(&self, address: &Address) -> Result<Door, MoveError> {
        let node = format!("{}:{}", address.0, address.1);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(ANSWER_WITHIN));
        let opened = async {
            let client = self.nodes.client(address)?;
            client.get_multiplexed_async_connection_with_config(&config).await
        };
        match opened.await {
            Ok(connection) => Ok(Door { node, connection }),
            Err(error) => Err(said(&node, &error)),
        }
    }

    /// What user and password nodes want of each other, as they want them of us.
    pub(super) fn login(&self) -> Vec<String> {
        let login = self.nodes.login();
        let words = match (login.username(), login.password()) {
            (_, None) => vec![],
            (None, Some(password)) => vec!["AUTH", password],
            (Some(user), Some(password)) => vec!["AUTH2", user, password],
        };
        words.into_iter().map(str::to_owned).collect()
    }

    /// Who has what. `None` if this is one server and no cluster.
    pub(super) async fn layout(&self) -> Result<Option<Layout>, MoveError> {
        let (mut seen, mut failed): (Option<Layout>, _) = (None, None);
        for address in self.nodes.listed() {
            match self.seen_by(address).await {
                Ok(layout) if seen.as_ref().is_none_or(|seen| seen.epoch() < layout.epoch()) => {
                    seen = Some(layout);
                }
                Ok(_) => {}
                Err(MoveError::Node { reason, .. }) if reason.contains("cluster support disabled") => {
                    return Ok(None);
                }
                Err(error) => failed = Some(error),
            }
        }
        let Some(mut layout) = seen else {
            return failed.map_or(Ok(None), Err);
        };
        let primaries: Vec<_> = primaries(&layout).collect();
        for address in primaries {
            // One that is away tells nothing of itself.
            if let Ok(own) = self.seen_by(&address).await {
                layout.note(own);
            }
        }
        Ok(Some(layout))
    }

    /// Waits until all primaries that can be asked say that a slot is at a node.
    pub(super) async fn agree(
        &self,
        slot: u16,
        to: &Node,
        owner: impl Fn(&Layout) -> Result<Node, MoveError>,
    ) -> Result<(), MoveError> {
        let deadline = Instant::now() + AGREE_WITHIN;
        let first = self.seen_by(&to.address).await?;
        for address in primaries(&first) {
            loop {
                // Whoever can't be asked hears of it from the others.
                let Ok(seen) = self.seen_by(&address).await else {
                    break;
                };
                if owner(&seen).is_ok_and(|owner| owner.id == to.id) {
                    break;
                }
                if Instant::now() > deadline {
                    return Err(MoveError::Node {
                        node: format!("{}:{}", address.0, address.1),
                        reason: format!(
                            "it doesn't know that the hash slot {slot} is at {to}: give the same order again"
                        ),
                    });
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    async fn seen_by(&self, address: &Address) -> Result<Layout, MoveError> {
        let mut door = self.open(address).await?;
        let text: String = door.ask(redis::cmd("CLUSTER").arg("NODES")).await?;
        Ok(Layout::read(&text, &address.0, self.nodes.is_tls()))
    }
}

fn primaries(layout: &Layout) -> impl Iterator<Item = Address> {
    let primaries = layout.nodes.iter().filter(|node| node.is_primary);
    primaries.map(|node| node.address.clone())
}

/// A connection to one node.
pub(super) struct Door {
    node: String,
    connection: MultiplexedConnection,
}

impl Door {
    pub(super) async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, MoveError> {
        let answer = command.query_async(&mut self.connection).await;
        answer.map_err(|error| said(&self.node, &error))
    }
}

fn said(node: &str, error: &RedisError) -> MoveError {
    MoveError::Node {
        node: node.to_owned(),
        reason: error.to_string(),
    }
}
