//! The documents name the test of each promise, and each of these tests names its promise.
//!
//! A module says `//! Proves (guarantees): …` or `(security)`, with the first words of the row, as many as it takes to mean no
//! other one. The row names the module in its last column, `faults/f04` for short.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::workspace::root;

use super::house::files_below;

const DOCUMENTS: [&str; 2] = ["guarantees", "security"];

/// The folders below `e2e/tests`, each a test binary.
const BINARIES: [&str; 10] = [
    "api",
    "client",
    "cluster",
    "failover",
    "faults",
    "packaging",
    "reliability",
    "security",
    "servers",
    "store",
];

/// A row of a table: its first cell, and the tests that its last one names.
struct Row {
    promise: String,
    tests: Vec<String>,
}

fn rows(document: &str) -> Vec<Row> {
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let quoted = cells[cells.len() - 1].split('`').skip(1).step_by(2);
        let is_test = |name: &&str| {
            name.split_once('/').is_some_and(|(binary, rest)| {
                BINARIES.contains(&binary)
                    && rest
                        .chars()
                        .all(|char| char.is_alphanumeric() || "_/".contains(char))
            })
        };
        Row {
            promise: cells[0].trim().to_owned(),
            tests: quoted.filter(is_test).map(str::to_owned).collect(),
        }
    };
    document
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(row)
        .collect()
}

/// A module below `e2e/tests`, without `.rs` or `/mod.rs`, and what it says that it proves.
struct Module {
    name: String,
    proves: Vec<(String, String)>,
}

fn modules(tests: &Path) -> Vec<Module> {
    let mut modules = Vec::new();
    for path in files_below(tests) {
        let name = path.strip_prefix(tests).unwrap().to_str().unwrap();
        let Some(name) = name.strip_suffix(".rs") else {
            continue;
        };
        let text = std::fs::read_to_string(&path).unwrap();
        modules.push(Module {
            name: name.strip_suffix("/mod").unwrap_or(name).to_owned(),
            proves: text.lines().filter_map(proof).collect(),
        });
    }
    modules
}

/// `//! Proves (document): promise`.
fn proof(line: &str) -> Option<(String, String)> {
    let (document, promise) = line.strip_prefix("//! Proves (")?.split_once("): ")?;
    Some((document.to_owned(), promise.to_owned()))
}

/// The module that a document calls so: `faults/f04` is `faults/f04_worker_stopped_past_its_leases`.
fn named<'a>(name: &str, modules: &'a [Module]) -> Vec<&'a str> {
    let exact = modules.iter().filter(|module| module.name == name);
    let exact: Vec<_> = exact.map(|module| module.name.as_str()).collect();
    if !exact.is_empty() {
        return exact;
    }
    let short = format!("{name}_");
    let is_meant = |module: &&Module| {
        module
            .name
            .strip_prefix(&short)
            .is_some_and(|rest| !rest.contains('/'))
    };
    modules
        .iter()
        .filter(is_meant)
        .map(|module| module.name.as_str())
        .collect()
}

/// What the documents say and the modules don't, or the other way round.
fn complaints(documents: &[(&str, Vec<Row>)], modules: &[Module]) -> Vec<String> {
    let mut complaints = Vec::new();
    let (mut documented, mut claimed) = (BTreeSet::new(), BTreeSet::new());
    for (document, rows) in documents {
        for row in rows {
            for test in &row.tests {
                match named(test, modules)[..] {
                    [module] => {
                        documented.insert((*document, row.promise.as_str(), module));
                    }
                    [] => complaints.push(format!("{document}: there is no {test}")),
                    ref several => complaints.push(format!("{document}: {test} may be any of {several:?}")),
                }
            }
        }
    }
    for module in modules {
        for (document, words) in &module.proves {
            let found = documents.iter().find(|(name, _)| name == document);
            let Some((document, rows)) = found else {
                complaints.push(format!("{}: there is no document {document}", module.name));
                continue;
            };
            let rows: Vec<_> = rows.iter().filter(|row| row.promise.starts_with(words)).collect();
            match rows[..] {
                [row] => {
                    claimed.insert((*document, row.promise.as_str(), module.name.as_str()));
                }
                _ => complaints.push(format!(
                    "{}: {} rows of {document} begin with {words:?}, and one must",
                    module.name,
                    rows.len()
                )),
            }
        }
    }
    for (document, promise, module) in documented.difference(&claimed) {
        complaints.push(format!(
            "{module} doesn't say that it proves ({document}): {promise}"
        ));
    }
    for (document, promise, module) in claimed.difference(&documented) {
        complaints.push(format!("{document} doesn't name {module} as proof of: {promise}"));
    }
    complaints
}

#[test]
fn each_promise_names_its_tests_and_each_of_these_tests_its_promise() {
    let documents = DOCUMENTS.map(|name| {
        let path = root().join(format!("docs/{name}.md"));
        (name, rows(&std::fs::read_to_string(path).unwrap()))
    });
    for (name, rows) in &documents {
        let proved = rows.iter().filter(|row| !row.tests.is_empty()).count();
        assert!(proved > 20, "{name}: {proved} rows with tests");
    }
    let complaints = complaints(&documents, &modules(&root().join("e2e/tests")));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn every_fault_proves_something() {
    for module in modules(&root().join("e2e/tests")) {
        let parts: Vec<_> = module.name.split('/').collect();
        // What is below a fault is a part of it.
        let is_fault =
            matches!(parts[..], ["faults", name] | ["faults", "long", name] if name.starts_with('f'));
        assert!(!is_fault || !module.proves.is_empty(), "{}", module.name);
    }
}

#[test]
fn a_promise_without_its_test_and_a_test_without_its_promise_are_noticed() {
    let document =
        "| it holds when | shown by |\n|---|---|\n| a worker dies | `faults/f01`, `./scripts/run` |\n";
    let of = |document: &str, module: &str, proves: &str| {
        let module = Module {
            name: module.to_owned(),
            proves: proves.lines().filter_map(proof).collect(),
        };
        complaints(&[("guarantees", rows(document))], &[module])
    };
    let module = "faults/f01_worker_killed";
    let proves = "//! Proves (guarantees): a worker";
    assert_eq!(of(document, module, proves), [""; 0]);
    for (module, proves, complaint) in [
        (
            module,
            "",
            "faults/f01_worker_killed doesn't say that it proves (guarantees): a worker dies",
        ),
        ("faults/f02", proves, "guarantees: there is no faults/f01"),
        (module, "//! Proves (guarantees): a work horse", "begin with"),
        (
            module,
            "//! Proves (wishes): a worker",
            "there is no document wishes",
        ),
    ] {
        let complaints = of(document, module, proves);
        assert!(
            complaints.iter().any(|said| said.contains(complaint)),
            "{complaints:?}"
        );
    }
    let nothing = document.replace("`faults/f01`, ", "");
    assert_eq!(
        of(&nothing, module, proves),
        ["guarantees doesn't name faults/f01_worker_killed as proof of: a worker dies"]
    );
}
