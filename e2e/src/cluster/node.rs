//! Asks a node of a cluster what it knows.

use redis::{FromRedisValue, ToRedisArgs};

use crate::redis_server::RedisServer;
use crate::state::connect;

/// A node as another one sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its name in the cluster.
    pub id: String,
    /// Where it listens.
    pub port: u16,
    /// `master`, `slave`, `fail`, …
    pub flags: Vec<String>,
    /// The name of its primary, `-` for none.
    pub primary: String,
    /// Its slots, first and last.
    pub slots: Vec<(u16, u16)>,
}

/// Sends one command to a node.
///
/// # Panics
///
/// When it refuses.
pub fn ask<T: FromRedisValue>(node: &RedisServer, words: &[impl ToRedisArgs]) -> T {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    command.query(&mut connect(node)).expect("the node answers")
}

/// What a node says of all, itself included; nothing if it doesn't answer.
#[must_use]
pub fn seen(node: &RedisServer) -> Vec<Seen> {
    info(node, "CLUSTER NODES").lines().filter_map(read).collect()
}

/// `<id> <host>:<port>@<port>,… <flags> <primary> <ping> <pong> <epoch> <link> <slots>…`
fn read(line: &str) -> Option<Seen> {
    let words: Vec<_> = line.trim().split(' ').collect();
    let (address, _) = words.get(1)?.split_once('@')?;
    let slot = |text: &&str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    Some(Seen {
        id: (*words.first()?).to_owned(),
        port: address.rsplit_once(':')?.1.parse().ok()?,
        flags: words.get(2)?.split(',').map(str::to_owned).collect(),
        primary: (*words.get(3)?).to_owned(),
        slots: words.iter().skip(8).filter_map(slot).collect(),
    })
}

pub(super) fn primary_at(node: &RedisServer, slot: u16) -> Option<u16> {
    let has = |seen: &Seen| {
        seen.slots
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&slot))
    };
    seen(node).into_iter().find(has).map(|seen| seen.port)
}

pub(super) fn id(node: &RedisServer) -> String {
    ask(node, &["CLUSTER", "MYID"])
}

pub(super) fn info(node: &RedisServer, command: &str) -> String {
    node.raw(command).unwrap_or_default()
}
