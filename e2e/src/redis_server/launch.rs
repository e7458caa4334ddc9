//! Starts a server and waits until it answers, with the shipped access list if it has one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::{HARNESS, RedisServer};
use crate::network::Place;
use crate::ports::free_port;
use crate::temp_dir::TempDir;

/// How long a server may take to load its data and answer.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// The directory of the access list, and of the script that starts a server with it.
const GUARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/redis");

/// Why a server didn't start.
pub(super) enum Launch {
    PortTaken,
    Failed(String),
}

/// Reads the access list that ships.
///
/// # Panics
///
/// When it isn't there.
#[must_use]
pub fn shipped_users() -> String {
    std::fs::read_to_string(Path::new(GUARD).join("users.acl")).unwrap()
}

/// The same with the users of servers that are one of several, as these files of `docker/redis` have them: each has the password
/// `of-<name>`.
///
/// # Panics
///
/// When the files can't be read.
#[must_use]
pub fn shipped_users_with(files: &[&str]) -> String {
    let mut users = shipped_users();
    for file in files {
        users += &std::fs::read_to_string(Path::new(GUARD).join(file)).unwrap();
    }
    for user in ["replica", "sentinel", "admin"] {
        let hash = hex::encode(Sha256::digest(format!("of-{user}")));
        let name = format!("@REDIS_{}_PASSWORD_SHA256@", user.to_uppercase());
        users = users.replace(&name, &hash);
    }
    users
}

impl RedisServer {
    pub(super) fn launch_new(program: PathBuf, extra: &[&str], users: Option<String>) -> Self {
        Self::launch_at(Place::HERE, program, extra, users)
    }

    pub(super) fn launch_at(place: Place, program: PathBuf, extra: &[&str], users: Option<String>) -> Self {
        let extra: Vec<_> = extra.iter().map(|text| (*text).to_owned()).collect();
        for _ in 0..10 {
            let mut server = Self {
                program: program.clone(),
                place,
                port: free_port(),
                extra: extra.clone(),
                child: None,
                dir: TempDir::for_data("redis"),
                users: users.clone(),
            };
            match server.launch() {
                Ok(()) => return server,
                Err(Launch::PortTaken) => {}
                Err(Launch::Failed(reason)) => panic!("{reason}"),
            }
        }
        panic!("ten ports in a row were taken by others");
    }

    /// Where it listens besides its port, if it is on another machine.
    pub(super) fn socket(&self) -> PathBuf {
        self.dir().join("redis.sock")
    }

    /// The program, or the script that starts it with the access list.
    fn command(&self) -> Command {
        let Some(users) = &self.users else {
            return self.place.command(&self.program);
        };
        let hash = |user| hex::encode(Sha256::digest(self.password(user)));
        let with_harness = format!("{users}\nuser {HARNESS} on #{} ~* &* +@all\n", hash(HARNESS));
        let file = self.dir().join("users-and-harness.acl");
        std::fs::write(&file, with_harness).unwrap();
        let mut command = Command::new("sh");
        command
            .arg(Path::new(GUARD).join("start"))
            .env("REDIS_USERS", file)
            .env("REDIS_ACL_DIR", self.dir())
            .env("REDIS_PROGRAM", &self.program);
        for user in ["api", "worker", "operator", "operator-write"] {
            let name = format!("REDIS_{}_PASSWORD_SHA256", user.to_uppercase().replace('-', "_"));
            command.env(name, hash(user));
        }
        command
    }

    /// Starts the server, and waits until it answers.
    pub(super) fn launch(&mut self) -> Result<(), Launch> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .unwrap();
        let mut command = self.command();
        if self.place.is_elsewhere() {
            command
                .args(["--protected-mode", "no", "--unixsocket"])
                .arg(self.socket());
        }
        let child = command
            .args(["--port", &self.port.to_string()])
            .args(["--bind", &self.place.address.to_string()])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            // Else a primary waits five seconds for more replicas to come.
            .args(["--repl-diskless-sync-delay", "0"])
            .args(["--maxmemory-policy", "noeviction", "--loglevel", "warning"])
            // More than any test needs; without a limit the programs would warn.
            .args(["--maxmemory", "8gb"])
            .args(["--daemonize", "no", "--enable-debug-command", "local"])
            .arg("--dir")
            .arg(self.dir())
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", self.program.display()));
        let own_id = format!("process_id:{}\r\n", child.id());
        self.child = Some(child);
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            let exited = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            if let Some(status) = exited {
                self.child = None;
                let log = std::fs::read_to_string(self.log_path()).unwrap_or_default();
                return Err(if log.contains("ddress already in use") {
                    Launch::PortTaken
                } else {
                    Launch::Failed(format!("{} ended with {status}:\n{log}", self.program.display()))
                });
            }
            // Another test's server may be the one that answers: it has another id.
            let answers = self.raw("PING").is_ok_and(|answer| answer.starts_with("+PONG"));
            if answers && self.raw("INFO server").is_ok_and(|info| info.contains(&own_id)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(self.log_path()).unwrap_or_default();
                return Err(Launch::Failed(format!(
                    "{} does not answer:\n{log}",
                    self.program.display()
                )));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
