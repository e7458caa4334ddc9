//! Replaying one delivery.

use domain::id::DeliveryId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::replays::ReplayOutcome;

use super::super::super::idempotency::IdempotencyHeader;
use super::super::super::{Call, Group, Resource, fields};
use super::super::find;
use super::super::view::DeliveryStatus;
use super::expired;
use crate::app::App;
use crate::caller::Caller;
use crate::headers::OnceHeader;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Replaying one delivery.
#[derive(Debug, Clone, Copy)]
pub struct ReplayOneApi;

/// A new delivery that replays another one.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct ReplayedDelivery {
    /// The id of the new delivery.
    id: String,
    /// The id of the delivery that it replays.
    replay_of: String,
    /// `pending`, or `parked` if the endpoint is not active: then the delivery is sent once the endpoint is switched on. If the
    /// `Idempotency-Key` was used before: the present state of the replay that was made then.
    status: DeliveryStatus,
}

/// The answer to a replay.
#[derive(Debug, ApiResponse)]
pub(crate) enum Replayed {
    /// The new delivery is waiting for its turn, or is parked.
    #[oai(status = 202)]
    Accepted(Json<ReplayedDelivery>),
}

impl Replayed {
    /// For the new delivery that replays `source`.
    pub(super) fn new(new: DeliveryId, source: DeliveryId, status: DeliveryStatus) -> Self {
        Self::Accepted(Json(ReplayedDelivery {
            id: new.into(),
            replay_of: source.into(),
            status,
        }))
    }
}

#[OpenApi(tag = "Group::Deliveries")]
impl ReplayOneApi {
    /// Replay a delivery
    ///
    /// Sends the event again, as a new delivery with the same body, the same `webhook-id` and the header `X-RKT-Replay: true`. The
    /// new delivery queues behind those that are already waiting, and gets as many attempts as any other, but its failures
    /// don't count against the endpoint. If the endpoint is not active, it is parked. Any delivery whose payload is still kept
    /// can be replayed, even one that isn't finished, which then goes on as before. Each request makes another delivery, unless
    /// it has the `Idempotency-Key` of an earlier request.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries/:deliveryId/replay",
        method = "post",
        operation_id = "replayDelivery"
    )]
    async fn replay(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The delivery's id.
        #[oai(name = "deliveryId")]
        delivery: Path<String>,
        /// Makes it safe to send a request again whose answer was lost: the same key for the same delivery returns the replay
        /// that was made the first time, as long as anything is kept about it.
        #[oai(name = "Idempotency-Key")]
        key: OnceHeader<IdempotencyHeader>,
    ) -> Result<Replayed, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let store = app.store.of(&caller.account)?;
        let (source, detail) = find(store, &caller.account, &endpoint, &delivery.0).await?;
        let new = match &key.0 {
            Some(IdempotencyHeader(key)) => source.replay_as(bits_of(key, &source)),
            None => source.replay(),
        };
        if key.0.is_some()
            && let Some(Some(made)) = store.get_delivery(&caller.account, &endpoint, &new).await?
        {
            return Ok(Replayed::new(new, source, made.summary.state.into()));
        }
        if detail.payload.is_none() {
            return Err(expired::problem(store, &detail.summary).await);
        }
        let outcome = store
            .replay_delivery(&caller.account, &source, &new, app.allowance.budgets)
            .await?;
        let status = match outcome {
            ReplayOutcome::Pending => DeliveryStatus::Pending,
            ReplayOutcome::Parked => DeliveryStatus::Parked,
            // It was kept a moment ago.
            ReplayOutcome::Expired => return Err(expired::problem(store, &detail.summary).await),
            ReplayOutcome::OverBudget => return Err(Problem::new(Code::AccountOverBudget).retry_after(30)),
            ReplayOutcome::EndpointNotFound => return Err(fields::no_endpoint()),
        };
        Ok(Replayed::new(new, source, status))
    }
}

impl Resource for ReplayOneApi {
    const CALLS: &'static [Call] = &[Call::new(
        "replayDelivery",
        &[
            Code::InvalidIdempotencyKey,
            Code::PayloadExpired,
            Code::AccountOverBudget,
        ],
    )];
    const EXAMPLES: &'static str = include_str!("one.json");
}

/// What the id of a replay is made of if the request has a key.
fn bits_of(key: &str, source: &DeliveryId) -> u128 {
    let hash = Sha256::new()
        .chain_update(source.as_str())
        .chain_update(key)
        .finalize();
    hash.iter()
        .take(5)
        .fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}
