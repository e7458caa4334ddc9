//! How long a file may be: 250 lines, or 350 with a reason. Tests may be as long as they like.

use std::path::Path;

use e2e::workspace::root;

use super::files_below;

const USUAL: usize = 250;
const MOST: usize = 350;

/// The files of more than 250 lines, each with why it isn't two.
const LONG: &[(&str, &str)] = &[(
    "api/src/problem/code.rs",
    "one list of all codes, in the order in which docs/errors.md has them",
)];

/// Rust, Lua, the dashboard's sources, and what is in `scripts/`; a path is as `git ls-files` prints it.
fn is_source(path: &str) -> bool {
    // What is built of the dashboard, and the types that are made of the document.
    if path.starts_with("dashboard/dist/") || path.ends_with(".d.ts") {
        return false;
    }
    let parts: Vec<_> = path.split('/').collect();
    let is_test = parts.iter().any(|part| ["tests", "tests.rs"].contains(part));
    let is_code = [".rs", ".lua", ".sh", ".py", ".ts", ".tsx", ".mjs", ".css"]
        .iter()
        .any(|end| path.ends_with(end));
    !is_test && (is_code || parts[0] == "scripts")
}

fn lengths() -> Vec<(String, usize)> {
    let root = root();
    let mut lengths = Vec::new();
    for path in files_below(&root) {
        let name = path.strip_prefix(&root).map(Path::to_str).unwrap().unwrap();
        if is_source(name) {
            let text = std::fs::read_to_string(&path).unwrap();
            lengths.push((name.to_owned(), text.lines().count()));
        }
    }
    lengths
}

fn complaints(lengths: &[(String, usize)], long: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, length) in lengths {
        let reason = long.iter().find(|(known, _)| known == name);
        if *length > MOST {
            complaints.push(format!(
                "{name} has {length} lines: split it by concern, {MOST} are the most"
            ));
        } else if *length > USUAL && reason.is_none() {
            complaints.push(format!(
                "{name} has {length} lines: split it by concern, or give a row of LONG the reason why it is one file"
            ));
        }
    }
    for (name, reason) in long {
        let length = lengths
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, length)| *length);
        match length {
            None => complaints.push(format!("there is no {name}: take it out of LONG")),
            Some(length) if length <= USUAL => {
                complaints.push(format!("{name} has {length} lines only: take it out of LONG"));
            }
            Some(_) if reason.len() < 20 => complaints.push(format!("{name}: {reason:?} is no reason")),
            Some(_) => {}
        }
    }
    complaints
}

#[test]
fn no_file_is_too_long_to_read_in_one_go() {
    let lengths = lengths();
    assert!(lengths.len() > 200, "{}", lengths.len());
    let complaints = complaints(&lengths, LONG);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_long_file_without_a_reason_and_a_reason_without_a_long_file_are_noticed() {
    let of = |length: usize, long: &[(&str, &str)]| complaints(&[("a.rs".to_owned(), length)], long).len();
    let row = ("a.rs", "one table, which no seam divides");
    assert_eq!(
        (of(250, &[]), of(251, &[]), of(350, &[]), of(351, &[])),
        (0, 1, 1, 1)
    );
    assert_eq!(
        (of(250, &[row]), of(251, &[row]), of(350, &[row]), of(351, &[row])),
        (1, 0, 0, 1)
    );
    assert_eq!(of(251, &[("a.rs", "")]), 1);
    assert_eq!(of(251, &[row, ("b.rs", row.1)]), 1);
}

#[test]
fn sources_are_distinguished_from_tests_and_documents() {
    for path in [
        "api/src/app.rs",
        "common/store/src/lua/work/start.lua",
        "scripts/lib/common.sh",
        "scripts/demo.py",
        "e2e/src/lib.rs",
    ] {
        assert!(is_source(path), "{path}");
    }
    for path in [
        "api/src/auth/tests.rs",
        "api/src/auth/tests/properties.rs",
        "e2e/tests/api/auth.rs",
        "README.md",
        "docker/redis/start",
    ] {
        assert!(!is_source(path), "{path}");
    }
}
