//! A script says what it lacks before it builds anything.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use e2e::temp_dir::TempDir;

use super::script;

/// What the scripts need, and Redis.
const NEEDED: [&str; 6] = ["cargo", "cc", "flock", "python3", "node", "npm"];

/// What every machine has, as far as the scripts use it before they build.
const EVERYWHERE: [&str; 19] = [
    "bash", "basename", "cat", "chmod", "cut", "dirname", "env", "find", "grep", "head", "id", "ln", "mkdir",
    "mktemp", "paste", "rm", "sed", "sleep", "wc",
];

/// A machine on which `missing` is not installed, nor any Redis, and on which the scripts have installed nothing yet.
struct Machine(TempDir);

impl Machine {
    fn without(missing: &str) -> Self {
        let dir = TempDir::new("machine");
        let programs = dir.path().join("bin");
        std::fs::create_dir(&programs).unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for name in EVERYWHERE.iter().chain(&NEEDED).filter(|name| **name != missing) {
            let found = if *name == "python3" {
                Some(python())
            } else {
                let files = std::env::split_paths(&path).map(|dir| dir.join(name));
                files.into_iter().find(|file| file.is_file())
            };
            symlink(
                found.unwrap_or_else(|| panic!("{name} is needed")),
                programs.join(name),
            )
            .unwrap();
        }
        let (from, to) = (script(""), dir.path().join("workspace/scripts"));
        std::fs::create_dir_all(to.join("lib")).unwrap();
        for directory in ["", "lib"] {
            for entry in std::fs::read_dir(from.join(directory)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    std::fs::copy(entry.path(), to.join(directory).join(entry.file_name())).unwrap();
                }
            }
        }
        Self(dir)
    }

    fn run(&self, script: &str, environment: &[(&str, &str)]) -> Output {
        let dir = self.0.path();
        Command::new(dir.join("workspace/scripts").join(script))
            .env_clear()
            .env("PATH", dir.join("bin"))
            .env("HOME", std::env::var_os("HOME").unwrap())
            .env("DATA_DIR", dir.join("data"))
            .env("CARGO_TARGET_DIR", dir.join("target"))
            .envs(environment.iter().copied())
            .output()
            .unwrap()
    }

    /// The script printed one sentence, which has these words, and built or installed nothing.
    fn refuses(&self, script: &str, environment: &[(&str, &str)], words: &[&str]) {
        let output = self.run(script, environment);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{script}: {said}");
        let (sentence, more) = said.split_once('\n').unwrap();
        // `scripts/test` adds which of its steps failed.
        assert!(
            more.is_empty() || more.contains("FAILED: tools"),
            "{script}: {said}"
        );
        assert!(sentence.starts_with(&format!("{script}: ")), "{said}");
        for word in words {
            assert!(sentence.contains(word), "{script} does not say {word}: {said}");
        }
        for made in ["target", "data", "workspace/.tools"] {
            assert!(!self.0.path().join(made).exists(), "{script} made {made}");
        }
    }
}

/// The interpreter itself: what the path has may be a script that looks for it.
fn python() -> PathBuf {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// Debian has Python without pip, and without what makes an environment that has it.
fn python_without_pip(dir: &Path) -> String {
    for module in ["pip", "ensurepip"] {
        std::fs::write(dir.join(format!("{module}.py")), "raise ImportError(__name__)\n").unwrap();
    }
    dir.to_str().unwrap().to_owned()
}

#[test]
fn what_is_missing_is_said_before_anything_is_built() {
    let none: &[(&str, &str)] = &[];
    for (missing, scripts, words) in [
        (
            "cargo",
            &["run", "test", "check", "bench", "faults"][..],
            &["cargo is needed", "https://rustup.rs"][..],
        ),
        (
            "cc",
            &["run", "test", "check", "bench", "faults"],
            &["cc is needed", "gcc"],
        ),
        ("flock", &["run", "test"], &["flock is needed", "util-linux"]),
        (
            "python3",
            &["run", "test", "check", "demo"],
            &["python3 is needed"],
        ),
        ("node", &["test"], &["node is needed", "Node.js 20"]),
        ("npm", &["test"], &["npm is needed", "Node.js 20"]),
    ] {
        let machine = Machine::without(missing);
        for script in scripts {
            machine.refuses(script, none, words);
        }
    }
}

#[test]
fn a_python_that_can_install_nothing_is_reported_before_anything_is_built() {
    let (machine, modules) = (Machine::without("nothing"), TempDir::new("modules"));
    let modules = python_without_pip(modules.path());
    for script in ["run", "test", "check", "bench", "faults"] {
        machine.refuses(
            script,
            &[("PYTHONPATH", &modules)],
            &["pip or venv", "python3-venv"],
        );
    }
}

#[test]
fn a_compiler_without_headers_is_reported_before_anything_is_built() {
    let machine = Machine::without("cc");
    symlink("/bin/false", machine.0.path().join("bin/cc")).unwrap();
    for script in ["run", "test", "check", "bench", "faults"] {
        machine.refuses(script, &[], &["headers", "libc6-dev"]);
    }
}

#[test]
fn a_server_that_is_no_program_is_reported_before_anything_is_built() {
    let machine = Machine::without("nothing");
    for script in ["run", "test", "check", "bench", "faults"] {
        let server = [("REDIS_SERVER", "/nowhere/redis-server")];
        machine.refuses(
            script,
            &server,
            &["REDIS_SERVER=/nowhere/redis-server is no program"],
        );
    }
}
