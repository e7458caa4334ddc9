//! `scripts/package` and the systemd units: what is unpacked is whole, starts, and is as confined as it says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e::temp_dir::TempDir;
use e2e::workspace::root;

const UNITS: [&str; 2] = ["webhooks-api", "webhooks-worker"];

fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str], directory: &Path) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    command.output().unwrap()
}

#[track_caller]
fn succeeds(output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complaints}");
    said
}

/// Packs the programs that the test belongs to; the file.
fn packed(into: &Path) -> PathBuf {
    let script = root().join("scripts/package");
    let arguments = [
        "--debug",
        "--no-build",
        "--no-image",
        "--into",
        into.to_str().unwrap(),
    ];
    succeeds(run(script, &arguments, into));
    let files = std::fs::read_dir(into).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let [file, sum] = files.try_into().unwrap();
    succeeds(run("sha256sum", &["--check", sum.to_str().unwrap()], into));
    file
}

#[test]
fn what_is_packed_is_whole_and_starts() {
    let dir = TempDir::new("package");
    let file = packed(dir.path());
    succeeds(run("tar", &["xzf", file.to_str().unwrap()], dir.path()));
    let name = format!("webhooks-{}", env!("CARGO_PKG_VERSION"));
    let unpacked = dir.path().join(&name);
    succeeds(run(
        "sha256sum",
        &["--check", "--strict", "SHA256SUMS"],
        &unpacked,
    ));
    let sums = std::fs::read_to_string(unpacked.join("SHA256SUMS")).unwrap();
    for file in [
        "README.md",
        "docs/operations.md",
        "redis/users.acl",
        "systemd/webhooks-api.service",
        "systemd/webhooks-worker.service",
    ] {
        assert!(
            sums.lines().any(|line| line.ends_with(&format!("  {file}"))),
            "{sums}"
        );
    }
    for program in ["webhooks-api", "webhooks-worker", "webhooksctl"] {
        let said = succeeds(run(unpacked.join("bin").join(program), &["--version"], &unpacked));
        assert_eq!(said.trim(), format!("{program} {}", env!("CARGO_PKG_VERSION")));
    }
    // The same again, byte for byte.
    let again = TempDir::new("package-again");
    assert!(std::fs::read(packed(again.path())).unwrap() == std::fs::read(file).unwrap());
}

#[test]
fn systemd_has_nothing_to_say_of_the_units_and_they_confine_the_programs() {
    let dir = TempDir::new("units");
    for unit in UNITS {
        let name = format!("{unit}.service");
        let text = std::fs::read_to_string(root().join("ops/systemd").join(&name)).unwrap();
        // Where the unit expects it there may be none, and that would be all that it says.
        let program = dir.path().join(unit);
        std::fs::copy("/bin/true", &program).unwrap();
        let installed = format!("/usr/local/bin/{unit}\n");
        assert!(text.contains(&installed), "{text}");
        let file = dir.path().join(&name);
        let here = format!("{}\n", program.display());
        std::fs::write(&file, text.replace(&installed, &here)).unwrap();
        let path = file.to_str().unwrap();
        let verified = run("systemd-analyze", &["verify", path], dir.path());
        let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
        succeeds(verified);
        assert!(!complaints.contains(unit), "{complaints}");
        // Of 10, where 10 is a program that may do everything.
        let confined = ["security", "--offline=yes", "--threshold=20", "--no-pager", path];
        succeeds(run("systemd-analyze", &confined, dir.path()));
    }
}

/// A variable that a unit sets is one that its program reads, and a file that it names is one that the operator is told to make.
#[test]
fn units_set_what_their_programs_read() {
    let operations = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    for unit in UNITS {
        let text = std::fs::read_to_string(root().join(format!("ops/systemd/{unit}.service"))).unwrap();
        let help = e2e::process::Process::run(unit, &["--help"], &[]);
        let help = String::from_utf8(help.stdout).unwrap();
        let values = |name: &str| {
            let prefix = format!("{name}=");
            let lines = text.lines().filter_map(|line| line.strip_prefix(&prefix));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        for set in values("Environment") {
            let name = set.split('=').next().unwrap();
            assert!(
                help.contains(&format!("[env: {name}")),
                "{unit} doesn't read {name}"
            );
        }
        for file in values("LoadCredential").iter().chain(&values("EnvironmentFile")) {
            let file = file.rsplit(':').next().unwrap();
            assert!(
                operations.contains(file),
                "docs/operations.md doesn't name {file}"
            );
        }
    }
}
