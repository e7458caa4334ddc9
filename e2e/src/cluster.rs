//! A real Redis Cluster for one test: three primaries, each with a replica (or some without), made into a cluster by their own commands.
//!
//! They think a node dead after a second. A shard's slot is moved in one step where the server can (Valkey from 9), or key by key.

mod launch;

mod moving;

mod node;

use std::time::{Duration, Instant};

use store::keys::Keys;

use crate::redis_server::{Program, RedisServer};

pub use self::launch::becomes_node;
use self::launch::start_node;
pub use self::moving::{begin_to_move, end_to_move, migrate};
pub use self::node::{Seen, ask, seen};
use self::node::{id, info, primary_at};

/// How long the nodes may take to agree on something.
const AGREE_DEADLINE: Duration = Duration::from_secs(60);

const SLOTS: u32 = 16_384;

/// The nodes of a cluster, but for the one that a test has taken out to call it the system's Redis.
#[derive(Debug)]
pub struct Cluster {
    /// Primaries first, as it was in the beginning.
    pub nodes: Vec<RedisServer>,
}

/// The hash slot of the only shard.
#[must_use]
pub fn slot() -> u16 {
    Keys::new(0).slot()
}

impl Cluster {
    /// Starts three primaries, and a replica of each.
    #[must_use]
    pub fn start() -> Self {
        Self::start_on(&Program::usual())
    }

    /// The same of one of the programs.
    #[must_use]
    pub fn start_on(program: &Program) -> Self {
        Self::of((0..6).map(|_| start_node(program)).collect(), 3)
    }

    /// Starts so many primaries, which nobody takes over from.
    #[must_use]
    pub fn without_replicas(primaries: u32) -> Self {
        Self::of(
            (0..primaries).map(|_| start_node(&Program::usual())).collect(),
            primaries,
        )
    }

