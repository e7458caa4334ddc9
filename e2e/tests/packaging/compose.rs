//! Compares the compose file with what the programs say about themselves; `scripts/test-compose` runs it.
//!
//! Proves (security): Containers
//! Proves (security): Least rights
//! Proves (security): Each program gets the variables
//! Proves (security): `/metrics` is on a listener

use std::collections::BTreeSet;
use std::path::Path;

use e2e::process::{Process, program};
use e2e::workspace::root;

/// What a service says, and what it inherits by `<<: *name`, the nearest first.
fn whole<'a>(compose: &'a str, service: &str) -> Vec<Vec<&'a str>> {
    let mut blocks = vec![block(compose, &format!("  {service}:"))];
    while let Some(name) = blocks
        .last()
        .and_then(|lines| lines.iter().find_map(|line| line.trim().strip_prefix("<<: *")))
    {
        let anchor = format!(": &{name}");
        let header = compose
            .lines()
            .find(|line| line.starts_with("x-") && line.ends_with(&anchor));
        blocks.push(block(compose, header.unwrap_or_else(|| panic!("no {anchor}"))));
    }
    blocks
}

fn workspace_file(name: &str) -> String {
    let path = root().join(name);
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

/// A name that only one network knows has the address in that network.
#[test]
fn metrics_can_be_reached_on_the_inner_network_alone() {
    let compose = workspace_file("docker-compose.yml");
    let api = block(&compose, "  api:");
    for line in [
        "      API_ADMIN_LISTEN: api-inside:3002",
        "      inside: { aliases: [api-inside] }",
        "      outside:",
    ] {
        assert!(api.contains(&line), "{line}");
    }
    assert!(block(&compose, "  inside:").contains(&"    internal: true"));
    assert_eq!(
        compose.matches("api-inside").count(),
        3,
        "here, there, and in a comment"
    );
    assert!(
        !api.iter()
            .any(|line| line.contains("ports:") && line.contains("3002"))
    );
}

#[test]
fn redis_runs_as_the_promise_needs_it() {
    let compose = workspace_file("docker-compose.yml");
    let command = block(&compose, "  command:").join(" ");
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
    // The API has the dashboard in it, which the build finds where it was made.
    assert!(workspace_file(".dockerignore").contains("\n!dashboard/dist\n"));
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

/// What the programs are made of (the compiler noted it) and what cargo has to read reaches the build of the image, which is made
/// without these tests only before a release.
#[test]
fn what_the_programs_are_built_from_reaches_the_image() {
    let ignored = workspace_file(".dockerignore");
    let admitted: Vec<_> = ignored
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .collect();
    let is_admitted = |path: &Path| admitted.iter().any(|known| path.starts_with(known));
    let mut seen = 0;
    for name in ["webhooks-api", "webhooks-worker", "webhooksctl"] {
        let noted = std::fs::read_to_string(program(name).with_added_extension("d")).unwrap();
        let sources = noted.split_once(": ").unwrap().1.split_whitespace();
        for source in sources {
            let path = Path::new(source).canonicalize().unwrap();
            // The build makes some of it itself.
            let path = path.strip_prefix(root()).ok();
            let Some(path) = path.filter(|path| !path.starts_with("target")) else {
                continue;
            };
            assert!(is_admitted(path), "{name} needs {}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen}");
    let manifest = workspace_file("Cargo.toml");
    let members = manifest.split_once("\nmembers = [").unwrap().1;
    for member in members.split(']').next().unwrap().split('"').skip(1).step_by(2) {
        for part in ["Cargo.toml", "src"] {
            let path = Path::new(member).join(part);
            assert!(is_admitted(&path), "{}", path.display());
        }
    }
}

/// Every service, also those that are started by hand, and those of profiles.
const SERVICES: [&str; 17] = [
    "redis",
    "api",
    "worker",
    "check",
    "operate",
    "store-accept",
    "redis-2",
    "redis-3",
    "redis-4",
    "redis-5",
    "redis-6",
    "redis-7",
    "redis-8",
    "sentinel-1",
    "sentinel-2",
    "sentinel-3",
    "cluster",
];

#[test]
fn without_a_profile_there_is_one_server() {
    let compose = workspace_file("docker-compose.yml");
    let is_usual = |service: &&&str| {
        let profiles = "profiles: [";
        !whole(&compose, service)
            .concat()
            .iter()
            .any(|line| line.trim().starts_with(profiles))
    };
    let usual: Vec<_> = SERVICES.iter().filter(is_usual).copied().collect();
    assert_eq!(usual, ["redis", "api", "worker"]);
}

/// Sentinels and nodes know each other by address.
#[test]
fn every_server_of_a_profile_has_an_address_of_its_own_that_all_know() {
    let addresses = workspace_file("docker/addresses.yml");
    let known = block(&addresses, "  extra_hosts:");
    let known: BTreeSet<_> = known
        .iter()
        .filter_map(|line| line.trim().split_once(": "))
        .collect();
    let servers: Vec<_> = SERVICES
        .iter()
        .filter(|name| name.starts_with("redis") || name.starts_with("sentinel"))
        .collect();
    assert_eq!(known.len(), servers.len());
    let different: BTreeSet<_> = known.iter().map(|(_, address)| address).collect();
    assert_eq!(different.len(), servers.len());
    for service in servers {
        let lines = block(&addresses, &format!("  {service}:")).join("\n");
        let (_, address) = known.iter().find(|(name, _)| name == service).expect(service);
        assert!(lines.contains("<<: *hosts"), "{lines}");
        assert!(lines.contains(&format!("ipv4_address: \"{address}\"")), "{lines}");
    }
    for profile in ["sentinel", "cluster"] {
        let lines = workspace_file(&format!("docker/{profile}.env"));
        for line in [
            format!("COMPOSE_PROFILES={profile}"),
            format!("REDIS_MODE={profile}"),
            "COMPOSE_FILE=docker-compose.yml:docker/addresses.yml".to_owned(),
        ] {
            assert!(lines.lines().any(|found| found == line), "{line}");
        }
    }
}

#[test]
fn every_service_is_confined() {
    let compose = workspace_file("docker-compose.yml");
    let confined = block(&compose, "x-confined: &confined");
    for line in [
        "  read_only: true",
        "  cap_drop: [ALL]",
        "  security_opt: [\"no-new-privileges:true\"]",
        "  ulimits: { core: 0 }",
    ] {
        assert!(confined.contains(&line), "{line}");
    }
    let program = block(&compose, "x-program: &program");
    assert!(program.contains(&"  <<: *confined") && program.contains(&"  user: \"10001:10001\""));
    let services: Vec<_> = block(&compose, "services:")
        .into_iter()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with([' ', '#']))
        .collect();
    assert_eq!(services, SERVICES);
    for service in SERVICES {
        let mut blocks = whole(&compose, service);
        assert_eq!(blocks.pop(), Some(confined.clone()), "{service}");
        let lines = blocks.concat();
        // What a service inherits could be taken back here.
        for name in [
            "privileged",
            "cap_add",
            "pid",
            "devices",
            "network_mode",
            "userns_mode",
            "ipc",
        ] {
            assert!(
                !lines
                    .iter()
                    .any(|line| line.trim().starts_with(&format!("{name}:"))),
                "{service}"
            );
        }
        for name in ["read_only", "cap_drop", "security_opt", "ulimits"] {
            assert!(
                !lines
                    .iter()
                    .any(|line| line.trim().starts_with(&format!("{name}:"))),
                "{service}"
            );
        }
        let user = lines.iter().filter(|line| line.trim().starts_with("user:"));
        assert_eq!(user.count(), 1, "{service}");
    }
    let ports: Vec<_> = compose
        .lines()
        .filter(|line| line.trim().starts_with("ports:"))
        .collect();
    assert_eq!(ports, ["    ports: [\"127.0.0.1:${API_PORT:-3000}:3000\"]"]);
    let inside = block(&compose, "  inside:");
    assert!(
        inside.contains(&"    internal: true"),
        "nobody else reaches Redis"
    );
}

/// A size as Redis and Docker write it: `2gb`, `4g`; for a variable, its default.
fn bytes(text: &str) -> u64 {
    let text = text
        .split_once(":-")
        .map_or(text, |(_, default)| default.trim_end_matches('}'));
    let digits = text.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let shift = match &text[digits.len()..] {
        "m" | "mb" => 20,
        "g" | "gb" => 30,
        unit => panic!("{text}: what is {unit}?"),
    };
    digits.parse::<u64>().unwrap() << shift
}

/// What a service says itself, or else inherits.
fn setting<'a>(compose: &'a str, service: &str, name: &str) -> Option<&'a str> {
    let mut lines = whole(compose, service).into_iter().flatten();
    lines.find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "))
}

/// Redis refuses new events before the kernel kills it: its data may take half of what the container may, so that the rewrite
/// of the append-only file can copy it.
#[test]
fn every_service_has_limits_and_redis_stays_below_its_own() {
    let compose = workspace_file("docker-compose.yml");
    for service in SERVICES {
        let memory =
            setting(&compose, service, "mem_limit").unwrap_or_else(|| panic!("{service}: mem_limit"));
        assert!(bytes(memory) >= 1 << 28, "{service}: {memory}");
        let processes =
            setting(&compose, service, "pids_limit").unwrap_or_else(|| panic!("{service}: pids_limit"));
        assert!(processes.parse::<u32>().unwrap() >= 64, "{service}: {processes}");
    }
    let redis = whole(&compose, "redis").concat();
    let mut command = redis.iter().map(|line| line.trim().trim_start_matches("- "));
    assert!(command.any(|word| word == "--maxmemory"));
    let maxmemory = command.next().unwrap();
    assert!(maxmemory.starts_with("${REDIS_MAXMEMORY:-"), "{maxmemory}");
    let limit = setting(&compose, "redis", "mem_limit").unwrap();
    assert!(limit.starts_with("${REDIS_MEMORY_LIMIT:-"), "{limit}");
    assert!(2 * bytes(maxmemory) <= bytes(limit), "{maxmemory}, {limit}");
}

/// Redis starts with the access list only, everybody has a user of their own, and nothing starts without passwords.
#[test]
fn redis_knows_its_users() {
    let compose = workspace_file("docker-compose.yml");
    let mut redis = whole(&compose, "redis").concat();
    redis.extend(block(&compose, "x-redis-environment: &redis-environment"));
    let redis = redis.join("\n");
    assert!(redis.contains("<<: *redis-environment"));
    assert!(redis.contains("entrypoint: [sh, /etc/webhooks/start]"));
    assert!(redis.contains("\"./docker/redis:/etc/webhooks:ro\""));
    assert!(
        redis.contains("REDIS_ACL_DIR: /run/webhooks") && redis.contains("tmpfs: [\"/run/webhooks:mode=0700")
    );
    for user in ["API", "WORKER", "OPERATOR"] {
        let hash = format!("REDIS_{user}_PASSWORD_SHA256: ${{REDIS_{user}_PASSWORD_SHA256:?put ");
        assert!(redis.contains(&hash), "{hash}");
    }
    for (service, user) in [
        ("api", "api"),
        ("worker", "worker"),
        ("check", "operator"),
        ("store-accept", "worker"),
    ] {
        let url = format!(
            "REDIS_URL: ${{REDIS_SCHEME:-redis}}://{user}:${{REDIS_{}_PASSWORD:?put ",
            user.to_uppercase()
        );
        let service = block(&compose, &format!("  {service}:"));
        let found = service.iter().find(|line| line.contains(&url)).expect(&url);
        assert!(found.ends_with("@${REDIS_NODES:-redis:6379}"), "{found}");
    }
    // A password may stand nowhere, and none may have a default. Those that only several servers have are passed on, if there are any.
    for line in compose.lines().filter(|line| line.contains("PASSWORD")) {
        assert!(
            !line.contains("PASSWORD:-") && !line.contains("SHA256:-"),
            "{line}"
        );
        let is_required = line.contains("PASSWORD:?") || line.contains("PASSWORD_SHA256:?");
        let name = line.trim().trim_end_matches(':');
        let is_of_several = [
            "SENTINEL_PASSWORD",
            "REDIS_REPLICA_PASSWORD",
            "REDIS_SENTINEL_PASSWORD",
            "REDIS_ADMIN_PASSWORD",
        ]
        .contains(&name);
        // An installation of before has none: that user is off then, and a blank password lets nobody in.
        let is_of_mending = name == "REDIS_OPERATOR_WRITE_PASSWORD_SHA256"
            || line.contains("//operator-write:${REDIS_OPERATOR_WRITE_PASSWORD-}@");
        assert!(is_required || is_of_several || is_of_mending, "{line}");
    }
}

#[test]
fn the_script_that_starts_redis_refuses_what_is_no_hash() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docker/redis/start");
    let dir = e2e::temp_dir::TempDir::new("acl");
    let good = "0123456789abcdef".repeat(4);
    for bad in [
        "",
        "secret",
        &good[1..],
        &good.to_uppercase(),
        &format!("{} ", &good[1..]),
    ] {
        let mut command = std::process::Command::new("sh");
        command
            .arg(&script)
            .env("REDIS_ACL_DIR", dir.path())
            .env("REDIS_PROGRAM", "echo")
            .env("REDIS_API_PASSWORD_SHA256", &good)
            .env("REDIS_WORKER_PASSWORD_SHA256", bad)
            .env("REDIS_OPERATOR_PASSWORD_SHA256", &good);
        let output = command.output().unwrap();
        let printed = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty(), "{bad}");
        assert!(
            printed.starts_with("REDIS_WORKER_PASSWORD_SHA256: must be "),
            "{printed}"
        );
        assert!(!dir.path().join("users.acl").exists());
    }
}

