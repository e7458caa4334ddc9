//! A replay of many: begun, looked at, canceled.

use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId, ReplayId};

use super::{Replay, ReplaySpan, ReplayStatus, StartOutcome};
use crate::events::Budgets;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Begins a replay of many.
    "replay_start": DenyOom, Writes, needs [OWNER, PENDING, REPLAY_VIEW, CORE, AUDIT, HERE];
    struct ReplayStart<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        replay: &'a ReplayId,
        status: ReplayStatus,
        events: &'a str,
        since: Timestamp,
        until: Timestamp,
        /// Bytes that the account may have unfinished.
        account_bytes: u64,
        order: &'a str
    } -> StartOutcome
}

script! {
    /// How far a replay of many is; `None` when the endpoint has none with this id.
    "replay_get": AllowOom, Reads, needs [REPLAY_VIEW, HERE];
    struct ReplayGet<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        replay: &'a ReplayId
    } -> Option<Replay>
}

script! {
    /// Cancels a replay of many; `None` when the endpoint has none with this id.
    "replay_cancel": AllowOom, Writes, needs [REPLAY_VIEW, REPLAYS, AUDIT, HERE];
    struct ReplayCancel<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        replay: &'a ReplayId,
        order: &'a str
    } -> Option<Replay>
}

impl Store {
    /// Begins a replay of many as `id`, a fresh one. Workers make its deliveries, step by step. Repeating the call
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; [`StoreError::UpgradePending`] if workers of an older release might not see what the span leaves out.
    pub async fn start_replay(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        id: &ReplayId,
        span: &ReplaySpan,
        budgets: Budgets,
    ) -> Result<StartOutcome, StoreError> {
        self.call(&ReplayStart {
            endpoint,
            account,
            replay: id,
            status: span.status,
            events: &span.events_text(),
            since: span.since,
            until: span.until,
            account_bytes: budgets.account_bytes,
            order: self.order(),
        })
        .await
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
        self.call(&ReplayGet {
            endpoint,
            account,
            replay: id,
        })
        .await
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
        self.call(&ReplayCancel {
            endpoint,
            account,
            replay: id,
            order: self.order(),
        })
        .await
    }
}
