//! The scripts, put together as Redis gets them, through a linter that knows them only as Lua: a name that is misspelt in a line
//! that seldom runs would be found there by nothing else.

use std::process::Command;

use e2e::temp_dir::TempDir;
use store::assembled_scripts;

/// Syntax errors, and names that nothing defines.
const FOUND: [&str; 3] = ["--only", "0", "1"];

/// What Redis and Valkey give scripts beside Lua 5.1's own names. `base.lua` takes the last argument off.
const GIVEN: [&str; 6] = ["--read-globals", "redis", "cjson", "KEYS", "--globals", "ARGV"];

fn lint(dir: &TempDir, scripts: &[(&str, String)]) -> (bool, String) {
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
        .args(FOUND)
        .output()
        .expect("luacheck: run ./scripts/test once, or install Debian's lua-check");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

#[test]
fn every_script_is_lua_and_uses_no_name_that_nothing_defines() {
    let scripts = assembled_scripts();
    assert!(scripts.len() > 20, "{} scripts", scripts.len());
    let (is_clean, said) = lint(&TempDir::new("lua"), &scripts);
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
        // Behind the line that tells Redis what this is.
        let damaged = (name, text.replacen('\n', &format!("\n{damage}\n"), 1));
        let (is_clean, said) = lint(&TempDir::new("lua"), &[damaged]);
        assert!(!is_clean && said.contains(code), "{damage}: {said}");
    }
}
