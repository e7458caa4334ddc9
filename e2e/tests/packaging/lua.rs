//! The scripts, put together as Redis gets them, through a linter that knows them only as Lua: nothing else would find a name that
//! is misspelt in a line that seldom runs, nor code that no longer runs.

use std::collections::BTreeSet;
use std::process::Command;

use regex::Regex;

use e2e::temp_dir::TempDir;
use store::assembled_scripts;

/// Syntax errors, and names that nothing defines.
const UNDEFINED: [&str; 3] = ["--only", "0", "1"];

/// Names and values that nothing uses.
const UNUSED: [&str; 3] = ["--only", "2", "3"];

/// What Redis and Valkey give scripts beside Lua 5.1's own names. `base.lua` takes the last argument off.
const GIVEN: [&str; 6] = ["--read-globals", "redis", "cjson", "KEYS", "--globals", "ARGV"];

fn lint(dir: &TempDir, scripts: &[(&str, String)], codes: [&str; 3]) -> (bool, String) {
    let mut command = Command::new("luacheck");
    command.args([
        "--no-config",
        "--no-cache",
        "--no-color",
        "--codes",
        "--std",
        "lua51",
    ]);
    for (name, text) in scripts {
        let file = dir.path().join(format!("{name}.lua"));
        std::fs::write(&file, text).unwrap();
        command.arg(file);
    }
    let output = command
        .args(GIVEN)
        .args(codes)
        .output()
        .expect("luacheck: run ./scripts/test once, or install Debian's lua-check");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

#[test]
fn every_script_is_lua_and_uses_no_name_that_nothing_defines() {
    let scripts = assembled_scripts();
    assert!(scripts.len() > 20, "{} scripts", scripts.len());
    let (is_clean, said) = lint(&TempDir::new("lua"), &scripts, UNDEFINED);
    assert!(is_clean, "{said}");
}

#[test]
fn a_misspelt_name_and_a_broken_line_would_be_found() {
    for (damage, code) in [
        ("if pakr('x') then end", "W113"),
        ("if then", "E011"),
        ("wrong = 1", "W111"),
    ] {
        let (name, text) = assembled_scripts().remove(0);
        // Behind the first line, which declares to Redis what this is.
        let damaged = (name, text.replacen('\n', &format!("\n{damage}\n"), 1));
        let (is_clean, said) = lint(&TempDir::new("lua"), &[damaged], UNDEFINED);
        assert!(!is_clean && said.contains(code), "{damage}: {said}");
    }
}

/// A name that nothing uses in a script.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unused {
    script: &'static str,
    /// Of the assembled text, from 1.
    line: usize,
    name: String,
}

fn unused(scripts: &[(&'static str, String)]) -> Vec<Unused> {
    let (_, said) = lint(&TempDir::new("lua"), scripts, UNUSED);
    let found = Regex::new(r"(\w+)\.lua:(\d+):\d+: \((?:W2|W3)\d+\) .*'(\w+)'").unwrap();
    let lines = said.lines().filter(|line| line.contains(": (W"));
    lines
        .map(|line| {
            let parts = found.captures(line).unwrap_or_else(|| panic!("{line}"));
            let script = scripts.iter().find(|(name, _)| *name == &parts[1]).unwrap();
            Unused {
                script: script.0,
                line: parts[2].parse().unwrap(),
                name: parts[3].to_owned(),
            }
        })
        .collect()
}

/// The line of a script's assembled text on which its own files begin.
fn own_from(name: &str, text: &str) -> usize {
    let start = format!("-- {name}: ");
    text.lines().position(|line| line.starts_with(&start)).unwrap() + 1
}

/// The names that stand in scripts' own files and are not used there, and those of shared parts that no script uses.
fn dead(scripts: &[(&'static str, String)]) -> (Vec<Unused>, Vec<String>) {
    let (own, shared): (Vec<_>, Vec<_>) = unused(scripts).into_iter().partition(|unused| {
        let (name, text) = scripts.iter().find(|(name, _)| *name == unused.script).unwrap();
        unused.line >= own_from(name, text)
    });
    let names: BTreeSet<_> = shared.iter().map(|unused| unused.name.clone()).collect();
    let is_dead = |name: &String| {
        let defines = Regex::new(&format!(r"(?m)^local\b(?: function)?[^=\n]*\b{name}\b")).unwrap();
        scripts.iter().all(|(script, text)| {
            let mut found = shared.iter();
            !defines.is_match(text) || found.any(|unused| unused.script == *script && unused.name == *name)
        })
    };
    (own, names.into_iter().filter(is_dead).collect())
}

#[test]
fn a_script_defines_nothing_that_it_does_not_use_nor_a_shared_part_what_no_script_uses() {
    let (own, shared) = dead(&assembled_scripts());
    assert!(own.is_empty(), "{own:#?}");
    assert!(shared.is_empty(), "no script uses {shared:?}");
}

#[test]
fn what_nothing_uses_would_be_found() {
    let mut scripts = assembled_scripts();
    scripts.truncate(2);
    for (_, text) in &mut scripts {
        // Behind the first line, which declares to Redis what this is; the shared parts stand there.
        *text = text.replacen('\n', "\nlocal function dead() end\n", 1);
    }
    let (name, text) = &mut scripts[1];
    let start = format!("\n-- {name}: ");
    *text = text.replacen(&start, &format!("{start}\nlocal left_over = 1\n-- "), 1);
    let (own, shared) = dead(&scripts);
    let own: Vec<_> = own
        .iter()
        .map(|unused| (unused.script, unused.name.as_str()))
        .collect();
    assert_eq!(own, [(scripts[1].0, "left_over")]);
    assert!(shared.contains(&"dead".to_owned()), "{shared:?}");
}
