//! The events of a call may lie in several shards: each shard accepts its own, at the same time, and the results come in order.

use futures_util::future::join_all;
use store::events::{Counted, NewEvent, Push};

use crate::app::App;
use crate::problem::Problem;

/// Pushes events, each to the shard that has its account.
pub(super) async fn accept(app: &App, push: Push) -> Vec<Result<Counted, Problem>> {
    let Push {
        events,
        budgets,
        limits,
    } = push;
    let shards: Vec<usize> = events
        .iter()
        .map(|event| app.store.shard_of(&event.account))
        .collect();
    let parts = split(events, &shards).into_iter().map(|events| {
        let push = Push {
            events,
            budgets,
            limits: limits.clone(),
        };
        accept_part(app, push)
    });
    let mut results: Vec<_> = join_all(parts).await.into_iter().map(Vec::into_iter).collect();
    // The results of a part are in the order of its events.
    let in_order = shards.iter().filter_map(|shard| results.get_mut(*shard)?.next());
    in_order.collect()
}

/// The events of each shard, in order; of those that have none before the last, too.
fn split(events: Vec<NewEvent>, shards: &[usize]) -> Vec<Vec<NewEvent>> {
    let most = shards.iter().max().map_or(0, |last| last + 1);
    let mut parts: Vec<Vec<_>> = (0..most).map(|_| Vec::new()).collect();
    for (event, shard) in events.into_iter().zip(shards) {
        parts[*shard].push(event);
    }
    parts
}

/// Pushes events of one shard.
async fn accept_part(app: &App, push: Push) -> Vec<Result<Counted, Problem>> {
    let Some(first) = push.events.first() else {
        return Vec::new();
    };
    match app.store.for_events(&first.account) {
        Ok(store) => {
            let results = store.accept(push).await.into_iter();
            results.map(|result| result.map_err(Problem::from)).collect()
        }
        Err(problem) => push.events.iter().map(|_| Err(problem.clone())).collect(),
    }
}
