//! Replays of many: all deliveries of an endpoint that ended within a time span.

use domain::clock::Timestamp;
use domain::id::{EndpointId, ReplayId};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::replays::{ReplaySpan, ReplayStatus, StartOutcome};

use super::super::{Call, Group, Resource, fields};
use super::replay_shapes::{CountView, EndedAs, ManyReplayed, ReplayDeliveries, ReplayView};
use crate::app::App;
use crate::caller::DashboardUser;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The longest span, in days: exhausted deliveries are kept for 14 unless configured otherwise.
const MAX_DAYS: u64 = 31;

/// By how much the caller's clock may be ahead of ours.
const CLOCKS_DIFFER_MS: u64 = 60_000;

/// The calls.
#[derive(Debug, Clone, Copy)]
pub struct ReplaysApi;

#[OpenApi(tag = "Group::Deliveries")]
impl ReplaysApi {
    /// Replay many deliveries
    ///
    /// Sends again what was given up (or what succeeded, with `status`) within a time span of at most 31 days. The new
    /// deliveries are made in the background, a few at a time, so that live events never wait behind more than a few of
    /// them; ask for the replay to see how far it is. An endpoint has one at a time. Deliveries that are replays themselves
    /// are left out. While the endpoint is not active the new deliveries are parked (`parked`). With `dryRun` nothing is
    /// sent, and the answer says how many there are.
    #[oai(
        path = "/api/webhooks-config/:id/replay",
        method = "post",
        operation_id = "replayDeliveries"
    )]
    async fn start(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: Json<ReplayDeliveries>,
    ) -> Result<ManyReplayed, Problem> {
        let endpoint = fields::endpoint_id(&id.0)?;
        let store = app.store.get()?;
        // What is to be replayed is dated by this clock.
        let now = store.time().await?;
        let span = span(&body.0, now)?;
        if body.0.dry_run == Some(true) {
            let count = store
                .count_replay(&user.account, &endpoint, &span)
                .await?
                .ok_or_else(fields::no_endpoint)?;
            return Ok(ManyReplayed::Counted(Json(CountView::new(count, &span))));
        }
        let new = ReplayId::new(now.as_millis());
        let outcome = store
            .start_replay(&user.account, &endpoint, &new, &span, app.allowance.budgets)
            .await?;
        match outcome {
            StartOutcome::Started(replay) => {
                let location = format!("/api/webhooks-config/{endpoint}/replays/{}", replay.id);
                Ok(ManyReplayed::Started(Json((*replay).into()), location))
            }
            StartOutcome::Running(running) => Err(Problem::new(Code::ReplayInProgress).detail(format!(
                "The replay {running} is running, and an endpoint has one at a time: wait until it has finished, or cancel it."
            ))),
            StartOutcome::EndpointNotFound => Err(fields::no_endpoint()),
        }
    }

    /// Get a replay
    ///
    /// Answers how far a replay of many is, up to 14 days after its end. An endpoint keeps the last 20 that ended.
    #[oai(
        path = "/api/webhooks-config/:id/replays/:replayId",
        method = "get",
        operation_id = "getReplay"
    )]
    async fn get(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The replay's id.
        #[oai(name = "replayId")]
        replay: Path<String>,
    ) -> Result<Json<ReplayView>, Problem> {
        look(&app, &user, &id.0, &replay.0, false).await
    }

    /// Cancel a replay
    ///
    /// No more deliveries are made; those that were made go on. One that has ended stays as it is.
    #[oai(
        path = "/api/webhooks-config/:id/replays/:replayId",
        method = "delete",
        operation_id = "cancelReplay"
    )]
    async fn cancel(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// The replay's id.
        #[oai(name = "replayId")]
        replay: Path<String>,
    ) -> Result<Json<ReplayView>, Problem> {
        look(&app, &user, &id.0, &replay.0, true).await
    }
}

impl Resource for ReplaysApi {
    const CALLS: &'static [Call] = &[
        Call::new(
            "replayDeliveries",
            &[
                Code::InvalidValue,
                Code::InvalidTimestamp,
                Code::InvalidSpan,
                Code::ReplayInProgress,
            ],
        ),
        Call::new("getReplay", &[]),
        Call::new("cancelReplay", &[]),
    ];
    const EXAMPLES: &'static str = include_str!("replays.json");
}

/// Answers a replay, and cancels it before that if wanted.
async fn look(
    app: &App,
    user: &DashboardUser,
    endpoint: &str,
    replay: &str,
    cancel: bool,
) -> Result<Json<ReplayView>, Problem> {
    let endpoint: EndpointId = fields::endpoint_id(endpoint)?;
    let store = app.store.get()?;
    let found = match replay.parse::<ReplayId>() {
        Ok(id) if cancel => store.cancel_replay(&user.account, &endpoint, &id).await?,
        Ok(id) => store.get_replay(&user.account, &endpoint, &id).await?,
        Err(_) => None,
    };
    if let Some(replay) = found {
        return Ok(Json(replay.into()));
    }
    Err(match store.get_endpoint(&user.account, &endpoint).await? {
        Some(_) => Problem::new(Code::ReplayNotFound),
        None => fields::no_endpoint(),
    })
}

/// The span that is to be sent again.
fn span(wanted: &ReplayDeliveries, now: Timestamp) -> Result<ReplaySpan, Problem> {
    let refuse = |field: &str, detail: String| Problem::new(Code::InvalidSpan).detail(detail).field(field);
    let since = fields::timestamp(&wanted.since.0, "since")?;
    let until = match &wanted.until {
        Some(until) => fields::timestamp(&until.0, "until")?,
        None => now,
    };
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
        return Err(refuse("since", detail));
    }
    Ok(ReplaySpan {
        status: wanted.status.map_or(ReplayStatus::Exhausted, EndedAs::into),
        since,
        until,
    })
}

#[cfg(test)]
mod tests;
