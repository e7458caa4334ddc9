//! The access list of Redis has exactly what the programs use: the commands are collected from the scripts and from the
//! code, so that neither a new one can be forgotten nor an old one be left over.
//!
//! Proves (security): Least rights

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use e2e::redis_server::RedisServer;
use e2e::state::connect;
use e2e::workspace::root;
use regex::Regex;
use store::server::replay_rights::REPLAYED;

use Who::{Api, Mender, Mover, Operator, Worker};

/// The users of the access list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Api,
    /// The workers, and `webhooksctl secrets rewrap`, `endpoints enable`, `account move` and `store upgrade`.
    Worker,
    /// `operator-write`: what an operator reads, and whatever `webhooksctl` mends.
    Mender,
    /// `webhooksctl check`, and whoever follows docs/operations.md.
    Operator,
    /// `webhooksctl shards move`: operators of a cluster add this user themselves, as docs/operations.md says.
    Mover,
}

/// Who runs each script.
const SCRIPTS: &[(&str, Who)] = &[
    ("accept", Api),
    ("choose", Api),
    ("displace", Api),
    ("clock", Api),
    ("clock", Mender),
    ("call_count", Api),
    ("api_key_create", Api),
    ("api_key_use", Api),
    ("api_key_revoke", Api),
    ("portal_session_create", Api),
    ("portal_session_use", Api),
    ("portal_session_revoke", Api),
    ("work", Worker),
    ("upkeep", Worker),
    ("check_note", Worker),
    ("check_note", Mender),
    ("worker_register", Worker),
    ("worker_leave", Worker),
    ("worker_drain", Worker),
    ("worker_drain", Mender),
    ("parked_find", Worker),
    ("destinations_note", Worker),
    ("outage_note", Worker),
    ("strikes_take_back", Worker),
    ("endpoint_create", Api),
    ("endpoint_create", Mender),
    ("endpoint_update", Api),
    ("endpoint_retry", Api),
    ("endpoint_rotate", Api),
    ("endpoint_rewrap", Worker),
    ("endpoint_rewrap", Mender),
    ("endpoint_enable", Worker),
    ("endpoint_enable", Mender),
    ("endpoint_hold", Worker),
    ("endpoint_hold", Mender),
    ("account_erase", Api),
    ("account_erase_step", Worker),
    ("account_move_begin", Worker),
    ("account_move_begin", Mender),
    ("account_move_arrive", Worker),
    ("account_move_arrive", Mender),
    ("account_move_close", Worker),
    ("account_move_close", Mender),
    ("account_move_walk", Worker),
    ("account_move_walk", Mender),
    ("account_move_sizes", Worker),
    ("account_move_sizes", Mender),
    ("account_move_switch", Worker),
    ("account_move_switch", Mender),
    ("account_move_open", Worker),
    ("account_move_open", Mender),
    ("account_move_leave", Worker),
    ("account_move_leave", Mender),
    ("account_move_remove", Worker),
    ("account_move_remove", Mender),
    ("account_move_end", Worker),
    ("account_move_end", Mender),
    ("account_limits", Api),
    ("account_hold", Api),
    ("account_hold", Worker),
    ("account_hold", Mender),
    ("endpoint_remove", Api),
    ("endpoint_list", Api),
    ("endpoint_health", Api),
    ("account_summary", Api),
    ("history_find", Worker),
    ("history_forestall", Api),
    ("history_forestall", Worker),
    ("history_forestall", Mender),
    ("history_replace", Api),
    ("history_replace", Worker),
    ("history_replace", Mender),
    ("event_erase", Api),
    ("event_erase", Worker),
    ("event_erase", Mender),
    ("log_erase", Api),
    ("log_erase", Worker),
    ("log_erase", Mender),
    ("history_read_events", Worker),
    ("history_write_events", Worker),
    ("history_write_log", Worker),
    ("history_write_log", Api),
    ("history_write_log", Mender),
    ("history_lookup", Api),
    ("history_lookup", Worker),
    ("history_lookup", Mender),
    ("event_heads", Api),
    ("event_trace", Api),
    ("event_trace", Worker),
    ("event_trace", Mender),
    ("log_heads", Api),
    ("log_page", Api),
    ("log_records", Api),
    ("log_waiting", Api),
    ("delivery_get", Api),
    ("replay_one", Api),
    ("replay_one", Mender),
    ("replay_start", Api),
    ("replay_start", Mender),
    ("replay_get", Api),
    ("replay_get", Mender),
    ("replay_cancel", Api),
    ("replay_cancel", Mender),
    ("replay_count", Api),
    ("replay_count", Mender),
    ("replay_look", Worker),
    ("replay_step", Worker),
    ("test_event_request", Api),
    ("test_event_begin", Worker),
    ("test_event_finish", Worker),
    ("test_event_withdraw", Api),
    ("policy_announce", Worker),
    ("operator_event_next", Worker),
    ("observer_take", Worker),
    ("event_types_announce", Api),
    ("event_types_keep", Api),
    ("directory_enter", Worker),
    ("directory_enter", Mender),
    ("shards_grow", Worker),
    ("shards_grow", Mender),
    ("service_keys_enter", Mender),
    ("secrets_key_keep", Api),
    ("secrets_key_keep", Worker),
    ("secrets_key_keep", Mender),
    ("store_watch", Api),
    ("store_watch", Worker),
    ("store_watch", Mender),
    ("store_claim", Api),
    ("store_claim", Worker),
    ("store_claim", Mender),
    ("store_upgrade", Worker),
    ("store_upgrade", Mender),
    ("endpoint_discard", Mender),
    ("endpoint_release", Mender),
    ("deliveries_cancel", Mender),
    ("history_purge", Mender),
    ("audit_note", Worker),
    ("audit_note", Mender),
    ("repair_sum", Mender),
    ("repair_endpoint", Mender),
    ("repair_finished", Mender),
    ("repair_member", Mender),
    ("repair_lifetime", Mender),
    ("repair_shares", Mender),
    ("repair_delivery", Mender),
    ("store_room", Api),
    ("store_room", Worker),
];

