//! Replays: sending again what was finished, one delivery by hand or all of a time span.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId, ReplayId};

use super::decode::{array, fields, integer, next, parse, parsed, text, unexpected};
use super::events::Budgets;
use super::{Store, StoreError};

/// What came of a replay by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// The new delivery waits for its turn.
    Pending,
    /// The new delivery is parked until its endpoint is switched on.
    Parked,
    /// The payload is not kept any more. Nothing was changed.
    Expired,
    /// The account's unfinished payloads take all the space that it may have. Nothing was changed.
    OverBudget,
    /// The account has no such endpoint.
    EndpointNotFound,
}

/// Which finished deliveries a replay of many takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayStatus {
    /// Those that were given up.
    Exhausted,
    /// Those that succeeded, as far as the log goes back.
    Succeeded,
}

/// What a replay of many sends again: deliveries that ended within a time span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplaySpan {
    /// How they ended.
    pub status: ReplayStatus,
    /// Not before.
    pub since: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

/// How far a replay of many is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayState {
    /// Deliveries are being made, a few at a time.
    Running,
    /// All were made. Some may still be under way.
    Finished,
    /// It was canceled: nothing more is made.
    Canceled,
}

/// A replay of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// How far it is.
    pub state: ReplayState,
    /// What it sends again.
    pub span: ReplaySpan,
    /// Deliveries that were made.
    pub made: u64,
    /// Deliveries that were left out: their payload is gone, or they are replays themselves.
    pub skipped: u64,
    /// Made deliveries that succeeded.
    pub succeeded: u64,
    /// Made deliveries that were given up.
    pub exhausted: u64,
    /// Made deliveries that were canceled.
    pub canceled: u64,
    /// Whether its deliveries are parked, since the endpoint is not active.
    pub is_parked: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last one was made, or it was canceled.
    pub finished_at: Option<Timestamp>,
}

/// What came of starting a replay of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartOutcome {
    /// It runs.
    Started(Box<Replay>),
    /// Another one of this endpoint runs. Nothing was changed.
    Running(ReplayId),
    /// The account has no such endpoint.
    EndpointNotFound,
}

/// How many deliveries a replay of many would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayCount {
    /// How many.
    pub matching: u64,
    /// There may be more: counting stopped at a bound.
    pub is_lower_bound: bool,
}

impl ReplayStatus {
    /// The stable name, the same in Redis and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Succeeded => "succeeded",
        }
    }
}

/// Exhausted deliveries that a count looks at.
const COUNTED_EXHAUSTED: usize = 5000;

/// Entries of a log that a count looks at in one step, and how many steps it takes: as many as a log has by default.
const COUNTED_ENTRIES: usize = 250;
const COUNT_STEPS: usize = 5;

