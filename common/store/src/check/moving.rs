//! Leaves out what is on its way to another shard: while an account is closed nothing looks after it, a copy is incomplete until it counts,
//! and so is what is left behind.

use std::collections::HashSet;

use super::ids::{EndpointKey, EventKey};
use super::snapshot::Snapshot;

/// The snapshot without the accounts that are closed, or not there yet, or going; `None` if there are none.
pub(super) fn without_what_moves(snapshot: &Snapshot) -> Option<Snapshot> {
    let is_served = |phase: &str| matches!(phase, "draining" | "arrived");
    let accounts: HashSet<String> = snapshot
        .moving
        .iter()
        .filter(|(_, phase)| !is_served(phase))
        .map(|(account, _)| account.clone())
        .collect();
    if accounts.is_empty() {
        return None;
    }
    let mut left = snapshot.clone();
    leave_out(&accounts, &mut left);
    Some(left)
}

fn leave_out(accounts: &HashSet<String>, left: &mut Snapshot) {
    let endpoints: HashSet<String> = left
        .endpoints
        .iter()
        .filter(|(_, row)| accounts.contains(&row.account))
        .map(|(id, _)| id.clone())
        .collect();
    let keys: HashSet<EndpointKey> = endpoints.iter().filter_map(|id| id.parse().ok()).collect();
    let names = left.accounts.clone();
    let events: HashSet<EventKey> = left
        .events
        .iter()
        .filter(|(_, row)| accounts.contains(names.name(row.account)))
        .map(|(id, _)| *id)
        .collect();
    left.endpoints.retain(|id, _| !endpoints.contains(id));
    left.events.retain(|id, _| !events.contains(id));
    left.records
        .retain(|id, _| !keys.contains(&id.endpoint()) && !events.contains(&id.event()));
    left.places
        .retain(|id| !keys.contains(&id.endpoint()) && !events.contains(&id.event()));
    left.routes.retain(|(account, _), _| !accounts.contains(account));
    left.filters.retain(|(account, _), _| !accounts.contains(account));
    left.account_bytes
        .retain(|account, _| !accounts.contains(account));
    left.owned.retain(|(_, endpoint)| !endpoints.contains(endpoint));
    left.parked.retain(|id| !endpoints.contains(id));
    for set in [
        &mut left.ready,
        &mut left.ready_slow,
        &mut left.timers,
        &mut left.failing,
    ] {
        set.retain(|id, _| !endpoints.contains(id));
    }
    left.ended_replays.retain(|id, _| !endpoints.contains(id));
    let replays: HashSet<String> = left
        .replays
        .iter()
        .filter(|(_, row)| endpoints.contains(&row.endpoint))
        .map(|(id, _)| id.clone())
        .collect();
    left.replays.retain(|id, _| !replays.contains(id));
    left.replaying.retain(|id, _| !replays.contains(id));
    leave_out_finished(accounts, &endpoints, left);
}

fn leave_out_finished(accounts: &HashSet<String>, endpoints: &HashSet<String>, left: &mut Snapshot) {
    let finished = &mut left.finished;
    finished
        .lists
        .retain(|(account, _), _| !accounts.contains(account));
    finished
        .oldest
        .retain(|(account, _), _| !accounts.contains(account));
    finished
        .bytes
        .retain(|(account, _), _| !accounts.contains(account));
    let history = &mut left.history;
    history.index.retain(|_, blocks| {
        // What a block says itself: its endpoint may have gone, or not be there yet.
        let is_its = blocks.iter().any(|(block, _)| accounts.contains(&block.account));
        for (block, _) in blocks.iter().filter(|_| is_its) {
            history.blocks.remove(&block.block);
        }
        !is_its
    });
    history.oldest.retain(|(class, owner), _| match *class {
        "log" => !endpoints.contains(owner),
        _ => !accounts.contains(owner),
    });
    history
        .of_accounts
        .retain(|(account, _), _| !accounts.contains(account));
    history
        .bytes
        .retain(|(account, _), _| !accounts.contains(account));
}
