//! The calls about one endpoint that its path names, and what changing and removing one is, however it is named.

use domain::endpoint::{Condition, Endpoint, EndpointState, StateChange};
use domain::id::EndpointId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::endpoints::{ChangeOutcome, MOST_ROUTE_BYTES, RemoveOutcome};

use super::super::{Call, Group, Resource, fields};
use super::answers::{BODY_ERRORS, FIELD_ERRORS};
use super::change::{Change, ChangeEndpoint};
use super::detail::Detailed;
use super::headers;
use super::made::{Changed, Removed};
use super::named::{BodyId, only_one};
use super::state_view::not_disabled;
use super::warning;
use crate::app::App;
use crate::caller::Caller;
use crate::headers::IfMatch;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Looking at one endpoint, changing it, and removing it.
#[derive(Debug, Clone, Copy)]
pub struct OneEndpointApi;

#[OpenApi(tag = "Group::Endpoints")]
impl OneEndpointApi {
    /// Get one endpoint
    ///
    /// Returns the endpoint with its health: how the latest attempts went, what is waiting, what happens next, and what to do
    /// about the most frequent failure.
    #[oai(
        path = "/api/webhooks-config/:id",
        method = "get",
        operation_id = "getEndpoint"
    )]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
    ) -> Result<Detailed, Problem> {
        let id = fields::endpoint_id(&id.0)?;
        let facts = app
            .store
            .of(&caller.account)?
            .endpoint_facts(&caller.account, &id)
            .await?;
        facts.map(Into::into).ok_or_else(fields::no_endpoint)
    }

    /// Change one endpoint
    ///
    /// Sets exactly the values given, and nothing else: an empty object changes nothing, and nothing is toggled. What a field does
    /// is as for `PATCH /api/webhooks-config`.
    #[oai(
        path = "/api/webhooks-config/:id",
        method = "patch",
        operation_id = "changeEndpointById"
    )]
    async fn change_by_path(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// Make the change only if the endpoint has this `etag`, or one of several; otherwise the answer is 412.
        #[oai(name = "If-Match")]
        condition: IfMatch,
        body: Json<ChangeEndpoint>,
    ) -> Result<Changed, Problem> {
        let named = body.0.id.clone();
        let wanted = body.0.into_change(Some(caller.by.clone()), &app)?;
        let id = only_one([Some(id.0.as_str()), named.as_deref()])?;
        change(&app, &caller, &id, wanted, false, condition.0).await
    }

    /// Remove one endpoint
    ///
    /// Removes the endpoint with its queue and its log. An attempt that is in flight is completed, but not recorded.
    #[oai(
        path = "/api/webhooks-config/:id",
        method = "delete",
        operation_id = "removeEndpointById"
    )]
    async fn remove_by_path(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        /// Remove the endpoint only if it has this `etag`, or one of several; otherwise the answer is 412.
        #[oai(name = "If-Match")]
        condition: IfMatch,
        in_body: BodyId,
    ) -> Result<Removed, Problem> {
        let id = only_one([Some(id.0.as_str()), in_body.name()])?;
        remove(&app, &caller, &id, &condition.0).await
    }
}

impl Resource for OneEndpointApi {
    const CALLS: &'static [Call] = &[
        Call::new("getEndpoint", &[]),
        Call::new(
            "changeEndpointById",
            &[Code::InvalidValue, Code::PreconditionFailed, Code::UpgradePending],
        )
        .with(FIELD_ERRORS)
        .strict(),
        Call::new("removeEndpointById", &[Code::PreconditionFailed])
            .with(BODY_ERRORS)
            .strict(),
    ];
    const EXAMPLES: &'static str = include_str!("one.json");
}

/// How often a change of headers is tried when others change the URL that they are sealed for.
const TRIES: usize = 32;

/// Changes an endpoint that meets the condition; if `toggles` says so, also switches it on or off.
pub(super) async fn change(
    app: &App,
    caller: &Caller,
    id: &EndpointId,
    wanted: Change,
    toggles: bool,
    condition: Condition,
) -> Result<Changed, Problem> {
    let store = app.store.of(&caller.account)?;
    let is_nothing = wanted.is_empty();
    let Change { mut patch, headers } = wanted;
    if toggles || is_nothing {
        let endpoint = store
            .get_endpoint(&caller.account, id)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        if !toggles {
            return if condition.is_met_by(&endpoint.tag) {
                Ok(Changed::of(endpoint, None))
            } else {
                Err(Problem::new(Code::PreconditionFailed))
            };
        }
        // A toggle becomes a target state, so that the call to the store can be repeated. If the endpoint changes before that call, it
        // no longer has the tag that the client saw.
        let is_active = endpoint.state.without_operator() == EndpointState::Active;
        patch.state = Some(StateChange::of_switch(!is_active));
    }
    let subscriptions = patch.events.as_deref().unwrap_or_default();
    let warnings = warning::about(subscriptions, &app.event_types);
    let Some(headers) = headers else {
        let outcome = store.change_endpoint(&caller.account, id, &patch, &condition);
        return changed(outcome.await?).map(|endpoint| Changed::of(endpoint, warnings));
    };
    let mut outcome = ChangeOutcome::Moved;
    for _ in 0..TRIES {
        let url = match &patch.url {
            Some(url) => url.to_string(),
            None => {
                let present = store.get_endpoint(&caller.account, id).await?;
                present.ok_or_else(fields::no_endpoint)?.url
            }
        };
        patch.headers = Some(headers.sealed(&app.secrets.get(), &caller.account, id, &url));
        outcome = store
            .change_endpoint(&caller.account, id, &patch, &condition)
            .await?;
        if outcome != ChangeOutcome::Moved {
            break;
        }
    }
    changed(outcome).map(|endpoint| Changed::of(endpoint, warnings))
}

/// The endpoint as it is after a change, or why there was none.
pub(super) fn changed(outcome: ChangeOutcome) -> Result<Endpoint, Problem> {
    match outcome {
        ChangeOutcome::Changed(endpoint) => Ok(*endpoint),
        ChangeOutcome::Mismatch => Err(Problem::new(Code::PreconditionFailed)),
        ChangeOutcome::TypeGone(name) => Err(Problem::type_gone(&name)),
        ChangeOutcome::TypeForbidden(name) => Err(Problem::type_not_allowed(&name)),
        ChangeOutcome::NotDisabled => Err(not_disabled()),
        ChangeOutcome::Moved => Err(Problem::new(Code::PreconditionFailed)
            .detail("Others change the URL of this endpoint at this moment. Nothing was changed. Look at it before you try again.")),
        ChangeOutcome::TooManyHeaders => Err(headers::too_many()),
        ChangeOutcome::RoutesTooLong => Err(routes_too_long()),
        ChangeOutcome::EndpointNotFound => Err(fields::no_endpoint()),
    }
}

/// The account's lists of chatbots and filters would take too much.
pub(super) fn routes_too_long() -> Problem {
    Problem::new(Code::FiltersTooLong).param("maxBytes", MOST_ROUTE_BYTES)
}

/// Removes an endpoint that meets the condition.
pub(super) async fn remove(
    app: &App,
    caller: &Caller,
    id: &EndpointId,
    condition: &Condition,
) -> Result<Removed, Problem> {
    match app
        .store
        .of(&caller.account)?
        .remove_endpoint_if(&caller.account, id, condition)
        .await?
    {
        RemoveOutcome::Removed => Ok(Removed::Removed),
        RemoveOutcome::Mismatch => Err(Problem::new(Code::PreconditionFailed)),
        RemoveOutcome::EndpointNotFound => Err(fields::no_endpoint()),
    }
}