    /// Makes servers a cluster: the first ones primaries, the others replicas of one each.
    fn of(nodes: Vec<RedisServer>, primaries: u32) -> Self {
        let cluster = Self { nodes };
        let all = cluster.nodes.len();
        for (number, node) in (0..primaries).zip(&cluster.nodes) {
            let (first, last) = (number * SLOTS / primaries, (number + 1) * SLOTS / primaries - 1);
            let range = [first.to_string(), last.to_string()];
            let _: () = ask(node, &["CLUSTER", "ADDSLOTSRANGE", &range[0], &range[1]]);
            let _: () = ask(node, &["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        for node in &cluster.nodes[1..] {
            meet(&cluster.nodes[0], node);
        }
        cluster.agree("know each other", || {
            cluster.nodes.iter().all(|node| {
                let seen = seen(node);
                seen.len() == all
                    && seen
                        .iter()
                        .all(|node| !node.flags.iter().any(|flag| flag == "handshake"))
            })
        });
        let replicas = cluster.nodes.iter().skip(primaries as usize);
        for (primary, replica) in cluster.nodes.iter().zip(replicas) {
            let _: () = ask(replica, &["CLUSTER", "REPLICATE", &id(primary)]);
        }
        cluster.is_well();
        cluster
    }

    /// `redis://…` with all nodes.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self.nodes.iter().map(|node| node.address().to_string()).collect();
        format!("redis://{}", hosts.join(","))
    }

    /// Takes out the primary that serves a slot.
    ///
    /// # Panics
    ///
    /// When none does.
    pub fn take_primary(&mut self, slot: u16) -> RedisServer {
        let port = self.primary_port(slot).expect("a node serves the slot");
        let place = self.nodes.iter().position(|node| node.address().port() == port);
        self.nodes.remove(place.expect("one of ours"))
    }

    /// Exchanges `taken` for the node that serves a slot by now, once most nodes say so.
    ///
    /// # Panics
    ///
    /// When they don't agree.
    pub fn exchange(&mut self, slot: u16, taken: &mut RedisServer) {
        let old = taken.address().port();
        let deadline = Instant::now() + AGREE_DEADLINE;
        loop {
            let port = self.primary_port(slot).filter(|port| *port != old);
            let place = self
                .nodes
                .iter()
                .position(|node| Some(node.address().port()) == port);
            if let Some(place) = place {
                std::mem::swap(&mut self.nodes[place], taken);
                return;
            }
            assert!(Instant::now() < deadline, "nobody takes the slot over");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The port of the primary that most nodes name for a slot.
    #[must_use]
    pub fn primary_port(&self, slot: u16) -> Option<u16> {
        let mut named: Vec<u16> = self
            .nodes
            .iter()
            .filter_map(|node| primary_at(node, slot))
            .collect();
        named.sort_unstable();
        let most = named
            .chunk_by(|one, other| one == other)
            .max_by_key(|voices| voices.len())?;
        (2 * most.len() > self.nodes.len()).then(|| most[0])
    }

    /// A replica of the node, which must be a primary.
    ///
    /// # Panics
    ///
    /// When it has none.
    #[must_use]
    pub fn replica_of(&self, primary: &RedisServer) -> &RedisServer {
        let id = id(primary);
        let all = seen(primary);
        let ports: Vec<_> = all
            .iter()
            .filter(|node| node.primary == id)
            .map(|node| node.port)
            .collect();
        let found = self
            .nodes
            .iter()
            .find(|node| ports.contains(&node.address().port()));
        found.expect("a replica")
    }

    /// A primary of another slot.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn another_primary(&self) -> &RedisServer {
        let is_primary = |node: &&RedisServer| {
            let myself = seen(node)
                .into_iter()
                .find(|seen| seen.port == node.address().port());
            myself.is_some_and(|seen| !seen.slots.is_empty())
        };
        self.nodes.iter().find(is_primary).expect("a primary")
    }

    /// Starts one more node, which serves nothing yet, and waits until all know it.
    pub fn add(&mut self) {
        let new = start_node(&Program::usual());
        let port = new.address().port();
        meet(&self.nodes[0], &new);
        self.nodes.push(new);
        self.agree("know the new one", || {
            let knows = |node| seen(node).iter().any(|seen| seen.port == port);
            self.nodes.iter().all(knows) && self.nodes.iter().all(|node| seen(node).len() >= self.nodes.len())
        });
        self.is_well();
    }

    /// Starts the nodes that were killed, and waits until they are replicas in step.
    pub fn killed_come_back(&mut self) {
        let mut back = Vec::new();
        for node in self.nodes.iter_mut().filter(|node| node.raw("PING").is_err()) {
            node.restart();
            back.push(node.address());
        }
        self.agree("follow the new primary", || {
            let mut again = self.nodes.iter().filter(|node| back.contains(&node.address()));
            again.all(|node| info(node, "INFO replication").contains("master_link_status:up"))
        });
        self.is_well();
    }

    /// Waits until all nodes are up, say that the cluster works, and replicas are in step.
    pub fn is_well(&self) {
        self.agree("be well", || {
            self.nodes.iter().all(|node| {
                let state = info(node, "CLUSTER INFO").contains("cluster_state:ok");
                let replication = info(node, "INFO replication");
                state
                    && (replication.contains("role:master") || replication.contains("master_link_status:up"))
            })
        });
    }

    fn agree(&self, what: &str, has_come: impl Fn() -> bool) {
        let deadline = Instant::now() + AGREE_DEADLINE;
        while !has_come() {
            let state: Vec<_> = self.nodes.iter().map(seen).collect();
            assert!(Instant::now() < deadline, "the nodes don't {what}: {state:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn meet(one: &RedisServer, other: &RedisServer) {
    let port = other.address().port().to_string();
    let bus: Vec<String> = ask(other, &["CONFIG", "GET", "cluster-port"]);
    let _: () = ask(one, &["CLUSTER", "MEET", "127.0.0.1", &port, &bus[1]]);
}
