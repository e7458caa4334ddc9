//! The real programs as processes: `webhooks-api`, `webhooks-worker` and `webhooksctl`, as `cargo build` left them
//! beside the test.
//!
//! A process sees only the environment that the test gives it. Its output goes to a file, and the harness prints the end
//! of it when the test fails. Dropping the process kills it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::temp_dir::TempDir;
use crate::wait::{LONG, eventually};

/// How much of a log the harness prints when a test fails.
const TAIL_LINES: usize = 60;

/// One of our programs, running or ended.
#[derive(Debug)]
pub struct Process {
    name: String,
    environment: Vec<(String, String)>,
    child: Child,
    dir: TempDir,
}

impl Process {
    /// Starts a program with this environment, and nothing of the test's own.
    #[must_use]
    pub fn start(name: &str, environment: &[(String, String)]) -> Self {
        Self::start_with(name, &[], environment)
    }

    /// Starts a program with arguments, which it has only until it is started again.
    #[must_use]
    pub fn start_with(name: &str, arguments: &[&str], environment: &[(String, String)]) -> Self {
        let dir = TempDir::new(name.rsplit('/').next().unwrap_or(name));
        Self {
            child: spawn(name, arguments, environment, &dir.path().join("log")),
            name: name.to_owned(),
            environment: environment.to_vec(),
            dir,
        }
    }

    /// Runs a program with these arguments until it ends.
    #[must_use]
    pub fn run(name: &str, arguments: &[&str], environment: &[(String, String)]) -> Output {
        command(name, environment)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("run the program")
    }

    /// Starts it again with the same environment, as a supervisor would, and terminates it first if it runs. The log goes on.
    pub fn restart(&mut self) {
        if self.is_running() {
            self.terminate();
        }
        self.child = spawn(&self.name, &[], &self.environment, &self.log_path());
    }

    /// Terminates it, and starts another program with the same environment in its place. The log goes on.
    pub fn replace(&mut self, name: &str) {
        name.clone_into(&mut self.name);
        self.restart();
    }

    /// The value of a variable in its environment.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a variable for the next [`Self::restart`].
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// The most memory that it has used so far, in bytes.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.expect("VmHWM in kB") << 10
    }

    /// `kill -9`.
    pub fn kill9(&mut self) {
        self.child.kill().expect("kill the process");
        self.child.wait().expect("wait for the killed process");
    }

    /// Sends SIGTERM, and waits until the process has ended.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Sends SIGTERM, and doesn't wait.
    pub fn ask_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "{} has not ended after {LONG:?}",
                self.name
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGSTOP.
    pub fn stop_signal(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn cont(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until `GET <url>` answers 200, as `/readyz` does when all is well.
    #[track_caller]
    pub fn wait_ready(&mut self, url: &str) -> impl Future<Output = ()> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        eventually(LONG, url, async move || {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended with {status}:\n{}", self.name, tail(&self.log()));
            }
            let response = client.get(url).timeout(Duration::from_secs(5)).send().await;
            match response.map_err(|error| error.to_string())? {
                response if response.status() == 200 => Ok(()),
                response => Err(format!(
                    "{}: {}",
                    response.status(),
                    response.text().await.unwrap_or_default()
                )),
            }
        })
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), signal).expect("send a signal");
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- the end of the log of {}\n{}", self.name, tail(&self.log()));
        }
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("{} ({}) may still run: {error}", self.name, self.id());
        }
    }
}

fn spawn(name: &str, arguments: &[&str], environment: &[(String, String)], log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    command(name, environment)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("start the program")
}

fn command(name: &str, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(program(name));
    command
        .env_clear()
        .env("RUST_BACKTRACE", "1")
        .envs(environment.iter().map(|(name, value)| (name, value)));
    for kept in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Finds a program of this workspace where `cargo build` puts it: in `target/<profile>/`, beside this program or above a
/// test's `deps/`. An absolute path leads to itself.
///
/// # Panics
///
/// With a sentence that says what to do, when it isn't there.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let ours = std::env::current_exe().unwrap();
    let mut profile = ours.parent().expect("a program in target/<profile>/");
    if profile.ends_with("deps") {
        profile = profile.parent().expect("a test in target/<profile>/deps/");
    }
    let path = profile.join(name); // which an absolute one replaces
    assert!(
        path.is_file(),
        "{} is missing: run cargo build --workspace --bins",
        path.display()
    );
    path
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
