//! Every script says how to use it, and its help has every option that it knows.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use regex::Regex;

use super::script;

#[test]
fn the_help_of_every_script_names_every_option() {
    // An arm of the `case` that reads the arguments: `--quick) …`, `--help | -h) …`.
    let arm = Regex::new(r"(?m)^\s+(--[a-z-]+)(?: \| -h)?\) ").unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(script("")).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if !metadata.is_file() || metadata.permissions().mode() & 0o100 == 0 {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let output = Command::new(entry.path()).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{name}: {}", output.status);
        assert!(
            help.starts_with(&format!("Usage: ./scripts/{name}")),
            "{name}: {help}"
        );
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for option in arm.captures_iter(&text).map(|captures| captures[1].to_owned()) {
            assert!(help.contains(&option), "the help of {name} lacks {option}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn tests_with_a_server_that_is_none_end_before_anything_is_built() {
    for (arguments, sentence) in [
        (
            &["--redis", "/no/such"][..],
            "test: --redis: /no/such is no program",
        ),
        (
            &["--redis", "true"],
            "test: --redis: true is no Redis or Valkey server",
        ),
        (&["--redis"], "Usage: ./scripts/test"),
        (&["--redis", "true", "parked"], "Usage: ./scripts/test"),
    ] {
        let output = Command::new(script("test")).args(arguments).output().unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && output.stdout.is_empty(),
            "{arguments:?}"
        );
        assert!(printed.starts_with(sentence), "{arguments:?}: {printed}");
    }
}
