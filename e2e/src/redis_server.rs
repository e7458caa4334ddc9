//! A Redis or Valkey server for one test, with a free loopback port, its own directory, and the durability that the product
//! asks for.
//!
//! The server is $REDIS_SERVER, else `valkey-server` or `redis-server` from the path, else the one that
//! `./scripts/test` keeps under `.tools`; [`programs()`] lists others. A test can kill, stop, continue and restart it, and it
//! keeps its port and its data. Dropping it kills it and removes its directory.
//!
//! [`RedisServer::start_guarded`] starts it as the compose file does, with the repository's access list; only such a server
//! knows users. [`RedisServer::set_users`] gives it another list at its next start.
//!
//! All calls block for the few milliseconds that they need.

mod args;
mod ask;
mod documented;
mod launch;
mod programs;
mod replicas;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};

use rustix::process::{Pid, Signal, kill_process};
use store::settings::RedisArgs;

use crate::network::Place;
use crate::temp_dir::TempDir;

pub use self::args::args_of;
pub use self::documented::{Mover, mover};
use self::launch::Launch;
pub use self::launch::{shipped_users, shipped_users_with};
pub use programs::{Program, find_program, oldest_program, programs};

/// A server that runs, or that the test has just killed.
#[derive(Debug)]
pub struct RedisServer {
    program: PathBuf,
    place: Place,
    port: u16,
    extra: Vec<String>,
    child: Option<Child>,
    dir: TempDir,
    /// The access list, if it has one.
    users: Option<String>,
}

/// The harness's own user on a guarded server, with every right.
const HARNESS: &str = "harness";

impl RedisServer {
    /// Starts a server with `appendonly yes`, `appendfsync always` and `noeviction`.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further arguments, as on the command line: `&["--maxmemory", "16mb"]`. Of two equal options the
    /// last counts.
    #[must_use]
    pub fn start_with(extra: &[&str]) -> Self {
        Self::launch_new(find_program(), extra, None)
    }

    /// Starts one of the [`programs()`] with further arguments.
    #[must_use]
    pub fn start_on(program: &Program, extra: &[&str]) -> Self {
        Self::launch_new(program.path.clone(), extra, None)
    }

    /// Starts a server on a machine of a [`crate::network`], with further arguments. [`Self::url`] leads there whatever becomes of that.
    #[must_use]
    pub fn start_at(place: Place, extra: &[&str]) -> Self {
        Self::launch_at(place, find_program(), extra, None)
    }

    /// Starts a server with the access list of `docker/redis`, by the script beside it. [`Self::password`] tells the users'
    /// passwords; [`Self::url`] is that of one more user, who has every right.
    #[must_use]
    pub fn start_guarded() -> Self {
        Self::launch_new(find_program(), &[], Some(shipped_users()))
    }

    /// Starts such a server with one of the [`programs()`].
    #[must_use]
    pub fn start_guarded_on(program: &Program) -> Self {
        Self::launch_new(program.path.clone(), &[], Some(shipped_users()))
    }

    /// Starts one of the [`programs()`] with further arguments, and with an access list in the form of `docker/redis/users.acl`.
    #[must_use]
    pub fn start_guarded_with(program: &Program, extra: &[&str], users: String) -> Self {
        Self::launch_new(program.path.clone(), extra, Some(users))
    }

    /// `redis://127.0.0.1:<port>`; on a guarded server, with the user who has every right.
    #[must_use]
    pub fn url(&self) -> String {
        if self.users.is_some() {
            self.url_as(HARNESS)
        } else if self.place.is_elsewhere() {
            format!("unix://{}", self.socket().display())
        } else {
            format!("redis://{}", self.address())
        }
    }

    /// The URL for a user of a guarded server: `api`, `worker`, `operator` or `operator-write`.
    #[must_use]
    pub fn url_as(&self, user: &str) -> String {
        format!("redis://{user}:{}@{}", self.password(user), self.address())
    }

    /// The password of a user of a guarded server: a word that appears nowhere else.
    #[must_use]
    pub fn password(&self, user: &str) -> String {
        format!("pw-of-{user}-{}-x9ZkQ", self.port)
    }

    /// The configuration that leads to this server.
    #[must_use]
    pub fn args(&self) -> RedisArgs {
        if self.place.is_elsewhere() {
            args_of(&format!("redis://{}", self.address()))
        } else {
            args_of(&self.url())
        }
    }

    /// Gives a guarded server another access list at its next start, in the form of `docker/redis/users.acl`.
    pub fn set_users(&mut self, list: impl Into<String>) {
        self.users = Some(list.into());
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((self.place.address, self.port))
    }

    /// Its directory: append-only files and `redis.log`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process id.
    ///
    /// # Panics
    ///
    /// When it isn't running.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("the server is not running").id()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// `kill -9`, as a crash would.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("kill the server");
            child.wait().expect("wait for the killed server");
        }
    }

    /// Sends SIGTERM, and waits until the server has ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let mut child = self.child.take().expect("the server is not running");
        child.wait().expect("wait for the server")
    }

    /// SIGSTOP: its connections stay open and nothing answers.
    pub fn stop_signal(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn cont(&self) {
        self.signal(Signal::CONT);
    }

    /// Starts it again with the same port and data, and terminates it first if it runs.
    pub fn restart(&mut self) {
        if let Err(reason) = self.try_restart() {
            panic!("{reason}");
        }
    }

    /// Starts it again with further arguments, which stay.
    pub(crate) fn restart_with(&mut self, extra: Vec<String>) {
        self.extra.extend(extra);
        self.restart();
    }

    /// Restarts a server that may end at once.
    ///
    /// # Errors
    ///
    /// Why it didn't start.
    pub fn try_restart(&mut self) -> Result<(), String> {
        if self.is_running() {
            self.terminate();
        }
        self.launch().map_err(|error| match error {
            Launch::PortTaken => format!("port {} was taken while the server was down", self.port),
            Launch::Failed(reason) => reason,
        })
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), signal).expect("send a signal to the server");
    }

    fn log_path(&self) -> PathBuf {
        self.dir().join("redis.log")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take()
            && let Err(error) = child.kill().and_then(|()| child.wait().map(drop))
        {
            eprintln!("the server {} may still run: {error}", child.id());
        }
    }
}

#[cfg(test)]
mod tests;
