//! The facts about an endpoint, and about an account: the API judges how they do.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::endpoint::Endpoint;
use domain::id::{AccountId, DeliveryId, EndpointId};

use super::log::{LogEntry, LoggedAttempt, RawEntry};
use super::policy::Policy;
use super::scripts::{Legible, answered, script};
use super::{Store, StoreError};

/// How many entries of its log the facts about an endpoint include.
pub const SAMPLE: usize = 100;

/// The facts about an endpoint.
#[derive(Debug, Clone)]
pub struct EndpointFacts {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// When the delivery that is next in its pending list was accepted.
    pub oldest_waiting: Option<Timestamp>,
    /// When its nearest retry is due.
    pub nearest_retry: Option<Timestamp>,
    /// Its last attempts, and deliveries that were given up without one, newest first; at most [`SAMPLE`]. Without test
    /// events.
    pub attempts: Vec<LoggedAttempt>,
    /// The rules that the workers go by, if one has announced them.
    pub policy: Option<Policy>,
    /// When the clock disables it, if its streak has enough failures and has not lasted long enough yet.
    pub disabled_by_clock_at: Option<Timestamp>,
    /// Whether a worker takes its own network for broken.
    pub own_outage: bool,
    /// Redis's time.
    pub now: Timestamp,
}

/// The facts about an account.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    /// Its endpoints, oldest first.
    pub endpoints: Vec<Endpoint>,
    /// How its deliveries ended: (hours since 1970, outcome) → how many.
    pub hours: HashMap<(u64, String), u64>,
    /// The same by days since 1970 (UTC), of the last 90; those of the hours included.
    pub days: HashMap<(u64, String), u64>,
    /// Bytes of its unfinished payloads.
    pub unfinished_bytes: u64,
    /// Redis's time.
    pub now: Timestamp,
}

script! {
    /// The facts about an endpoint; `None` when the account has no such endpoint.
    "endpoint_health": AllowOom, Reads, needs [OWNER, CORE, HERE];
    struct EndpointHealth<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        /// How many log entries.
        sample: usize
    } -> Option<Health>
}

pub(crate) struct Health {
    endpoint: Endpoint,
    /// The first entry of its pending list.
    first_waiting: Option<String>,
    nearest_retry: Legible<Timestamp>,
    /// The newest entries of its log, newest first.
    entries: Vec<RawEntry>,
    policy: HashMap<String, String>,
    disabled_by_clock_at: Legible<Timestamp>,
    /// Worker → until when its own network counts as broken (ms).
    outages: HashMap<String, String>,
    now: Timestamp,
}

answered! {
    Health { endpoint, first_waiting, nearest_retry, entries, policy, disabled_by_clock_at, outages, now }
}

script! {
    /// An account at a glance, but for its endpoints.
    "account_summary": AllowOom, Reads, needs [CORE, HERE];
    struct AccountSummary<'a> {
        account: &'a AccountId
    } -> Summary
}

pub(crate) struct Summary {
    /// `<hour>:<outcome>` → how many.
    hours: HashMap<String, String>,
    /// `<day>:<outcome>` → how many, of what is older than the hours.
    days: HashMap<String, String>,
    unfinished_bytes: Legible<u64>,
    now: Timestamp,
}

answered! { Summary { hours, days, unfinished_bytes, now } }

impl Store {
    /// The facts about an endpoint; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn endpoint_facts(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
    ) -> Result<Option<EndpointFacts>, StoreError> {
        let health = self
            .call(&EndpointHealth {
                endpoint,
                account,
                sample: SAMPLE,
            })
            .await?;
        Ok(health.map(EndpointFacts::from))
    }

    /// The facts about an account. An account without endpoints has few.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn account_facts(&self, account: &AccountId) -> Result<AccountFacts, StoreError> {
        let summary = self.call(&AccountSummary { account }).await?;
        let (hours, mut days) = (counts(summary.hours), counts(summary.days));
        for ((hour, outcome), count) in &hours {
            *days.entry((hour / 24, outcome.clone())).or_default() += count;
        }
        Ok(AccountFacts {
            endpoints: self.list_endpoints(account).await?,
            hours,
            days,
            unfinished_bytes: summary.unfinished_bytes.0.unwrap_or(0),
            now: summary.now,
        })
    }
}

/// Counts by hours or days and outcomes, from fields `<when>:<outcome>`.
fn counts(fields: HashMap<String, String>) -> HashMap<(u64, String), u64> {
    let read = |(field, count): (String, String)| {
        let (when, outcome) = field.split_once(':')?;
        Some(((when.parse().ok()?, outcome.to_owned()), count.parse().ok()?))
    };
    fields.into_iter().filter_map(read).collect()
}

impl From<Health> for EndpointFacts {
    fn from(health: Health) -> Self {
        let attempts = health.entries.into_iter().filter_map(RawEntry::known);
        let oldest: Option<DeliveryId> = health
            .first_waiting
            .and_then(|entry| entry.split(':').next()?.parse().ok());
        Self {
            endpoint: health.endpoint,
            oldest_waiting: oldest.map(|delivery| delivery.event().time()),
            nearest_retry: health.nearest_retry.0,
            attempts: attempts
                .filter_map(LogEntry::into_attempt)
                // That an event was erased says nothing of its receiver.
                .filter(|attempt| !attempt.is_test && attempt.outcome != DeliveryState::Canceled)
                .collect(),
            policy: Policy::read(&health.policy),
            disabled_by_clock_at: health.disabled_by_clock_at.0,
            own_outage: health.outages.values().any(|until| {
                until
                    .parse::<u64>()
                    .is_ok_and(|until| until > health.now.as_millis())
            }),
            now: health.now,
        }
    }
}
