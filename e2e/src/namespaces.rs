//! For tests and tools that need their own mounts or network: they start themselves again in new namespaces, where they are root.
//! That needs `unshare`, and either root or a kernel that lets users create namespaces.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::temp_dir::TempDir;

/// Set in the process that runs inside.
const INSIDE: &str = "WEBHOOKS_TEST_INSIDE";

/// Runs `inside` in another process, in new namespaces (`--mount`, `--net`). `test` is the full name of the calling test.
///
/// # Panics
///
/// When the namespaces can't be created, and when `inside` fails.
pub fn run_apart<F: Future<Output = ()>>(namespaces: &[&str], test: &str, inside: impl FnOnce() -> F) {
    if !is_inside() {
        let status = apart(namespaces)
            .args([test, "--exact", "--nocapture"])
            .status()
            .expect("this test needs unshare, of util-linux");
        assert!(
            status.success(),
            "inside: {status}; if namespaces are not allowed here, run it as root"
        );
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(inside());
}

/// Whether this process was started by [`apart`].
#[must_use]
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// This program once more, in new namespaces (`--mount`, `--net`): its arguments are still to be added.
///
/// # Panics
///
/// When the program can't find itself.
#[must_use]
pub fn apart(namespaces: &[&str]) -> Command {
    let mut command = unshare(namespaces);
    command.arg(std::env::current_exe().unwrap()).env(INSIDE, "1");
    command
}

/// Why there can't be mounts and a network of our own here; `None` if there can.
#[must_use]
pub fn obstacle() -> Option<String> {
    let output = unshare(&["--mount", "--net"])
        .args([
            "sh",
            "-c",
            "ip link set lo up && mount --bind /etc/hosts /etc/resolv.conf",
        ])
        .output();
    match output {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(said.lines().last().unwrap_or_default().to_owned())
        }
        Err(error) => Some(format!("unshare: {error}")),
    }
}

fn unshare(namespaces: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(namespaces);
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.arg("--");
    command
}

/// Runs a program to its end.
///
/// # Panics
///
/// When it fails, with its output.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
}

/// From now on the system's resolver asks `127.0.0.1:53`. Only in a mount namespace.
///
/// # Panics
///
/// When it can't be set up.
pub fn resolve_names_here() {
    set_file("/etc/resolv.conf", "nameserver 127.0.0.1\n");
}

/// From now on a file of the system has this text. Only in a mount namespace.
///
/// # Panics
///
/// When it can't be set up.
pub fn set_file(path: &str, text: &str) {
    let name = path.replace('/', ".");
    let file = std::env::temp_dir().join(format!("set{name}.{}", std::process::id()));
    std::fs::write(&file, text).expect("the temporary folder takes a file");
    run("mount", &["--bind", &file.to_string_lossy(), path]);
    std::fs::remove_file(&file).expect("the file is ours");
}

/// A file system in memory that a test can fill and free. Only in a mount namespace.
#[derive(Debug)]
pub struct Disk(TempDir);

impl Disk {
    /// Mounts one of this size, in MiB.
    #[must_use]
    pub fn mount(mebibytes: u32) -> Self {
        let dir = TempDir::new("disk");
        let size = format!("size={mebibytes}m");
        run(
            "mount",
            &["-t", "tmpfs", "-o", &size, "tmpfs", dir.path().to_str().unwrap()],
        );
        Self(dir)
    }

    /// Where it is mounted.
    ///
    /// # Panics
    ///
    /// When the directory of temporary files has a name that isn't UTF-8.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let mut file = File::create(self.ballast()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Frees what [`Self::fill`] took.
    pub fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["--lazy", self.path()]);
    }
}
