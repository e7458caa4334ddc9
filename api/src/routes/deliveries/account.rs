//! The deliveries of all endpoints of an account.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use store::log::{AccountFilter, AccountListing, AccountPosition, Cancellation};

use super::super::schema::{
    AccountStatus, ChatbotId, CursorText, DateTime, DeliveredEvent, IdText, PageLimit,
};
use super::super::{Call, Group, Resource, fields};
use super::account_filter::{read_endpoints, read_event_id, read_statuses, text};
use super::filter;
use super::view::DeliveryView;
use crate::app::App;
use crate::caller::Caller;
use crate::cursor::CursorScope;
use crate::json::Json;
use crate::problem::{Code, Faults, Problem};

/// The parameters, and those that may be given several times.
const NAMES: [&str; 9] = [
    "endpointId",
    "eventId",
    "status",
    "event",
    "chatbotId",
    "since",
    "until",
    "cursor",
    "limit",
];
const REPEATED: [&str; 2] = ["endpointId", "status"];

/// Listing an account's deliveries.
#[derive(Debug, Clone, Copy)]
pub struct AccountDeliveriesApi;

/// A page of an account's deliveries.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct AccountDeliveryList {
    /// The deliveries, newest first; those that wait come first of all, endpoint by endpoint.
    deliveries: Vec<DeliveryView>,
    /// Where parked deliveries were discarded, newest first; empty unless `status` asks for `canceled`.
    canceled: Vec<CancellationView>,
    /// Where the next page begins: give it as `cursor`. `null` on the last page. A short page isn't necessarily the last one.
    #[oai(nullable)]
    next_cursor: Option<String>,
    /// The time from which on nothing is missing: of what happened before, a log has dropped something. `null` if none ever has, or
    /// if `status` asks only for deliveries that are listed however old they are.
    #[oai(nullable)]
    complete_since: Option<DateTime>,
    /// Whether the place has gone where the page before ended: what was there is no longer kept, or no longer in the state that is listed.
    /// Then deliveries may be missing between the two pages. To see what there is, begin anew, without `cursor`.
    gap: bool,
}

/// An owner discarded what was parked.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Cancellation", rename_all = "camelCase")]
pub(crate) struct CancellationView {
    /// When it happened.
    at: DateTime,
    /// The endpoint whose deliveries they were.
    endpoint_id: String,
    /// How many deliveries were canceled.
    count: u64,
}

#[OpenApi(tag = "Group::Deliveries")]
impl AccountDeliveriesApi {
    /// List the deliveries of all endpoints
    ///
    /// Returns the deliveries of all endpoints of the account, each once, newest first, with its present state. Without `status`, the
    /// list has those that were attempted or given up, as far back as the logs go. All pages show the logs as they were when the
    /// first page was read, so that nothing is repeated or left out because of what happens meanwhile.
    ///
    /// Deliveries that wait (`pending`, `quarantined`, `in_flight`, `parked`) are listed if `status` asks for them. They come before
    /// all others, one endpoint after the other. What a log has dropped of those that wait for a retry, or were exhausted, comes after
    /// all others, likewise. `canceled` lists when parked deliveries were discarded, and how many: they have no list.
    #[oai(
        path = "/api/webhooks-deliveries",
        method = "get",
        operation_id = "listAccountDeliveries"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the call")]
    async fn list(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// List only deliveries of these endpoints, at most 100. It may be given several times, or as a list with commas.
        #[oai(name = "endpointId")]
        endpoints: Query<Option<Vec<IdText>>>,
        /// List only the deliveries of this event, without replays.
        #[oai(name = "eventId")]
        event_id: Query<Option<IdText>>,
        /// List only deliveries that are in one of these states now. It may be given several times, or as a list with commas.
        status: Query<Option<Vec<AccountStatus>>>,
        /// List only deliveries of events of this type.
        event: Query<Option<DeliveredEvent>>,
        /// List only deliveries of events of this chatbot, as far as their payloads are kept.
        #[oai(name = "chatbotId")]
        chatbot: Query<Option<ChatbotId>>,
        /// List only deliveries whose last attempt ended at this time or later. Of those that wait, the time at which the event was
        /// accepted counts.
        since: Query<Option<DateTime>>,
        /// List only deliveries whose last attempt ended before this time. What counts is the same as for `since`.
        until: Query<Option<DateTime>>,
        /// Where the page begins: the `nextCursor` of the previous page, with the same filters.
        cursor: Query<Option<CursorText>>,
        /// The largest number of deliveries on the page.
        limit: Query<Option<PageLimit>>,
    ) -> Result<Json<AccountDeliveryList>, Problem> {
        let mut faults = Faults::default();
        let query = request.uri().query().unwrap_or_default();
        let known = faults.take(filter::only_these(query, &NAMES, &REPEATED));
        let endpoints = faults.take(read_endpoints(&endpoints.0.unwrap_or_default()));
        let event_id = faults.take(read_event_id(event_id.0));
        let status = faults.take(read_statuses(&status.0.unwrap_or_default()));
        let event = faults.take(filter::event(event, &app.event_types));
        let chatbot = chatbot.0.map(|ChatbotId(id)| fields::chatbot_id(id)).transpose();
        let chatbot = faults.take(chatbot);
        let span = faults.take(filter::span(since, until));
        let limit = faults.take(filter::limit(limit));
        let (Some(()), Some(endpoints), Some(event_id), Some((statuses, canceled))) =
            (known, endpoints, event_id, status)
        else {
            return Err(faults.into());
        };
        let (Some(event), Some(chatbot), Some((since, until)), Some(limit)) = (event, chatbot, span, limit)
        else {
            return Err(faults.into());
        };
        let filter = AccountFilter {
            endpoints,
            statuses,
            canceled,
            event_id,
            event,
            chatbot,
            since,
            until,
        };
        let text = text(&filter);
        let scope = CursorScope {
            keys: &app.secrets.get(),
            purpose: "account deliveries",
            account: &caller.account,
            endpoint: None,
            filter: &text,
        };
        let position: Option<AccountPosition> = cursor
            .0
            .map(|CursorText(text)| scope.read(&text))
            .transpose()
            .map_err(|_| Problem::new(Code::InvalidCursor).field("cursor"))?;
        let store = app.store.of(&caller.account)?;
        let listing = AccountListing {
            account: &caller.account,
            filter: &filter,
            position: position.as_ref(),
            limit,
        };
        let page = store.list_account(&listing).await?;
        let page = page.ok_or_else(|| fields::no_endpoint().field("endpointId"))?;
        Ok(Json(AccountDeliveryList {
            deliveries: page.deliveries.into_iter().map(Into::into).collect(),
            canceled: page.canceled.into_iter().map(Into::into).collect(),
            next_cursor: page.next.map(|next| scope.write(&next)),
            complete_since: page.complete_since.map(Into::into),
            gap: page.has_gap,
        }))
    }
}

impl Resource for AccountDeliveriesApi {
    const CALLS: &'static [Call] = &[Call::new(
        "listAccountDeliveries",
        &[
            Code::EndpointNotFound,
            Code::InvalidFilter,
            Code::InvalidChatbotId,
            Code::InvalidTimestamp,
            Code::InvalidSpan,
            Code::InvalidCursor,
        ],
    )
    .reads_query()];
    const EXAMPLES: &'static str = include_str!("account.json");
}

impl From<Cancellation> for CancellationView {
    fn from(canceled: Cancellation) -> Self {
        Self {
            at: canceled.at.into(),
            endpoint_id: canceled.endpoint.into(),
            count: canceled.count,
        }
    }
}
