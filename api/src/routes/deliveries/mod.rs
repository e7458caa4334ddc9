//! The dashboard's calls about deliveries: list them (of one endpoint or of all), look at one, replay them, and follow them live.
//!
//! Every call sees only the account of its token: to it, another account's deliveries don't exist.

mod filter;

mod account;

mod account_filter;

pub(crate) mod view;

mod replays;

mod stream;

mod stream_events;

mod event_stream;

mod follow;

mod followed;

pub use account::AccountDeliveriesApi;
pub use replays::{ReplayCountApi, ReplayManyApi, ReplayOneApi};
pub use stream::StreamApi;

use domain::id::{AccountId, DeliveryId, EndpointId};
use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use store::Store;
use store::log::{DeliveryDetail, ListFilter, Listing};

use self::view::{DeliveryDetailView, DeliveryList};
use super::schema::{CursorText, DateTime, DeliveredEvent, ListedStatus, PageLimit};
use super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::caller::Caller;
use crate::cursor::CursorScope;
use crate::json::Json;
use crate::problem::{Code, Faults, Problem};

/// Listing deliveries, and looking at one.
#[derive(Debug, Clone, Copy)]
pub struct DeliveriesApi;

#[OpenApi(tag = "Group::Deliveries")]
impl DeliveriesApi {
    /// List deliveries
    ///
    /// Returns the deliveries of an endpoint, each once, newest first, with its present state. Without `status`, the list
    /// contains the deliveries that were attempted or given up, as far back as the log goes, ordered by their last attempt; the
    /// same goes for `succeeded`. All pages show the log as it was when the first page was read, so that nothing is repeated or
    /// left out because of what happens meanwhile. Deliveries that wait for their first attempt are only listed
    /// if `status` asks for them. What is older than `completeSince` may be missing. Canceled deliveries are not listed: the live stream tells how many there were.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries",
        method = "get",
        operation_id = "listDeliveries"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the call")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The endpoint's id.
        id: Path<String>,
        /// List only deliveries that are in this state now.
        status: Query<Option<ListedStatus>>,
        /// List only deliveries of events of this type.
        event: Query<Option<DeliveredEvent>>,
        /// List only deliveries whose last attempt ended at this time or later. If `status` is `pending`, `parked` or
        /// `in_flight`, the time at which the event was accepted counts.
        since: Query<Option<DateTime>>,
        /// List only deliveries whose last attempt ended before this time. What counts is the same as for `since`.
        until: Query<Option<DateTime>>,
        /// Where the page begins: the `nextCursor` of the previous page, with the same filters.
        cursor: Query<Option<CursorText>>,
        /// The largest number of deliveries on the page.
        limit: Query<Option<PageLimit>>,
    ) -> Result<Json<DeliveryList>, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let mut faults = Faults::default();
        let known = faults.take(filter::only_known(request.uri().query().unwrap_or_default()));
        let span = faults.take(filter::span(since, until));
        let status = faults.take(filter::status(status));
        let event = faults.take(filter::event(event, &app.event_types));
        let limit = faults.take(filter::limit(limit));
        let (Some(()), Some((since, until)), Some(status), Some(event), Some(limit)) =
            (known, span, status, event, limit)
        else {
            return Err(faults.into());
        };
        let filter = ListFilter {
            status,
            event,
            since,
            until,
        };
        let text = filter::text(&filter);
        let scope = CursorScope {
            keys: &app.secrets.get(),
            purpose: "deliveries",
            account: &caller.account,
            endpoint: Some(&endpoint),
            filter: &text,
        };
        let position = cursor
            .0
            .map(|CursorText(text)| scope.read(&text))
            .transpose()
            .map_err(|_| Problem::new(Code::InvalidCursor).field("cursor"))?;
        let page = app
            .store
            .of(&caller.account)?
            .list_deliveries(&Listing {
                account: &caller.account,
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
            complete_since: page.complete_since.map(Into::into),
            gap: page.has_gap,
        }))
    }

    /// Get one delivery
    ///
    /// Returns one delivery with the body that is sent, byte for byte, and with all attempts that are still in the log.
    #[oai(
        path = "/api/webhooks-config/:id/deliveries/:deliveryId",
        method = "get",
        operation_id = "getDelivery"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The delivery's id.
        #[oai(name = "deliveryId")]
        delivery: Path<String>,
    ) -> Result<Json<DeliveryDetailView>, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let store = app.store.of(&caller.account)?;
        let (_, detail) = find(store, &caller.account, &endpoint, &delivery.0).await?;
        detail.try_into().map(Json)
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
        )
        .reads_query(),
        Call::new("getDelivery", &[]),
    ];
    const EXAMPLES: &'static str = include_str!("deliveries.json");
}

/// The delivery that a path names.
async fn find(
    store: &Store,
    account: &AccountId,
    endpoint: &EndpointId,
    text: &str,
) -> Result<(DeliveryId, DeliveryDetail), Problem> {
    let not_found = || Problem::new(Code::DeliveryNotFound);
    let Ok(id) = text.parse::<DeliveryId>() else {
        // A text that isn't an id is no delivery's. But the endpoint may be unknown as well.
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
