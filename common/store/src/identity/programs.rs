//! Who is connected: which schemas the programs know that hold connections.

use std::env;

use super::schema::NEWEST;

/// The name of this program's connections, such as `webhooks-worker/0.1.0+n16+s5`: its file, its release, how many shards it has, and
/// the newest schema that it knows.
pub(crate) fn program_name(shards: u16) -> String {
    let file = env::current_exe().ok();
    let stem = file.as_ref().and_then(|file| file.file_stem()?.to_str());
    name_of(stem.unwrap_or("webhooks"), shards)
}

/// Redis takes no spaces and no control characters in a name.
fn name_of(program: &str, shards: u16) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let program = program.replace(|character| !is_plain(character), "_");
    format!("{program}/{}+n{shards}+s{NEWEST}", env!("CARGO_PKG_VERSION"))
}

/// The newest schema that the program knows whose connection has this name; `None` for a name that isn't one of ours.
fn schema_in(name: &str) -> Option<u32> {
    let (program, schema) = name.rsplit_once("+s")?;
    program.contains('/').then(|| schema.parse().ok())?
}

/// How many shards the program has whose connection has this name, if it serves accounts: an operator's tool doesn't.
fn shards_in(name: &str) -> Option<u16> {
    let (program, _) = name.rsplit_once("+s")?;
    let (program, shards) = program.rsplit_once("+n")?;
    let serves = program.contains('/') && !program.starts_with("webhooksctl/");
    serves.then(|| shards.parse().ok())?
}

/// What programs of releases before names send by themselves. Each of them asks about once a second, so that its last command
/// is never another one for long.
const SENT_BEFORE_NAMES: [&str; 18] = [
    "acl|dryrun",
    "blpop",
    "config|get",
    "evalsha",
    "fcall",
    "function|delete",
    "function|list",
    "function|load",
    "hget",
    "hgetall",
    "hmget",
    "info",
    "scan",
    "script|load",
    "xinfo|stream",
    "xrange",
    "xread",
    "xrevrange",
];

/// The connections in an answer to `CLIENT LIST` that seem to be those of programs which don't know this schema, as words for a
/// person: those whose name says so, and those without any name (nor the name of a library) that last sent what programs of
/// before send.
pub(crate) fn that_know_less(list: &str, schema: u32) -> Vec<String> {
    let lines = list.lines().map(Client);
    lines
        .filter(|client| client.knows_less(schema))
        .map(|client| client.described())
        .collect()
}

/// The connections of programs that have fewer shards than this, as words for a person.
pub(crate) fn that_have_fewer(list: &str, shards: u16) -> Vec<String> {
    let lines = list.lines().map(Client);
    lines
        .filter(|client| shards_in(client.field("name")).is_some_and(|has| has < shards))
        .map(|client| client.described())
        .collect()
}

/// A line of `CLIENT LIST`.
#[derive(Clone, Copy)]
struct Client<'a>(&'a str);

impl<'a> Client<'a> {
    /// The value of a field; empty if the server doesn't tell it.
    fn field(self, name: &str) -> &'a str {
        let fields = self.0.split(' ').filter_map(|field| field.split_once('='));
        fields
            .into_iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }

    fn knows_less(self, schema: u32) -> bool {
        let name = self.field("name");
        if let Some(known) = schema_in(name) {
            return known < schema;
        }
        // A replica, a master, a monitor, a subscriber.
        let has_role = self.field("flags").contains(['S', 'M', 'O', 'P']);
        let is_named = !name.is_empty() || !self.field("lib-name").is_empty();
        !has_role && !is_named && SENT_BEFORE_NAMES.contains(&self.field("cmd"))
    }

    fn described(self) -> String {
        let [address, name, user, command] = ["addr", "name", "user", "cmd"].map(|field| self.field(field));
        let name = if name.is_empty() { "without a name" } else { name };
        format!("{address} ({name}, user {user}, last command {command})")
    }
}

#[cfg(test)]
mod tests;
