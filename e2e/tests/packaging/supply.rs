//! Where our dependencies come from, and that our crates forbid `unsafe`.
//!
//! Proves (security): `unsafe` is forbidden in our crates, `Cargo.lock` is used everywhere, one registry, licences and duplicates are checked

use e2e::workspace::root;
use regex::Regex;

fn read(name: &str) -> String {
    let path = root().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates of the workspace.
fn members() -> Vec<String> {
    let workspace = read("Cargo.toml");
    let members = workspace
        .split_once("\nmembers = [")
        .and_then(|(_, rest)| rest.split_once(']'));
    let members: Vec<_> = members
        .unwrap()
        .0
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert!(members.len() >= 4, "{members:?}");
    members
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    assert!(read("Cargo.toml").contains("\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n"));
    for member in members() {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{member}");
    }
}

/// A build without `--locked` may change the lock file, and nobody would notice.
#[test]
fn every_build_keeps_to_the_lock_file() {
    let builds =
        Regex::new(r"\bcargo (build|check|clippy|test|doc|deny|run|install|nextest run)\b[^\n]*").unwrap();
    let mut seen = 0;
    let mut names = vec![".ci/run".to_owned(), "Dockerfile".to_owned()];
    for directory in ["scripts", "scripts/lib"] {
        for entry in std::fs::read_dir(root().join(directory)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                names.push(format!("{directory}/{}", entry.file_name().display()));
            }
        }
    }
    for name in names {
        for line in builds.find_iter(&read(&name)) {
            let line = line.as_str();
            let is_sentence = line.contains("see https") || line.contains("--version 2>");
            // It runs what was built before.
            let is_built = line.contains("--binaries-metadata");
            assert!(
                is_sentence || is_built || line.contains("--locked"),
                "{name}: {line}"
            );
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen}");
    let of_run = read("scripts/lib/programs.sh");
    assert!(of_run.contains("options=(build --locked)"), "scripts/run");
}

#[test]
fn every_dependency_is_pinned_and_comes_from_the_registry() {
    let lock = read("Cargo.lock");
    let ours = members();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package
                .lines()
                .find_map(|line| line.strip_prefix(&format!("{name} = \"")));
            line.map(|value| value.trim_end_matches('"'))
        };
        let name = field("name").unwrap();
        if ours.iter().any(|member| member.rsplit('/').next() == Some(name)) {
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
    let checks = read("scripts/test");
    for check in ["licenses bans sources", "advisories"] {
        assert!(
            checks.contains(&format!("cargo deny --locked check {check}")),
            "{check}"
        );
    }
}

/// Whoever passes over a known hole says why, and for as long as the hole is in what we use.
#[test]
fn every_advisory_that_is_passed_over_has_a_reason_and_a_crate_that_is_there() {
    let (deny, lock) = (read("deny.toml"), read("Cargo.lock"));
    let ignored: Vec<_> = deny
        .lines()
        .filter(|line| line.contains("id = \"RUSTSEC-"))
        .collect();
    assert!(
        ignored.iter().all(|line| line.contains("reason = \"quick-xml ")),
        "{ignored:#?}"
    );
    let is_there = lock.contains("name = \"quick-xml\"\nversion = \"0.36.");
    assert_eq!(
        is_there,
        !ignored.is_empty(),
        "drop the entries together with the crate"
    );
}
