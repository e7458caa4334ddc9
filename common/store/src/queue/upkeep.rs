//! Upkeep: what has to happen, and nobody waits for.

use std::time::Duration;

use domain::id::{EventId, ReplayId};

use super::rules::kept_for;
use crate::policy::Policy;
use crate::scripts::{Answer, answered, script};
use crate::{Store, StoreError};

/// How many deliveries one step of upkeep touches in each of its parts.
const MOST: u32 = 100;

/// How soon a replay of many wants its next step.
const NEXT_STEP: Duration = Duration::from_millis(50);

/// What upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpkeepReply {
    /// Leases that expired and were taken back.
    pub reaped: u32,
    /// Deliveries that were swept (released, discarded, removed or aged out).
    pub swept: u32,
    /// There is more to do now.
    pub more: bool,
    /// A replay wants its next step after this, or a streak of failures will have lasted for long enough.
    pub look_again: Option<Duration>,
    /// Payloads of finished events that went at their age.
    pub aged: Released,
    /// Payloads of finished events that went earlier, to make room.
    pub early: Released,
    /// Payloads of exhausted events that went earlier, since their account had too many.
    pub over_budget: Released,
    /// Endpoints that were disabled, since their failures have lasted for long enough.
    pub disabled: u32,
    /// What an operator wants of the worker that asked.
    pub wish: Wish,
}

/// What an operator wants of a worker, as a shard has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wish {
    /// The shard doesn't know the worker: it hasn't told of itself yet, or not for too long.
    #[default]
    Unknown,
    /// Nothing special.
    Serve,
    /// It is to take nothing new.
    Drain,
}

/// Since when it is to take nothing new (ms), `-1`, or nothing where the worker isn't known.
impl Answer for Wish {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        Ok(match String::read(value)?.as_str() {
            "" => Self::Unknown,
            "-1" => Self::Serve,
            _ => Self::Drain,
        })
    }
}

/// Payloads that were let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Released {
    /// How many.
    pub payloads: u64,
    /// What they had been charged: the payloads, and what surrounds them.
    pub bytes: u64,
}

script! {
    /// One bounded step of upkeep.
    "upkeep" = [
        "upkeep/start", "upkeep/payloads", "upkeep/leases", "upkeep/shares", "upkeep/sweeps", "upkeep/parked", "upkeep/replays",
        "upkeep/releases", "upkeep/resume", "upkeep/chores", "upkeep/clocks", "upkeep/answer",
    ]: AllowOom, Writes, needs [SWEEPS, STRIKES, PARKED, REPLAYS, RELEASE, FORWARD, SUSPEND, PLACES];
    struct UpkeepStep<'a> {
        endpoint_concurrency: u32,
        disable_after: u32,
        disable_min_span: Duration,
        delivery_timeout: Duration,
        retention_succeeded: Duration,
        retention_failed: Duration,
        log_length: u32,
        lease: Duration,
        /// How many deliveries it may touch in each of its parts.
        most: u32,
        /// A fresh id for account events.
        spare: &'a EventId,
        /// How long this worker's last upkeep is ago.
        since_last: Option<Duration>,
        /// How many bytes of finished payloads have to go, whatever their age.
        room: u64,
        /// How many bytes of exhausted payloads are kept for an account.
        exhausted_budget: u64,
        /// How many bytes the blocks of an account's history may take.
        history_budget: u64,
        /// What the worker is called; nothing, if it tells nobody of itself.
        worker: &'a str
    } -> (UpkeepReply, Vec<ReplayId>, bool)
}

answered! {
    UpkeepReply { reaped, swept, more, look_again, aged, early, over_budget, disabled, wish }
    Released { payloads, bytes }
}

impl Store {
    /// One bounded step of upkeep: let go of payloads that were kept for long enough, reap expired leases, sweep what was
    /// released, discarded or removed, age out what was parked too long, disable what has failed for too long.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn upkeep(&self, policy: &Policy) -> Result<UpkeepReply, StoreError> {
        self.upkeep_step(policy, None, 0).await
    }

    /// The same, for a worker that knows how long its last upkeep is ago: that tells a clock that was set from time that
    /// passed. It also lets go of finished events' payloads of so many bytes (see [`crate::server::Memory`]), or of as many as one
    /// step does, whatever their age.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. When its answer is lost, more may have gone than was asked for: measure again.
    pub async fn upkeep_step(
        &self,
        policy: &Policy,
        since_last: Option<Duration>,
        room: u64,
    ) -> Result<UpkeepReply, StoreError> {
        self.upkeep_of("", policy, since_last, room).await
    }

    /// The same, for the `worker` of this name, which hears what an operator wants of it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, as above.
    pub async fn upkeep_of(
        &self,
        worker: &str,
        policy: &Policy,
        since_last: Option<Duration>,
        room: u64,
    ) -> Result<UpkeepReply, StoreError> {
        let step = UpkeepStep {
            worker,
            endpoint_concurrency: policy.endpoint_concurrency,
            disable_after: policy.disable_after,
            disable_min_span: policy.disable_min_span,
            delivery_timeout: policy.delivery_timeout,
            retention_succeeded: kept_for(policy.retention_succeeded),
            retention_failed: kept_for(policy.retention_failed),
            log_length: policy.log_length,
            lease: policy.lease(),
            most: MOST,
            spare: &self.fresh_event(),
            since_last,
            room,
            exhausted_budget: policy.exhausted_budget,
            history_budget: policy.history_budget,
        };
        let (mut reply, replays, is_erasing) = self.call(&step).await?;
        for replay in &replays {
            // It is tried again soon, by any worker.
            if let Err(error) = self.step_replay(replay).await {
                tracing::warn!(%replay, "a step of a replay failed: {error}");
            }
            reply.look_again = Some(reply.look_again.map_or(NEXT_STEP, |other| other.min(NEXT_STEP)));
        }
        if is_erasing {
            match self.erase_accounts().await {
                Ok(Some(rest)) => {
                    reply.look_again = Some(reply.look_again.map_or(rest, |other| other.min(rest)));
                }
                Ok(None) => {}
                Err(error) => tracing::warn!("a step of erasing an account failed: {error}"),
            }
        }
        Ok(reply)
    }
}
