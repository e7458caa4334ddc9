//! What the workers are configured to, for those who only read: they tell it when they start.

use std::collections::HashMap;
use std::time::Duration;

use redis::Value;

use super::{Store, StoreError};

/// The part of a worker's configuration that customers notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyNotice {
    /// Strikes in a row that disable an endpoint (`DISABLE_AFTER`).
    pub disable_after: u32,
    /// How long the streak must have lasted (`DISABLE_MIN_SPAN`).
    pub disable_min_span: Duration,
    /// How long the payload of what succeeded is kept (`RETENTION_SUCCEEDED`).
    pub retention_succeeded: Duration,
    /// How long an exhausted delivery is kept (`RETENTION_FAILED`).
    pub retention_failed: Duration,
    /// Attempts kept in an endpoint's log (`LOG_LENGTH`).
    pub log_length: u32,
    /// Attempts in flight per endpoint (`ENDPOINT_CONCURRENCY`).
    pub endpoint_concurrency: u32,
    /// Attempts that a delivery gets (from `RETRY_SCHEDULE`).
    pub max_attempts: u32,
    /// The most that one attempt takes (`DELIVERY_TIMEOUT`).
    pub delivery_timeout: Duration,
}

impl Store {
    /// Tells what a worker is configured to. The last one that started is believed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn announce_policy(&self, policy: &PolicyNotice) -> Result<(), StoreError> {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let arguments: Vec<String> = [
            ("disableAfter", u64::from(policy.disable_after)),
            ("disableMinSpan", millis(policy.disable_min_span)),
            ("retentionSucceeded", millis(policy.retention_succeeded)),
            ("retentionFailed", millis(policy.retention_failed)),
            ("logLength", u64::from(policy.log_length)),
            ("endpointConcurrency", u64::from(policy.endpoint_concurrency)),
            ("maxAttempts", u64::from(policy.max_attempts)),
            ("deliveryTimeout", millis(policy.delivery_timeout)),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
        .collect();
        let _new: Value = self.run(&self.scripts().policy_announce, &arguments).await?;
        Ok(())
    }

    /// What the workers are configured to; `None` when none has told it yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn policy(&self) -> Result<Option<PolicyNotice>, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys().key("policy"));
        let hash: HashMap<String, String> = self.query(&command).await?;
        Ok(PolicyNotice::read(&hash))
    }
}

impl PolicyNotice {
    /// As it is stored; `None` when no worker has told it yet.
    pub(crate) fn read(hash: &HashMap<String, String>) -> Option<Self> {
        let number = |name: &str| hash.get(name)?.parse::<u64>().ok();
        let small = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
        let span = |name: &str| number(name).map(Duration::from_millis);
        Some(Self {
            disable_after: small("disableAfter")?,
            disable_min_span: span("disableMinSpan")?,
            retention_succeeded: span("retentionSucceeded")?,
            retention_failed: span("retentionFailed")?,
            log_length: small("logLength")?,
            endpoint_concurrency: small("endpointConcurrency")?,
            max_attempts: small("maxAttempts")?,
            delivery_timeout: span("deliveryTimeout")?,
        })
    }
}
