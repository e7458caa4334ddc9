//! Moves a slot from one node to another.

use std::time::{Duration, Instant};

use super::AGREE_DEADLINE;
use super::node::{ask, id, primary_at};
use crate::redis_server::RedisServer;

/// Moves a slot in one step (Valkey from 9), and waits until both nodes say so.
///
/// # Panics
///
/// When they don't.
pub fn migrate(slot: u16, from: &RedisServer, to: &RedisServer) {
    let number = slot.to_string();
    let _: () = ask(
        from,
        &[
            "CLUSTER",
            "MIGRATESLOTS",
            "SLOTSRANGE",
            &number,
            &number,
            "NODE",
            &id(to),
        ],
    );
    has_moved(slot, &[from, to], to);
}

/// Begins to move a slot key by key.
pub fn begin_to_move(slot: u16, from: &RedisServer, to: &RedisServer) {
    let number = slot.to_string();
    let _: () = ask(to, &["CLUSTER", "SETSLOT", &number, "IMPORTING", &id(from)]);
    let _: () = ask(from, &["CLUSTER", "SETSLOT", &number, "MIGRATING", &id(to)]);
}

/// Moves the keys, and ends what [`begin_to_move`] has begun.
pub fn end_to_move(slot: u16, from: &RedisServer, to: &RedisServer) {
    let (number, port) = (slot.to_string(), to.address().port().to_string());
    loop {
        let keys: Vec<String> = ask(from, &["CLUSTER", "GETKEYSINSLOT", &number, "100"]);
        if keys.is_empty() {
            break;
        }
        let mut words = ["MIGRATE", "127.0.0.1", &port, "", "0", "10000", "KEYS"]
            .map(str::to_owned)
            .to_vec();
        words.extend(keys);
        let _: () = ask(from, &words);
    }
    for node in [to, from] {
        let _: () = ask(node, &["CLUSTER", "SETSLOT", &number, "NODE", &id(to)]);
    }
    has_moved(slot, &[from, to], to);
}

fn has_moved(slot: u16, nodes: &[&RedisServer], to: &RedisServer) {
    let deadline = Instant::now() + AGREE_DEADLINE;
    let port = Some(to.address().port());
    while !nodes.iter().all(|node| primary_at(node, slot) == port) {
        let log = nodes[0].log();
        assert!(Instant::now() < deadline, "the slot doesn't move: {log}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
