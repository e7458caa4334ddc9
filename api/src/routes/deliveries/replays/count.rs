//! Counting what a replay of many deliveries would send again.

use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use super::super::super::{Call, Group, Resource};
use super::many;
use super::request::CountReplay;
use super::view::CountView;
use crate::app::App;
use crate::caller::Caller;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Counting before a replay of many.
#[derive(Debug, Clone, Copy)]
pub struct ReplayCountApi;

#[OpenApi(tag = "Group::Deliveries")]
impl ReplayCountApi {
    /// Count the deliveries of a replay
    ///
    /// Says how many deliveries a replay of the same span, with the same `status`, `undelivered` and `events`, would send again. Nothing is sent or stored.
    #[oai(
        path = "/api/webhooks-config/:id/replay/count",
        method = "post",
        operation_id = "countReplay"
    )]
    async fn count(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The endpoint's id.
        id: Path<String>,
        body: Json<CountReplay>,
    ) -> Result<Json<CountView>, Problem> {
        many::count(&app, &caller.account, &id.0, &body.0.into()).await
    }
}

impl Resource for ReplayCountApi {
    const CALLS: &'static [Call] = &[Call::new(
        "countReplay",
        &[
            Code::InvalidValue,
            Code::InvalidTimestamp,
            Code::InvalidSpan,
            Code::EmptyEvents,
            Code::TooManyEvents,
            Code::DuplicateEvent,
            Code::UnknownEvent,
            Code::UpgradePending,
        ],
    )
    .strict()];
    const EXAMPLES: &'static str = include_str!("count.json");
}
