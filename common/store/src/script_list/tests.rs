use std::collections::BTreeSet;
use std::path::Path;

use super::*;

#[test]
fn each_script_reads_what_it_declares_and_nothing_else() {
    for declaration in declarations() {
        let assembled = Assembled::of(&declaration);
        assert!(
            assembled.unknown.is_empty(),
            "{}: {:?} is not declared",
            declaration.name,
            assembled.unknown
        );
        assert!(
            assembled.unused.is_empty(),
            "{}: {:?} is never read",
            declaration.name,
            assembled.unused
        );
    }
}

#[test]
fn a_field_that_several_kinds_have_stands_in_the_same_place_in_all_of_them() {
    for declaration in declarations() {
        for (group, shape) in declaration.groups {
            let fields = shape.fields_of_kinds();
            let names: BTreeSet<_> = fields.iter().map(|(_, name)| name).collect();
            assert_eq!(
                names.len(),
                fields.len(),
                "{}: {group}: {fields:?}",
                declaration.name
            );
        }
    }
}

fn lua_files(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lua_files(&path, found);
        } else {
            found.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

#[test]
fn every_file_belongs_to_a_script() {
    let mut files = Vec::new();
    lua_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lua"), &mut files);
    let scripts = assembled_scripts();
    for file in files {
        // Its first line names it; arguments are only read further down.
        let first = file.lines().next().unwrap();
        let is_used = scripts.iter().any(|(_, text)| text.contains(first));
        assert!(is_used, "no script has the file that begins with {first}");
    }
}

#[test]
fn no_file_of_lua_counts_arguments() {
    let mut files = Vec::new();
    lua_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lua"), &mut files);
    assert!(files.len() > 40, "{} files", files.len());
    for file in &files {
        for line in file.lines() {
            for (place, _) in line.match_indices("ARGV") {
                // `ARGV[#ARGV]`, which base.lua takes off, is the identity of the store.
                let rest = line[place..].trim_start_matches("ARGV[#");
                let index = rest.strip_prefix("ARGV[").and_then(|rest| rest.split(']').next());
                let counts = index.is_none_or(|index| index.contains(|letter: char| letter.is_ascii_digit()));
                let is_identity = rest.starts_with("ARGV]") || line[..place].ends_with("ARGV[#");
                assert!(is_identity || !counts, "an argument without a name: {line}");
            }
        }
    }
}

/// Whoever moves to another shard must not change meanwhile, and where it was before nothing may be done for it.
#[test]
fn every_script_of_an_account_asks_whether_it_is_here() {
    // (Upkeep, and what packs and erases, finds its work by what all accounts share, and that names none that is closed.)
    const EXCEPTIONS: &[(&str, &str)] = &[
        (
            "work",
            "what is leased keeps its account from being closed, and nothing is leased of one that is paused",
        ),
        (
            "directory_enter",
            "it says where the account is, and does nothing for it",
        ),
        ("replay_step", "of an account that is closed no replay runs"),
        (
            "test_event_withdraw",
            "the request for a test event isn't the account's",
        ),
    ];
    let subjects = ["account", "endpoint", "delivery", "replay", "session", "key"];
    let of_moves = |name: &str| name.starts_with("account_move_");
    let (mut looked_at, mut excepted) = (0, BTreeSet::new());
    for declaration in declarations() {
        let name = declaration.name;
        let fields = declaration.groups.iter().flat_map(|(group, shape)| {
            let of_kinds = shape.kinds.iter().flat_map(|(_, fields)| fields.iter());
            shape.fields.iter().chain(of_kinds).chain(std::iter::once(group))
        });
        let mut named = declaration.arguments.iter().chain(fields);
        let is_about_one = named.any(|field| subjects.contains(field));
        let is_of_account = declaration.arguments.contains(&"account");
        if of_moves(name) || !(is_of_account || is_about_one && declaration.writes()) {
            continue;
        }
        looked_at += 1;
        let asks = declaration.needs.iter().any(|part| part.name == "here")
            || declaration.body.iter().any(|body| {
                [
                    "terms.refusal(",
                    "terms.elsewhere(",
                    "terms.is_left_alone(",
                    "limits.is_moving",
                ]
                .iter()
                .any(|asks| body.contains(asks))
            });
        let is_excepted = EXCEPTIONS.iter().any(|(known, _)| *known == name);
        assert!(
            asks != is_excepted,
            "{name}: asks: {asks}, excepted: {is_excepted}"
        );
        excepted.extend(is_excepted.then_some(name));
    }
    let expected: BTreeSet<_> = EXCEPTIONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(excepted, expected);
    assert!(looked_at > 40, "{looked_at} scripts");
}
