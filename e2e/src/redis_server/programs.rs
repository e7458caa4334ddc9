//! Which server programs this machine has.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where `./scripts/test` keeps programs of its own.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools");

/// A server program, with the name and version that it reports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// Name and version, such as `Redis 7.0.15`.
    pub name: String,
    /// The program, or a script that starts it.
    pub path: PathBuf,
}

impl Program {
    /// The one that tests use unless they name another.
    #[must_use]
    pub fn usual() -> Self {
        let path = find_program();
        Self {
            name: version(&path),
            path,
        }
    }
}

/// Every server of this machine, once for each version: the one that most tests use ([`find_program`]) and those that
/// `./scripts/test` keeps in `.tools/servers`. In the order of their names.
///
/// # Panics
///
/// When there is no Redis 7.0, the oldest that the product supports: a test of all servers must not pass without it.
#[must_use]
pub fn programs() -> Vec<Program> {
    let kept = std::fs::read_dir(Path::new(TOOLS).join("servers"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let mut programs: Vec<_> = kept
        .map(|path| Program {
            name: version(&path),
            path,
        })
        .chain([Program::usual()])
        .collect();
    programs.sort_unstable();
    programs.dedup_by(|later, first| later.name == first.name);
    assert!(
        programs
            .iter()
            .any(|program| program.name.starts_with("Redis 7.0.")),
        "there is no Redis 7.0 among {programs:?}: run ./scripts/test once"
    );
    programs
}

/// The oldest server that the product supports: Redis 7.0.
///
/// # Panics
///
/// When it isn't here.
#[must_use]
pub fn oldest_program() -> Program {
    // The order of the names is that of age among those of Redis, which come before those of Valkey.
    programs().swap_remove(0)
}

/// `Redis server v=7.0.15 sha=…` as `Redis 7.0.15`.
fn version(program: &Path) -> String {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = told.split_whitespace().next();
    let number = told.split_whitespace().find_map(|word| word.strip_prefix("v="));
    match (name, number) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        _ => panic!("{} is no server: {told}", program.display()),
    }
}

/// The server program that tests use unless they name another.
///
/// # Panics
///
/// With a sentence that says what to do, when there is none.
#[must_use]
pub fn find_program() -> PathBuf {
    if let Some(path) = std::env::var_os("REDIS_SERVER").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        assert!(path.is_file(), "REDIS_SERVER={}: no such file", path.display());
        return path;
    }
    let path_variable: OsString = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path_variable)
        .flat_map(|dir| ["valkey-server", "redis-server"].map(|name| dir.join(name)))
        .find(|path| path.is_file());
    // `./scripts/test` leaves a link there to the server inside its private Python environment.
    let kept = Path::new(TOOLS).join("bin/valkey-server");
    on_path
        .or_else(|| kept.is_file().then_some(kept))
        .unwrap_or_else(|| {
            panic!("no Redis or Valkey server found: run ./scripts/test once, or set REDIS_SERVER")
        })
}
