//! Real sentinels for one test, which watch a primary and its replicas: the same server program with `--sentinel`.
//!
//! They think a server dead after a second, and two of three have to agree.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, ToRedisArgs};
use rustix::process::{Pid, Signal, kill_process};

use crate::ports::free_port;
use crate::redis_server::{RedisServer, find_program};
use crate::temp_dir::TempDir;

/// What the sentinels call the primary.
pub const NAME: &str = "webhooks";

/// Ten times as often as usual they ask servers what they are, and tell each other: what takes them ten seconds takes one.
const OFTEN: [&str; 6] = [
    "SENTINEL",
    "DEBUG",
    "INFO-PERIOD",
    "1000",
    "PUBLISH-PERIOD",
    "200",
];

/// How long a sentinel may take to start, and all to know each other and the replicas.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// Sentinels that watch one primary.
#[derive(Debug)]
pub struct Sentinels {
    sentinels: Vec<Sentinel>,
}

/// One of them.
#[derive(Debug)]
struct Sentinel {
    program: PathBuf,
    port: u16,
    /// What stands for `{port}`.
    other_port: u16,
    password: Option<String>,
    child: Option<Child>,
    dir: TempDir,
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
        let sentinels = (0..3).map(|_| Sentinel::start(program, primary, lines)).collect();
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

impl Sentinel {
    fn start(program: &Path, primary: SocketAddr, lines: &[&str]) -> Self {
        let mut sentinel = Self {
            program: program.to_owned(),
            port: free_port(),
            other_port: free_port(),
            password: lines
                .iter()
                .find_map(|line| line.strip_prefix("requirepass ").map(str::to_owned)),
            child: None,
            dir: TempDir::new("sentinel"),
        };
        let (host, port) = (primary.ip(), primary.port());
        let mut configuration = vec![
            format!("port {}", sentinel.port),
            "bind 127.0.0.1 -::1".to_owned(),
            format!("dir {}", sentinel.dir.path().display()),
            format!("logfile {}", sentinel.dir.path().join("sentinel.log").display()),
            format!("sentinel monitor {NAME} {host} {port} 2"),
            format!("sentinel down-after-milliseconds {NAME} 1000"),
            // How long a failed try keeps others from trying.
            format!("sentinel failover-timeout {NAME} 10000"),
        ];
        let port = sentinel.other_port.to_string();
        configuration.extend(lines.iter().map(|line| line.replace("{port}", &port)));
        let file = sentinel.dir.path().join("sentinel.conf");
        std::fs::write(&file, configuration.join("\n") + "\n").expect("write a configuration");
        let child = Command::new(&sentinel.program)
            .arg(&file)
            .arg("--sentinel")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", sentinel.program.display()));
        sentinel.child = Some(child);
        let deadline = Instant::now() + START_DEADLINE;
        while sentinel.ask::<String>(&["PING"]).is_err() {
            assert!(
                Instant::now() < deadline,
                "a sentinel doesn't start: {}",
                sentinel.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        let _: String = sentinel.ask(&OFTEN).expect("the sentinel looks more often");
        sentinel
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("sentinel.log")).unwrap_or_default()
    }

    fn ask<T: FromRedisValue>(&self, words: &[impl ToRedisArgs]) -> redis::RedisResult<T> {
        let password = self
            .password
            .as_ref()
            .map_or_else(String::new, |word| format!(":{word}@"));
        let client = redis::Client::open(format!("redis://{password}{}", self.address()))?;
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        command.query(&mut client.get_connection()?)
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take()
            && let Err(error) = child.kill().and_then(|()| child.wait().map(drop))
        {
            eprintln!("the sentinel {} may still run: {error}", child.id());
        }
    }
}