/// An installation of before has no password for the user that is new.
#[test]
fn without_its_hash_the_mending_operator_is_off_and_redis_starts() {
    let script = root().join("docker/redis/start");
    let good = "0123456789abcdef".repeat(4);
    for (hash, status, is_said) in [("", "off resetpass", true), (good.as_str(), "on #", false)] {
        let dir = e2e::temp_dir::TempDir::new("acl");
        let mut command = std::process::Command::new("sh");
        command
            .arg(&script)
            .env("REDIS_ACL_DIR", dir.path())
            .env("REDIS_PROGRAM", "echo")
            .env("REDIS_OPERATOR_WRITE_PASSWORD_SHA256", hash);
        for user in ["API", "WORKER", "OPERATOR"] {
            command.env(format!("REDIS_{user}_PASSWORD_SHA256"), &good);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        assert_eq!(said.contains("operator-write is off"), is_said, "{said}");
        let list = std::fs::read_to_string(dir.path().join("users.acl")).unwrap();
        let expected = format!("user operator-write {status}");
        assert!(list.lines().any(|line| line.starts_with(&expected)), "{list}");
        assert!(!list.contains("@REDIS_"), "{list}");
    }
}

/// `docker/redis/start` for a server of this name, with an echo for a server: what it printed, or why it refused.
fn start(dir: &Path, name: &str, mode: &str, passwords: &[&str]) -> Result<String, String> {
    let mut command = std::process::Command::new("sh");
    command
        .arg(root().join("docker/redis/start"))
        .args(["--dir", "/data"])
        .env("REDIS_ACL_DIR", dir)
        .env("REDIS_DATA", dir)
        .env("REDIS_PROGRAM", "echo")
        .env("REDIS_NAME", name)
        .env("REDIS_MODE", mode);
    for user in ["API", "WORKER", "OPERATOR"] {
        let hash = "0123456789abcdef".repeat(4);
        command.env(format!("REDIS_{user}_PASSWORD_SHA256"), hash);
    }
    for user in passwords {
        command.env(format!("REDIS_{user}_PASSWORD"), format!("of-{user}"));
    }
    let output = command.output().unwrap();
    let [printed, refused] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    if output.status.success() {
        Ok(printed)
    } else {
        Err(refused)
    }
}

/// A server that was away may be behind the others, and one that is alone in its own eyes takes writes.
#[test]
fn a_server_starts_only_in_the_mode_that_its_data_is_of() {
    let all = ["REPLICA", "SENTINEL", "ADMIN"];
    let cases = [
        ("redis-2", "", None, "docker/sentinel.env"),
        ("redis", "else", None, "must be sentinel or cluster"),
        ("redis", "", Some("redis.conf"), "another one may have newer data"),
        (
            "redis",
            "cluster",
            Some("redis.conf"),
            "another one may have newer data",
        ),
        ("redis", "", Some("nodes.conf"), "docker/cluster.env"),
        ("redis", "sentinel", Some("nodes.conf"), "docker/cluster.env"),
        (
            "redis",
            "cluster",
            Some("appendonlydir"),
            "was part of no cluster",
        ),
    ];
    for (name, mode, file, said) in cases {
        let dir = e2e::temp_dir::TempDir::new("mode");
        if let Some(file) = file {
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let refused = start(dir.path(), name, mode, &all).unwrap_err();
        assert!(
            refused.starts_with(&format!("{name}: ")) && refused.contains(said),
            "{refused}"
        );
    }
    let dir = e2e::temp_dir::TempDir::new("mode");
    for (mode, passwords, missing) in [
        ("sentinel", &all[..2], "ADMIN"),
        ("cluster", &all[1..], "REPLICA"),
    ] {
        let refused = start(dir.path(), "redis", mode, passwords).unwrap_err();
        let said =
            format!("redis: REDIS_{missing}_PASSWORD: make it with: webhooksctl redis-passwords --{mode}\n");
        assert_eq!(refused, said);
    }
    assert!(
        start(dir.path(), "redis", "", &[])
            .unwrap()
            .contains("--dir /data")
    );
}

#[test]
fn one_of_several_servers_knows_the_others_users_and_shows_nobody_a_password() {
    use std::os::unix::fs::PermissionsExt as _;
    for (mode, passwords) in [
        ("sentinel", &["REPLICA", "SENTINEL", "ADMIN"][..]),
        ("cluster", &["REPLICA", "ADMIN"]),
    ] {
        let dir = e2e::temp_dir::TempDir::new("several");
        let arguments = start(dir.path(), "redis-2", mode, passwords).unwrap();
        assert!(
            arguments.contains("--include ") && !arguments.contains("of-"),
            "{arguments}"
        );
        let settings = dir.path().join("several.conf");
        let text = std::fs::read_to_string(&settings).unwrap();
        assert!(
            text.starts_with("masteruser replica\nmasterauth of-REPLICA\n"),
            "{text}"
        );
        assert_eq!(settings.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let list = std::fs::read_to_string(dir.path().join("users.acl")).unwrap();
        let users: Vec<_> = list.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
        let mut wanted = vec![
            "default",
            "api",
            "worker",
            "operator",
            "operator-write",
            "replica",
            "admin",
        ];
        if mode == "sentinel" {
            wanted.push("sentinel");
            let conf = std::fs::read_to_string(dir.path().join("redis.conf")).unwrap();
            assert_eq!(conf, "replicaof redis 6379\n");
        }
        assert_eq!(users, wanted);
        assert!(!list.contains("@REDIS"), "{list}");
    }
}
