//! Portal sessions: who sits at the embedded dashboard, for a quarter of an hour, by the word of the backend.
//!
//! Each session is a key of its own that Redis lets go of in time, so that none outlasts its end whoever forgets about it. Nothing of it is
//! kept in a process: one that was revoked is good for nothing from then on.

mod script;

use domain::api_key::Right;
use domain::clock::Timestamp;
use domain::id::{AccountId, PortalSessionId};
use domain::portal_session::{LIFETIME, PortalToken};

use super::endpoints::operation_id;
use super::rates::{Quota, Subject};
use super::{Store, StoreError};
use script::Used;
pub(crate) use script::{PortalSessionCreate, PortalSessionRevoke, PortalSessionUse};

/// The most sessions that an account has at a time.
pub const MOST: u32 = 1_000;

/// What came of a call with a session's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionUse {
    /// The session may do this. The call was counted, unless the quota's first is `false`: then it may not be made now.
    Good(Right, bool, Quota),
    /// The session has expired.
    Expired,
}

impl Store {
    /// Makes a session, and says when it expires. If its account has `most`, the one of them that expires first ends at once: whoever has it
    /// gets another one from the backend, while a refusal would lock people out for sessions that nobody uses any more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_portal_session(
        &self,
        token: &PortalToken,
        access: Right,
        most: u32,
    ) -> Result<Timestamp, StoreError> {
        let creation = PortalSessionCreate {
            account: token.account(),
            shards: self.chosen_by(token.account()),
            session: token.id(),
            hash: &token.hash(),
            access: name_of(access),
            lifetime: LIFETIME,
            most,
        };
        let expires = self.call(&creation).await?;
        i64::try_from(expires)
            .ok()
            .and_then(Timestamp::from_millis)
            .ok_or_else(|| StoreError::Unexpected(format!("a session that expires at {expires}")))
    }

    /// Counts a call that is made with a session's token, of which `most` may be made with all of the account's in a minute (0: any number),
    /// and says what the session may do; `None` if the account has no such session. `expires` is what the token says.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn use_portal_session(
        &self,
        token: &PortalToken,
        expires: Timestamp,
        most: u32,
    ) -> Result<Option<SessionUse>, StoreError> {
        let using = PortalSessionUse {
            account: token.account(),
            session: token.id(),
            hash: &token.hash(),
            expires: expires.as_millis(),
            most,
        };
        Ok(self.call(&using).await?.map(|used| match used {
            Used::Expired => SessionUse::Expired,
            Used::Good(access, is_allowed, left, ends_in) => {
                let quota = Quota {
                    subject: Subject::Portal,
                    most,
                    left,
                    ends_in,
                };
                SessionUse::Good(right_of(&access), is_allowed, quota)
            }
        }))
    }

    /// Whether an account still has a session.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn has_portal_session(
        &self,
        account: &AccountId,
        id: &PortalSessionId,
    ) -> Result<bool, StoreError> {
        let key = self.keys().key(&format!("account:{account}:portal"));
        let found: Option<f64> = self
            .query(redis::cmd("ZSCORE").arg(key).arg(id.as_str()))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))?;
        Ok(found.is_some())
    }

    /// The account of a session; `None` if there is no such session.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn portal_session_account(
        &self,
        id: &PortalSessionId,
    ) -> Result<Option<AccountId>, StoreError> {
        let key = self.keys().key(&format!("portal:{id}"));
        let kept: Option<String> = self
            .query(redis::cmd("GET").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))?;
        Ok(kept.and_then(|kept| kept.rsplit_once(' ')?.1.parse().ok()))
    }

    /// Ends a session of an account; `false` if it has no such session.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn revoke_portal_session(
        &self,
        account: &AccountId,
        id: &PortalSessionId,
    ) -> Result<bool, StoreError> {
        self.call(&PortalSessionRevoke {
            account,
            session: id,
            operation: &operation_id(),
        })
        .await
    }
}

const fn name_of(access: Right) -> &'static str {
    match access {
        Right::Read => "read",
        Right::Write => "write",
    }
}

/// What was written; what a later release may write beside it allows no changes in this one.
fn right_of(name: &str) -> Right {
    match name {
        "write" => Right::Write,
        _ => Right::Read,
    }
}
