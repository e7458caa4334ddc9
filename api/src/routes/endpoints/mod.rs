//! The dashboard's calls: make, list, change and remove the endpoints of the caller's account.
//!
//! Every call sees only the account of its token: another account's endpoint is as unknown as one that doesn't exist.

mod shapes;

mod detail;

mod rotation;

mod test_event;

mod query_id;

pub use rotation::RotationApi;
pub use test_event::TestEventApi;

use domain::endpoint::{EndpointPatch, EndpointState, EndpointUrl, NewEndpoint, ParkedAction};
use domain::id::EndpointId;
use domain::signing::SigningSecret;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::endpoints::CreateOutcome;

use self::detail::DetailView;
use self::query_id::QueryId;
use self::shapes::{
    ChangeEndpoint, CreateEndpoint, Created, CreatedEndpoint, EndpointList, EndpointView, Parked, Removed,
};
use super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::caller::DashboardUser;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// The calls.
#[derive(Debug, Clone, Copy)]
pub struct EndpointsApi;

#[OpenApi(tag = "Group::Endpoints")]
impl EndpointsApi {
    /// Create an endpoint
    ///
    /// Registers a URL for events of the account. The answer includes the signing secret, this once.
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
        let body = body.0;
        let id = EndpointId::random();
        let secret = SigningSecret::generate();
        let new = NewEndpoint {
            url: EndpointUrl::parse(&body.url.0, &app.urls)?,
            events: fields::subscriptions(&body.events)?,
            chatbot_id: body.chatbot_id.map(|id| fields::chatbot_id(id.0)).transpose()?,
            description: body
                .description
                .map(|text| fields::description(text.0))
                .transpose()?,
            secret: app.secrets.seal(&secret, &user.account, &id),
            account: user.account,
            id,
        };
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
            CreateOutcome::TooMany => Err(Problem::new(Code::TooManyEndpoints).detail(format!(
                "An account may have {} endpoints. {}",
                app.allowance.endpoints,
                Code::TooManyEndpoints.advice()
            ))),
        }
    }

    /// List all endpoints
    ///
    /// Answers every endpoint of the account with its state, oldest first.
    #[oai(path = "/api/webhooks-config", method = "get", operation_id = "listEndpoints")]
    async fn list(&self, user: DashboardUser, app: Data<&App>) -> Result<Json<EndpointList>, Problem> {
        let endpoints = app.store.get()?.list_endpoints(&user.account).await?;
        Ok(Json(EndpointList {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
        }))
    }

    /// Get one endpoint
    ///
    /// Answers the endpoint with its health: how its last attempts went, what waits, what happens next, and what to do about
    /// its most frequent failure.
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
    ) -> Result<Json<DetailView>, Problem> {
        let id = fields::endpoint_id(&id.0)?;
        let facts = app.store.get()?.endpoint_facts(&user.account, &id).await?;
        facts
            .map(|facts| Json(facts.into()))
            .ok_or_else(fields::no_endpoint)
    }

    /// Change an endpoint, or switch it on or off
    ///
    /// `id` alone toggles. With other fields the endpoint gets exactly these values, so the request can be repeated.
    /// Switching on zeroes the failure counter and sends what was parked (or discards it, with `parked`).
    #[oai(
        path = "/api/webhooks-config",
        method = "patch",
        operation_id = "changeEndpoint"
    )]
    async fn change(
        &self,
        user: DashboardUser,
        app: Data<&App>,
        body: Json<ChangeEndpoint>,
    ) -> Result<Json<EndpointView>, Problem> {
        let body = body.0;
        let has_fields = body.active.is_some()
            || body.url.is_some()
            || body.events.is_some()
            || body.chatbot_id.is_some()
            || body.description.is_some();
        let mut patch = EndpointPatch {
            active: body.active,
            url: body
                .url
                .map(|url| EndpointUrl::parse(&url.0, &app.urls))
                .transpose()?,
            events: body.events.as_deref().map(fields::subscriptions).transpose()?,
            chatbot_id: body
                .chatbot_id
                .map(|id| id.map(|id| fields::chatbot_id(id.0)).transpose())
                .transpose()?,
            description: body
                .description
                .map(|text| text.map(|text| fields::description(text.0)).transpose())
                .transpose()?,
            parked: match body.parked {
                Some(Parked::Discard) => ParkedAction::Discard,
                Some(Parked::Deliver) | None => ParkedAction::Deliver,
            },
        };
        let id = fields::endpoint_id(&body.id)?;
        let store = app.store.get()?;
        if !has_fields {
            // A toggle becomes a target state, so that the store's call can be repeated.
            let endpoint = store
                .get_endpoint(&user.account, &id)
                .await?
                .ok_or_else(fields::no_endpoint)?;
            patch.active = Some(endpoint.state != EndpointState::Active);
        }
        let endpoint = store.update_endpoint(&user.account, &id, &patch).await?;
        endpoint
            .map(|endpoint| Json(endpoint.into()))
            .ok_or_else(fields::no_endpoint)
    }

    /// Remove an endpoint
    ///
    /// Removes it with its queue and its log. Deliveries in flight finish into nothing.
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
        id: QueryId,
    ) -> Result<Removed, Problem> {
        if app.store.get()?.remove_endpoint(&user.account, &id.0).await? {
            Ok(Removed::Removed)
        } else {
            Err(fields::no_endpoint())
        }
    }
}

impl Resource for EndpointsApi {
    const CALLS: &'static [Call] = &[
        Call::new("createEndpoint", &[Code::TooManyEndpoints]).with(FIELD_ERRORS),
        Call::new("listEndpoints", &[]),
        Call::new("getEndpoint", &[]),
        Call::new("changeEndpoint", &[Code::EndpointNotFound, Code::InvalidValue]).with(FIELD_ERRORS),
        Call::new("removeEndpoint", &[Code::EndpointNotFound, Code::MissingField]),
    ];
    const EXAMPLES: &'static str = include_str!("endpoints.json");
}

/// What the fields of an endpoint are refused with.
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