/// Who sends the commands that stand in the code of each file of the store.
const CODE: &[(&str, &str, &[Who])] = &[
    ("accounts/erasing.rs", "hgetall", &[Api]),
    ("accounts/limits.rs", "get", &[Api, Mender]),
    ("api_keys/mod.rs", "hexists hgetall", &[Api]),
    (
        "check/look.rs",
        "get hgetall hmget hstrlen lrange pttl strlen xrange zrange",
        &[Operator],
    ),
    ("check/noted.rs", "hgetall", &[Operator]),
    ("audit.rs", "xadd", &[Mover]),
    ("audit.rs", "xrevrange", &[Operator]),
    ("check/standing.rs", "hgetall llen lrange zcard", &[Operator]),
    ("check/walk.rs", "hgetall scan", &[Operator]),
    (
        "connection/cluster/view.rs",
        "cluster|info cluster|slots",
        &[Api, Worker, Operator, Mover, Mender],
    ),
    (
        "connection/reconnecting.rs",
        "client|setname",
        &[Api, Worker, Operator, Mover, Mender],
    ),
    // Asked of sentinels, which have lists of their own.
    ("connection/sentinels/sentinel.rs", "sentinel", &[]),
    (
        "connection/primary.rs",
        "role",
        &[Api, Worker, Operator, Mover, Mender],
    ),
    ("diagnosis.rs", "client|list", &[Worker, Operator, Mender]),
    ("endpoints/enable.rs", "hmget", &[Worker, Mender]),
    ("endpoints/hold.rs", "get", &[Api, Worker, Mender]),
    ("endpoints/leftovers.rs", "lrange", &[Mender]),
    ("endpoints/mod.rs", "hkeys", &[Api, Worker, Operator, Mender]),
    ("endpoints/scan.rs", "scan", &[Api, Worker, Operator, Mender]),
    ("endpoints/stored.rs", "hmget", &[Operator, Mender]),
    ("erasing/answers.rs", "hmget", &[Api, Worker, Mender]),
    (
        "erasing/unfinished.rs",
        "hmget lrange zscan",
        &[Api, Worker, Mender],
    ),
    ("event_types.rs", "hgetall scan", &[Api, Mender]),
    ("events/confirm.rs", "wait waitaof", &[Api]),
    ("events/lookup.rs", "hget hgetall", &[Api]),
    (
        "identity/accept.rs",
        "hgetall",
        &[Worker, Operator, Mover, Mender],
    ),
    ("identity/upgrade.rs", "client|list", &[Worker, Mender]),
    ("shards/accounts.rs", "get scan", &[Worker, Operator, Mender]),
    ("shards/adopting.rs", "del hgetall", &[Worker, Mender]),
    ("shards/directory.rs", "hscan", &[Api, Worker, Operator, Mender]),
    ("server/info.rs", "info", &[Api, Worker, Mender]),
    ("server/replication.rs", "wait waitaof", &[Api]),
    (
        "history/log_blocks.rs",
        "zrange",
        &[Api, Worker, Operator, Mender],
    ),
    ("history/packing/entries.rs", "hmget", &[Worker]),
    (
        "history/packing/log.rs",
        "hmget xlen xrange",
        &[Api, Worker, Mender],
    ),
    ("history/mod.rs", "get", &[Api, Worker, Operator, Mender]),
    (
        "history/operator.rs",
        "hgetall hmget xrevrange zrange",
        &[Operator],
    ),
    ("mending/beside.rs", "hget llen zcard zrange zscore", &[Operator]),
    (
        "mending/purge.rs",
        "lindex llen zrange zscore",
        &[Operator, Mender],
    ),
    ("moving/copy.rs", "dump pttl restore", &[Worker, Mender]),
    ("moving/record.rs", "hgetall", &[Worker, Mender]),
    ("moving/walk.rs", "zrange", &[Worker, Mender]),
    ("live/mod.rs", "xrange", &[Operator]),
    ("live/who.rs", "hkeys zrange zrevrange", &[Operator]),
    ("log/account/queues.rs", "zrange", &[Api]),
    ("log/account/tail.rs", "xread", &[Api]),
    ("log/detail.rs", "hmget", &[Api]),
    (
        "log/range.rs",
        "xrange xrevrange",
        &[Api, Worker, Operator, Mender],
    ),
    (
        "log/since.rs",
        "hmget xinfo|stream",
        &[Api, Worker, Operator, Mender],
    ),
    ("log/story.rs", "hget hgetall llen lpos zscore", &[Operator]),
    ("log/story/event.rs", "hmget", &[Operator]),
    ("log/tail.rs", "xread", &[Api]),
    ("log/trace.rs", "lrange", &[Api, Worker, Operator, Mender]),
    ("overview/accounts.rs", "get hkeys hmget", &[Operator]),
    ("overview/books.rs", "hgetall time zcard", &[Operator]),
    (
        "overview/endpoints.rs",
        "hmget lindex llen zcard zcount zrange",
        &[Worker, Operator],
    ),
    ("overview/mod.rs", "hgetall", &[Operator]),
    ("overview/outlook.rs", "hgetall", &[Operator]),
    ("overview/time.rs", "hget hmget time", &[Operator]),
    ("overview/memory.rs", "dbsize memory|usage scan", &[Operator]),
    (
        "overview/roll.rs",
        "llen lrange zcard zcount zrange",
        &[Worker, Operator, Mender],
    ),
    ("parked.rs", "scan", &[Worker]),
    ("policy.rs", "hget hgetall", &[Api, Operator]),
    ("portal_sessions/mod.rs", "get zscore", &[Api]),
    ("queue/mod.rs", "blpop", &[Worker]),
    ("replays/step.rs", "hstrlen", &[Worker]),
    ("rewrap.rs", "hmget", &[Api, Worker, Mender]),
    ("rotation.rs", "hmget", &[Api]),
    ("secrets_key.rs", "get", &[Api, Worker, Operator, Mender]),
    ("server/replay_rights.rs", "acl|dryrun", &[Api, Worker, Mender]),
    ("scripts/call.rs", "evalsha fcall", &[Api, Worker]),
    // What runs as functions isn't an operator's.
    ("scripts/call.rs", "evalsha", &[Mender]),
    (
        "scripts/functions.rs",
        "function|delete function|list function|load",
        &[Api, Worker],
    ),
    ("server.rs", "config|get", &[Api, Worker, Mender]),
    (
        "slot_moving/at_once.rs",
        "cluster|getslotmigrations cluster|migrateslots",
        &[Mover],
    ),
    (
        "slot_moving/by_keys.rs",
        "cluster|countkeysinslot cluster|getkeysinslot cluster|setslot migrate",
        &[Mover],
    ),
    ("service_keys/mod.rs", "hgetall", &[Api, Operator, Mender]),
    ("slot_moving/nodes.rs", "cluster|nodes", &[Mover]),
    ("test_events/ask.rs", "blpop hget xrange", &[Api]),
    ("test_events/send.rs", "blpop", &[Worker]),
    ("workers/look.rs", "hgetall hscan zrange", &[Operator]),
    ("workers/mod.rs", "zcard", &[Worker]),
];

