//! What Redis says of its own work: processor time, calls, and the longest script.

use std::collections::{BTreeMap, HashMap};

use e2e::redis_server::RedisServer;
use e2e::state;
use redis::Connection;

/// Redis's counters at one moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    cpu_seconds: f64,
    /// Bytes that it holds.
    pub(crate) memory: f64,
    /// Command → calls and microseconds; what scripts call counts too.
    commands: HashMap<String, (f64, f64)>,
}

/// What happened between two moments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Work {
    /// Processor seconds of the server, all threads.
    pub(crate) cpu_seconds: f64,
    /// All commands, those within scripts too.
    pub(crate) commands: f64,
    /// Calls of scripts and functions.
    pub(crate) script_calls: f64,
    /// Seconds within them.
    pub(crate) script_seconds: f64,
    /// Commands that can't have come from a script, scripts among them.
    pub(crate) round_trips: f64,
    /// Bytes that it holds more than before.
    pub(crate) grown: f64,
    /// Each command with its calls and microseconds, the one that took longest in all first. A script's commands count in the
    /// script too.
    pub(crate) by_command: Vec<(String, f64, f64)>,
}

/// Commands that call a script or function.
const SCRIPTS: [&str; 5] = ["evalsha", "eval", "evalsha_ro", "fcall", "fcall_ro"];

/// What only clients send, of what matters here.
const BLOCKING: [&str; 5] = ["blpop", "brpop", "bzpopmin", "xread", "blmove"];

impl Counters {
    /// Asks the server, for no more than is counted: working out its percentiles alone would take it a millisecond or two.
    pub(crate) fn read(server: &RedisServer) -> Self {
        let info: String = redis::cmd("INFO")
            .arg(&["cpu", "memory", "commandstats"])
            .query(&mut state::connect(server))
            .unwrap();
        Self::parse(&info)
    }

    fn parse(info: &str) -> Self {
        let lines = info.lines().filter_map(|line| line.split_once(':'));
        let mut counters = Self::default();
        for (name, value) in lines {
            if let Some(command) = name.strip_prefix("cmdstat_") {
                let field = |wanted| {
                    let found = value.split(',').find_map(|field| field.strip_prefix(wanted));
                    found.and_then(|text| text.parse().ok()).unwrap_or(0.0)
                };
                // A subcommand has its container's name in front: `config|get`.
                counters
                    .commands
                    .insert(command.to_owned(), (field("calls="), field("usec=")));
            } else if matches!(name, "used_cpu_sys" | "used_cpu_user") {
                counters.cpu_seconds += value.parse::<f64>().unwrap();
            } else if name == "used_memory" {
                counters.memory = value.parse().unwrap();
            }
        }
        counters
    }

    /// What happened since `before`.
    pub(crate) fn since(&self, before: &Self) -> Work {
        let mut work = Work {
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            grown: self.memory - before.memory,
            ..Work::default()
        };
        for (command, (calls, micros)) in &self.commands {
            let (calls_before, micros_before) = before.commands.get(command).copied().unwrap_or_default();
            let calls = calls - calls_before;
            // Our own question.
            if matches!(
                command.as_str(),
                "info" | "hello" | "client|setinfo" | "auth" | "select"
            ) {
                continue;
            }
            work.commands += calls;
            if calls > 0.0 {
                let micros = micros - micros_before;
                work.by_command.push((command.clone(), calls, micros));
            }
            let is_script = SCRIPTS.contains(&command.as_str());
            if is_script {
                work.script_calls += calls;
                work.script_seconds += (micros - micros_before) / 1e6;
            }
            if is_script || BLOCKING.contains(&command.as_str()) {
                work.round_trips += calls;
            }
        }
        work.by_command.sort_by(|one, other| other.2.total_cmp(&one.2));
        work
    }
}

/// A call that took its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slow {
    /// The name of the script, or the command.
    pub(crate) name: String,
    /// How long it took.
    pub(crate) micros: u64,
}

