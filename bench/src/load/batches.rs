//! Many events in few requests: how scenarios make a backlog.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use super::connection::{Connection, Reply};
use super::{Events, Pushed, Target};
use crate::clock;

const PATH: &str = "/api/events/batch";

/// Requests under way at one time.
const CALLERS: u32 = 2;

/// How often an event that was refused is sent again, as a caller would who must get it through.
const REPEATS: u32 = 20;

/// The wait before that.
const PAUSE: Duration = Duration::from_millis(50);

/// Pushes these events in batches of this many. What was refused is sent again, and counts as refused only in `refused`.
pub(crate) async fn in_batches(target: &Target, events: &Events, numbers: Range<u32>, batch: u32) -> Pushed {
    let next = Arc::new(AtomicU32::new(numbers.start));
    let mut tasks = JoinSet::new();
    for _ in 0..CALLERS {
        let (next, events, end) = (Arc::clone(&next), events.clone(), numbers.end);
        let mut connection = Connection::to(target.clone());
        tasks.spawn(async move {
            let mut pushed = Pushed::new();
            loop {
                let first = next.fetch_add(batch, Ordering::Relaxed);
                if first >= end {
                    return pushed;
                }
                let mut left: Vec<_> = (first..(first + batch).min(end)).collect();
                for _ in 0..=REPEATS {
                    let sent = clock::now();
                    let reply = connection
                        .post(PATH, events.batch(left.iter().copied(), sent))
                        .await;
                    left = refused(&mut pushed, left, sent, reply);
                    if left.is_empty() {
                        break;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        });
    }
    Pushed::sum(tasks.join_all().await)
}

/// Counts an answer; gives back the events that are to be sent again.
fn refused(pushed: &mut Pushed, events: Vec<u32>, sent: u64, reply: Result<Reply, String>) -> Vec<u32> {
    let results: Vec<Value> = match &reply {
        Ok(reply) if reply.status == 202 => {
            let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            serde_json::from_value(body["results"].take()).unwrap_or_default()
        }
        _ => {
            pushed.count(events.len() as u64, sent, reply);
            return events;
        }
    };
    let is_accepted = |result: Option<&Value>| result.is_some_and(|result| result["status"] == 202);
    let accepted = results.iter().filter(|result| is_accepted(Some(result))).count();
    pushed.count(accepted as u64, sent, reply);
    let left = events.into_iter().enumerate().filter(|(index, _)| {
        let result = results.get(*index);
        let code = result.map_or("no result", |result| {
            result["error"]["code"].as_str().unwrap_or("no code")
        });
        if !is_accepted(result) {
            pushed.refuse(code.to_owned(), 1);
        }
        !is_accepted(result)
    });
    left.map(|(_, number)| number).collect()
}

#[cfg(test)]
mod tests;
