//! The dashboard's calls about endpoints: check, create, list, change and remove them, retry at once, rotate a secret, send a
//! test event.
//!
//! Every call sees only the account of its token: to it, another account's endpoint doesn't exist.

mod request;

mod view;

mod detail;

mod health_view;

mod rotation;

mod retry;

mod test_event;

mod named;

mod one;

mod check;

pub use check::CheckApi;
pub use one::OneEndpointApi;
pub use retry::RetryApi;
pub use rotation::RotationApi;
pub use test_event::TestEventApi;

use domain::id::EndpointId;
use domain::signing::SigningSecret;
use poem::web::Data;
use poem_openapi::OpenApi;
use store::endpoints::CreateOutcome;

use self::named::{BodyId, QueryId, only_one};
use self::one::{change, remove};
use self::request::{ChangeEndpoint, CreateEndpoint};
use self::view::{Created, CreatedEndpoint, EndpointList, EndpointView, Removed};
use super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::DashboardUser;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Creating and listing endpoints, and changing and removing one that the body or the query names.
#[derive(Debug, Clone, Copy)]
pub struct EndpointsApi;

#[OpenApi(tag = "Group::Endpoints")]
impl EndpointsApi {
    /// Create an endpoint
    ///
    /// Registers a URL that events of the account are sent to. The answer contains the signing secret, which is never shown
    /// again: save it.
    #[oai(
        path = "/api/webhooks-config",
        method = "post",
        operation_id = "createEndpoint"
    )]
    async fn create(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        body: Json<CreateEndpoint>,
    ) -> Result<Created, Problem> {
        let id = EndpointId::random();
        let secret = SigningSecret::generate();
        let sealed = app.secrets.seal(&secret, &user.account, &id);
        let new = body.0.into_new(id, user.account, sealed, &app.urls)?;
        match app
            .store
            .get()?
            .create_endpoint(&new, app.allowance.endpoints)
            .await?
        {
            CreateOutcome::Created(endpoint) => {
                let location = format!("/api/webhooks-config/{}", endpoint.id);
                let created = CreatedEndpoint {
                    endpoint: (*endpoint).into(),
                    secret: (&secret).into(),
                };
                Ok(Created::Created(Json(created), location))
            }
            CreateOutcome::TooMany => Err(too_many(&app)),
        }
    }

    /// List all endpoints
    ///
    /// Returns every endpoint of the account with its state, oldest first.
    #[oai(path = "/api/webhooks-config", method = "get", operation_id = "listEndpoints")]
    async fn list(&self, user: DashboardUser, app: Data<&App>) -> Result<Json<EndpointList>, Problem> {
        let endpoints = app.store.get()?.list_endpoints(&user.account).await?;
        Ok(Json(EndpointList {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
        }))
    }

    /// Change an endpoint, or switch it on or off
    ///
    /// With `id` alone, switches the endpoint off if it is active, and on if it isn't. With other fields, sets exactly the
    /// values given, so that the request can safely be repeated. Switching an endpoint on resets its failure counter and sends
    /// the deliveries that were parked (or discards them, if `parked` says so). That, and another URL, ends a wait that the
    /// receiver asked for; then one attempt is made at a time, and twice as many with each success.
    ///
    /// The query may name the endpoint in place of the body: `?id=<endpoint id>`.
    #[oai(
        path = "/api/webhooks-config",
        method = "patch",
        operation_id = "changeEndpoint"
    )]
    async fn change(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id, if the body doesn't name it.
        id: QueryId<false>,
        body: Json<ChangeEndpoint>,
    ) -> Result<Json<EndpointView>, Problem> {
        let body = body.0;
        let named = body.id.clone();
        let patch = body.into_patch(&app.urls)?;
        let id = only_one(id.names().chain([named.as_deref()]))?;
        let toggles = named.is_some() && patch.is_empty();
        change(&app, &user, &id, patch, toggles).await
    }

    /// Remove an endpoint
    ///
    /// Removes the endpoint with its queue and its log. An attempt that is in flight is completed, but not recorded. The body may
    /// name the endpoint in place of the query: `{"id": "<endpoint id>"}`.
    #[oai(
        path = "/api/webhooks-config",
        method = "delete",
        operation_id = "removeEndpoint"
    )]
    async fn remove(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        /// The endpoint's id.
        id: QueryId<true>,
        in_body: BodyId,
    ) -> Result<Removed, Problem> {
        let id = only_one(id.names().chain([in_body.name()]))?;
        remove(&app, &user, &id).await
    }
}

impl Resource for EndpointsApi {
    const CALLS: &'static [Call] = &[
        Call::new("createEndpoint", &[Code::TooManyEndpoints, Code::InvalidValue]).with(FIELD_ERRORS),
        Call::new("listEndpoints", &[]),
        Call::new("changeEndpoint", &[Code::EndpointNotFound, Code::InvalidValue]).with(FIELD_ERRORS),
        Call::new(
            "removeEndpoint",
            &[Code::EndpointNotFound, Code::MissingField, Code::BadRequest],
        )
        .with(BODY_ERRORS),
    ];
    const EXAMPLES: &'static str = include_str!("endpoints.json");
}

/// The account has as many endpoints as it may have.
fn too_many(app: &App) -> Problem {
    Problem::new(Code::TooManyEndpoints)
        .detail(format!(
            "An account may have {} endpoints. {}",
            app.allowance.endpoints,
            Code::TooManyEndpoints.advice()
        ))
        .param("max", app.allowance.endpoints)
}

/// Errors about a body that names an endpoint, and that the document doesn't show.
const BODY_ERRORS: &[Code] = &[Code::BodyTooLarge, Code::RequestTimeout, Code::InvalidValue];

/// Errors about the fields of an endpoint.
const FIELD_ERRORS: &[Code] = &[
    Code::EmptyEvents,
    Code::TooManyEvents,
    Code::DuplicateEvent,
    Code::UnknownEvent,
    Code::InvalidChatbotId,
    Code::InvalidDescription,
    Code::UrlTooLong,
    Code::UrlMalformed,
    Code::UrlSchemeNotAllowed,
    Code::UrlHasCredentials,
    Code::UrlHasFragment,
    Code::UrlPortNotAllowed,
    Code::UrlAddressBlocked,
];
