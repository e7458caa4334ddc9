//! Runs `scripts/run` and `scripts/demo` as a user does, with programs that are built already.
//!
//! Proves (security): Each program gets the variables

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::redis_server::find_program;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

mod damage;
mod first_start;
mod full_disk;
mod help;
mod needs;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../scripts")
        .join(name)
}

/// `scripts/run` in a process group of its own.
struct Run {
    child: Child,
    data: PathBuf,
    log: PathBuf,
    environment: Vec<(String, String)>,
}

impl Run {
    async fn start(dir: &TempDir, name: &str) -> Self {
        let (data, log) = (dir.path().join(name), dir.path().join(format!("{name}.log")));
        // A port of its own: while its Redis is down, no other test's may take its place.
        Self::start_in(data, log, &free_port().to_string()).await
    }

    /// An empty `redis_port` leaves the choice to the script.
    async fn start_in(data: PathBuf, log: PathBuf, redis_port: &str) -> Self {
        Self::start_with(data, log, redis_port, &["--debug", "--no-build"], &[]).await
    }

    async fn start_with(
        data: PathBuf,
        log: PathBuf,
        redis_port: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        use std::os::unix::process::CommandExt;
        let environment: Vec<_> = [
            ("DATA_DIR", data.to_str().unwrap().to_owned()),
            ("REDIS_SERVER", find_program().to_str().unwrap().to_owned()),
            ("REDIS_PORT", redis_port.to_owned()),
            ("API_LISTEN", format!("127.0.0.1:{}", free_port())),
            ("API_ADMIN_LISTEN", format!("127.0.0.1:{}", free_port())),
            ("WORKER_LISTEN", format!("127.0.0.1:{}", free_port())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        let output = File::create(&log).unwrap();
        let child = Command::new(script("run"))
            .args(arguments)
            .envs(environment.clone())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap();
        let mut run = Self {
            child,
            data,
            log,
            environment,
        };
        eventually(LONG, "the banner", async || {
            let ended = run.child.try_wait().unwrap();
            assert!(ended.is_none(), "ended with {ended:?}: {}", run.said());
            check(run.said().contains("Webhooks: running"), run.said())
        })
        .await;
        run
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    fn pid_of(&self, program: &str) -> Option<Pid> {
        let text = std::fs::read_to_string(self.data.join("pids")).ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(program)?.strip_prefix(' '))?;
        Pid::from_raw(line.parse().ok()?)
    }

    /// A value of dev.env, as `sh` reads it.
    fn value(&self, name: &str) -> String {
        let file = self.data.join("dev.env");
        let output = Command::new("sh")
            .args(["-c", &format!(". '{}'; printf '%s' \"${name}\"", file.display())])
            .env_clear()
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn customer(&self) -> Caller {
        Caller::new(&self.value("API_URL"), Some(&self.value("DASHBOARD_TOKEN")))
    }

    /// Sends SIGTERM to the script alone, and returns how it ended. 20 s are meant to be enough; the rest is for a busy machine.
    fn stop(&mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let deadline = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it has not ended: {}", self.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let group = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
            if let Err(error) = kill_process_group(group, Signal::KILL).map(|()| self.child.wait()) {
                eprintln!("scripts/run may still run: {error}");
            }
        }
        if std::thread::panicking() {
            eprintln!("---- scripts/run said\n{}", self.said());
        }
    }
}

/// Whoever takes over one program shall not find the keys of another in its environment.
#[test]
fn a_program_gets_the_variables_that_it_reads_and_no_others() {
    // What the script does for a program, up to the point where it becomes one.
    let shell = |program: &str| {
        let line = format!(
            "set -euo pipefail; programs={}; . '{}'; exec() {{ env; }}; (run_program {program})",
            e2e::process::program("webhooks-api").parent().unwrap().display(),
            script("lib/processes.sh").display(),
        );
        let names = [
            "SECRETS_KEY",
            "SERVICE_KEYS",
            "SERVICE_KEY",
            "DASHBOARD_TOKEN",
            "CLERK_JWT_KEY",
            "REDIS_URL",
            "OTHER_SECRET",
        ];
        let output = Command::new("bash")
            .args(["-c", &line])
            .env_clear()
            .envs(names.map(|name| (name, format!("value of {name}"))))
            .envs([
                ("PATH", std::env::var("PATH").unwrap()),
                ("RUST_LOG", "info".to_owned()),
            ])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let kept: std::collections::BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name.to_owned())
            .collect();
        names
            .into_iter()
            .chain(["RUST_LOG"])
            .filter(|name| kept.contains(*name))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        shell("webhooks-api"),
        [
            "SECRETS_KEY",
            "SERVICE_KEYS",
            "CLERK_JWT_KEY",
            "REDIS_URL",
            "RUST_LOG"
        ]
    );
    assert_eq!(shell("webhooks-worker"), ["SECRETS_KEY", "REDIS_URL", "RUST_LOG"]);
}

/// The whole life of a data directory, in one test because each part needs the one before.
#[tokio::test(flavor = "multi_thread")]
async fn run_and_demo_do_what_their_help_says() {
    let dir = TempDir::new("run");
    let mut run = Run::start(&dir, "data").await;

    // The link to the dashboard, with the token that is its customer's; the token stands nowhere else.
    let (said, token) = (run.said(), run.value("DASHBOARD_TOKEN"));
    let link = format!(
        "    Dashboard  {}/dashboard#token={token}\n",
        run.value("API_URL")
    );
    assert!(said.contains(&link), "{said}");
    assert_eq!(said.matches(&token).count(), 1, "{said}");
    let page = Caller::new(&run.value("API_URL"), None)
        .get("/dashboard")
        .await
        .expect(200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");

    // The demonstration, which checks all that it shows.
    let demo = Command::new(script("demo"))
        .envs(run.environment.clone())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&demo.stdout);
    assert!(
        demo.status.success(),
        "{shown}\n{}",
        String::from_utf8_lossy(&demo.stderr)
    );
    assert!(shown.contains("All as it should be"), "{shown}");

    // A program that dies is named, and comes back.
    let endpoint = run
        .customer()
        .create_endpoint("http://127.0.0.1:65000/hook", &["*"])
        .await;
    for program in ["worker", "api", "redis"] {
        let before = run.pid_of(program).unwrap();
        kill_process(before, Signal::KILL).unwrap();
        eventually(LONG, program, async || {
            let back = run.said().contains(&format!("{program} started again"));
            check(back && run.pid_of(program) != Some(before), run.said())
        })
        .await;
    }
    let ready = format!("{}/readyz", run.value("API_URL"));
    eventually(LONG, "the API to be ready", async || {
        let reply = Caller::new(&ready, None)
            .request(reqwest::Method::GET, "")
            .send()
            .await;
        check(reply.is_ok_and(|reply| reply.status() == 200), "not ready")
    })
    .await;

    // Another run with the same data is refused; one with other data lives beside it, on another port if its own is taken.
    let second = Command::new(script("run"))
        .args(["--debug", "--no-build"])
        .envs(run.environment.clone())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("is in use"));
    let taken = std::net::TcpListener::bind("127.0.0.1:6379");
    let (data, log) = (dir.path().join("other"), dir.path().join("other.log"));
    let mut other = Run::start_in(data, log, "").await;
    assert_ne!(other.value("REDIS_URL"), run.value("REDIS_URL"));
    if taken.is_ok() {
        assert_ne!(other.value("REDIS_URL"), "redis://127.0.0.1:6379");
    }
    assert!(other.stop().success());

    // A stop ends everything …
    let programs = ["redis", "api", "worker"].map(|program| run.pid_of(program).unwrap());
    let (token, service_key) = (run.value("DASHBOARD_TOKEN"), run.value("SERVICE_KEY"));
    assert!(run.stop().success(), "{}", run.said());
    for pid in programs {
        assert!(
            rustix::process::test_kill_process(pid).is_err(),
            "{pid:?} still runs"
        );
    }

    // … and a second start finds what the first one left.
    let mut again = Run::start(&dir, "data").await;
    assert_eq!(again.value("SERVICE_KEY"), service_key);
    assert_ne!(again.value("DASHBOARD_TOKEN"), token, "it is renewed");
    let kept = again.customer().endpoint(&endpoint.id).await;
    assert_eq!(kept["url"], "http://127.0.0.1:65000/hook");
    assert!(again.stop().success());
}
