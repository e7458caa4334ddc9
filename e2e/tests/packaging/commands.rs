//! All commands of the operator's tool, as its `--help` lists them: each prints JSON on demand, and each that changes something is in the
//! audit afterwards. A new command fails here until it does, or says why not.
//!
//! Proves (guarantees): what an operator changes is noted in the same step

use std::collections::{BTreeMap, BTreeSet};

use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::system::{System, secrets_key};
use e2e::temp_dir::TempDir;
use e2e::wait::{LONG, check, eventually};
use serde_json::{Value, json};

/// Those without `--json`, and why.
const WITHOUT_JSON: &[(&str, &str)] = &[
    ("secrets-key", "prints a key, for a file"),
    ("store id", "prints a variable, for a file"),
    ("redis-passwords", "prints variables, for a file"),
    ("signing-secret", "prints a secret, for a file"),
    ("service-key", "prints a key and the entry of a variable"),
    ("dev-env", "writes a file"),
    ("healthcheck", "its exit code is its answer"),
    ("history payload", "prints a body, byte for byte"),
    ("export", "prints JSON Lines in any case"),
];

/// Those that change nothing in Redis. (`check --repair` does; `check --keep` is its own note, of what it found and when.)
const READING: &[&str] = &[
    "accounts",
    "audit",
    "dev-env",
    "doctor",
    "endpoints",
    "export",
    "healthcheck",
    "history log",
    "history payload",
    "keys list",
    "redis-passwords",
    "secrets-key",
    "service-key",
    "shards",
    "show",
    "signing-secret",
    "status",
    "store id",
    "store show",
    "tail",
    "why",
    "workers",
];

/// Those that need a cluster, and where the audit is looked at after them.
const IN_A_CLUSTER: &[(&str, &str)] = &[
    ("shards adopt", "e2e/tests/cluster/adopted.rs"),
    ("shards move", "e2e/tests/cluster/guarded.rs"),
];

fn help_of(command: &str) -> String {
    let words: Vec<&str> = command
        .split(' ')
        .filter(|word| !word.is_empty())
        .chain(["--help"])
        .collect();
    let output = Process::run("webhooksctl", &words, &[]);
    assert!(output.status.success(), "{command}");
    String::from_utf8(output.stdout).unwrap()
}

/// All commands that can be run, each with its help.
fn commands() -> BTreeMap<String, String> {
    let (mut found, mut next) = (BTreeMap::new(), vec![String::new()]);
    while let Some(command) = next.pop() {
        let help = help_of(&command);
        let listed = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
        let listed = listed.split("\n\n").next().unwrap();
        // What follows a name is set in further.
        for line in listed
            .lines()
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        {
            let name = line.split_whitespace().next().unwrap();
            if name != "help" {
                next.push(format!("{command} {name}").trim().to_owned());
            }
        }
        let (_, usage) = help.split_once("Usage: ").unwrap();
        let usage = usage.split("\n\n").next().unwrap();
        if usage.lines().any(|line| !line.contains("<COMMAND>")) {
            found.insert(command, help);
        }
    }
    found
}

#[test]
fn every_command_prints_json_on_demand_or_has_a_reason() {
    let commands = commands();
    assert!(commands.len() > 30, "{:?}", commands.keys());
    let without: BTreeSet<_> = commands
        .iter()
        .filter(|(_, help)| !help.contains("--json"))
        .map(|(command, _)| command.as_str())
        .collect();
    assert_eq!(
        without,
        WITHOUT_JSON.iter().map(|(command, _)| *command).collect(),
        "which have no --json?"
    );
}

/// A system of two shards whose receiver fails, so that each lever has something to move.
struct Scene {
    system: System,
    endpoint: String,
    done: BTreeSet<String>,
}

impl Scene {
    fn run(&self, user: &str, arguments: &[&str]) -> Value {
        let environment = [
            ("REDIS_URL".to_owned(), self.system.redis.url_as(user)),
            ("SECRETS_KEY".to_owned(), secrets_key(7)),
        ];
        let arguments = [arguments, &["--json"]].concat();
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &arguments, &environment));
        let [said, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "{arguments:?}: {error}{said}");
        serde_json::from_str(&said)
            .unwrap_or_else(|failed| panic!("{arguments:?} prints no JSON document ({failed}): {said}"))
    }

    /// Runs a command, which must be in the audit then, with who and why, and with what came of it.
    fn change(&mut self, command: &str, rest: &[&str]) -> Value {
        let why = format!("number {}, \n{command}", self.done.len());
        let words: Vec<&str> = command.split(' ').collect();
        let order = ["--by", "bob", "--why", &why];
        let said = self.run("operator-write", &[&words, rest, &order].concat());
        let noted = self.run("operator", &["audit", "--limit", "1000"]);
        let entries = noted["entries"].as_array().unwrap();
        let of_it = entries.iter().filter(|entry| {
            let text = entry["why"].as_str().unwrap();
            text == why.replace('\n', " ") && entry["by"] == "bob"
        });
        let results: Vec<&str> = of_it.map(|entry| entry["result"].as_str().unwrap()).collect();
        assert!(
            results
                .iter()
                .any(|result| !["", "begins"].contains(result) && !result.contains('\n')),
            "{command} is not in the audit: {results:?} of {noted}"
        );
        self.done.insert(command.to_owned());
        said
    }

    /// Breaks something that can be mended.
    fn damage(&self) {
        self.system
            .redis
            .raw("SET wh:{0}:account:org:quiet:bytes 77")
            .unwrap();
    }

    async fn wait_for(&self, how: &str, count: u64) {
        eventually(LONG, "deliveries to be where they belong", async || {
            let shown = self.run("operator", &["show", &self.endpoint]);
            check(shown[how] == count, shown.to_string())
        })
        .await;
    }

    async fn push(&self) -> String {
        let backend = self.system.backend();
        let account = self.system.account();
        backend.push(account, "session.created", json!({})).await.id
    }
}

