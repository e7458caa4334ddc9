//! Limits of an account's own: what the plan that it pays for allows, in the place of what the programs are configured with.

use domain::catalog::Catalog;
use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Serialize};
use store::accounts::AccountLimits;

use super::super::schema::EventName;
use super::super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::Manager;
use crate::json::{Json, JsonRequest};
use crate::problem::{Code, Faults, Problem};

/// The largest number of endpoints that may be allowed.
const MOST_ENDPOINTS: u64 = 10_000;

/// The largest number of events in a minute.
const MOST_EVENTS: u64 = 1_000_000_000;

/// The smallest budget: below it an account would get nothing.
const LEAST_BYTES: u64 = 1024;

/// The largest number of bytes: 2^50.
const MOST_BYTES: u64 = 1 << 50;

/// The limits of an account.
#[derive(Debug, Clone, Copy)]
pub struct AccountLimitsApi;

/// The limits to set. What is absent or `null` is as the service is configured.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename = "SetAccountLimits", rename_all = "camelCase")]
pub(crate) struct SetLimits {
    /// How many endpoints the account may have. Those that it has already stay.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "10000")))]
    endpoints: Option<u64>,
    /// How many events may be pushed for it in a minute; beyond them 429 `rate_limited`.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "1000000000")))]
    events_per_minute: Option<u64>,
    /// How many bytes of payloads may be unfinished (waiting, in flight, waiting for a retry, or parked).
    #[oai(
        nullable,
        validator(minimum(value = "1024"), maximum(value = "1125899906842624"))
    )]
    budget_bytes: Option<u64>,
    /// How many bytes of payloads one of its endpoints may have parked; beyond them the oldest are given up.
    #[oai(
        nullable,
        validator(minimum(value = "1024"), maximum(value = "1125899906842624"))
    )]
    parked_budget_bytes: Option<u64>,
    /// How many bytes of its history are kept, compressed; beyond them the oldest go.
    #[oai(
        nullable,
        validator(minimum(value = "0"), maximum(value = "1125899906842624"))
    )]
    history_bytes: Option<u64>,
    /// The only event types that it gets, and may subscribe to. Events of other types are accepted and go to nobody; events about its
    /// own endpoints come anyway.
    #[oai(nullable, validator(max_items = 1000))]
    event_types: Option<Vec<EventName>>,
}

/// Limits of one account. What is `null` is as the service is configured.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "AccountLimits", rename_all = "camelCase")]
pub(crate) struct Limits {
    /// How many endpoints the account may have.
    #[oai(nullable)]
    endpoints: Option<u32>,
    /// How many events may be pushed for it in a minute.
    #[oai(nullable)]
    events_per_minute: Option<u32>,
    /// How many bytes of payloads may be unfinished.
    #[oai(nullable)]
    budget_bytes: Option<u64>,
    /// How many bytes of payloads one of its endpoints may have parked.
    #[oai(nullable)]
    parked_budget_bytes: Option<u64>,
    /// How many bytes of its history are kept, compressed.
    #[oai(nullable)]
    history_bytes: Option<u64>,
    /// The only event types that it gets, and may subscribe to.
    #[oai(nullable)]
    event_types: Option<Vec<EventName>>,
}

impl JsonRequest for SetLimits {
    fn fault(self, app: &App) -> Option<Problem> {
        self.wanted(&app.event_types).err()
    }
}

