//! The calls about one endpoint that its path names, and what changing and removing one is, however it is named.

use domain::endpoint::{EndpointPatch, EndpointState};
use domain::id::EndpointId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use super::super::{Call, Group, Resource, fields};
use super::detail::EndpointDetailView;
use super::named::{BodyId, only_one};
use super::request::ChangeEndpoint;
use super::view::{EndpointView, Removed};
use super::{BODY_ERRORS, FIELD_ERRORS};
use crate::app::App;
use crate::caller::DashboardUser;
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
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
    ) -> Result<Json<EndpointDetailView>, Problem> {
        let id = fields::endpoint_id(&id.0)?;
        let facts = app.store.get()?.endpoint_facts(&user.account, &id).await?;
        facts
            .map(|facts| Json(facts.into()))
            .ok_or_else(fields::no_endpoint)
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
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: Json<ChangeEndpoint>,
    ) -> Result<Json<EndpointView>, Problem> {
        let named = body.0.id.clone();
        let patch = body.0.into_patch(&app.urls)?;
        let id = only_one([Some(id.0.as_str()), named.as_deref()])?;
        change(&app, &user, &id, patch, false).await
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
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        in_body: BodyId,
    ) -> Result<Removed, Problem> {
        let id = only_one([Some(id.0.as_str()), in_body.name()])?;
        remove(&app, &user, &id).await
    }
}

impl Resource for OneEndpointApi {
    const CALLS: &'static [Call] = &[
        Call::new("getEndpoint", &[]),
        Call::new("changeEndpointById", &[Code::InvalidValue])
            .with(FIELD_ERRORS)
            .strict(),
        Call::new("removeEndpointById", &[]).with(BODY_ERRORS).strict(),
    ];
    const EXAMPLES: &'static str = include_str!("one.json");
}

/// Changes an endpoint; if `toggles` says so, also switches it on or off.
pub(super) async fn change(
    app: &App,
    user: &DashboardUser,
    id: &EndpointId,
    mut patch: EndpointPatch,
    toggles: bool,
) -> Result<Json<EndpointView>, Problem> {
    let store = app.store.get()?;
    if toggles || patch.is_empty() {
        let endpoint = store
            .get_endpoint(&user.account, id)
            .await?
            .ok_or_else(fields::no_endpoint)?;
        if !toggles {
            return Ok(Json(endpoint.into()));
        }
        // A toggle becomes a target state, so that the call to the store can be repeated.
        patch.active = Some(endpoint.state != EndpointState::Active);
    }
    let endpoint = store.update_endpoint(&user.account, id, &patch).await?;
    endpoint
        .map(|endpoint| Json(endpoint.into()))
        .ok_or_else(fields::no_endpoint)
}

/// Removes an endpoint.
pub(super) async fn remove(app: &App, user: &DashboardUser, id: &EndpointId) -> Result<Removed, Problem> {
    if app.store.get()?.remove_endpoint(&user.account, id).await? {
        Ok(Removed::Removed)
    } else {
        Err(fields::no_endpoint())
    }
}
