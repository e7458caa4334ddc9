//! Switching many endpoints on or off at once, each by itself.

use domain::endpoint::{Condition, EndpointPatch};
use domain::id::EndpointId;
use futures_util::future::join_all;
use poem::Request;
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use store::endpoints::ChangeOutcome;

use super::super::schema::present;
use super::one::changed;
use super::parked::{Parked, parked_action};
use super::state_view::{WantedState, state_change};
use super::view::EndpointView;
use crate::app::App;
use crate::caller::{Caller, count_more};
use crate::json::{Json, JsonRequest};
use crate::problem::{Code, Problem, ProblemBody};

/// The most endpoints in one request.
const MOST: usize = 100;

/// So many endpoints count as one call.
const IN_ONE_CALL: usize = 10;

/// So many are changed at the same time.
const AT_ONCE: usize = 10;

/// Which endpoints to switch on or off, or to pause.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ChangeEndpoints {
    /// The ids of the endpoints, at most 100.
    #[oai(validator(min_items = 1, max_items = 100))]
    ids: Vec<String>,
    /// `true` switches them on, `false` switches off those that aren't paused. Required, unless `state` says it.
    #[serde(default, deserialize_with = "present")]
    active: Option<bool>,
    /// The same as a state, which must not contradict `active`; `paused` keeps what comes until they are `active` again.
    #[serde(default, deserialize_with = "present")]
    state: Option<WantedState>,
    /// What to do with parked deliveries of those that are switched on; `deliver` if absent.
    #[serde(default, deserialize_with = "present")]
    parked: Option<Parked>,
}

/// What became of each endpoint.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ChangedEndpoints {
    /// How many are as wanted now.
    changed: u32,
    /// How many are not.
    rejected: u32,
    /// One result for each id, in the order of the request.
    results: Vec<ChangeResult>,
}

/// What became of one endpoint: either `status` is 200 and `endpoint` is there, or `error` says why it wasn't changed.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ChangeResult {
    /// The id, as it was given.
    id: String,
    /// The HTTP status that the change would have got if it had been made alone.
    status: u16,
    /// The endpoint as it is now. Only if it is as wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    endpoint: Option<EndpointView>,
    /// Why the endpoint was not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    error: Option<ProblemBody>,
}

impl JsonRequest for ChangeEndpoints {
    const REQUIRED: &'static [(&'static str, &'static str)] = &[("ids", r#"["ep_0000000000000000"]"#)];

    fn fault(self, _: &App) -> Option<Problem> {
        self.into_patch(None).err()
    }
}

/// Switches endpoints that meet the condition on or off, or pauses them.
pub(super) async fn change_many(
    app: &App,
    caller: &Caller,
    request: &Request,
    body: ChangeEndpoints,
    condition: &Condition,
) -> Result<Json<ChangedEndpoints>, Problem> {
    let (ids, patch) = body.into_patch(Some(caller.by.clone()))?;
    count_more(app, request, caller, (ids.len() - 1) / IN_ONE_CALL).await?;
    let store = app.store.of(&caller.account)?;
    let mut outcomes = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let changes = some.iter().map(async |id| match id.parse::<EndpointId>() {
            Ok(id) => {
                store
                    .change_endpoint(&caller.account, &id, &patch, condition)
                    .await
            }
            // What isn't an id is no endpoint's.
            Err(_) => Ok(ChangeOutcome::EndpointNotFound),
        });
        outcomes.extend(join_all(changes).await);
    }
    if outcomes.iter().all(Result::is_err)
        && let Some(Err(error)) = outcomes.first()
    {
        return Err(error.clone().into());
    }
    let results = ids.into_iter().zip(outcomes).map(|(id, outcome)| {
        match outcome.map_err(Problem::from).and_then(changed) {
            Ok(endpoint) => ChangeResult {
                id,
                status: 200,
                endpoint: Some(endpoint.into()),
                error: None,
            },
            Err(problem) => ChangeResult {
                id,
                status: problem.http_status().as_u16(),
                endpoint: None,
                error: Some(problem.body()),
            },
        }
    });
    let results: Vec<_> = results.collect();
    let count = |is_error: bool| {
        let some = results.iter().filter(|result| result.error.is_some() == is_error);
        u32::try_from(some.count()).unwrap_or(u32::MAX)
    };
    Ok(Json(ChangedEndpoints {
        changed: count(false),
        rejected: count(true),
        results,
    }))
}

impl ChangeEndpoints {
    /// Which endpoints, and the change to make to each, and who makes it.
    fn into_patch(self, by: Option<String>) -> Result<(Vec<String>, EndpointPatch), Problem> {
        if !(1..=MOST).contains(&self.ids.len()) {
            return Err(Problem::new(Code::InvalidValue)
                .detail(format!("Give from 1 to {MOST} endpoints in `ids`."))
                .field("ids")
                .param("min", 1)
                .param("max", MOST));
        }
        let Some(state) = state_change(self.active, self.state)? else {
            return Err(Problem::new(Code::MissingField)
                .detail("Say what the endpoints shall be: `active`, or `state`.")
                .field("active"));
        };
        let patch = EndpointPatch {
            state: Some(state),
            parked: parked_action(self.parked),
            by,
            ..EndpointPatch::default()
        };
        Ok((self.ids, patch))
    }
}
