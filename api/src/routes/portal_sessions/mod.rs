//! Portal sessions: the backend asks for one when somebody opens its settings page, whose dashboard then calls with the session's token. A
//! token is answered once, and kept nowhere.

mod view;

use domain::id::{AccountId, PortalSessionId};
use domain::portal_session::PortalToken;
use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use store::portal_sessions::MOST;

use self::view::{CreatePortalSession, Created, PortalSession, Revoked};
use super::{Call, Group, Resource};
use crate::app::App;
use crate::caller::Manager;
use crate::json::Json;
use crate::problem::{Code, Problem};

/// Making and revoking portal sessions.
#[derive(Debug, Clone, Copy)]
pub struct PortalSessionsApi;

#[OpenApi(tag = "Group::Portal")]
impl PortalSessionsApi {
    /// Create a portal session
    ///
    /// Lets whoever opens your settings page use the dashboard for one account, for 15 minutes: hand the token to the embedded dashboard,
    /// and make another session when it asks for one. A session can't renew itself, and manages neither API keys nor accounts. An account
    /// has 1,000 sessions at a time; beyond them the oldest ends, and its dashboard asks for a new one.
    #[oai(
        path = "/api/portal-sessions",
        method = "post",
        operation_id = "createPortalSession"
    )]
    async fn create(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        body: Json<CreatePortalSession>,
    ) -> Result<Created, Problem> {
        let CreatePortalSession { account_id, access } = body.0;
        let caller = manager.acts_for(&app, request, &account_id.0).await?;
        let token = PortalToken::generate(&caller.account);
        let store = app.store.of(&caller.account)?;
        let expires = store.create_portal_session(&token, access.into(), MOST).await?;
        Ok(Created::Created(Json(PortalSession::of(&token, access, expires))))
    }

    /// Revoke a portal session
    ///
    /// Ends a session before its time, for example when somebody signs out. Whoever calls with its token from now on is refused. A live
    /// stream that was opened with it ends within seconds.
    #[oai(
        path = "/api/portal-sessions/:sessionId",
        method = "delete",
        operation_id = "revokePortalSession"
    )]
    async fn revoke(
        &self,
        manager: Manager,
        app: Data<&App>,
        request: &Request,
        /// The session's id.
        #[oai(name = "sessionId")]
        id: Path<String>,
    ) -> Result<Revoked, Problem> {
        let unknown = || Problem::new(Code::PortalSessionNotFound);
        // A text that isn't an id is no session's.
        let id: PortalSessionId = id.0.parse().map_err(|_| unknown())?;
        let account = account_of(&app, &id).await?.ok_or_else(unknown)?;
        let caller = manager.acts_for(&app, request, account.as_str()).await?;
        let store = app.store.of(&caller.account)?;
        if store.revoke_portal_session(&caller.account, &id).await? {
            Ok(Revoked::Revoked)
        } else {
            Err(unknown())
        }
    }
}

/// Whose a session is, if there is one: its id alone doesn't say in which shard it lies.
async fn account_of(app: &App, id: &PortalSessionId) -> Result<Option<AccountId>, Problem> {
    let mut unasked = None;
    for store in app.store.each()? {
        let asked = match store {
            Ok(store) => store.portal_session_account(id).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        };
        match asked {
            Ok(Some(account)) => return Ok(Some(account)),
            Ok(None) => {}
            Err(problem) => unasked = Some(problem),
        }
    }
    unasked.map_or(Ok(None), Err)
}

impl Resource for PortalSessionsApi {
    const CALLS: &'static [Call] = &[
        Call::new("createPortalSession", &[Code::InvalidValue]).strict(),
        Call::new("revokePortalSession", &[]).strict(),
    ];
    const EXAMPLES: &'static str = include_str!("portal_sessions.json");
}
