//! What is needed to tell how an endpoint does, and how an account does.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::endpoint::Endpoint;
use domain::id::{AccountId, DeliveryId, EndpointId};

use super::decode::{array, fields, integer, next, text, unexpected};
use super::endpoints::one;
use super::log::{LogEntry, LoggedAttempt, entries};
use super::policy::Policy;
use super::{Store, StoreError};

/// Log entries that a look at an endpoint's health takes.
pub const SAMPLE: usize = 100;

/// What is known of an endpoint's health: facts, no judgement.
#[derive(Debug, Clone)]
pub struct EndpointFacts {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// When the delivery at the head of its line was accepted.
    pub oldest_waiting: Option<Timestamp>,
    /// When its nearest retry is due.
    pub nearest_retry: Option<Timestamp>,
    /// Its last attempts, and deliveries that were given up without one, newest first; at most [`SAMPLE`]. No tests.
    pub attempts: Vec<LoggedAttempt>,
    /// What the workers are configured to, if one has told it.
    pub policy: Option<Policy>,
    /// Redis's time.
    pub now: Timestamp,
}

/// What is known of an account.
#[derive(Debug, Clone)]
pub struct AccountFacts {
    /// Its endpoints, oldest first.
    pub endpoints: Vec<Endpoint>,
    /// What its deliveries came to: (hours since 1970, outcome) → how many.
    pub hours: HashMap<(u64, String), u64>,
    /// Bytes of its unfinished payloads.
    pub unfinished_bytes: u64,
    /// Redis's time.
    pub now: Timestamp,
}

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
        let sample = SAMPLE.to_string();
        let arguments = [endpoint.as_str(), account.as_str(), &sample];
        let mut answer = array(self.run(&self.scripts().endpoint_health, &arguments).await?)?.into_iter();
        let Some(view) = answer.next() else {
            return Ok(None);
        };
        let endpoint = one(view)?.ok_or_else(|| unexpected("endpoint"))?;
        let head = text(next(&mut answer)?)?;
        let nearest = text(next(&mut answer)?)?;
        let attempts = entries(next(&mut answer)?)?
            .into_iter()
            .filter_map(LogEntry::into_attempt)
            .filter(|attempt| !attempt.is_test)
            .collect();
        let policy = Policy::read(&fields(next(&mut answer)?)?);
        Ok(Some(EndpointFacts {
            endpoint,
            oldest_waiting: head
                .split(':')
                .next()
                .and_then(|id| id.parse::<DeliveryId>().ok())
                .map(|id| id.event().time()),
            nearest_retry: nearest.parse().ok().and_then(Timestamp::from_millis),
            attempts,
            policy,
            now: time(integer(next(&mut answer)?)?)?,
        }))
    }

    /// The facts about an account. An account without endpoints has few.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn account_facts(&self, account: &AccountId) -> Result<AccountFacts, StoreError> {
        let answer = self
            .run(&self.scripts().account_summary, &[account.as_str()])
            .await?;
        let mut answer = array(answer)?.into_iter();
        let hours = fields(next(&mut answer)?)?
            .into_iter()
            .filter_map(|(field, count)| {
                let (hour, outcome) = field.split_once(':')?;
                Some(((hour.parse().ok()?, outcome.to_owned()), count.parse().ok()?))
            })
            .collect();
        Ok(AccountFacts {
            endpoints: self.list_endpoints(account).await?,
            hours,
            unfinished_bytes: u64::try_from(integer(next(&mut answer)?)?).unwrap_or(0),
            now: time(integer(next(&mut answer)?)?)?,
        })
    }
}

fn time(ms: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millis(ms).ok_or_else(|| unexpected("time"))
}
