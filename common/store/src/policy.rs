//! How the workers are configured: they pass it to the scripts that follow it, and announce it to those who only read.

use std::collections::HashMap;
use std::time::Duration;

use domain::header_names::HeaderPrefix;

use super::scripts::script;
use super::{Store, StoreError};

/// A lease is never shorter than this.
const MIN_LEASE: Duration = Duration::from_secs(20);

/// The part of a worker's configuration that the queue follows and customers notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Attempts in flight per endpoint (`ENDPOINT_CONCURRENCY`).
    pub endpoint_concurrency: u32,
    /// Attempts in flight per account and destination (`DESTINATION_CONCURRENCY`).
    pub destination_concurrency: u32,
    /// Strikes in a row that disable an endpoint (`DISABLE_AFTER`).
    pub disable_after: u32,
    /// How long the streak must have lasted (`DISABLE_MIN_SPAN`).
    pub disable_min_span: Duration,
    /// How long a payload is kept after all its deliveries succeeded (`RETENTION_SUCCEEDED`).
    pub retention_succeeded: Duration,
    /// How long an exhausted delivery is kept (`RETENTION_FAILED`).
    pub retention_failed: Duration,
    /// Attempts kept in an endpoint's log (`LOG_LENGTH`).
    pub log_length: u32,
    /// Attempts that a delivery gets (from `RETRY_SCHEDULE`).
    pub max_attempts: u32,
    /// The most that one attempt takes (`DELIVERY_TIMEOUT`).
    pub delivery_timeout: Duration,
    /// Bytes of exhausted payloads that are kept for an account (`ACCOUNT_BUDGET_BYTES`).
    pub exhausted_budget: u64,
    /// Bytes that blocks of an account's history may take (`HISTORY_BUDGET_BYTES`).
    pub history_budget: u64,
    /// Whether the operator is told of what happens to accounts (`OPERATOR_EVENTS_URL`).
    pub operator_events: bool,
}

script! {
    /// Announces a worker's policy.
    "policy_announce": AllowOom, Writes, needs [BASE];
    struct Announcement<'a> {
        disable_after: u32,
        disable_min_span: Duration,
        retention_succeeded: Duration,
        retention_failed: Duration,
        log_length: u32,
        endpoint_concurrency: u32,
        destination_concurrency: u32,
        max_attempts: u32,
        delivery_timeout: Duration,
        exhausted_budget: u64,
        header_prefix: &'a str,
        operator_events: bool
    } -> ()
}

impl Policy {
    /// How long a lease lasts: twice as long as an attempt may take.
    #[must_use]
    pub fn lease(&self) -> Duration {
        MIN_LEASE.max(2 * self.delivery_timeout)
    }

    /// As a worker announced it; `None` when none has yet.
    pub(crate) fn read(hash: &HashMap<String, String>) -> Option<Self> {
        let number = |name: &str| hash.get(name)?.parse::<u64>().ok();
        let small = |name: &str| number(name).and_then(|number| u32::try_from(number).ok());
        let span = |name: &str| number(name).map(Duration::from_millis);
        Some(Self {
            endpoint_concurrency: small("endpointConcurrency")?,
            // Workers of the release before have no such bound.
            destination_concurrency: small("destinationConcurrency").unwrap_or(u32::MAX),
            disable_after: small("disableAfter")?,
            disable_min_span: span("disableMinSpan")?,
            retention_succeeded: span("retentionSucceeded")?,
            retention_failed: span("retentionFailed")?,
            log_length: small("logLength")?,
            max_attempts: small("maxAttempts")?,
            delivery_timeout: span("deliveryTimeout")?,
            // Workers of the previous release know no bound.
            exhausted_budget: number("exhaustedBudget").unwrap_or(u64::MAX),
            history_budget: u64::MAX, // not announced: nobody who only reads asks for it
            operator_events: number("operatorEvents") == Some(1),
        })
    }
}

impl Store {
    /// Announces how a worker is configured, and what it puts in front of the names of headers. The last worker that started is believed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn announce_policy(
        &self,
        policy: &Policy,
        header_prefix: &HeaderPrefix,
    ) -> Result<(), StoreError> {
        self.call(&Announcement {
            disable_after: policy.disable_after,
            disable_min_span: policy.disable_min_span,
            retention_succeeded: policy.retention_succeeded,
            retention_failed: policy.retention_failed,
            log_length: policy.log_length,
            endpoint_concurrency: policy.endpoint_concurrency,
            destination_concurrency: policy.destination_concurrency,
            max_attempts: policy.max_attempts,
            delivery_timeout: policy.delivery_timeout,
            exhausted_budget: policy.exhausted_budget,
            header_prefix: header_prefix.as_str(),
            operator_events: policy.operator_events,
        })
        .await
    }

    /// How the workers are configured; `None` when none has announced it yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn policy(&self) -> Result<Option<Policy>, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(self.keys().key("policy"));
        let hash: HashMap<String, String> = self.query(&command).await?;
        Ok(Policy::read(&hash))
    }

    /// What the worker that started last puts in front of the names of headers (`HEADER_PREFIX`); `None` when none has said so.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn announced_header_prefix(&self) -> Result<Option<String>, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys().key("policy")).arg("headerPrefix");
        self.query(&command).await
    }
}