/// What the Redis client sends when the server doesn't know a script yet.
const LOADING_SCRIPTS: &str = "script|load";

/// What a node says to another one that it hands keys to, as whoever ordered that.
const HANDING_OVER: [&str; 2] = ["restore-asking", "select"];

/// What the operator has besides: the health check of the compose file, and a look at the server.
const LOOKING: [&str; 2] = ["info", "ping"];

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn store() -> PathBuf {
    root().join("common/store/src")
}

fn all<'a>(pattern: &str, text: &'a str) -> Vec<[&'a str; 2]> {
    let pattern = Regex::new(&format!("(?m){pattern}")).unwrap();
    pattern
        .captures_iter(text)
        .map(|found| [1, 2].map(|group| found.get(group).map_or("", |part| part.as_str())))
        .collect()
}

/// The commands of a script, with those of the parts that stand in front of it. Each must be written out where it is called.
fn commands_of_lua(script: &str, text: &str) -> BTreeSet<String> {
    let bases = text.matches("\n-- base.lua: ").count();
    let text = Regex::new("--.*").unwrap().replace_all(text, "").into_owned();
    let calls = all(r"\b(?:p?call|try)\(", &text).len();
    let mut named = all(r"\b(?:p?call|try)\('([A-Z]+)'", &text);
    // The callers of `requeue` and `write_timer` pass them the command.
    let passed = all(r"\bcall\((?:push|command),", &text).len();
    assert_eq!(
        calls,
        named.len() + passed,
        "{script}: a command that is computed"
    );
    named.extend(all(r"\b(?:requeue|write_timer)\('([A-Z]+)'", &text));
    let renamed = all(r"redis\.(p?call)\b[^(]", &text).len();
    assert_eq!(
        renamed, bases,
        "{script}: only base.lua gives redis.call another name"
    );
    let command = |name: &str| match name {
        "XINFO" => "xinfo|stream".to_owned(),
        name => name.to_lowercase(),
    };
    named.iter().map(|[name, _]| command(name)).collect()
}

