//! Key by key (`SETSLOT`, `MIGRATE`), as every server with a cluster can.
//!
//! Each step can be repeated: a key that has arrived, and that the old node still has because an answer was lost, is replaced by what the old
//! node has, since nobody can have changed it elsewhere. The store's identity goes first: should the old node die half-way, and a replica
//! that doesn't know of the move (as up to Redis 7) take its place, nobody takes what it has for the store.

use super::Progress;
use super::fault::MoveError;
use super::layout::Node;
use super::nodes::{Door, Doors};

/// How long the two nodes may be silent to each other, in ms.
const SILENT_FOR: u32 = 20_000;

/// Moves what the old node still has of the slot, and tells everybody.
pub(super) async fn go(
    doors: &Doors,
    from: &Node,
    to: &Node,
    slot: u16,
    identity: &str,
    at_a_time: u16,
    tell: &impl Fn(Progress),
) -> Result<(), MoveError> {
    let mut new = doors.open(&to.address).await?;
    // Where the last step was lost, the new node has it already.
    if from.id != to.id {
        let mut old = doors.open(&from.address).await?;
        let () = new.ask(set_slot(slot).arg("IMPORTING").arg(&from.id)).await?;
        let () = old.ask(set_slot(slot).arg("MIGRATING").arg(&to.id)).await?;
        tell(Progress::Closed);
        take_over(doors, &mut old, to, slot, identity, at_a_time, tell).await?;
    }
    // The new node first: from then on somebody has the slot, whatever happens.
    let () = new.ask(set_slot(slot).arg("NODE").arg(&to.id)).await?;
    if from.id != to.id {
        let mut old = doors.open(&from.address).await?;
        let () = old.ask(set_slot(slot).arg("NODE").arg(&to.id)).await?;
    }
    let layout = doors.layout().await?.unwrap_or_default();
    for node in layout.nodes.iter().filter(|node| node.is_primary) {
        // Whoever is away hears of it from the others.
        if let Ok(mut other) = doors.open(&node.address).await {
            let () = other.ask(set_slot(slot).arg("NODE").arg(&to.id)).await?;
        }
    }
    Ok(())
}

async fn take_over(
    doors: &Doors,
    old: &mut Door,
    to: &Node,
    slot: u16,
    identity: &str,
    at_a_time: u16,
    tell: &impl Fn(Progress),
) -> Result<(), MoveError> {
    let count = redis::cmd("CLUSTER").arg("COUNTKEYSINSLOT").arg(slot).to_owned();
    let left: u64 = old.ask(&count).await?;
    let mut keys = vec![identity.as_bytes().to_vec()];
    let (mut moved, mut of) = (0, left);
    while !keys.is_empty() {
        let (host, port) = &to.address;
        let mut command = redis::cmd("MIGRATE");
        command.arg(host).arg(port).arg("").arg(0).arg(SILENT_FOR);
        command.arg("REPLACE").arg(doors.login()).arg("KEYS").arg(&keys);
        let _: String = old.ask(&command).await?;
        let list = redis::cmd("CLUSTER")
            .arg("GETKEYSINSLOT")
            .arg(slot)
            .arg(at_a_time)
            .to_owned();
        keys = old.ask(&list).await?;
        let now: u64 = if keys.is_empty() {
            0
        } else {
            old.ask(&count).await?
        };
        // A few more may have come before it was closed.
        of = of.max(now);
        moved = of - now;
        tell(Progress::Keys { moved, of });
    }
    tracing::debug!(slot, moved, "all keys of a slot are at its new node");
    Ok(())
}

fn set_slot(slot: u16) -> redis::Cmd {
    redis::cmd("CLUSTER").arg("SETSLOT").arg(slot).to_owned()
}
