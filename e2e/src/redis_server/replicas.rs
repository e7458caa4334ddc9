//! Replicas of a server: starting one, following, promoting, and waiting for it to be in step.

use std::net::SocketAddr;

use super::{HARNESS, RedisServer};
use crate::wait::{LONG, check, eventually};

impl RedisServer {
    /// Starts a server that follows this one, with the same program and durability, and waits until it is in step.
    pub async fn start_replica(&self) -> Self {
        let password = self.password(HARNESS);
        let login = ["--masteruser", HARNESS, "--masterauth", &password];
        let login = if self.users.is_some() { &login[..] } else { &[] };
        let replica = Self::launch_new(self.program.clone(), login, None);
        replica.follow(self).await;
        replica
    }

    /// Makes it a replica of another server, gives up what it has, and waits until it is in step.
    pub async fn follow(&self, primary: &Self) {
        self.follow_by(primary, primary.address()).await;
    }

    /// The same by an address that leads to that server.
    pub async fn follow_by(&self, primary: &Self, address: SocketAddr) {
        self.order(&format!("REPLICAOF {} {}", address.ip(), address.port()));
        let ours = format!("port={},state=online", self.address().port());
        eventually(LONG, "the replica to be in step", async || {
            let (here, there) = (self.replication(), primary.replication());
            let is_in_step = here.contains("master_link_status:up") && there.contains(&ours);
            check(is_in_step, format!("{here}\n{there}"))
        })
        .await;
    }

    /// Makes a replica a primary.
    pub fn promote(&self) {
        self.order("REPLICAOF NO ONE");
    }

    /// How far a replica has read what its primary wrote.
    ///
    /// # Panics
    ///
    /// When it is no replica.
    #[must_use]
    pub fn read_so_far(&self) -> u64 {
        let info = self.replication();
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("slave_repl_offset:"));
        line.and_then(|line| line.trim().parse().ok())
            .unwrap_or_else(|| panic!("no replica: {info}"))
    }

    /// `INFO replication`.
    fn replication(&self) -> String {
        self.raw("INFO replication")
            .unwrap_or_else(|error| error.to_string())
    }

    fn order(&self, command: &str) {
        let answer = self.raw(command).expect("ask the server");
        assert!(answer.starts_with("+OK"), "{command}: {answer}");
    }
}