/// Each script's commands.
fn scripts() -> BTreeMap<String, BTreeSet<String>> {
    store::assembled_scripts()
        .into_iter()
        .map(|(name, text)| (name.to_owned(), commands_of_lua(name, &text)))
        .collect()
}

/// The files below a directory whose names end like this.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// The commands that stand in the code of each file of the store, which alone talks to Redis.
fn code() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for part in ["api", "worker"] {
        let manifest = read(&root().join(part).join("Cargo.toml"));
        let shipped = manifest.split("[dev-dependencies]").next().unwrap();
        assert!(
            !shipped.contains("\nredis"),
            "{part}: only the store talks to Redis"
        );
    }
    for file in files(&store(), ".rs") {
        let text = read(&file);
        let name = file.strip_prefix(store()).unwrap().to_string_lossy().into_owned();
        assert!(
            !text.contains("AsyncCommands") && !text.contains("redis::Commands"),
            "{name}: commands are written as redis::cmd(\"NAME\"), so that they can be collected"
        );
        let mut commands = BTreeSet::new();
        for [command, rest] in all(
            r#"\bcmd\("([A-Z]+)"\)\s*(?:;\s*let \w+ = &\*\w+)?((?:\.arg\("[A-Z]+"\))?)"#,
            &text,
        ) {
            let sub = rest.trim_start_matches(".arg(\"").trim_end_matches("\")");
            commands.insert(match command {
                "ACL" | "CONFIG" | "FUNCTION" | "XINFO" | "SCRIPT" | "CLIENT" | "MEMORY" | "CLUSTER" => {
                    format!("{command}|{sub}").to_lowercase()
                }
                _ => command.to_lowercase(),
            });
        }
        // A command that a function takes as an argument: the callers name it.
        if text.contains("redis::cmd(command)") {
            let named = all(r#""(XRANGE|XREVRANGE)""#, &text);
            commands.extend(named.iter().map(|[name, _]| name.to_lowercase()));
        }
        let computed = all(r"\bcmd\(([a-z]\w*)", &text);
        assert!(
            computed.iter().all(|[name, _]| *name == "command"),
            "{name}: a command that is computed"
        );
        if !commands.is_empty() {
            found.insert(name, commands);
        }
    }
    found
}

