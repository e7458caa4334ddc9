//! Pausing all of an account: what comes is kept, and nothing is sent, whatever its people want of their endpoints.

use domain::endpoint::OperatorHold;
use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::{Deserialize, Serialize};
use store::endpoints::MAX_REASON;

use super::super::schema::{DateTime, HoldReason};
use super::super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::Manager;
use crate::json::{Json, JsonRequest};
use crate::problem::{Code, Problem};

/// Pausing an account.
#[derive(Debug, Clone, Copy)]
pub struct AccountPauseApi;

/// Why an account is paused.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct PauseAccount {
    /// Why, in your words: the account's people read it in `operatorHold` of their endpoints.
    reason: HoldReason,
}

/// Whether an account is paused.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct AccountPause {
    /// Whether it is.
    paused: bool,
    /// Since when, for this reason; `null` if it isn't.
    #[oai(nullable)]
    since: Option<DateTime>,
    /// Why, as it was given; `null` if it isn't, or if no reason was given.
    #[oai(nullable)]
    reason: Option<String>,
}

/// The answer to ending an account's pause.
#[derive(Debug, ApiResponse)]
pub(crate) enum Resumed {
    /// It isn't paused any more: what was kept is sent, in turns with what comes.
    #[oai(status = 204)]
    Resumed,
}

impl JsonRequest for PauseAccount {
    const REQUIRED: &'static [(&'static str, &'static str)] = &[("reason", "\"unpaid\"")];

    fn fault(self, _: &App) -> Option<Problem> {
        self.wanted().err()
    }
}

impl PauseAccount {
    fn wanted(self) -> Result<String, Problem> {
        let text = self.reason.0;
        let is_good = (1..=MAX_REASON).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_good {
            return Ok(text);
        }
        Err(Problem::new(Code::InvalidValue)
            .detail(format!(
                "Give a reason of 1 to {MAX_REASON} characters, none of them a control character."
            ))
            .field("reason")
            .param("min", 1)
            .param("max", MAX_REASON))
    }
}

impl From<Option<OperatorHold>> for AccountPause {
    fn from(hold: Option<OperatorHold>) -> Self {
        let (since, reason) = hold.map(|hold| (hold.since, hold.reason)).unzip();
        Self {
            paused: since.is_some(),
            since: since.map(|since| DateTime(since.to_string())),
            reason: reason.filter(|text| !text.is_empty()),
        }
    }
}

#[OpenApi(tag = "Group::Accounts")]
impl AccountPauseApi {
    /// See whether an account is paused
    ///
    /// Says since when all endpoints of the account are paused, and why.
    #[oai(
        path = "/api/accounts/:accountId/pause",
        method = "get",
        operation_id = "getAccountPause"
    )]
    async fn get(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
    ) -> Result<Json<AccountPause>, Problem> {
        let caller = manager.acts_for(&app, request, &account.0).await?;
        let hold = app
            .store
            .of(&caller.account)?
            .account_hold(&caller.account)
            .await?;
        Ok(Json(hold.into()))
    }

    /// Pause an account
    ///
    /// Nothing is sent to the endpoints of the account, those that are made later as well, whatever its people want. What comes, and
    /// retries that come due, are kept within the account's limits; what is in flight finishes. Its people see that in `operatorHold`, and
    /// can't end it; each endpoint keeps the state that they gave it. Repeating the request changes nothing; another reason counts from
    /// then on.
    #[oai(
        path = "/api/accounts/:accountId/pause",
        method = "put",
        operation_id = "pauseAccount"
    )]
    async fn pause(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
        body: Json<PauseAccount>,
    ) -> Result<Json<AccountPause>, Problem> {
        let caller = manager.acts_for(&app, request, &account.0).await?;
        let reason = body.0.wanted()?;
        let hold = app
            .store
            .of(&caller.account)?
            .pause_account(&caller.account, Some(&reason))
            .await?;
        Ok(Json(hold.into()))
    }

    /// Resume an account
    ///
    /// Ends the account's pause. What was kept is sent, in turns with what comes. Repeating the request is harmless, and so is resuming
    /// an account that isn't paused.
    #[oai(
        path = "/api/accounts/:accountId/pause",
        method = "delete",
        operation_id = "resumeAccount"
    )]
    async fn resume(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
    ) -> Result<Resumed, Problem> {
        let caller = manager.acts_for(&app, request, &account.0).await?;
        app.store
            .of(&caller.account)?
            .pause_account(&caller.account, None)
            .await?;
        Ok(Resumed::Resumed)
    }
}

impl Resource for AccountPauseApi {
    const CALLS: &'static [Call] = &[
        Call::new("getAccountPause", &[]).strict(),
        Call::new("pauseAccount", &[Code::InvalidValue, Code::UpgradePending]).strict(),
        Call::new("resumeAccount", &[Code::UpgradePending]).strict(),
    ];
    const EXAMPLES: &'static str = include_str!("pause.json");
}
