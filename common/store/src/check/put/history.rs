//! Blocks of history and their index.

use super::{Done, Scored};
use crate::check::history::BlockFacts;
use crate::check::snapshot::Snapshot;

pub(in crate::check) fn block(snapshot: &mut Snapshot, id: &str, length: usize) -> Done {
    if length > 0 {
        snapshot.history.blocks.insert(id.to_owned(), length); // else it has gone just now
    }
    Ok(())
}

pub(in crate::check) fn log_blocks(snapshot: &mut Snapshot, endpoint: &str, members: Scored) -> Done {
    add_blocks(snapshot, "log", endpoint, members)
}

pub(in crate::check) fn delivered_blocks(snapshot: &mut Snapshot, account: &str, members: Scored) -> Done {
    add_blocks(snapshot, "delivered", account, members)
}

pub(in crate::check) fn exhausted_blocks(snapshot: &mut Snapshot, account: &str, members: Scored) -> Done {
    add_blocks(snapshot, "exhausted", account, members)
}

fn add_blocks(snapshot: &mut Snapshot, class: &'static str, owner: &str, members: Scored) -> Done {
    let index = snapshot
        .history
        .index
        .entry((class, owner.to_owned()))
        .or_default();
    for (descriptor, ms) in members {
        let facts = match class {
            "log" => BlockFacts::of_log(&descriptor),
            _ => BlockFacts::of_events(&descriptor, owner),
        };
        index.push((
            facts.ok_or_else(|| format!("{descriptor:?} is no descriptor"))?,
            ms,
        ));
    }
    Ok(())
}

pub(in crate::check) fn set_aside(snapshot: &mut Snapshot, queue: &str, members: Scored) -> Done {
    let name = format!("sweep:{queue}:blocks:log");
    if !snapshot.set_aside.contains(&name) {
        snapshot.set_aside.push(name);
    }
    for (descriptor, _) in members {
        let facts = BlockFacts::of_log(&descriptor);
        let facts = facts.ok_or_else(|| format!("{descriptor:?} is no descriptor"))?;
        snapshot.history.set_aside.push(facts);
    }
    Ok(())
}

pub(in crate::check) fn oldest_log(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_oldest(snapshot, "log", members)
}

pub(in crate::check) fn oldest_delivered(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_oldest(snapshot, "delivered", members)
}

pub(in crate::check) fn oldest_exhausted(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_oldest(snapshot, "exhausted", members)
}

fn add_oldest(snapshot: &mut Snapshot, class: &'static str, members: Scored) -> Done {
    let times = members.into_iter().map(|(owner, ms)| ((class, owner), ms));
    snapshot.history.oldest.extend(times);
    Ok(())
}

pub(in crate::check) fn of_account(snapshot: &mut Snapshot, account: &str, members: Scored) -> Done {
    let times = members
        .into_iter()
        .map(|(series, ms)| ((account.to_owned(), series), ms));
    snapshot.history.of_accounts.extend(times);
    Ok(())
}

pub(in crate::check) fn bytes(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_bytes(snapshot, false, members)
}

pub(in crate::check) fn bytes_exhausted(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_bytes(snapshot, true, members)
}

fn add_bytes(snapshot: &mut Snapshot, exhausted: bool, members: Scored) -> Done {
    let bytes = members
        .into_iter()
        .map(|(account, bytes)| ((account, exhausted), bytes));
    snapshot.history.bytes.extend(bytes);
    Ok(())
}
