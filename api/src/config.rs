//! What the API reads from its environment.
//!
//! The variables of each concern stand in a struct beside what they set; [`Config`] only gathers them.

use clap::Parser;
use program::config::{HeaderArgs, LogArgs, MemoryArgs, SecretsArgs, UrlArgs};
use store::settings::RedisArgs;
use traces::TracesArgs;

use crate::allowance::AllowanceArgs;
use crate::auth::AuthArgs;
use crate::event_types::EventTypesArgs;
use crate::rate_limit::RateLimitArgs;
use crate::server::ServerArgs;
use crate::store_slot::DurabilityArgs;

/// The HTTP API of the webhook system: endpoints for the dashboard, events for the chatbot backend.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "webhooks-api",
    version,
    max_term_width = 120,
    after_help = "`webhooks-api openapi` prints the OpenAPI document and `webhooks-api errors` the list of errors; both then end.\nEvery flag can be set as the environment variable of the same name."
)]
pub struct Config {
    /// Where the program listens.
    #[command(flatten, next_help_heading = "Server")]
    pub server: ServerArgs,
    /// Who may call.
    #[command(flatten, next_help_heading = "Dashboard and backend")]
    pub auth: AuthArgs,
    /// Where everything is kept.
    #[command(flatten, next_help_heading = "Redis")]
    pub redis: RedisArgs,
    /// How much of Redis's memory the program may use.
    #[command(flatten)]
    pub memory: MemoryArgs,
    /// How durable an event has to be.
    #[command(flatten)]
    pub durability: DurabilityArgs,
    /// What the headers of deliveries are called.
    #[command(flatten, next_help_heading = "Deliveries")]
    pub headers: HeaderArgs,
    /// Which event types there are.
    #[command(flatten, next_help_heading = "Events")]
    pub event_types: EventTypesArgs,
    /// The keys that seal secrets.
    #[command(flatten, next_help_heading = "Secrets")]
    pub secrets: SecretsArgs,
    /// What an account may have.
    #[command(flatten, next_help_heading = "Limits")]
    pub allowance: AllowanceArgs,
    /// How many calls and events may come in a minute.
    #[command(flatten)]
    pub rates: RateLimitArgs,
    /// Which URLs customers may register.
    #[command(flatten, next_help_heading = "Endpoint URLs")]
    pub urls: UrlArgs,
    /// How logs look.
    #[command(flatten, next_help_heading = "Logs")]
    pub log: LogArgs,
    /// Where traces are told.
    #[command(flatten, next_help_heading = "Traces")]
    pub traces: TracesArgs,
}

#[cfg(test)]
mod tests;
