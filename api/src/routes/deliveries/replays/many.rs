//! Replaying all deliveries of an endpoint that ended within a time span.

use domain::catalog::Catalog;
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId, ReplayId};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::Store;
use store::log::Past;
use store::replays::{ReplaySpan, ReplayStatus, StartOutcome};

use super::super::super::{Call, Group, Resource, fields};
use super::request::{ReplayDeliveries, Wanted};
use super::view::{CountView, ManyReplayed, ReplayView};
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The longest span, in days. Exhausted deliveries are kept for 14 days unless configured otherwise.
const MAX_DAYS: u64 = 31;

/// How far the caller's clock may be ahead of ours.
const CLOCKS_DIFFER_MS: u64 = 60_000;

/// Replaying many deliveries: start, look, cancel.
#[derive(Debug, Clone, Copy)]
pub struct ReplayManyApi;

#[OpenApi(tag = "Group::Deliveries")]
impl ReplayManyApi {
    /// Replay many deliveries
    ///
    /// Replays all deliveries that were exhausted (or that succeeded, with `status`) within a time span of at most 31 days, except
    /// those that are replays themselves; with `undelivered: true`, all that were exhausted or canceled and that no replay has
    /// delivered since, so that the same request again sends only what is still missing (one whose replay is still under way is
    /// missing as well). With `events`, only those of some types. The new deliveries are made in the background, a few at a time, so that live events
    /// never queue behind more than a few of them; get the replay to see how far it is. An endpoint can have one replay at a
    /// time. While the endpoint is not active, the new deliveries are parked. To know beforehand how many there are, count them.
    ///
    /// With `dryRun: true`, which is deprecated, nothing is sent, and the answer is 200 with a `ReplayCount`, as of
    /// `POST /api/webhooks-config/{id}/replay/count`.
    #[oai(
        path = "/api/webhooks-config/:id/replay",
        method = "post",
        operation_id = "replayDeliveries"
    )]
    async fn start(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: Json<ReplayDeliveries>,
    ) -> Result<ManyReplayed, Problem> {
        if body.0.dry_run == Some(true) {
            return count(&app, &caller.account, &id.0, &body.0)
                .await
                .map(ManyReplayed::Counted);
        }
        let endpoint = fields::endpoint_id(&id.0)?;
        let store = app.store.of(&caller.account)?;
        // The deliveries are dated by this clock.
        let now = store.time().await?;
        let span = span(&body.0, &app.event_types, now)?;
        let new = ReplayId::new(now.as_millis());
        let outcome = store
            .start_replay(&caller.account, &endpoint, &new, &span, app.allowance.budgets)
            .await?;
        match outcome {
            StartOutcome::Started(replay) => {
                let location = format!("/api/webhooks-config/{endpoint}/replays/{}", replay.id);
                let since = complete_since(store, &caller.account, &endpoint, span.status).await?;
                let view = Json(ReplayView::new(*replay, since));
                Ok(ManyReplayed::Started(view, location))
            }
            StartOutcome::Running(id) => Err(Problem::new(Code::ReplayInProgress)
                .detail(format!(
                    "{id} is running: wait until it has finished, or cancel it."
                ))
                .param("replayId", id.to_string())),
            StartOutcome::EndpointNotFound => Err(fields::no_endpoint()),
        }
    }

    /// Get a replay
    ///
    /// Returns how far a replay of many deliveries is. A replay is kept for 14 days after its end, but only the latest 20 of an
    /// endpoint.
    #[oai(
        path = "/api/webhooks-config/:id/replays/:replayId",
        method = "get",
        operation_id = "getReplay"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The replay's id.
        #[oai(name = "replayId")]
        replay: Path<String>,
    ) -> Result<Json<ReplayView>, Problem> {
        look(&app, &caller, &id.0, &replay.0, false).await
    }

    /// Cancel a replay
    ///
    /// Stops making new deliveries; those that were made go on. A replay that has already ended stays as it is.
    #[oai(
        path = "/api/webhooks-config/:id/replays/:replayId",
        method = "delete",
        operation_id = "cancelReplay"
    )]
    async fn cancel(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The replay's id.
        #[oai(name = "replayId")]
        replay: Path<String>,
    ) -> Result<Json<ReplayView>, Problem> {
        look(&app, &caller, &id.0, &replay.0, true).await
    }
}