/// Keeps Redis from rewriting its append-only file, which costs more the more was written before, at a moment that nobody chooses.
pub(crate) fn rewrite_no_file(server: &RedisServer) {
    configure(&mut state::connect(server), "auto-aof-rewrite-percentage", 0);
}

fn configure(connection: &mut Connection, name: &str, value: u32) {
    let mut set = redis::cmd("CONFIG");
    set.arg("SET").arg(name).arg(value).exec(connection).unwrap();
}

/// Makes Redis write down, from now on, every call that takes at least this many microseconds, and forget earlier ones.
pub(crate) fn watch_slow(server: &RedisServer, from_micros: u32) {
    let connection = &mut state::connect(server);
    configure(connection, "slowlog-max-len", 100_000);
    configure(connection, "slowlog-log-slower-than", from_micros);
    redis::cmd("SLOWLOG").arg("RESET").exec(connection).unwrap();
}

/// What was written down since, the oldest first, without what only the measurement asks.
pub(crate) fn slow_calls(server: &RedisServer) -> Vec<Slow> {
    type Entry = (i64, i64, u64, Vec<String>, String, String);
    let connection = &mut state::connect(server);
    let entries: Vec<Entry> = redis::cmd("SLOWLOG")
        .arg("GET")
        .arg(-1)
        .query(connection)
        .unwrap();
    let mut names = HashMap::new();
    let mut by_client: BTreeMap<String, Vec<(Slow, bool)>> = BTreeMap::new();
    for (_, _, micros, arguments, client, _) in entries.into_iter().rev() {
        let command = arguments
            .first()
            .map(|name| name.to_lowercase())
            .unwrap_or_default();
        let is_script = SCRIPTS.contains(&command.as_str());
        let name = match arguments.get(1) {
            Some(script) if is_script => names
                .entry(script.clone())
                .or_insert_with(|| script_name(connection, script))
                .clone(),
            _ => command,
        };
        let ours = ["slowlog", "config", "info", "hello", "client", "script"];
        if !ours.contains(&name.as_str()) {
            let calls = by_client.entry(client).or_default();
            calls.push((Slow { name, micros }, is_script));
        }
    }
    by_client.into_values().flat_map(without_inner).collect()
}

/// The calls of one client without those that its scripts made: they are written down too, before the script itself.
fn without_inner(calls: Vec<(Slow, bool)>) -> Vec<Slow> {
    let mut outer: Vec<(Slow, bool)> = Vec::new();
    for (call, is_script) in calls {
        let mut left = if is_script { call.micros } else { 0 };
        while let Some((inner, false)) = outer.last()
            && is_script
            && inner.micros <= left
        {
            left -= inner.micros;
            outer.pop();
        }
        outer.push((call, is_script));
    }
    outer.into_iter().map(|(call, _)| call).collect()
}

/// The name in the first line of a script's own comment (`-- accept: an event …`); its hash where the server doesn't have it.
fn script_name(connection: &mut Connection, hash: &str) -> String {
    let source: redis::RedisResult<String> = redis::cmd("SCRIPT").arg("SHOW").arg(hash).query(connection);
    let named = source.ok().as_deref().and_then(name_in).map(str::to_owned);
    named.unwrap_or_else(|| hash.chars().take(12).collect())
}

/// The last comment of the form `-- name: …` whose name is one word and which is followed by `ARGV`: shared parts, which
/// stand in front, take no arguments.
fn name_in(source: &str) -> Option<&str> {
    let is_word =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
    let lines: Vec<_> = source.lines().collect();
    let mut names = lines.iter().enumerate().filter_map(|(index, line)| {
        let (name, _) = line.strip_prefix("-- ")?.split_once(':')?;
        let comment = lines[index..].iter().take_while(|line| line.starts_with("--"));
        let takes_arguments = comment.clone().any(|line| line.contains("ARGV"));
        (is_word(name) && takes_arguments).then_some(name)
    });
    names.next_back()
}

#[cfg(test)]
mod tests;
