//! One sentinel.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use redis::{FromRedisValue, ToRedisArgs};

use super::{NAME, START_DEADLINE};
use crate::network::Place;
use crate::ports::free_port;
use crate::temp_dir::TempDir;

/// Ten times as often as usual they ask servers what they are, and tell each other: what takes them ten seconds takes one.
const OFTEN: [&str; 6] = [
    "SENTINEL",
    "DEBUG",
    "INFO-PERIOD",
    "1000",
    "PUBLISH-PERIOD",
    "200",
];

/// One of them.
#[derive(Debug)]
pub(super) struct Sentinel {
    program: PathBuf,
    place: Place,
    port: u16,
    /// What stands for `{port}`.
    pub(super) other_port: u16,
    password: Option<String>,
    pub(super) child: Option<Child>,
    dir: TempDir,
}

impl Sentinel {
    pub(super) fn start(place: Place, program: &Path, primary: SocketAddr, lines: &[&str]) -> Self {
        let mut sentinel = Self {
            place,
            program: program.to_owned(),
            port: free_port(),
            other_port: free_port(),
            password: lines
                .iter()
                .find_map(|line| line.strip_prefix("requirepass ").map(str::to_owned)),
            child: None,
            dir: TempDir::for_data("sentinel"),
        };
        let (host, port) = (primary.ip(), primary.port());
        let mut configuration = vec![
            format!("port {}", sentinel.port),
            format!("bind {} -::1", place.address),
            format!("dir {}", sentinel.dir.path().display()),
            format!("logfile {}", sentinel.dir.path().join("sentinel.log").display()),
            format!("sentinel monitor {NAME} {host} {port} 2"),
            format!("sentinel down-after-milliseconds {NAME} 1000"),
            // How long a failed try keeps others from trying.
            format!("sentinel failover-timeout {NAME} 10000"),
        ];
        if place.is_elsewhere() {
            configuration.push("protected-mode no".to_owned());
            configuration.push(format!("unixsocket {}", sentinel.socket().display()));
        }
        let port = sentinel.other_port.to_string();
        configuration.extend(lines.iter().map(|line| line.replace("{port}", &port)));
        let file = sentinel.dir.path().join("sentinel.conf");
        std::fs::write(&file, configuration.join("\n") + "\n").expect("write a configuration");
        let child = place
            .command(&sentinel.program)
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

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from((self.place.address, self.port))
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("sentinel.sock")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("sentinel.log")).unwrap_or_default()
    }

    pub(super) fn ask<T: FromRedisValue>(&self, words: &[impl ToRedisArgs]) -> redis::RedisResult<T> {
        let password = self
            .password
            .as_ref()
            .map_or_else(String::new, |word| format!(":{word}@"));
        let url = if self.place.is_elsewhere() {
            format!("unix://{}", self.socket().display())
        } else {
            format!("redis://{password}{}", self.address())
        };
        let client = redis::Client::open(url)?;
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
