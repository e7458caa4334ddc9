//! The code map of docs/ARCHITECTURE.md: whatever it names exists, and it leads to every room.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::workspace::root;

/// Where a stranger looks for rooms: each crate or module in these folders has a row.
const FOLDERS: &[&str] = &[
    "common",
    "common/domain/src",
    "common/store/src",
    "api/src",
    "worker/src",
    "dashboard/src",
];

/// What belongs to a crate as a whole.
const APART: &[&str] = &["lib.rs", "main.rs", "tests.rs", "icon.svg"];

/// The paths in the first column, with `{a,b}` written out.
fn named(architecture: &str) -> Vec<String> {
    let map = architecture
        .split("\n## ")
        .find(|part| part.starts_with("Code map"));
    let rows = map.unwrap().lines().filter(|line| line.starts_with("| "));
    let mut named = Vec::new();
    for row in rows {
        let first = row.split('|').nth(1).unwrap();
        for path in first.split('`').skip(1).step_by(2) {
            match path.split_once('{') {
                Some((before, names)) => {
                    let names = names.strip_suffix('}').unwrap().split(',');
                    named.extend(names.map(|name| format!("{before}{name}")));
                }
                None => named.push(path.trim_end_matches('/').to_owned()),
            }
        }
    }
    named
}

/// The ends of modules' names.
const ENDS: &[&str] = &["", ".rs", ".ts", ".tsx", ".d.ts"];

/// The crates and modules in `FOLDERS`, without the ends of their names.
fn rooms(root: &Path) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for folder in FOLDERS {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !APART.contains(&name.as_str()) {
                let name = name.split('.').next().unwrap();
                rooms.insert(format!("{folder}/{name}"));
            }
        }
    }
    rooms
}

/// A sentence for each name that leads nowhere, and for each room that no name leads to.
fn complaints(named: &[String], rooms: &BTreeSet<String>, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let leads_to = |name: &str, room: &str| {
        name.trim_end_matches(".rs") == room || name.starts_with(&format!("{room}/"))
    };
    let nowhere = named
        .iter()
        .filter(|name| !ENDS.iter().any(|end| exists(&format!("{name}{end}"))))
        .map(|name| format!("the code map names {name}, which doesn't exist"));
    let unnamed = rooms
        .iter()
        .filter(|room| !named.iter().any(|name| leads_to(name, room)))
        .map(|room| format!("no row of the code map leads to {room}"));
    nowhere.chain(unnamed).collect()
}

#[test]
fn the_code_map_leads_to_every_room_and_nowhere_else() {
    let root = root();
    let named = named(include_str!("../../../../docs/ARCHITECTURE.md"));
    let complaints = complaints(&named, &rooms(&root), |path| root.join(path).exists());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_name_that_leads_nowhere_and_a_room_without_a_row_are_noticed() {
    let map =
        "\n## Code map\n\n| where | what |\n|---|---|\n| `api/src/{run,hall}` | |\n\n## Next\n| `attic` | |";
    let rooms = ["api/src/run", "api/src/cellar"].map(str::to_owned).into();
    let complaints = complaints(&named(map), &rooms, |path| path == "api/src/run.rs");
    assert_eq!(
        complaints,
        [
            "the code map names api/src/hall, which doesn't exist",
            "no row of the code map leads to api/src/cellar"
        ]
    );
}
