//! Which crate may depend on which.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use e2e::workspace::root;

const ROOMS: &[&str] = &[
    "domain",
    "store",
    "history",
    "serve",
    "program",
    "doctor",
    "exposition",
    "traces",
];

/// Our crates that ship, and which of our crates each may depend on. `e2e` and `bench` don't ship and may use all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("api", ROOMS),
    ("worker", ROOMS),
    ("webhooksctl", ROOMS),
    ("store", &["domain", "history"]),
    ("history", &["domain"]),
    ("exposition", &["store"]),
    ("serve", &["domain"]),
    ("program", &["domain"]),
    ("doctor", &["domain"]),
    ("traces", &["domain", "program"]),
    ("domain", &[]),
];

/// Libraries that have one place, or two, among the crates that ship.
const PLACES: &[(&str, &[&str])] = &[
    ("redis", &["store"]),
    ("poem", &["api", "worker"]),
    ("poem-openapi", &["api"]),
    ("reqwest", &["api", "worker", "traces"]),
    ("apalis", &["worker"]),
    ("apalis-core", &["worker"]),
    ("jsonwebtoken", &["api", "webhooksctl"]),
    ("chacha20poly1305", &["domain"]),
    ("zstd", &["history"]),
    ("anyhow", &["worker", "webhooksctl"]),
];

/// One crate of the workspace: what it depends on when it ships, without its development dependencies.
struct Member {
    name: String,
    uses: Vec<String>,
}

fn members() -> Vec<Member> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
            "--locked",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let member = |package: &Value| Member {
        name: text(&package["name"]),
        uses: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    };
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(member)
        .collect()
}

/// One sentence for each dependency that breaks a rule, and for each crate and library that the tables miss.
fn complaints(members: &[Member]) -> Vec<String> {
    let may_use: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    let places: BTreeMap<_, _> = PLACES.iter().copied().collect();
    let is_ours = |name: &str| members.iter().any(|member| member.name == name);
    let mut complaints = Vec::new();
    for Member { name, uses } in members {
        if ["e2e", "bench"].contains(&name.as_str()) {
            continue;
        }
        let Some(allowed) = may_use.get(name.as_str()) else {
            complaints.push(format!("{name} is in no row of MAY_USE"));
            continue;
        };
        for used in uses {
            if is_ours(used) && !allowed.contains(&used.as_str()) {
                complaints.push(format!("{name} may not depend on {used}, only on {allowed:?}"));
            }
            if let Some(places) = places.get(used.as_str())
                && !places.contains(&name.as_str())
            {
                complaints.push(format!(
                    "{name} may not depend on {used}, which belongs to {places:?}"
                ));
            }
        }
    }
    let used_by = |library: &str, place: &str| {
        members
            .iter()
            .any(|member| member.name == place && member.uses.iter().any(|used| used == library))
    };
    for (library, places) in PLACES {
        for place in places.iter().filter(|place| !used_by(library, place)) {
            complaints.push(format!("{place} doesn't use {library}: take it out of PLACES"));
        }
    }
    for (name, _) in MAY_USE.iter().filter(|(name, _)| !is_ours(name)) {
        complaints.push(format!("there is no crate {name}: take it out of MAY_USE"));
    }
    complaints
}

#[test]
fn our_crates_depend_on_each_other_in_one_direction_and_each_library_has_its_place() {
    let complaints = complaints(&members());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_dependency_in_the_wrong_direction_is_noticed() {
    for (from, to, complaint) in [
        ("domain", "store", "domain may not depend on store"),
        ("store", "serve", "store may not depend on serve"),
        ("worker", "api", "worker may not depend on api"),
        ("api", "e2e", "api may not depend on e2e"),
        ("api", "redis", "api may not depend on redis"),
    ] {
        let mut members = members();
        let member = members.iter_mut().find(|member| member.name == from).unwrap();
        member.uses.push(to.to_owned());
        let complaints = complaints(&members);
        assert!(
            complaints.len() == 1 && complaints[0].starts_with(complaint),
            "{complaints:?}"
        );
    }
}

#[test]
fn a_crate_without_a_rule_is_noticed() {
    let mut members = members();
    members.push(Member {
        name: "attic".to_owned(),
        uses: Vec::new(),
    });
    assert_eq!(complaints(&members), ["attic is in no row of MAY_USE"]);
}