async fn scene() -> Scene {
    let system = super::levers::patient().env("SHARDS", "2").start().await;
    let receiver = Receiver::start().await;
    receiver.always("/hook", Answer::status(500));
    let endpoint = system
        .customer()
        .create_endpoint(&receiver.url("/hook"), &["*"])
        .await;
    Scene {
        system,
        endpoint: endpoint.id,
        done: BTreeSet::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_changes_something_is_in_the_audit() {
    let mut scene = scene().await;
    let account = scene.system.account();
    let endpoint = scene.endpoint.clone();
    let id = endpoint.as_str();
    for _ in 0..2 {
        scene.push().await;
    }
    scene.wait_for("retrying", 2).await;
    // Their last attempts fail, too.
    scene.change("release", &[id]);
    scene.wait_for("retrying", 0).await;
    scene.change("pause", &[id]);
    scene.change("throttle", &[id, "--per-second", "900"]);
    scene.change("resume", &[id]);
    let noted = scene.run("operator", &["audit", "--limit", "1"]);
    let since = super::levers::hour_before(&noted["entries"][0]);
    scene.change("requeue", &[account, "--since", &since, "--wait"]);
    scene.wait_for("retrying", 2).await;
    scene.change("discard", &[id, "--yes"]);
    let event = scene.push().await;
    scene.wait_for("retrying", 1).await;
    let story = scene.run("operator", &["show", &event]);
    let delivery = story["deliveries"][0]["id"].as_str().unwrap();
    scene.change("cancel", &[delivery]);
    scene.change("replay", &[delivery]);
    scene.change("events erase", &[account, &event]);
    scene.change("endpoints enable", &["--disabled-since", "2026-01-01T00:00:00Z"]);
    let workers = scene.run("operator", &["workers"]);
    let worker = workers["workers"][0]["name"].as_str().unwrap().to_owned();
    scene.change("drain", &[&worker]);
    scene.change("drain", &[&worker, "--undo"]);
    scene.change("secrets rewrap", &[]);
    scene.damage();
    let repaired = scene.change("check", &["--repair"]);
    assert_eq!(repaired["violations"], 0, "{repaired}");
    scene.change("purge", &["--finished", "--older-than", "1m", "--all", "--yes"]);
    let directory = TempDir::new("commands");
    let file = directory.path().join("endpoints.jsonl");
    let line = json!({"accountId": account, "url": "http://127.0.0.1:9009/moved", "events": ["*"]});
    std::fs::write(&file, line.to_string()).unwrap();
    let allowed = ["--allow-http", "true", "--allow-networks", "127.0.0.0/8"];
    scene.change(
        "import",
        &[&allowed[..], &["--without-secrets", file.to_str().unwrap()]].concat(),
    );
    scene.change("keys create", &["second"]);
    scene.change("keys revoke", &["second", "--yes"]);
    scene.change("secrets accept", &[]);
    scene.change("store accept", &[]);
    scene.change("store upgrade", &[]);
    let shards = scene.run("operator", &["shards"]);
    let is_there = |shard: &&Value| shard["accounts"] == 1;
    let here = shards["shards"]
        .as_array()
        .unwrap()
        .iter()
        .find(is_there)
        .unwrap();
    let there = (1 - here["shard"].as_u64().unwrap()).to_string();
    scene.change("account move", &[account, &there, "--keep-old-for", "1"]);
    scene.change("shards grow", &["3", "--all-are-restarted"]);

    let looked_at: BTreeSet<&str> = scene.done.iter().map(String::as_str).collect();
    let elsewhere = IN_A_CLUSTER.iter().map(|(command, _)| *command);
    let known = looked_at
        .iter()
        .copied()
        .chain(READING.iter().copied())
        .chain(elsewhere);
    let commands = commands();
    assert_eq!(
        known.collect::<BTreeSet<_>>(),
        commands.keys().map(String::as_str).collect(),
        "which commands change something, and is that noted?"
    );
    for command in READING {
        assert!(!commands[*command].contains("--why"), "{command} only reads");
    }
    scene.system.stop();
}
