//! Reads everything, in bounded steps.

use std::collections::{HashMap, HashSet, VecDeque};

use futures_util::future::try_join_all;
use redis::{Pipeline, Value};

use super::kinds::Kind;
use super::look::Look;
use super::snapshot::{Snapshot, Stats};
use crate::{Store, StoreError};

/// How many keys one `SCAN` looks for.
const SCANNED: usize = 4000;

/// The most that one pipeline may weigh (see [`Look::weight`]): a few milliseconds of Redis's time, and a megabyte or two of
/// answers.
const MOST: usize = 3000;

/// How many pipelines are under way at a time. Redis serves others in between: it takes a few kilobytes of commands from each
/// client in turn.
const AT_ONCE: usize = 4;

impl Store {
    /// Reads the whole stored state; tells `progress` now and then how many keys it has read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. A key that can't be read is no error: the snapshot names it.
    pub async fn snapshot(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<Snapshot, StoreError> {
        let mut walk = Walk {
            prefix: self.keys().key(""),
            snapshot: Snapshot::default(),
            next: VecDeque::new(),
            cursor: None,
            with_members: HashSet::new(),
        };
        // Leases, lanes and the like change with every call, so the walk reads them as close together as it can.
        walk.next
            .extend(Kind::all_fixed().map(|(name, kind)| Look::at(name.to_owned(), kind)));
        while walk.step(self).await? {
            progress(walk.snapshot.keys);
        }
        walk.cursor = Some(0);
        while walk.step(self).await? {
            progress(walk.snapshot.keys);
        }
        walk.snapshot.stats = self.stats().await?;
        Ok(walk.snapshot)
    }

    async fn stats(&self) -> Result<Stats, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys().key("stats"));
        let fields: HashMap<String, String> = self.query(&command).await?;
        Ok(Stats(fields))
    }
}

/// A pipeline, and the looks that it makes, each with the number of its answers.
struct Batch {
    pipeline: Pipeline,
    looks: Vec<(Look, usize)>,
}

struct Walk {
    prefix: String,
    snapshot: Snapshot,
    /// What to read next.
    next: VecDeque<Look>,
    /// Where `SCAN` goes on; `None` before it starts and after it ends.
    cursor: Option<u64>,
    /// The keys with members that the walk has met: `SCAN` may return a key twice.
    with_members: HashSet<String>,
}

impl Walk {
    /// One round trip: reads as much as it may of what is next, or looks for more keys. Returns false when nothing is left.
    async fn step(&mut self, store: &Store) -> Result<bool, StoreError> {
        let mut pipelines: Vec<Batch> = std::iter::from_fn(|| self.fill()).take(AT_ONCE).collect();
        let scan = self.next.is_empty().then_some(self.cursor).flatten();
        if let Some(cursor) = scan {
            let mut command = redis::cmd("SCAN");
            command.arg(cursor).arg("MATCH").arg(format!("{}*", self.prefix));
            command.arg("COUNT").arg(SCANNED);
            let mut pipeline = redis::pipe();
            pipeline.ignore_errors().add_command(command);
            pipelines.push(Batch {
                pipeline,
                looks: Vec::new(),
            });
        }
        if pipelines.is_empty() {
            return Ok(false);
        }
        let asked = pipelines.iter().map(|batch| store.query_each(&batch.pipeline));
        let mut answers = try_join_all(asked).await?;
        if scan.is_some() {
            let scanned = answers.pop().and_then(|mut scanned| scanned.pop());
            let (cursor, keys): (u64, Vec<String>) =
                redis::from_redis_value(scanned.unwrap_or(Ok(Value::Nil))?)
                    .map_err(|error| StoreError::Unexpected(error.to_string()))?;
            self.cursor = (cursor != 0).then_some(cursor);
            for key in keys {
                self.meet(&key);
            }
        }
        for (batch, mut answers) in pipelines.into_iter().zip(answers) {
            for (look, count) in batch.looks {
                let count = count.min(answers.len());
                if let Some(more) = look.take(answers.drain(..count), &mut self.snapshot) {
                    self.next.push_back(more);
                }
            }
        }
        Ok(true)
    }

    /// Takes what is next into a pipeline, as much as that may weigh.
    fn fill(&mut self) -> Option<Batch> {
        let (mut pipeline, mut looks, mut weight) = (redis::pipe(), Vec::new(), 0);
        pipeline.ignore_errors(); // each look handles its own
        while weight < MOST
            && let Some(look) = self.next.pop_front()
        {
            weight += look.weight();
            let answers = look.ask(&mut pipeline, &self.prefix);
            looks.push((look, answers));
        }
        (!looks.is_empty()).then_some(Batch { pipeline, looks })
    }

    /// Takes note of a key that `SCAN` found.
    fn meet(&mut self, key: &str) {
        let name = key.strip_prefix(&self.prefix).unwrap_or(key);
        self.snapshot.keys += 1;
        if let Some(away) = name.strip_prefix("corrupt:") {
            self.snapshot.away.push(away.to_owned());
        }
        let Some(kind) = Kind::of(name) else {
            self.snapshot.unknown.push(name.to_owned());
            return;
        };
        if kind.is_owned {
            let owner = kind.rest_of(name).unwrap_or_default();
            self.snapshot.owned.push((name.to_owned(), owner.to_owned()));
        }
        let is_new = !kind.has_members() || self.with_members.insert(name.to_owned());
        if is_new && kind.is_read() && !kind.is_fixed() {
            self.next.push_back(Look::at(name.to_owned(), kind));
        }
    }
}
