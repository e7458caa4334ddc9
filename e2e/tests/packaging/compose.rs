//! No container engine is at hand, so the compose file is compared with what the programs say of themselves.

use std::collections::BTreeSet;
use std::path::Path;

use e2e::process::Process;

fn workspace_file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The block of lines under `header`, which are indented more.
fn block<'a>(text: &'a str, header: &str) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip_while(|line| *line != header);
    let first = lines.next().unwrap_or_else(|| panic!("no line `{header}`"));
    lines
        .take_while(|line| line.trim().is_empty() || indent(line) > indent(first))
        .collect()
}

/// The names of the variables in a block.
fn variables<'a>(lines: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    lines
        .into_iter()
        .filter_map(|line| line.trim().split_once(':').map(|(name, _)| name))
        .filter(|name| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .map(str::to_owned)
        .collect()
}

/// The variables that a program reads, from its own help, and RUST_LOG.
fn read_by(program: &str) -> BTreeSet<String> {
    let output = Process::run(program, &["--help"], &[]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    let found = help
        .split("[env: ")
        .skip(1)
        .map(|rest| rest.split(['=', ']']).next().unwrap());
    found.chain(["RUST_LOG"]).map(str::to_owned).collect()
}

#[test]
fn each_service_can_be_given_every_variable_of_its_program_and_no_other() {
    let compose = workspace_file("docker-compose.yml");
    let both = variables(block(&compose, "x-both: &both"));
    for (service, program) in [("api", "webhooks-api"), ("worker", "webhooks-worker")] {
        let service = block(&compose, &format!("  {service}:")).join("\n");
        let mut given = variables(block(&service, "    environment:"));
        given.extend(both.clone());
        assert_eq!(given, read_by(program), "{program}");
        assert!(service.contains("webhooksctl, healthcheck, "), "{service}");
        assert!(service.contains(&format!("command: [{program}]")), "{service}");
    }
}

#[test]
fn redis_runs_as_the_promise_needs_it() {
    let compose = workspace_file("docker-compose.yml");
    let command = block(&compose, "    command:").join(" ");
    let words: Vec<_> = command.split_whitespace().filter(|word| *word != "-").collect();
    for pair in [
        ["--appendonly", "\"yes\""],
        ["--appendfsync", "always"],
        ["--maxmemory-policy", "noeviction"],
    ] {
        assert!(
            words.windows(2).any(|window| window == pair),
            "{pair:?} in {words:?}"
        );
    }
    let worker = block(&compose, "  worker:").join("\n");
    assert!(worker.contains("replicas: 2"));
}

#[test]
fn the_image_holds_the_programs_and_runs_as_nobody() {
    let dockerfile = workspace_file("Dockerfile");
    for program in ["webhooks-api", "webhooks-worker", "webhooksctl"] {
        assert!(
            dockerfile.contains(&format!("target/release/{program}")),
            "{program}"
        );
    }
    let user = dockerfile
        .lines()
        .rev()
        .find(|line| line.starts_with("USER "))
        .unwrap();
    assert_eq!(user, "USER 10001:10001");
    let toolchain = workspace_file("Cargo.toml");
    let version = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap();
    assert!(dockerfile.contains(&format!("FROM rust:{}-", version.trim_matches('"'))));
}
