//! Whether upkeep gets on with the queues that scripts set aside, which takes several looks to see.

use std::collections::HashMap;
use std::time::Duration;

use super::{Mend, Violation};
use crate::{Store, StoreError};

/// The time between two looks.
const EVERY: Duration = Duration::from_millis(500);

/// The most looks. Upkeep runs every two seconds.
const LOOKS: u32 = 14;

/// The job that upkeep works on.
struct Head {
    /// When upkeep ran last (ms).
    ran_at: Option<i64>,
    /// The first job of `sweeps`.
    job: String,
    /// How many entries its queue still has; `None` when that can't be read.
    entries: Option<i64>,
}

impl Store {
    /// Watches for up to seven seconds whether the first job of `sweeps` gets shorter, as it must with each run of upkeep.
    /// `None` if it does, if there is no job, or if upkeep doesn't run.
    pub(super) async fn standing_sweep(&self) -> Result<Option<Violation>, StoreError> {
        let Some(first) = self.head_of_sweeps().await? else {
            return Ok(None);
        };
        let (mut last, mut runs) = (first.ran_at, 0);
        for _ in 0..LOOKS {
            tokio::time::sleep(EVERY).await;
            let later = self.head_of_sweeps().await?;
            let Some(later) = later.filter(|later| later.job == first.job && later.entries >= first.entries)
            else {
                return Ok(None);
            };
            if later.ran_at != last {
                (last, runs) = (later.ran_at, runs + 1);
            }
            // The first of the two runs may have been over before we looked at the entries.
            if runs == 2 {
                let entries = first.entries.unwrap_or(0);
                return Ok(Some(Violation {
                    key: "sweeps".to_owned(),
                    what: format!("upkeep runs, and {:?} still has {entries} entries", first.job),
                    mend: Mend::Not(
                        "something in this queue stops upkeep: its log, and `LRANGE corrupt 0 9`, say what",
                    ),
                }));
            }
        }
        Ok(None)
    }

    async fn head_of_sweeps(&self) -> Result<Option<Head>, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        pipeline.add_command(redis::cmd("HGETALL").arg(self.keys().key("stats")).take());
        let mut first = redis::cmd("LRANGE");
        pipeline.add_command(first.arg(self.keys().key("sweeps")).arg(0).arg(0).take());
        let mut answers = self.query_each(&pipeline).await?.into_iter();
        let mut next = || answers.next().unwrap_or(Ok(redis::Value::Nil));
        let stats: HashMap<String, String> = next().and_then(read).unwrap_or_default();
        let jobs: Vec<String> = next().and_then(read).unwrap_or_default();
        let Some(job) = jobs.into_iter().next() else {
            return Ok(None);
        };
        let key = job.split(' ').nth(2).unwrap_or_default();
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        pipeline.add_command(if job.ends_with(" list") {
            redis::cmd("LLEN").arg(key).take()
        } else {
            redis::cmd("ZCARD").arg(key).take()
        });
        let entries = self.query_each(&pipeline).await?.into_iter().next();
        Ok(Some(Head {
            ran_at: stats.get("reapedAt").and_then(|text| text.parse().ok()),
            entries: entries.and_then(|answer| answer.and_then(read).ok()),
            job,
        }))
    }
}

fn read<T: redis::FromRedisValue>(value: redis::Value) -> redis::RedisResult<T> {
    Ok(redis::from_redis_value(value)?)
}
