//! Who has which slots, and which of these are half-way: what `CLUSTER NODES` says, read. Pure.
//!
//! A node tells of its own half-moved slots only, so what is known of each comes from itself where it can be asked.

use std::fmt;

use super::fault::MoveError;
use crate::connection::Address;

/// A node of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: String,
    /// Its address, and its name where it has one.
    pub(super) address: Address,
    hostname: Option<String>,
    is_myself: bool,
    /// Whether it is a primary that the others believe alive.
    pub(super) is_primary: bool,
    is_replica: bool,
    pub(super) epoch: u64,
    slots: Vec<(u16, u16)>,
    /// Slots that it gives to a node, and that it gets from one.
    migrating: Vec<(u16, String)>,
    importing: Vec<(u16, String)>,
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = &self.address;
        if host.contains(':') {
            write!(formatter, "[{host}]:{port}")
        } else {
            write!(formatter, "{host}:{port}")
        }
    }
}

impl Node {
    fn has(&self, slot: u16) -> bool {
        self.slots
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&slot))
    }

    fn gets(&self, slot: u16) -> bool {
        self.importing.iter().any(|(number, _)| *number == slot)
    }

    fn gives_to(&self, slot: u16) -> Option<&String> {
        let found = self.migrating.iter().find(|(number, _)| *number == slot);
        found.map(|(_, to)| to)
    }

    fn is_called(&self, name: &str) -> bool {
        let (host, port) = &self.address;
        let plain = |host: &str| format!("{host}:{port}") == name;
        self.id == name
            || self.to_string() == name
            || plain(host)
            || self.hostname.as_deref().is_some_and(plain)
    }
}

/// All nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) nodes: Vec<Node>,
}

impl Layout {
    /// Reads what a node at `host` says of all. Over TLS nodes are reached by name, where they have one.
    pub(super) fn read(text: &str, host: &str, by_name: bool) -> Self {
        let nodes = text.lines().filter_map(|line| node(line, host, by_name));
        Self {
            nodes: nodes.collect(),
        }
    }

    /// The last failover or move that it knows of.
    pub(super) fn epoch(&self) -> u64 {
        self.nodes.iter().map(|node| node.epoch).max().unwrap_or(0)
    }

    /// Takes what a node says of itself for what others said of it.
    pub(super) fn note(&mut self, own: Self) {
        let Some(own) = own.nodes.into_iter().find(|node| node.is_myself) else {
            return;
        };
        if let Some(known) = self.nodes.iter_mut().find(|node| node.id == own.id) {
            let address = known.address.clone();
            *known = Node { address, ..own };
        }
    }

    /// The primary that has a slot: after a failover or a move two may believe it, of which the later one is right.
    pub(super) fn owner(&self, slot: u16) -> Result<&Node, MoveError> {
        let having = self.nodes.iter().filter(|node| node.has(slot));
        let owner = having.max_by_key(|node| node.epoch);
        owner
            .filter(|node| node.is_primary)
            .ok_or_else(|| MoveError::Refused(format!("no primary that is alive has the hash slot {slot}")))
    }

    /// The primary of this address or id.
    pub(super) fn primary(&self, name: &str) -> Result<&Node, MoveError> {
        let refused = |reason: &str| {
            let primaries = self.nodes.iter().filter(|node| node.is_primary);
            let all: Vec<_> = primaries.map(ToString::to_string).collect();
            MoveError::Refused(format!("{name} {reason}: it must be one of {}", all.join(", ")))
        };
        match self.nodes.iter().find(|node| node.is_called(name)) {
            Some(node) if node.is_primary => Ok(node),
            Some(node) if node.is_replica => Err(refused("is a replica")),
            Some(_) => Err(refused("is away")),
            None => Err(refused("is no node of the cluster")),
        }
    }

    /// What people call the node with this id.
    pub(super) fn named(&self, id: &str) -> String {
        let found = self.nodes.iter().find(|node| node.id == id);
        found.map_or_else(|| id.to_owned(), ToString::to_string)
    }

    /// Whether a slot is half-way, as any node has it.
    pub(super) fn is_open(&self, slot: u16) -> bool {
        self.nodes
            .iter()
            .any(|node| node.gets(slot) || node.gives_to(slot).is_some())
    }

    /// The node that a slot is half-way to, if that is another one.
    pub(super) fn goes_elsewhere(&self, slot: u16, to: &Node) -> Option<String> {
        let given = self.nodes.iter().filter_map(|node| node.gives_to(slot));
        let given = given.filter(|id| **id != to.id).map(|id| self.named(id));
        let gets = self
            .nodes
            .iter()
            .filter(|node| node.gets(slot) && node.id != to.id);
        given.chain(gets.map(ToString::to_string)).next()
    }
}

/// `<id> <host>:<port>@<port>[,<name>,…] <flags> <primary> <ping> <pong> <epoch> <link> <slots>…`
fn node(line: &str, asked: &str, by_name: bool) -> Option<Node> {
    let words: Vec<_> = line.trim().split(' ').collect();
    let mut names = words.get(1)?.split(',');
    let (address, _) = names.next()?.split_once('@')?;
    let (host, port) = address.rsplit_once(':')?;
    let hostname = names
        .next()
        .filter(|name| !name.is_empty() && !name.contains('='))
        .map(str::to_owned);
    let host = match (&hostname, host) {
        (Some(name), _) if by_name => name.clone(),
        (_, "") => asked.to_owned(),
        (_, host) => host.trim_start_matches('[').trim_end_matches(']').to_owned(),
    };
    let flags: Vec<_> = words.get(2)?.split(',').collect();
    let is = |flag: &str| flags.contains(&flag);
    let open = |mark: &str| {
        let words = words.iter().skip(8);
        let open = words.filter_map(|word| word.strip_prefix('[')?.strip_suffix(']')?.split_once(mark));
        open.filter_map(|(slot, id)| Some((slot.parse().ok()?, id.to_owned())))
            .collect::<Vec<_>>()
    };
    let range = |word: &&str| {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        Some((first.parse().ok()?, last.parse().ok()?))
    };
    Some(Node {
        id: (*words.first()?).to_owned(),
        address: (host, port.parse().ok()?),
        hostname,
        is_myself: is("myself"),
        is_primary: is("master") && !is("fail") && !is("handshake") && !is("noaddr"),
        is_replica: is("slave"),
        epoch: words.get(6)?.parse().ok()?,
        slots: words.iter().skip(8).filter_map(range).collect(),
        migrating: open("->-"),
        importing: open("-<-"),
    })
}

#[cfg(test)]
mod tests;