impl Store {
    /// Sends a delivery again as `new`, a fresh id of the same event and endpoint. That `source` exists has been found out
    /// before. Repeating the call makes nothing more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn replay_delivery(
        &self,
        account: &AccountId,
        source: &DeliveryId,
        new: &DeliveryId,
        budgets: Budgets,
    ) -> Result<ReplayOutcome, StoreError> {
        let endpoint = source.endpoint();
        let (account_bytes, parked_bytes) = (
            budgets.account_bytes.to_string(),
            budgets.parked_bytes.to_string(),
        );
        let arguments = [
            endpoint.as_str(),
            account.as_str(),
            source.as_str(),
            new.as_str(),
            &account_bytes,
            &parked_bytes,
        ];
        let answer = text(self.run(&self.scripts().replay_one, &arguments).await?)?;
        match answer.as_str() {
            "pending" => Ok(ReplayOutcome::Pending),
            "parked" => Ok(ReplayOutcome::Parked),
            "expired" => Ok(ReplayOutcome::Expired),
            "over_budget" => Ok(ReplayOutcome::OverBudget),
            "" => Ok(ReplayOutcome::EndpointNotFound),
            other => Err(unexpected(other)),
        }
    }

    /// Begins a replay of many as `id`, a fresh one. Workers make its deliveries, step by step. Repeating the call
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn start_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        id: &ReplayId,
        span: &ReplaySpan,
        budgets: Budgets,
    ) -> Result<StartOutcome, StoreError> {
        let numbers = [
            span.since.as_millis(),
            span.until.as_millis(),
            budgets.account_bytes,
        ]
        .map(|number| number.to_string());
        let arguments = [
            endpoint.as_str(),
            account.as_str(),
            id.as_str(),
            span.status.as_str(),
            &numbers[0],
            &numbers[1],
            &numbers[2],
        ];
        let mut answer = array(self.run(&self.scripts().replay_start, &arguments).await?)?.into_iter();
        let Some(outcome) = answer.next() else {
            return Ok(StartOutcome::EndpointNotFound);
        };
        match text(outcome)?.as_str() {
            "started" => {
                let view = array(next(&mut answer)?)?;
                let replay = replay(view)?.ok_or_else(|| unexpected("replay"))?;
                Ok(StartOutcome::Started(Box::new(replay)))
            }
            "running" => Ok(StartOutcome::Running(parsed(next(&mut answer)?)?)),
            other => Err(unexpected(other)),
        }
    }

    /// How far a replay of many is; `None` when this endpoint has no such replay.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn get_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        id: &ReplayId,
    ) -> Result<Option<Replay>, StoreError> {
        let arguments = [endpoint.as_str(), account.as_str(), id.as_str(), "0"];
        replay(array(self.run(&self.scripts().replay_get, &arguments).await?)?)
    }

    /// Cancels a replay of many, unless it has ended, and answers how far it came; `None` when this endpoint has no such
    /// replay. What it made goes on. Repeating the call changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn cancel_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        id: &ReplayId,
    ) -> Result<Option<Replay>, StoreError> {
        let arguments = [endpoint.as_str(), account.as_str(), id.as_str(), "1"];
        replay(array(self.run(&self.scripts().replay_get, &arguments).await?)?)
    }

    /// Counts what a replay of many would take, up to a bound; `None` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn count_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        span: &ReplaySpan,
    ) -> Result<Option<ReplayCount>, StoreError> {
        let (most, steps) = match span.status {
            ReplayStatus::Exhausted => (COUNTED_EXHAUSTED, 1),
            ReplayStatus::Succeeded => (COUNTED_ENTRIES, COUNT_STEPS),
        };
        let (most, until) = (most.to_string(), span.until.as_millis().to_string());
        let (mut matching, mut from) = (0, span.since.as_millis().to_string());
        for _ in 0..steps {
            let arguments = [
                endpoint.as_str(),
                account.as_str(),
                span.status.as_str(),
                &from,
                &until,
                &most,
            ];
            let mut answer = array(self.run(&self.scripts().replay_count, &arguments).await?)?.into_iter();
            let Some(found) = answer.next() else {
                return Ok(None);
            };
            matching += integer(found)?.unsigned_abs();
            from = text(next(&mut answer)?)?;
            if from.is_empty() {
                break;
            }
        }
        Ok(Some(ReplayCount {
            matching,
            is_lower_bound: !from.is_empty(),
        }))
    }
}

/// A replay as scripts answer it (`replay_view`, and the state of its endpoint); `None` for an empty list.
fn replay(view: Vec<redis::Value>) -> Result<Option<Replay>, StoreError> {
    let mut values = view.into_iter();
    let Some(id) = values.next() else {
        return Ok(None);
    };
    let id = parsed(id)?;
    let hash = fields(next(&mut values)?)?;
    let endpoint_state = text(next(&mut values)?)?;
    let state = match hash.get("state").map(String::as_str) {
        Some("running") => ReplayState::Running,
        Some("finished") => ReplayState::Finished,
        Some("canceled") => ReplayState::Canceled,
        _ => return Err(unexpected("state of a replay")),
    };
    let status = match hash.get("status").map(String::as_str) {
        Some("exhausted") => ReplayStatus::Exhausted,
        Some("succeeded") => ReplayStatus::Succeeded,
        _ => return Err(unexpected("status of a replay")),
    };
    Ok(Some(Replay {
        id,
        state,
        span: ReplaySpan {
            status,
            since: time(&hash, "since")?,
            until: time(&hash, "until")?,
        },
        made: number(&hash, "made"),
        skipped: number(&hash, "skipped"),
        succeeded: number(&hash, "succeeded"),
        exhausted: number(&hash, "exhausted"),
        canceled: number(&hash, "canceled"),
        is_parked: matches!(endpoint_state.as_str(), "disabled" | "off"),
        created_at: time(&hash, "createdAt")?,
        finished_at: hash
            .contains_key("finishedAt")
            .then(|| time(&hash, "finishedAt"))
            .transpose()?,
    }))
}

fn number(hash: &HashMap<String, String>, name: &str) -> u64 {
    hash.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn time(hash: &HashMap<String, String>, name: &str) -> Result<Timestamp, StoreError> {
    let text = hash.get(name).ok_or_else(|| unexpected(name))?;
    Timestamp::from_millis(parse(text)?).ok_or_else(|| unexpected(name))
}
