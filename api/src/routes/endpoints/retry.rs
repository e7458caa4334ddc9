//! Retrying at once what waits for its next attempt.

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;
use store::endpoints::RetryNow;

use super::super::{Call, Group, Resource, fields};
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Retrying at once.
#[derive(Debug, Clone, Copy)]
pub struct RetryApi;

/// What is retried.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Retried {
    /// How many deliveries were waiting for their next attempt, and get it now.
    retried: u64,
}

#[OpenApi(tag = "Group::Endpoints")]
impl RetryApi {
    /// Retry now
    ///
    /// Makes the next attempt of every delivery that waits for one, whatever it waits for, without waiting until it is due: use it
    /// once your receiver is repaired. The attempts are spread over a moment, and over a minute if there are many. Each is an
    /// attempt like any other, so a receiver that isn't repaired uses them up. If the receiver asked us to wait, they are made
    /// after that. What is parked is not retried: it is sent when the endpoint is switched on. Repeating the request is harmless.
    #[oai(
        path = "/api/webhooks-config/:id/retry",
        method = "post",
        operation_id = "retryEndpoint"
    )]
    async fn retry(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
    ) -> Result<Json<Retried>, Problem> {
        let id = fields::endpoint_id(&id.0)?;
        match app
            .store
            .of(&caller.account)?
            .retry_now(&caller.account, &id)
            .await?
        {
            RetryNow::Retried(retried) => Ok(Json(Retried { retried })),
            RetryNow::Inactive => Err(Problem::new(Code::EndpointNotActive)),
            RetryNow::EndpointNotFound => Err(fields::no_endpoint()),
        }
    }
}

impl Resource for RetryApi {
    const CALLS: &'static [Call] = &[Call::new("retryEndpoint", &[Code::EndpointNotActive])];
    const EXAMPLES: &'static str = include_str!("retry.json");
}
