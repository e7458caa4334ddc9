//! Real sentinels for one test, which watch a primary and its replicas: the same server program with `--sentinel`.
//!
//! They think a server dead after a second, and two of three have to agree.

mod one;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use redis::{FromRedisValue, ToRedisArgs};
use rustix::process::{Pid, Signal, kill_process};

use crate::network::Place;
use crate::redis_server::{RedisServer, find_program};

use self::one::Sentinel;

/// What the sentinels call the primary.
pub const NAME: &str = "webhooks";

/// How long a sentinel may take to start, and all to know each other and the replicas.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Sentinels that watch one primary.
#[derive(Debug)]
pub struct Sentinels {
    sentinels: Vec<Sentinel>,
}

impl Sentinels {
    /// Starts three with further lines of configuration, and waits until they know each other and so many replicas of the primary.
    ///
    /// # Panics
    ///
    /// When they don't come to know each other.
    #[must_use]
    pub fn start_with(primary: &RedisServer, replicas: usize, lines: &[&str]) -> Self {
        Self::start_on(&find_program(), primary.address(), replicas, lines)
    }

    /// The same on this program, for a primary at this address. `{port}` in a line is replaced by a free port, and [`Self::tls_url`]
    /// leads there.
    ///
    /// # Panics
    ///
    /// When they don't come to know each other.
    #[must_use]
    pub fn start_on(program: &Path, primary: SocketAddr, replicas: usize, lines: &[&str]) -> Self {
        let places = [Place::HERE; 3];
        Self::start_at(&places, program, primary, replicas, lines)
    }

    /// The same, each at its place: three.
    ///
    /// # Panics
    ///
    /// When they don't come to know each other.
    #[must_use]
    pub fn start_at(
        places: &[Place],
        program: &Path,
        primary: SocketAddr,
        replicas: usize,
        lines: &[&str],
    ) -> Self {
        let start = |place: &Place| Sentinel::start(*place, program, primary, lines);
        let sentinels = places.iter().map(start).collect();
        let all = Self { sentinels };
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let known = |number: usize, what: &str| {
                let listed: Vec<redis::Value> = all.ask(number, &["SENTINEL", what, NAME]);
                listed.len()
            };
            if (0..3).all(|one| known(one, "REPLICAS") == replicas && known(one, "SENTINELS") == 2) {
                return all;
            }
            assert!(Instant::now() < deadline, "the sentinels don't find each other");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// `redis+sentinel://…` with all of them.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self
            .sentinels
            .iter()
            .map(|one| one.address().to_string())
            .collect();
        format!("redis+sentinel://{}/{NAME}", hosts.join(","))
    }

    /// `redis+sentinels://…` with all of them, for a user of the servers.
    #[must_use]
    pub fn tls_url(&self, user: &str, password: &str) -> String {
        let hosts: Vec<_> = self
            .sentinels
            .iter()
            .map(|one| format!("127.0.0.1:{}", one.other_port))
            .collect();
        format!("redis+sentinels://{user}:{password}@{}/{NAME}", hosts.join(","))
    }

    /// Asks one of them.
    ///
    /// # Panics
    ///
    /// When it refuses.
    pub fn ask<T: FromRedisValue>(&self, number: usize, words: &[impl ToRedisArgs]) -> T {
        self.sentinels[number].ask(words).expect("the sentinel answers")
    }

    /// The port of the server that one of them has for the primary.
    #[must_use]
    pub fn primary(&self, number: usize) -> u16 {
        let (_, port): (String, u16) = self.ask(number, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]);
        port
    }

    /// Kills one of them.
    ///
    /// # Panics
    ///
    /// When it doesn't run.
    pub fn kill9(&mut self, number: usize) {
        let mut child = self.sentinels[number].child.take().expect("it runs");
        child.kill().expect("kill a sentinel");
        child.wait().expect("wait for a sentinel");
    }

    /// SIGSTOP for one of them: it takes connections and never answers.
    ///
    /// # Panics
    ///
    /// When it doesn't run.
    pub fn stop_signal(&self, number: usize) {
        let id = self.sentinels[number].child.as_ref().expect("it runs").id();
        let pid = i32::try_from(id)
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process id");
        kill_process(pid, Signal::STOP).expect("stop a sentinel");
    }
}
