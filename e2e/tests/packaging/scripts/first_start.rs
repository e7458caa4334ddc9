//! The first start: what is built soonest runs until the optimised programs are there.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::process::program;
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use rustix::process::{Pid, test_kill_process, test_kill_process_group};

use super::Run;

/// In place of the compiler, which takes minutes: notes what is built, and leaves programs that were built before where cargo would. The
/// optimised ones come when the test says so.
const CARGO: &str = r#"#!/usr/bin/env bash
set -eu
profile=release
case $* in *quick*) profile=quick ;; esac
echo "$profile" >>"$CARGO_TARGET_DIR/built"
if [ $profile = release ]; then
    # As the compiler is a program that cargo starts.
    sleep 600 &
    echo $! >"$CARGO_TARGET_DIR/compiler.new"
    mv "$CARGO_TARGET_DIR/compiler.new" "$CARGO_TARGET_DIR/compiler"
    for _ in {1..6000}; do
        if [ -e "$CARGO_TARGET_DIR/go" ]; then break; fi
        sleep 0.05
    done
    kill $!
    if ! [ -s "$CARGO_TARGET_DIR/go" ]; then echo "error: no space left" >&2; exit 101; fi
fi
mkdir -p "$CARGO_TARGET_DIR/$profile"
ln -sf "$BUILT"/webhooks-api "$BUILT"/webhooks-worker "$BUILT"/webhooksctl "$CARGO_TARGET_DIR/$profile"
"#;

/// A machine on which nothing was built yet.
struct Fresh(TempDir);

impl Fresh {
    fn new() -> Self {
        let dir = TempDir::new("first");
        for name in ["bin", "target"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let cargo = dir.path().join("bin/cargo");
        std::fs::write(&cargo, CARGO).unwrap();
        std::fs::set_permissions(&cargo, Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    fn target(&self, name: &str) -> PathBuf {
        self.0.path().join("target").join(name)
    }

    async fn start(&self) -> Run {
        self.start_with(&[]).await
    }

    async fn start_with(&self, arguments: &[&str]) -> Run {
        let dir = self.0.path();
        let path = format!("{}:{}", dir.join("bin").display(), std::env::var("PATH").unwrap());
        let built = program("webhooks-api").parent().unwrap().display().to_string();
        let target = dir.join("target").display().to_string();
        let variables = [
            ("PATH", &*path),
            ("BUILT", &*built),
            ("CARGO_TARGET_DIR", &*target),
        ];
        let (data, log) = (dir.join("data"), dir.join("log"));
        Run::start_with(data, log, &free_port().to_string(), arguments, &variables).await
    }

    /// The optimised programs are built, or can't be if nothing is said.
    fn go(&self, how: &str) {
        std::fs::write(self.target("go.new"), how).unwrap();
        std::fs::rename(self.target("go.new"), self.target("go")).unwrap();
    }

    fn built(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.target("built")).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// Whether the programs of this profile run.
fn running(run: &Run, profile: &str) -> bool {
    ["api", "worker"].into_iter().all(|name| {
        let pid = run.pid_of(name).map_or(0, |pid| pid.as_raw_nonzero().get());
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.trim_end_matches('\0')
            .ends_with(&format!("/{profile}/webhooks-{name}"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_built_soonest_runs_until_the_optimised_programs_take_its_place() {
    let fresh = Fresh::new();
    let mut run = fresh.start().await;
    assert!(running(&run, "quick"), "{}", run.said());
    assert!(run.said().contains("these programs are not optimised"));
    let endpoint = run
        .customer()
        .create_endpoint("http://127.0.0.1:65000/hook", &["*"])
        .await;

    fresh.go("well");
    eventually(LONG, "the optimised programs", async || {
        check(running(&run, "release"), run.said())
    })
    .await;
    eventually(LONG, "the API to be back", async || {
        let request = run.customer().request(Method::GET, "/api/webhooks-config");
        let listed = Caller::try_send(request).await;
        check(
            listed.is_ok_and(|reply| reply.text.contains(&endpoint.id)),
            run.said(),
        )
    })
    .await;
    assert!(!run.said().contains("ended (status"), "{}", run.said());
    assert!(run.stop().success());

    // From then on there is nothing else to start.
    let mut again = fresh.start().await;
    assert!(running(&again, "release"));
    assert_eq!(fresh.built(), ["quick", "release", "release"]);
    assert!(!again.said().contains("not optimised"), "{}", again.said());
    assert!(again.stop().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_it_stops_the_build_and_what_can_not_be_built_is_said() {
    let fresh = Fresh::new();
    let mut run = fresh.start().await;
    let mut compiler = None;
    eventually(LONG, "the optimised build", async || {
        let text = std::fs::read_to_string(fresh.target("compiler"));
        compiler = text
            .ok()
            .and_then(|text| Pid::from_raw(text.trim().parse().ok()?));
        check(compiler.is_some(), run.said())
    })
    .await;
    let group = Pid::from_raw(i32::try_from(run.child.id()).unwrap()).unwrap();
    assert!(run.stop().success(), "{}", run.said());
    eventually(LONG, "the build to end", async || {
        let is_gone =
            test_kill_process(compiler.unwrap()).is_err() && test_kill_process_group(group).is_err();
        check(is_gone, "something still runs")
    })
    .await;
    // What was built before is there without a build.
    let mut run = fresh.start_with(&["--no-build"]).await;
    assert!(running(&run, "quick"), "{}", run.said());
    assert!(run.stop().success());

    fresh.go("");
    let mut run = fresh.start().await;
    eventually(LONG, "the failure to be told", async || {
        check(run.said().contains("could not be built"), run.said())
    })
    .await;
    let log = std::fs::read_to_string(run.data.join("build.log")).unwrap();
    assert!(log.contains("no space left"), "{log}");
    assert!(running(&run, "quick"));
    assert_eq!(run.customer().get("/api/webhooks-config").await.status, 200);
    assert!(run.stop().success());
}