impl Resource for ReplayManyApi {
    const CALLS: &'static [Call] = &[
        Call::new(
            "replayDeliveries",
            &[
                Code::InvalidValue,
                Code::InvalidTimestamp,
                Code::InvalidSpan,
                Code::EmptyEvents,
                Code::TooManyEvents,
                Code::DuplicateEvent,
                Code::UnknownEvent,
                Code::ReplayInProgress,
                Code::UpgradePending,
            ],
        )
        // That of `dryRun`: a call has one shape of success.
        .hiding("200"),
        Call::new("getReplay", &[]),
        Call::new("cancelReplay", &[]),
    ];
    const EXAMPLES: &'static str = include_str!("many.json");
}

/// How many deliveries a replay would send again.
pub(super) async fn count(
    app: &App,
    account: &AccountId,
    endpoint: &str,
    wanted: &ReplayDeliveries,
) -> Result<Json<CountView>, Problem> {
    let endpoint = fields::endpoint_id(endpoint)?;
    let store = app.store.of(account)?;
    let span = span(wanted, &app.event_types, store.time().await?)?;
    let count = store
        .count_replay(account, &endpoint, &span)
        .await?
        .ok_or_else(fields::no_endpoint)?;
    let since = complete_since(store, account, &endpoint, span.status).await?;
    Ok(Json(CountView::new(count, &span, since)))
}

/// Looks at a replay, after canceling it if `cancel` says so.
async fn look(
    app: &App,
    caller: &Caller,
    endpoint: &str,
    replay: &str,
    cancel: bool,
) -> Result<Json<ReplayView>, Problem> {
    let endpoint: EndpointId = fields::endpoint_id(endpoint)?;
    let store = app.store.of(&caller.account)?;
    let found = match replay.parse::<ReplayId>() {
        Ok(id) if cancel => store.cancel_replay(&caller.account, &endpoint, &id).await?,
        Ok(id) => store.get_replay(&caller.account, &endpoint, &id).await?,
        Err(_) => None,
    };
    if let Some(replay) = found {
        let since = complete_since(store, &caller.account, &endpoint, replay.span.status).await?;
        return Ok(Json(ReplayView::new(replay, since)));
    }
    Err(match store.get_endpoint(&caller.account, &endpoint).await? {
        Some(_) => Problem::new(Code::ReplayNotFound),
        None => fields::no_endpoint(),
    })
}

/// Since when all that a replay takes is kept.
async fn complete_since(
    store: &Store,
    account: &AccountId,
    endpoint: &EndpointId,
    status: ReplayStatus,
) -> Result<Option<Timestamp>, Problem> {
    let past = match status {
        ReplayStatus::Exhausted => Past::Exhausted,
        ReplayStatus::Succeeded => Past::Succeeded,
        ReplayStatus::Undelivered => Past::Undelivered,
    };
    Ok(store.complete_since(account, endpoint, past).await?)
}

/// The span that the request asks for.
fn span(wanted: &ReplayDeliveries, catalog: &Catalog, now: Timestamp) -> Result<ReplaySpan, Problem> {
    let refuse = |field: &str, detail: String| Problem::new(Code::InvalidSpan).detail(detail).field(field);
    let Wanted {
        since,
        until,
        status,
        events,
    } = wanted.wanted(catalog)?;
    let until = until.unwrap_or(now);
    if until.as_millis() > now.as_millis() + CLOCKS_DIFFER_MS {
        let detail =
            format!("`until` lies in the future: it is {now} now. Leave it out to replay all up to now.");
        return Err(refuse("until", detail));
    }
    let until = until.min(now);
    if since >= until {
        let detail = match wanted.until {
            Some(_) => "`since` must lie before `until`, and in the past.".to_owned(),
            None => format!("`since` must lie in the past: it is {now} now."),
        };
        return Err(refuse("since", detail));
    }
    if until.as_millis() - since.as_millis() > MAX_DAYS * 86_400_000 {
        let detail =
            format!("A replay takes at most {MAX_DAYS} days: give a later `since`, or an earlier `until`.");
        return Err(refuse("since", detail).param("maxDays", MAX_DAYS));
    }
    Ok(ReplaySpan {
        status,
        events,
        since,
        until,
    })
}

#[cfg(test)]
mod tests;