/// What the access list gives each user.
fn granted() -> BTreeMap<String, BTreeSet<String>> {
    let text = read(&root().join("docker/redis/users.acl"));
    let text: String = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            if line.starts_with(' ') {
                line.to_owned()
            } else {
                format!("\n{line}")
            }
        })
        .collect();
    text.lines()
        .filter_map(|line| line.strip_prefix("user "))
        .map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next().unwrap().to_owned();
            (name, words.map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn every_user_has_the_commands_that_are_used_and_no_other() {
    let (scripts, code) = (scripts(), code());
    let known: BTreeSet<_> = SCRIPTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(known, scripts.keys().cloned().collect(), "who runs each script?");
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, commands, _) in CODE {
        let commands = commands.split(' ').map(str::to_owned);
        listed.entry((*file).to_owned()).or_default().extend(commands);
    }
    assert_eq!(listed, code, "who sends each command?");

    let documented = ["operations", "redis-cli"].map(|page| read(&root().join(format!("docs/{page}.md"))));
    let documented = documented.concat();
    let mut wanted: BTreeMap<Who, BTreeSet<String>> = BTreeMap::new();
    for (name, who) in SCRIPTS {
        let commands = scripts[*name].iter().cloned();
        wanted.entry(*who).or_default().extend(commands);
    }
    for (_, commands, users) in CODE {
        for who in *users {
            let commands = commands.split(' ').map(str::to_owned);
            wanted.entry(*who).or_default().extend(commands);
        }
    }
    for who in [Api, Worker, Mender] {
        wanted.entry(who).or_default().insert(LOADING_SCRIPTS.to_owned());
    }
    wanted
        .entry(Mover)
        .or_default()
        .extend(HANDING_OVER.map(str::to_owned));
    let operator = wanted.entry(Operator).or_default();
    operator.extend(LOOKING.map(str::to_owned));
    operator.extend(all(r"redis-cli ([A-Z]+)(?: ([A-Z]+))?", &documented).iter().map(
        |[name, sub]| match *name {
            "CLIENT" | "MEMORY" | "SLOWLOG" => format!("{name}|{sub}").to_lowercase(),
            name => name.to_lowercase(),
        },
    ));

    let reads = wanted[&Operator].clone();
    wanted.entry(Mender).or_default().extend(reads);

    let granted = granted();
    for (who, name) in [
        (Api, "api"),
        (Worker, "worker"),
        (Operator, "operator"),
        (Mender, "operator-write"),
    ] {
        let commands: BTreeSet<_> = granted[name]
            .iter()
            .filter_map(|word| word.strip_prefix('+'))
            .map(str::to_owned)
            .collect();
        assert_eq!(commands, wanted[&who], "docker/redis/users.acl: {name}");
    }
    // Its line, and what it has besides where servers know that.
    let mover = e2e::redis_server::mover();
    let words = [mover.line.as_str(), &mover.here].join(" ");
    let commands = words.split_whitespace().filter_map(|word| word.strip_prefix('+'));
    let commands: BTreeSet<_> = commands.map(str::to_owned).collect();
    assert_eq!(commands, wanted[&Mover], "docs/operations.md: mover");
}

