//! One look at a key: the commands that it takes, and what is made of their answers.

use std::collections::HashMap;
use std::vec;

use redis::{FromRedisValue, Pipeline, RedisResult, Value};

use super::ids::DeliveryKey;
use super::kinds::{Kind, Lifetime, Take};
use super::put::{Hash, Row, records};
use super::snapshot::Snapshot;

/// Entries or members that one command reads.
const PAGE: usize = 1000;

/// What is to be read next of a key, whose name stands without the prefix.
#[derive(Debug)]
pub(super) struct Look {
    name: String,
    kind: &'static Kind,
    step: Step,
}

#[derive(Debug)]
enum Step {
    First,
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
            step: Step::First,
        }
    }

    /// How much work it is for Redis, and how much memory its answers may take: 1 is a small command.
    pub(super) const fn weight(&self) -> usize {
        match (&self.step, &self.kind.take) {
            (Step::Logged(..), _) => 16,
            (_, Take::List(_) | Take::Sorted(_)) => 100,
            (_, Take::Hash(_)) => 10,
            _ => 3,
        }
    }

    /// Adds its commands to a pipeline; returns how many answers they have.
    pub(super) fn ask(&self, pipeline: &mut Pipeline, prefix: &str) -> usize {
        let before = pipeline.len();
        let key = &*format!("{prefix}{}", self.name);
        let from = match &self.step {
            Step::Logged(delivery, entry) => {
                let log = format!("{prefix}log:{}", delivery.endpoint());
                pipeline.add_command(redis::cmd("XRANGE").arg(log).arg(entry).arg(entry).take());
                return pipeline.len() - before;
            }
            Step::Page(from) => *from,
            Step::First => 0,
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
            Take::Number(_) => {
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

    /// Takes the answers in; returns what is to be read after them. What can't be read is noted.
    pub(super) fn take(
        self,
        answers: vec::Drain<'_, RedisResult<Value>>,
        snapshot: &mut Snapshot,
    ) -> Option<Self> {
        let mut answers = Answers(answers);
        match self.put(&mut answers, snapshot) {
            Ok(step) => step.map(|step| Self { step, ..self }),
            Err(reason) => {
                snapshot.unreadable.push(format!("{} ({reason})", self.name));
                None
            }
        }
    }

    fn put(&self, answers: &mut Answers<'_>, snapshot: &mut Snapshot) -> Result<Option<Step>, String> {
        let from = match &self.step {
            Step::Logged(delivery, _) => {
                let found: Vec<(String, HashMap<String, String>)> = answers.next()?;
                if let Some((_, fields)) = found.into_iter().next() {
                    records::logged(
                        snapshot,
                        delivery,
                        &Hash {
                            fields,
                            expires: false,
                        },
                    )?;
                }
                return Ok(None);
            }
            Step::Page(from) => *from,
            Step::First => 0,
        };
        let rest = self.kind.rest_of(&self.name).unwrap_or_default();
        let mut expires = false;
        if self.kind.lifetime != Lifetime::Any && from == 0 {
            let left: i64 = answers.next()?;
            if left == -2 {
                return Ok(None); // it has just gone
            }
            expires = left != -1;
        }
        if self.kind.lifetime == Lifetime::Must && !expires && from == 0 {
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
                return Ok(newest.and_then(|entry| Some(Step::Logged(rest.parse().ok()?, entry))));
            }
            Take::Hash(put) => {
                let fields: HashMap<String, String> = answers.next()?;
                if !fields.is_empty() {
                    put(snapshot, rest, Hash { fields, expires })?;
                }
            }
            Take::Number(put) => put(snapshot, rest, answers.next()?)?,
            Take::List(put) => {
                let entries: Vec<String> = answers.next()?;
                let has_more = entries.len() == PAGE;
                put(snapshot, rest, entries)?;
                return Ok(has_more.then_some(Step::Page(from + PAGE)));
            }
            Take::Sorted(put) => {
                let members: Vec<(String, f64)> = answers.next()?;
                let has_more = members.len() == PAGE;
                put(snapshot, rest, members)?;
                return Ok(has_more.then_some(Step::Page(from + PAGE)));
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
