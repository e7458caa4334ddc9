//! Among the modules beside each other, each with all that is below it, imports make no circle. A child may use its parent's
//! types; the parent doesn't count as beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, Module, Source, imports, sources};
use e2e::workspace::root;

/// Our crates that ship.
const CRATES: &[&str] = &[
    "api",
    "worker",
    "webhooksctl",
    "common/domain",
    "common/store",
    "common/serve",
    "common/program",
    "common/doctor",
    "common/exposition",
    "common/history",
    "common/traces",
];

/// What the modules of one folder import from each other: from, to, and the lines that do it.
type Edges<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a Import>>>;

/// The edges of each folder. An import counts where its two ways part.
fn folders(imports: &[Import]) -> BTreeMap<Module, Edges<'_>> {
    let mut folders: BTreeMap<Module, Edges<'_>> = BTreeMap::new();
    for import in imports {
        let (from, to) = (&import.from, &import.to);
        let common = from.iter().zip(to).take_while(|(from, to)| from == to).count();
        if let (Some(one), Some(other)) = (from.get(common), to.get(common)) {
            let edges = folders.entry(from[..common].to_vec()).or_default();
            edges
                .entry(one)
                .or_default()
                .entry(other)
                .or_default()
                .push(import);
        }
    }
    folders
}

/// The shortest way from a module back to itself.
fn circle_from<'a>(start: &'a str, edges: &Edges<'a>) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in edges
                .get(way[way.len() - 1])
                .into_iter()
                .flat_map(BTreeMap::keys)
                .copied()
            {
                let way = [way.as_slice(), &[next]].concat();
                if next == start {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}

/// One text for each circle, the shortest first, with the lines that make it.
fn complaints(place: &str, sources: &[Source]) -> Vec<String> {
    let imports = imports(sources);
    let mut complaints = Vec::new();
    for (folder, edges) in folders(&imports) {
        let mut circles: Vec<_> = edges
            .keys()
            .filter_map(|module| circle_from(module, &edges))
            .collect();
        circles.sort_by_key(Vec::len);
        let mut reported = BTreeSet::new();
        for circle in circles {
            if !reported.insert(circle.iter().copied().collect::<BTreeSet<_>>()) {
                continue;
            }
            let folder = folder.join("/");
            let mut text = format!("a circle in {place}/{folder}: {}", circle.join(" → "));
            for pair in circle.windows(2) {
                for import in &edges[pair[0]][pair[1]] {
                    let Import { to, file, line, .. } = import;
                    text += &format!("\n    {place}/{file}:{line} uses {}", to.join("::"));
                }
            }
            complaints.push(text);
        }
    }
    complaints
}

fn expect_none(place: &str) {
    let sources = sources(&root().join(place).join("src"));
    assert!(!sources.is_empty(), "{place}");
    let place = format!("{place}/src");
    let complaints = complaints(&place, &sources);
    assert!(
        complaints.is_empty(),
        "{} circles\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

#[test]
fn api_has_no_circle() {
    expect_none("api");
}

#[test]
fn worker_has_no_circle() {
    expect_none("worker");
}

#[test]
fn store_has_no_circle() {
    expect_none("common/store");
}

#[test]
fn the_other_crates_have_no_circle() {
    for place in CRATES
        .iter()
        .filter(|place| !["api", "worker", "common/store"].contains(place))
    {
        expect_none(place);
    }
}

#[test]
fn every_crate_that_ships_is_looked_at() {
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = workspace
        .split_once("members = [")
        .unwrap()
        .1
        .split_once(']')
        .unwrap()
        .0;
    let ships = |name: &&str| !["e2e", "bench"].contains(name);
    let members: BTreeSet<_> = members.split('"').skip(1).step_by(2).filter(ships).collect();
    assert_eq!(members, CRATES.iter().copied().collect());
}

/// The complaints about a crate with these files.
fn of(files: &[(&str, &str)]) -> Vec<String> {
    let source = |(file, text): &(&str, &str)| Source {
        file: (*file).to_owned(),
        text: (*text).to_owned(),
    };
    complaints("src", &files.iter().map(source).collect::<Vec<_>>())
}

#[test]
fn a_circle_is_named_with_the_lines_that_make_it() {
    let complaints = of(&[
        ("lib.rs", "mod queue; mod log; mod keys;"),
        ("queue.rs", "use std::fmt;\nuse crate::log::{Entry, entry::Page};"),
        ("log/mod.rs", "mod entry;"),
        ("log/entry.rs", "fn key() -> String { crate::keys::log() }"),
        ("keys.rs", "use super::queue as line;\nuse line::Place;"),
    ]);
    assert_eq!(
        complaints,
        ["a circle in src/: keys → queue → log → keys\
          \n    src/keys.rs:1 uses queue\n    src/keys.rs:2 uses queue\
          \n    src/queue.rs:2 uses log\n    src/queue.rs:2 uses log::entry\
          \n    src/log/entry.rs:1 uses keys"]
    );
}

#[test]
fn a_name_that_the_parent_passes_on_belongs_to_the_sibling_that_it_comes_from() {
    let complaints = of(&[
        (
            "lib.rs",
            "mod a; mod b; pub use a::One;\nuse b::{Two, Three as Four};",
        ),
        ("a.rs", "use crate::Four;"),
        ("b.rs", "use super::One;"),
    ]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
}

#[test]
fn a_circle_in_a_folder_is_one_too() {
    let complaints = of(&[
        ("deliver/mod.rs", "mod judge; mod sender;"),
        ("deliver/judge.rs", "use super::sender;"),
        (
            "deliver/sender.rs",
            "pub(super) fn send() -> super::judge::Verdict {}",
        ),
    ]);
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(
        complaints[0].starts_with("a circle in src/deliver: judge → sender → judge"),
        "{complaints:?}"
    );
}

#[test]
fn parents_children_other_crates_and_tests_make_no_circle() {
    let complaints = of(&[
        ("lib.rs", "mod a; mod b; use a::One; pub struct Top;"),
        (
            "a.rs",
            "mod inner; use crate::{Top, b::Two}; use self::inner::Three; use b::Crate;",
        ),
        ("a/inner.rs", "use super::One; use crate::a; // crate::b"),
        (
            "b.rs",
            "#[cfg(test)]\nuse crate::a::One; fn doc() -> &'static str { \"crate::a::One\" }",
        ),
    ]);
    assert_eq!(complaints, [""; 0]);
}
