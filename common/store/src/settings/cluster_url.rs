//! `redis://[user:password@]host[:port],host[:port],…`: several nodes of a Redis Cluster. `rediss://` is the same over TLS.

use redis::{IntoConnectionInfo as _, RedisConnectionInfo};

use super::hosts;
use crate::connection::Address;

/// The port of a node whose address names none.
const DEFAULT_PORT: u16 = 6379;

/// What such a URL says.
#[derive(Debug, Clone)]
pub(super) struct ClusterUrl {
    pub(super) is_tls: bool,
    /// Host, without brackets, and port of each node.
    pub(super) nodes: Vec<Address>,
    /// User and password of all nodes.
    pub(super) server: RedisConnectionInfo,
}

impl ClusterUrl {
    /// Reads a URL; `None` if it has another scheme, or one address only.
    ///
    /// # Errors
    ///
    /// A sentence without anything of the URL that may be secret.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (scheme, rest) = text.split_once("://")?;
        let is_tls = match scheme {
            "redis" => false,
            "rediss" => true,
            _ => return None,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        hosts.contains(',').then(|| Self::read(is_tls, user, hosts, path))
    }

    fn read(is_tls: bool, user: &str, hosts: &str, path: &str) -> Result<Self, String> {
        if hosts.contains(['?', '#']) || path.contains(['?', '#']) {
            return Err("must end after the cluster's nodes".to_owned());
        }
        if !matches!(path, "" | "0") {
            return Err(
                "a Redis Cluster has database 0 only, and several addresses are those of its nodes"
                    .to_owned(),
            );
        }
        let nodes = hosts::read(hosts, DEFAULT_PORT, "cluster's nodes")?;
        // The library reads user and password as it does in other URLs.
        let server = format!("redis://{user}@server").into_connection_info();
        let server = server.map_err(|error| format!("user or password can't be read ({error})"))?;
        Ok(Self {
            is_tls,
            nodes,
            server: server.redis_settings().clone(),
        })
    }

    /// The URL as people may see it.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.is_tls { "rediss" } else { "redis" };
        let (user, nodes) = (hosts::shown_user(&self.server), hosts::shown(&self.nodes));
        format!("{scheme}://{user}{nodes}")
    }
}

#[cfg(test)]
mod tests;
