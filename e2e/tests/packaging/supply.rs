//! Where our dependencies come from, and what our own crates may not do.

use std::path::{Path, PathBuf};

use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(name: &str) -> String {
    let path = root().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    let workspace = read("Cargo.toml");
    assert!(workspace.contains("\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    let members = workspace
        .lines()
        .find_map(|line| line.strip_prefix("members = "))
        .unwrap();
    let members: Vec<_> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() >= 4, "{members:?}");
    for member in members {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{member}");
    }
}

/// A lock file that is not looked at is none.
#[test]
fn every_build_keeps_to_the_lock_file() {
    let builds =
        Regex::new(r"\bcargo (build|check|clippy|test|doc|deny|run|install|nextest run)\b[^\n]*").unwrap();
    let mut seen = 0;
    for name in [
        "scripts/test",
        "scripts/faults",
        "scripts/openapi",
        "scripts/run",
        "scripts/lib/common.sh",
        ".ci/run",
        "Dockerfile",
    ] {
        for line in builds.find_iter(&read(name)) {
            let line = line.as_str();
            let is_sentence = line.contains("see https") || line.contains("--version 2>");
            assert!(is_sentence || line.contains("--locked"), "{name}: {line}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen}");
    let run = read("scripts/run");
    assert!(
        run.contains("options=(build") && run.contains("--locked"),
        "scripts/run"
    );
}

#[test]
fn every_dependency_is_pinned_and_comes_from_the_registry() {
    let lock = read("Cargo.lock");
    let ours = ["api", "common", "e2e", "worker"];
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} = \"")));
            line.map(|value| value.trim_end_matches('"'))
        };
        let name = field("name").unwrap();
        if ours.contains(&name) {
            assert_eq!(field("source"), None, "{name}");
        } else {
            assert_eq!(
                field("source"),
                Some("registry+https://github.com/rust-lang/crates.io-index"),
                "{name}"
            );
            assert_eq!(field("checksum").map(str::len), Some(64), "{name}");
        }
    }
}

#[test]
fn licences_versions_and_sources_are_checked_strictly() {
    let deny = read("deny.toml");
    for line in [
        "multiple-versions = \"deny\"",
        "wildcards = \"deny\"",
        "unknown-registry = \"deny\"",
        "unknown-git = \"deny\"",
        "allow-git = []",
    ] {
        assert!(deny.lines().any(|known| known == line), "{line}");
    }
    for exception in deny.lines().filter(|line| line.contains("crate = ")) {
        assert!(exception.contains("reason = \""), "{exception}");
    }
    assert!(read("scripts/test").contains("cargo deny --locked check licenses bans sources"));
}
