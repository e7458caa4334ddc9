//! What became of an endpoint's deliveries, and sending them again: the log, one delivery, replays, and the live stream.
//!
//! Like all calls of the dashboard they see only the account of the token: another account's deliveries are as unknown as
//! those that don't exist.

mod filter;

mod shapes;

mod expired;

mod replays;

mod replay_shapes;

mod stream;

mod stream_events;

mod follow;

pub use replays::ReplaysApi;
pub use stream::StreamApi;

use domain::id::{AccountId, DeliveryId, EndpointId};
use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use sha2::{Digest as _, Sha256};
use store::Store;
use store::log::{DeliveryDetail, ListFilter, Listing};
use store::replays::ReplayOutcome;

use self::shapes::{DeliveryList, DeliveryStatus, DetailView, Replayed};
use super::events::idempotency::IdempotencyHeader;
use super::schema::{CursorText, DateTime, DeliveredEvent, ListedStatus, PageLimit};
use super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::caller::DashboardUser;
use crate::cursor::CursorScope;
use crate::headers::OnceHeader;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The calls about single deliveries.
#[derive(Debug, Clone, Copy)]
pub struct DeliveriesApi;

#[OpenApi(tag = "Group::Deliveries")]
impl DeliveriesApi {
    /// List deliveries
    ///
    /// Each delivery once, newest first, with where it is now. Without `status`: those that were attempted or given up, as
    /// far as the log goes back, ordered by their last attempt; with `succeeded` too. All pages show the log as it was when
    /// the first one was read, so nothing is repeated or left out because something arrived meanwhile. Deliveries that wait
    /// for their first attempt are listed by their status alone. Canceled ones leave only their number, in the live stream.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries",
        method = "get",
        operation_id = "listDeliveries"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the call")]
    async fn list(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        request: &Request,
        /// The endpoint's id.
        id: Path<String>,
        /// Only deliveries that are in this state now.
        status: Query<Option<ListedStatus>>,
        /// Only deliveries of events of this type.
        event: Query<Option<DeliveredEvent>>,
        /// Only deliveries whose last attempt (with `pending`, `parked` and `in_flight`: whose acceptance) is not before this
        /// time.
        since: Query<Option<DateTime>>,
        /// … and is before this time.
        until: Query<Option<DateTime>>,
        /// Where the page begins: the `nextCursor` of the page before, with the same filters.
        cursor: Query<Option<CursorText>>,
        /// How many deliveries the page may have.
        limit: Query<Option<PageLimit>>,
    ) -> Result<Json<DeliveryList>, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        filter::only_known(request.uri().query().unwrap_or_default())?;
        let (since, until) = filter::span(since, until)?;
        let filter = ListFilter {
            status: filter::status(status)?,
            event: filter::event(event)?,
            since,
            until,
        };
        let limit = filter::limit(limit)?;
        let text = filter::text(&filter);
        let scope = CursorScope {
            keys: &app.secrets,
            purpose: "deliveries",
            account: &user.account,
            endpoint: &endpoint,
            filter: &text,
        };
        let position = cursor
            .0
            .map(|CursorText(text)| scope.read(&text))
            .transpose()
            .map_err(|_| Problem::new(Code::InvalidCursor).field("cursor"))?;
        let page = app
            .store
            .get()?
            .list_deliveries(&Listing {
                account: &user.account,
                endpoint: &endpoint,
                filter: &filter,
                position: position.as_ref(),
                limit,
            })
            .await?
            .ok_or_else(fields::no_endpoint)?;
        Ok(Json(DeliveryList {
            deliveries: page.deliveries.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|next| scope.write(&next)),
        }))
    }

    /// Get one delivery
    ///
    /// Answers what was sent, byte by byte, and every attempt as far as it is kept.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries/:deliveryId",
        method = "get",
        operation_id = "getDelivery"
    )]
    async fn get(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The delivery's id.
        #[oai(name = "deliveryId")]
        delivery: Path<String>,
    ) -> Result<Json<DetailView>, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let store = app.store.get()?;
        let (_, detail) = find(store, &user.account, &endpoint, &delivery.0).await?;
        detail.try_into().map(Json)
    }

    /// Replay a delivery
    ///
    /// Sends the event again as a new delivery that names this one: with the same body and `webhook-id`, and
    /// `X-RKT-Replay: true`. It takes its turn behind what waits already, gets as many attempts as any, and its failures
    /// never count against the endpoint. It works on every delivery whose payload is kept, one that still waits included:
    /// that one goes on. While the endpoint is not active the new delivery is parked. Each request makes another
    /// one, unless it has the `Idempotency-Key` of an earlier request.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries/:deliveryId/replay",
        method = "post",
        operation_id = "replayDelivery"
    )]
    async fn replay(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The delivery's id.
        #[oai(name = "deliveryId")]
        delivery: Path<String>,
        /// The same key for the same delivery answers the replay that was made for it, as long as anything is kept of that
        /// one: so a request whose answer was lost can be sent again.
        #[oai(name = "Idempotency-Key")]
        key: OnceHeader<IdempotencyHeader>,
    ) -> Result<Replayed, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let store = app.store.get()?;
        let (source, detail) = find(store, &user.account, &endpoint, &delivery.0).await?;
        let new = match &key.0 {
            Some(IdempotencyHeader(key)) => source.replay_as(bits_of(key, &source)),
            None => source.replay(),
        };
        if key.0.is_some()
            && let Some(Some(made)) = store.get_delivery(&user.account, &endpoint, &new).await?
        {
            return Ok(Replayed::new(new, source, made.summary.state.into()));
        }
        if detail.payload.is_none() {
            return Err(expired::problem(store, &detail.summary).await);
        }
        let outcome = store
            .replay_delivery(&user.account, &source, &new, app.allowance.budgets)
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

impl Resource for DeliveriesApi {
    const CALLS: &'static [Call] = &[
        Call::new(
            "listDeliveries",
            &[
                Code::InvalidFilter,
                Code::InvalidTimestamp,
                Code::InvalidSpan,
                Code::InvalidCursor,
            ],
        ),
        Call::new("getDelivery", &[]),
        Call::new(
            "replayDelivery",
            &[
                Code::InvalidIdempotencyKey,
                Code::PayloadExpired,
                Code::AccountOverBudget,
            ],
        ),
    ];
    const EXAMPLES: &'static str = include_str!("deliveries.json");
}

/// What a replay's id is made of when the caller names it by a key.
fn bits_of(key: &str, source: &DeliveryId) -> u128 {
    let hash = Sha256::new()
        .chain_update(source.as_str())
        .chain_update(key)
        .finalize();
    hash.iter()
        .take(5)
        .fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// A delivery by the text that stands for it in a path.
async fn find(
    store: &Store,
    account: &AccountId,
    endpoint: &EndpointId,
    text: &str,
) -> Result<(DeliveryId, DeliveryDetail), Problem> {
    let not_found = || Problem::new(Code::DeliveryNotFound);
    let Ok(id) = text.parse::<DeliveryId>() else {
        // A text that isn't an id can't be the id of a delivery; but the endpoint may be unknown as well.
        return Err(match store.get_endpoint(account, endpoint).await? {
            Some(_) => not_found(),
            None => fields::no_endpoint(),
        });
    };
    let detail = store
        .get_delivery(account, endpoint, &id)
        .await?
        .ok_or_else(fields::no_endpoint)?
        .ok_or_else(not_found)?;
    Ok((id, detail))
}
