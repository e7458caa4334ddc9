//! Tests that need mounts or a network of their own: they start themselves again in new namespaces, in which they are root.
//! That needs `unshare`, and root or a kernel that lets users make namespaces.

use std::process::Command;

/// Set in the process that runs inside.
const INSIDE: &str = "WEBHOOKS_TEST_INSIDE";

/// Runs `inside` in namespaces of its own (`--mount`, `--net`), in a process of its own; `test` is the whole name of the test
/// that asks for it.
pub(crate) fn run_apart<F: Future<Output = ()>>(namespaces: &[&str], test: &str, inside: impl FnOnce() -> F) {
    if std::env::var_os(INSIDE).is_none() {
        run_again_inside(namespaces, test);
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(inside());
}

fn run_again_inside(namespaces: &[&str], test: &str) {
    let mut command = Command::new("unshare");
    command.args(namespaces);
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let status = command
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .expect("this test needs unshare, of util-linux");
    assert!(
        status.success(),
        "inside: {status}; if namespaces are not allowed here, run it as root"
    );
}

/// A program to its end, which must be a good one.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}
