//! What became of a delivery, or of an event, as an operator reads it: with plain reads alone, for which the rights of `operator` suffice.

mod event;

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::DeliveryId;
use redis::{FromRedisValue, RedisResult, Value};

use super::search::Sought;
use super::{EntryId, LoggedAttempt};
use crate::{Store, StoreError};

/// How far from both ends of a pending list a delivery is looked for.
const ENDS: u64 = 10_000;

pub use self::event::EventStory;

/// Where a delivery is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryPlace {
    /// A worker has it.
    InFlight {
        /// The worker's incarnation.
        worker: String,
        /// When its lease expires.
        until: Option<Timestamp>,
    },
    /// It lost three leases, and is attempted alone.
    Quarantined {
        /// When.
        next: Option<Timestamp>,
    },
    /// It waits for its turn.
    Waiting {
        /// How many are in front of it; `None` where that is too many to count.
        ahead: Option<u64>,
    },
    /// It failed, and waits for its next attempt.
    Retrying {
        /// When that is due.
        next: Option<Timestamp>,
    },
    /// Its endpoint isn't active.
    Parked,
    /// It has ended.
    Ended(DeliveryState),
    /// Nothing tells of it any more.
    Unknown,
}

/// What became of a delivery.
#[derive(Debug, Clone)]
pub struct DeliveryStory {
    /// Which.
    pub id: DeliveryId,
    /// Where it is.
    pub place: DeliveryPlace,
    /// The state of its endpoint; `None` if that was removed.
    pub endpoint_state: Option<String>,
    /// Its attempts, oldest first, as far as they are kept.
    pub attempts: Vec<LoggedAttempt>,
    /// What is kept of it beside the log.
    pub record: HashMap<String, String>,
}

impl Store {
    /// What became of a delivery.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn delivery_story(&self, id: &DeliveryId) -> Result<DeliveryStory, StoreError> {
        let mut story = self.story_at_once(id).await?;
        self.seek_story(&mut story).await?;
        Ok(story)
    }

    /// What is seen of a delivery at once.
    async fn story_at_once(&self, id: &DeliveryId) -> Result<DeliveryStory, StoreError> {
        let endpoint = id.endpoint();
        let key = |name: &str| self.keys().key(name);
        let (pending, retry) = (
            key(&format!("pending:{endpoint}")),
            key(&format!("retry:{endpoint}")),
        );
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        pipeline.cmd("HGETALL").arg(key(&format!("delivery:{id}")));
        pipeline.cmd("HGET").arg(key("tokens")).arg(id.as_str());
        pipeline.cmd("ZSCORE").arg(key("quarantine")).arg(id.as_str());
        pipeline.cmd("ZSCORE").arg(&retry).arg(id.as_str());
        pipeline
            .cmd("HGET")
            .arg(key(&format!("endpoint:{endpoint}")))
            .arg("state");
        pipeline.cmd("LLEN").arg(&pending);
        let mut answers = self.query_each(&pipeline).await?.into_iter();
        let record: HashMap<String, String> = next(&mut answers).unwrap_or_default();
        let token: Option<String> = next(&mut answers).flatten();
        let quarantined: Option<f64> = next(&mut answers).flatten();
        let retries: Option<f64> = next(&mut answers).flatten();
        let endpoint_state: Option<String> = next(&mut answers).flatten();
        let waiting: u64 = next(&mut answers).unwrap_or(0);
        let is_active = endpoint_state.as_deref() == Some("active");
        let ended = record.get("state").and_then(|state| ended(state));

        let place = if let Some(token) = token {
            in_flight(&token)
        } else if let Some(next) = quarantined {
            DeliveryPlace::Quarantined { next: time(next) }
        } else if let Some(next) = retries {
            if is_active {
                DeliveryPlace::Retrying { next: time(next) }
            } else {
                DeliveryPlace::Parked
            }
        } else if let Some(state) = ended {
            DeliveryPlace::Ended(state)
        } else if let Some(ahead) = self.place_in_line(&pending, id, waiting, &record).await? {
            if is_active {
                DeliveryPlace::Waiting { ahead: Some(ahead) }
            } else {
                DeliveryPlace::Parked
            }
        } else {
            DeliveryPlace::Unknown
        };
        let logged = record.get("log").map_or("", String::as_str);
        let ids: Vec<EntryId> = logged
            .split_whitespace()
            .filter_map(|id| id.parse().ok())
            .collect();
        let attempts = if ids.is_empty() {
            Vec::new()
        } else {
            self.attempts_of_record(&endpoint, &ids).await?
        };
        Ok(DeliveryStory {
            id: id.clone(),
            place,
            endpoint_state,
            attempts,
            record,
        })
    }

    /// How many are in front of a delivery that waits; `None` if it isn't seen.
    async fn place_in_line(
        &self,
        pending: &str,
        id: &DeliveryId,
        waiting: u64,
        record: &HashMap<String, String>,
    ) -> Result<Option<u64>, StoreError> {
        if waiting == 0 {
            return Ok(None);
        }
        let made = record.get("attempts").map_or("0", String::as_str);
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for entry in [id.to_string(), format!("{id}:{made}"), format!("{id}:0{made}")] {
            pipeline
                .cmd("LPOS")
                .arg(pending)
                .arg(&entry)
                .arg("MAXLEN")
                .arg(ENDS);
            pipeline.cmd("LPOS").arg(pending).arg(&entry);
            pipeline.arg("RANK").arg(-1).arg("MAXLEN").arg(ENDS);
        }
        let mut answers = self.query_each(&pipeline).await?.into_iter();
        let places = std::iter::from_fn(|| answers.next()).filter_map(|answer| {
            let place: Option<u64> = redis::from_redis_value(answer.ok()?).ok()?;
            place
        });
        Ok(places.min())
    }

    /// Looks into the log for a delivery that nothing else tells of.
    async fn seek_story(&self, story: &mut DeliveryStory) -> Result<(), StoreError> {
        if story.place == DeliveryPlace::Unknown && story.attempts.is_empty() {
            let sought = Sought {
                accepted_at: None,
                finished_by: None,
            };
            let endpoint = story.id.endpoint();
            story.attempts = self.attempts_in_log(&endpoint, &story.id, sought).await?;
        }
        if story.place == DeliveryPlace::Unknown
            && let Some(last) = story.attempts.last()
            && !matches!(last.outcome, DeliveryState::Retrying | DeliveryState::Pending)
        {
            story.place = DeliveryPlace::Ended(last.outcome);
        }
        Ok(())
    }
}

fn next<T: FromRedisValue>(answers: &mut impl Iterator<Item = RedisResult<Value>>) -> Option<T> {
    redis::from_redis_value(answers.next()?.ok()?).ok()
}

fn ended(state: &str) -> Option<DeliveryState> {
    Some(match state {
        "succeeded" => DeliveryState::Succeeded,
        "exhausted" => DeliveryState::Exhausted,
        "canceled" => DeliveryState::Canceled,
        _ => return None,
    })
}

/// From a token: `<incarnation>:<sequence> <when the lease expires (ms)>|…`.
fn in_flight(token: &str) -> DeliveryPlace {
    let (worker, rest) = token.split_once(':').unwrap_or((token, ""));
    let until = rest.split([' ', '|']).nth(1).and_then(|ms| ms.parse().ok());
    DeliveryPlace::InFlight {
        worker: worker.to_owned(),
        until: until.and_then(Timestamp::from_millis),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a score in milliseconds is whole, and far below 2^53"
)]
fn time(score: f64) -> Option<Timestamp> {
    Timestamp::from_millis(score as i64)
}
