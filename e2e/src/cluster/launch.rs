//! Starts servers that can become a cluster.

use super::node::{Seen, ask, seen};
use super::{Cluster, meet};
use crate::ports::free_port;
use crate::redis_server::{Program, RedisServer};

impl Cluster {
    /// Starts a cluster of one of the programs, with an access list in the form of `docker/redis/users.acl`, and with further lines of
    /// configuration, in which `{port}` stands for a free port. Users have the same password everywhere, as in the field.
    #[must_use]
    pub fn start_guarded(program: &Program, lines: &[String], users: &str) -> Self {
        let start = |_| {
            let settings = settings(lines);
            RedisServer::start_guarded_with(program, &words(&settings), users.to_owned())
        };
        let nodes: Vec<_> = (0..6).map(start).collect();
        for user in ["api", "worker", "operator"] {
            let password = format!(">{}", nodes[0].password(user));
            for node in &nodes {
                let _: () = ask(node, &["ACL", "SETUSER", user, &password]);
            }
        }
        Self::of(nodes, 3)
    }

    /// Starts nodes that serve nothing yet beside one that serves all, which is not among those of the result.
    ///
    /// # Panics
    ///
    /// When they don't get to know each other.
    #[must_use]
    pub fn around(first: &RedisServer, others: usize) -> Self {
        let start = |_| {
            let node = start_node(&Program::usual());
            meet(first, &node);
            node
        };
        let cluster = Self {
            nodes: (0..others).map(start).collect(),
        };
        let knows_all = |node: &RedisServer| {
            let seen = seen(node);
            let is_met = |node: &Seen| !node.flags.iter().any(|flag| flag == "handshake");
            seen.len() == others + 1 && seen.iter().all(is_met)
        };
        cluster.agree("know each other", || {
            knows_all(first) && cluster.nodes.iter().all(knows_all)
        });
        cluster
    }
}

/// Starts a server with data again as the only node of a cluster, which serves all slots.
pub fn becomes_node(server: &mut RedisServer) {
    server.restart_with(settings(&[]));
    // Those that have keys it takes by itself.
    let has: Vec<_> = seen(server).into_iter().flat_map(|node| node.slots).collect();
    let is_free = |slot: &u16| !has.iter().any(|(first, last)| (first..=last).contains(&slot));
    let mut command = vec!["CLUSTER".to_owned(), "ADDSLOTS".to_owned()];
    command.extend((0..16_384).filter(is_free).map(|slot: u16| slot.to_string()));
    let _: () = ask(server, &command);
}

/// A node that knows no other one yet.
pub(super) fn start_node(program: &Program) -> RedisServer {
    RedisServer::start_on(program, &words(&settings(&[])))
}

/// The configuration of a node, line by line.
fn settings(lines: &[String]) -> Vec<String> {
    let lines = lines
        .iter()
        .map(|line| line.replace("{port}", &free_port().to_string()));
    let cluster = [
        "cluster-enabled yes".to_owned(),
        "cluster-node-timeout 1000".to_owned(),
        // As docs/operations.md says: a primary that is away stops its own shards alone.
        "cluster-require-full-coverage no".to_owned(),
        // By default it is the port and 10,000 more, which may be too high.
        format!("cluster-port {}", free_port()),
    ];
    let lines = cluster.into_iter().chain(lines).map(|line| format!("--{line}"));
    let split = |line: String| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    lines.flat_map(split).collect()
}

fn words(settings: &[String]) -> Vec<&str> {
    settings.iter().map(String::as_str).collect()
}
