//! One look at a key: the commands that it takes, and what becomes of their answers.

use std::collections::HashMap;
use std::vec;

use redis::{FromRedisValue, Pipeline, RedisResult, Value};

use super::ids::DeliveryKey;
use super::kinds::Kind;
use super::put::{Hash, Row, records};
use super::snapshot::Snapshot;
use super::take::{Lifetime, Take};

/// Entries or members that one command reads.
const PAGE: usize = 1000;

/// What to read next of a key; its name without the prefix.
#[derive(Debug)]
pub(super) struct Look {
    name: String,
    kind: &'static Kind,
    stage: Stage,
}

/// How far the reading of a key has got.
#[derive(Debug)]
enum Stage {
    Start,
    /// The entries from this place on.
    Page(usize),
    /// The entry of the endpoint's log that the delivery's record points to.
    Logged(DeliveryKey, String),
}

impl Look {
    pub(super) const fn at(name: String, kind: &'static Kind) -> Self {
        Self {
            name,
            kind,
            stage: Stage::Start,
        }
    }

    /// How much work it is for Redis, and how much memory its answers may take, compared with a small command.
    pub(super) const fn weight(&self) -> usize {
        match (&self.stage, &self.kind.take) {
            (Stage::Logged(..), _) => 16,
            (_, Take::List(_) | Take::Sorted(_)) => 100,
            (_, Take::Hash(_)) => 10,
            _ => 3,
        }
    }

    /// Adds its commands to a pipeline; returns how many answers they will have.
    pub(super) fn ask(&self, pipeline: &mut Pipeline, prefix: &str) -> usize {
        let before = pipeline.len();
        let key = &*format!("{prefix}{}", self.name);
        let from = match &self.stage {
            Stage::Logged(delivery, entry) => {
                let log = format!("{prefix}log:{}", delivery.endpoint());
                pipeline.add_command(redis::cmd("XRANGE").arg(log).arg(entry).arg(entry).take());
                return pipeline.len() - before;
            }
            Stage::Page(from) => *from,
            Stage::Start => 0,
        };
        if self.kind.lifetime != Lifetime::Any && from == 0 {
            pipeline.add_command(redis::cmd("PTTL").arg(key).take());
        }
        match &self.kind.take {
            Take::Nothing => {}
            Take::Fields(fields, long, _) => {
                pipeline.add_command(redis::cmd("HMGET").arg(key).arg(fields).take());
                pipeline.add_command(redis::cmd("HSTRLEN").arg(key).arg(long).take());
            }
            Take::Record(fields, _) => {
                pipeline.add_command(redis::cmd("HMGET").arg(key).arg(fields).take());
            }
            Take::Hash(_) => {
                pipeline.add_command(redis::cmd("HGETALL").arg(key).take());
            }
            Take::Length(_) => {
                pipeline.add_command(redis::cmd("STRLEN").arg(key).take());
            }
            Take::Number(_) | Take::Text(_) => {
                pipeline.add_command(redis::cmd("GET").arg(key).take());
            }
            Take::List(_) => {
                let mut command = redis::cmd("LRANGE");
                pipeline.add_command(command.arg(key).arg(from).arg(from + PAGE - 1).take());
            }
            Take::Sorted(_) => {
                let mut command = redis::cmd("ZRANGE");
                command.arg(key).arg(from).arg(from + PAGE - 1).arg("WITHSCORES");
                pipeline.add_command(command);
            }
        }
        pipeline.len() - before
    }

    /// Adds the answers to the snapshot; returns what to read next. What it can't read it notes there.
    pub(super) fn take(
        self,
        answers: vec::Drain<'_, RedisResult<Value>>,
        snapshot: &mut Snapshot,
    ) -> Option<Self> {
        let mut answers = Answers(answers);
        match self.put(&mut answers, snapshot) {
            Ok(stage) => stage.map(|stage| Self { stage, ..self }),
            Err(reason) => {
                snapshot.unreadable.push(format!("{} ({reason})", self.name));
                None
            }
        }
    }

    fn put(&self, answers: &mut Answers<'_>, snapshot: &mut Snapshot) -> Result<Option<Stage>, String> {
        let from = match &self.stage {
            Stage::Logged(delivery, _) => {
                let found: Vec<(String, HashMap<String, String>)> = answers.next()?;
                if let Some((_, fields)) = found.into_iter().next() {
                    records::logged(
                        snapshot,
                        delivery,
                        Hash {
                            fields,
                            expires: false,
                        },
                    )?;
                }
                return Ok(None);
            }
            Stage::Page(from) => *from,
            Stage::Start => 0,
        };
        let rest = self.kind.rest_of(&self.name).unwrap_or_default();
        let mut expires = false;
        if self.kind.lifetime != Lifetime::Any && from == 0 {
            let left: i64 = answers.next()?;
            if left == -2 {
                return Ok(None); // it has gone just now
            }
            expires = left != -1;
        }
        if self.kind.lifetime == Lifetime::Required && !expires && from == 0 {
            snapshot.immortal.push(self.name.clone());
        }
        match &self.kind.take {
            Take::Nothing => {}
            Take::Fields(_, _, put) => {
                let (values, length) = (answers.next()?, answers.next()?);
                put(
                    snapshot,
                    rest,
                    Row {
                        values,
                        length,
                        expires,
                    },
                )?;
            }
            Take::Record(_, put) => {
                let mut values: Vec<Option<String>> = answers.next()?;
                let log = values.pop().flatten().unwrap_or_default();
                put(
                    snapshot,
                    rest,
                    Row {
                        values,
                        length: 0,
                        expires,
                    },
                )?;
                let newest = log.split_whitespace().last().map(str::to_owned);
                return Ok(newest.and_then(|entry| Some(Stage::Logged(rest.parse().ok()?, entry))));
            }
            Take::Hash(put) => {
                let fields: HashMap<String, String> = answers.next()?;
                if !fields.is_empty() {
                    put(snapshot, rest, Hash { fields, expires })?;
                }
            }
            Take::Length(put) => put(snapshot, rest, answers.next()?)?,
            Take::Number(put) => put(snapshot, rest, answers.next()?)?,
            Take::Text(put) => put(snapshot, rest, answers.next()?)?,
            Take::List(put) => {
                let entries: Vec<String> = answers.next()?;
                let has_more = entries.len() == PAGE;
                put(snapshot, rest, entries)?;
                return Ok(has_more.then_some(Stage::Page(from + PAGE)));
            }
            Take::Sorted(put) => {
                let members: Vec<(String, f64)> = answers.next()?;
                let has_more = members.len() == PAGE;
                put(snapshot, rest, members)?;
                return Ok(has_more.then_some(Stage::Page(from + PAGE)));
            }
        }
        Ok(None)
    }
}

struct Answers<'a>(vec::Drain<'a, RedisResult<Value>>);

impl Answers<'_> {
    fn next<T: FromRedisValue>(&mut self) -> Result<T, String> {
        let value = self.0.next().unwrap_or(Ok(Value::Nil));
        value
            .and_then(|value| Ok(redis::from_redis_value(value)?))
            .map_err(|error| error.to_string())
    }
}
