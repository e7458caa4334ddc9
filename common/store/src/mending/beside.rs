//! What waits for an endpoint, and stands in no queue of its own; and what was canceled of an event.

use std::collections::BTreeMap;

use domain::id::{AccountId, DeliveryId, EndpointId, EventId};

use crate::{Store, StoreError};

/// How many deliveries in quarantine are looked at, those first that are due first.
const LOOKED_AT: u32 = 10_000;

/// What waits for an endpoint beside its queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beside {
    /// Deliveries on their way back to it, not all at once, since it is active again.
    pub releasing: u64,
    /// Deliveries that lost three leases, and wait to be attempted alone.
    pub quarantined: u64,
}

impl Beside {
    /// Both together.
    #[must_use]
    pub const fn sum(self) -> u64 {
        self.releasing + self.quarantined
    }
}

impl Store {
    /// What waits for these endpoints beside their queues; those that nothing waits for are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn waiting_beside(
        &self,
        endpoints: &[EndpointId],
    ) -> Result<BTreeMap<EndpointId, Beside>, StoreError> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        pipeline.add_command(redis::cmd("ZCARD").arg(self.keys().key("quarantine")).take());
        for id in endpoints {
            let mut read = redis::cmd("HGET");
            read.arg(self.keys().key(&format!("endpoint:{id}")));
            pipeline.add_command(read.arg("releasing").take());
        }
        let mut answers = self.query_each(&pipeline).await?.into_iter();
        let suspects: u64 = text(answers.next()).unwrap_or(0);
        let mut found: BTreeMap<EndpointId, Beside> = BTreeMap::new();
        for (id, answer) in endpoints.iter().zip(answers) {
            let queues: String = text::<Option<String>>(Some(answer)).flatten().unwrap_or_default();
            for queue in queues.split_whitespace() {
                found.entry(id.clone()).or_default().releasing += self.length_of(queue).await?;
            }
        }
        if suspects > 0 {
            let mut read = redis::cmd("ZRANGE");
            read.arg(self.keys().key("quarantine")).arg(0).arg(LOOKED_AT - 1);
            let suspects: Vec<String> = self.query(&read).await?;
            for delivery in suspects.iter().filter_map(|text| text.parse::<DeliveryId>().ok()) {
                let id = delivery.endpoint();
                if endpoints.contains(&id) {
                    found.entry(id).or_default().quarantined += 1;
                }
            }
        }
        Ok(found)
    }

    /// How many are left in a queue that was set aside.
    async fn length_of(&self, queue: &str) -> Result<u64, StoreError> {
        let mut length = if queue.ends_with(":pending") {
            redis::cmd("LLEN")
        } else {
            redis::cmd("ZCARD")
        };
        let length = length.arg(queue);
        self.query(length)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(0))
    }

    /// The deliveries of an event that were canceled, as far as they can be sent again. What was discarded is among them once upkeep has
    /// worked through it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn canceled_of(
        &self,
        account: &AccountId,
        event: &EventId,
        kind: &str,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let endpoints = self.endpoint_ids(account).await?;
        let member = format!("{} {kind}", event.as_str().trim_start_matches("evt_"));
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for id in &endpoints {
            let mut read = redis::cmd("ZSCORE");
            read.arg(self.keys().key(&format!("canceled:{id}")));
            pipeline.add_command(read.arg(&member).take());
        }
        let answers = self.query_each(&pipeline).await?;
        let found = endpoints.iter().zip(answers);
        let found = found.filter(|(_, answer)| {
            let answer = answer.as_ref().ok().cloned();
            answer.is_some_and(|answer| answer != redis::Value::Nil)
        });
        Ok(found.map(|(id, _)| DeliveryId::of(event, id)).collect())
    }
}

fn text<T: redis::FromRedisValue>(answer: Option<redis::RedisResult<redis::Value>>) -> Option<T> {
    redis::from_redis_value(answer?.ok()?).ok()
}
