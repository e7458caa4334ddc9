//! Erasing all of an account.

use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use serde::Serialize;
use store::accounts::{Erasure, ErasurePhase};

use super::super::schema::DateTime;
use super::super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::{Caller, Manager};
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Erasing accounts.
#[derive(Debug, Clone, Copy)]
pub struct AccountErasureApi;

/// An account, as the backend sees it.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase")]
pub(crate) struct Account {
    /// The account.
    account_id: String,
    /// Its erasure, if one was asked for, until a week after it ended; else `null`.
    #[oai(nullable)]
    erasure: Option<ErasureView>,
}

/// How far the erasure of an account has got.
#[derive(Debug, Serialize, Object)]
#[serde(rename_all = "camelCase")]
#[oai(rename = "Erasure", rename_all = "camelCase")]
pub(crate) struct ErasureView {
    /// What is being erased now: `endpoints` with what waits for them; `queues`, when what was in flight ends; `history`; `keys`,
    /// whatever else is kept. `erased`: all of it is gone.
    status: ErasureStatus,
    /// When it was asked for.
    since: DateTime,
    /// When it was over; `null` before.
    #[oai(nullable)]
    ended_at: Option<DateTime>,
    /// How many endpoints were removed.
    endpoints: u64,
    /// How many finished events were erased.
    events: u64,
}

/// What is being erased.
#[derive(Debug, Clone, Copy, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename_all = "lowercase")]
pub(crate) enum ErasureStatus {
    Endpoints,
    Queues,
    History,
    Keys,
    Erased,
}

/// The answer to erasing an account.
#[derive(Debug, ApiResponse)]
pub(crate) enum Erasing {
    /// It has begun, or goes on. Nothing is accepted for the account any more.
    #[oai(status = 202)]
    Erasing(Json<Account>),
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        Self {
            status: match erasure.phase {
                ErasurePhase::Endpoints => ErasureStatus::Endpoints,
                ErasurePhase::Queues => ErasureStatus::Queues,
                ErasurePhase::History => ErasureStatus::History,
                ErasurePhase::Keys => ErasureStatus::Keys,
                ErasurePhase::Erased => ErasureStatus::Erased,
            },
            since: DateTime(erasure.since.to_string()),
            ended_at: erasure.ended_at.map(|at| DateTime(at.to_string())),
            endpoints: erasure.endpoints,
            events: erasure.events,
        }
    }
}

#[OpenApi(tag = "Group::Accounts")]
impl AccountErasureApi {
    /// See whether an account is being erased
    ///
    /// Says how far its erasure has got.
    #[oai(
        path = "/api/accounts/:accountId",
        method = "get",
        operation_id = "getAccount"
    )]
    async fn get(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
    ) -> Result<Json<Account>, Problem> {
        let caller = manager.erases(&app, request, &account.0).await?;
        Ok(Json(look(&app, caller).await?))
    }

    /// Erase an account
    ///
    /// Erases everything that is kept of an account: its endpoints with their secrets, what waits, what was delivered and what receivers
    /// answered, its keys and limits. Attempts that are under way end, and nothing is kept of them. It takes as long as the account is
    /// large: `GET` says how far it has got. Until it is over every other call for the account, and every event for it, is refused with
    /// 409. Repeating the request changes nothing while it goes on.
    #[oai(
        path = "/api/accounts/:accountId",
        method = "delete",
        operation_id = "eraseAccount"
    )]
    async fn erase(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The account's id.
        #[oai(name = "accountId")]
        account: Path<String>,
    ) -> Result<Erasing, Problem> {
        let caller = manager.erases(&app, request, &account.0).await?;
        app.store
            .of(&caller.account)?
            .erase_account(&caller.account)
            .await?;
        Ok(Erasing::Erasing(Json(look(&app, caller).await?)))
    }
}

async fn look(app: &App, caller: Caller) -> Result<Account, Problem> {
    let erasure = app
        .store
        .of(&caller.account)?
        .account_erasure(&caller.account)
        .await?;
    Ok(Account {
        account_id: caller.account.to_string(),
        erasure: erasure.map(Into::into),
    })
}

impl Resource for AccountErasureApi {
    const CALLS: &'static [Call] = &[
        Call::new("getAccount", &[]).strict(),
        Call::new("eraseAccount", &[Code::UpgradePending]).strict(),
    ];
    const EXAMPLES: &'static str = include_str!("erasure.json");
}