/// What a server replays after a restart must be asked for when a program starts.
#[test]
fn every_command_that_writes_is_asked_for_at_the_start() {
    let server = RedisServer::start();
    let granted = granted();
    let commands = granted["api"].union(&granted["worker"]);
    let commands: BTreeSet<_> = commands
        .cloned()
        .chain(granted["operator-write"].clone())
        .collect();
    // A function that is loaded stands alone in the file, in no transaction, so it asks for no right.
    let commands: Vec<_> = commands
        .iter()
        .filter_map(|word| word.strip_prefix('+'))
        .filter(|command| !command.starts_with("function|"))
        .collect();
    let mut asked = redis::cmd("COMMAND");
    asked.arg("INFO").arg(&commands);
    let known: Vec<Vec<redis::Value>> = asked.query(&mut connect(&server)).unwrap();
    let mut written = BTreeSet::new();
    for (command, description) in commands.into_iter().zip(known) {
        let flags: Vec<String> = redis::from_redis_value(description[2].clone()).unwrap();
        if flags.iter().any(|flag| flag == "write") {
            // As Redis writes them into its file.
            written.insert(match command {
                "pexpire" => "pexpireat",
                "blpop" => "lpop",
                other => other,
            });
        }
    }
    let replayed = REPLAYED.iter().map(|command| command.split(' ').next().unwrap());
    assert_eq!(
        written,
        replayed.collect(),
        "common/store/src/server/replay_rights.rs"
    );
}

#[test]
fn nobody_else_gets_in_and_nobody_reaches_other_keys() {
    let granted = granted();
    let names: Vec<_> = granted.keys().map(String::as_str).collect();
    assert_eq!(names, ["api", "default", "operator", "operator-write", "worker"]);
    let words = |name: &str| {
        let words = granted[name].iter().filter(|word| !word.starts_with('+'));
        words.map(String::as_str).collect::<Vec<_>>()
    };
    // Closed to all, and with all rights, which a server needs to replay its file.
    assert_eq!(words("default"), ["off", "resetchannels", "resetpass", "~*"]);
    assert!(granted["default"].contains("+@all"));
    let shard = store::keys::Keys::new(0).key("*").replace('0', "*");
    for name in ["api", "worker", "operator", "operator-write"] {
        let access = if name == "operator" { "%R~" } else { "~" };
        let hash = format!(
            "#@REDIS_{}_PASSWORD_SHA256@",
            name.to_uppercase().replace('-', "_")
        );
        let mut expected = vec![
            "-@all".to_owned(),
            "on".to_owned(),
            "resetchannels".to_owned(),
            hash,
        ];
        expected.extend([store::keys::META, &shard].map(|keys| format!("{access}{keys}")));
        expected.sort_unstable();
        let mut found = words(name);
        found.sort_unstable();
        assert_eq!(found, expected, "{name}");
    }
}