impl SetLimits {
    fn wanted(self, catalog: &Catalog) -> Result<AccountLimits, Problem> {
        let mut faults = Faults::default();
        let mut number = |name: &str, value: Option<u64>, least, most| {
            faults.take_any(value.map(|value| within(name, value, least, most)))
        };
        let endpoints = number("endpoints", self.endpoints, 0, MOST_ENDPOINTS);
        let events = number("eventsPerMinute", self.events_per_minute, 1, MOST_EVENTS);
        let budget = number("budgetBytes", self.budget_bytes, LEAST_BYTES, MOST_BYTES);
        let parked = number(
            "parkedBudgetBytes",
            self.parked_budget_bytes,
            LEAST_BYTES,
            MOST_BYTES,
        );
        let history = number("historyBytes", self.history_bytes, 0, MOST_BYTES);
        let types = faults.take_any(self.event_types.map(|names| known_types(&names, catalog)));
        let (
            Some(endpoints),
            Some(events_per_minute),
            Some(budget_bytes),
            Some(parked_budget_bytes),
            Some(history_bytes),
            Some(event_types),
        ) = (endpoints, events, budget, parked, history, types)
        else {
            return Err(faults.into());
        };
        let small = |number: Option<u64>| number.and_then(|number| u32::try_from(number).ok());
        Ok(AccountLimits {
            endpoints: small(endpoints),
            events_per_minute: small(events_per_minute),
            budget_bytes,
            parked_budget_bytes,
            history_bytes,
            event_types,
        })
    }
}

fn within(name: &str, value: u64, least: u64, most: u64) -> Result<u64, Problem> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Problem::new(Code::InvalidValue)
        .detail(format!(
            "Give `{name}` as a number from {least} to {most}, or `null`."
        ))
        .field(name.to_owned())
        .param("min", least)
        .param("max", most))
}

/// The names, each once.
fn known_types(names: &[EventName], catalog: &Catalog) -> Result<Vec<String>, Problem> {
    let mut known: Vec<String> = Vec::with_capacity(names.len());
    for (place, name) in names.iter().enumerate() {
        let found = catalog
            .find(&name.0)
            .ok_or_else(|| Problem::unknown_event(catalog).field(format!("eventTypes[{place}]")))?;
        if !known.iter().any(|other| other == found.as_str()) {
            known.push(found.as_str().to_owned());
        }
    }
    Ok(known)
}

impl From<AccountLimits> for Limits {
    fn from(limits: AccountLimits) -> Self {
        Self {
            endpoints: limits.endpoints,
            events_per_minute: limits.events_per_minute,
            budget_bytes: limits.budget_bytes,
            parked_budget_bytes: limits.parked_budget_bytes,
            history_bytes: limits.history_bytes,
            event_types: limits
                .event_types
                .map(|names| names.into_iter().map(EventName).collect()),
        }
    }
}

#[OpenApi(tag = "Group::Accounts")]
impl AccountLimitsApi {
    /// See the limits of an account
    ///
    /// Answers those that were set for this account. `null`: as the service is configured.
    #[oai(
        path = "/api/accounts/:accountId/limits",
        method = "get",
        operation_id = "getAccountLimits"
    )]
    async fn get(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
    ) -> Result<Json<Limits>, Problem> {
        let caller = manager.acts_for(&app, request, &account.0).await?;
        let limits = app
            .store
            .of(&caller.account)?
            .account_limits(&caller.account)
            .await?;
        Ok(Json(limits.into()))
    }

    /// Set the limits of an account
    ///
    /// These take the place of all that were set before; what is left out, or `null`, is as the service is configured. They hold from
    /// the next event and the next change on: endpoints that there are, what waits, and subscriptions stay.
    #[oai(
        path = "/api/accounts/:accountId/limits",
        method = "put",
        operation_id = "setAccountLimits"
    )]
    async fn set(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
        body: Json<SetLimits>,
    ) -> Result<Json<Limits>, Problem> {
        let caller = manager.acts_for(&app, request, &account.0).await?;
        let limits = body.0.wanted(&app.event_types)?;
        app.store
            .of(&caller.account)?
            .set_account_limits(&caller.account, &limits)
            .await?;
        Ok(Json(limits.into()))
    }
}

impl Resource for AccountLimitsApi {
    const CALLS: &'static [Call] = &[
        Call::new("getAccountLimits", &[]).strict(),
        Call::new(
            "setAccountLimits",
            &[Code::InvalidValue, Code::UnknownEvent, Code::UpgradePending],
        )
        .strict(),
    ];
    const EXAMPLES: &'static str = include_str!("limits.json");
}
