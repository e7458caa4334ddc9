//! For how long a caller may go on with what their request has opened: a live stream outlasts the look at its token.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{AccountId, ApiKeyId, PortalSessionId};
use store::{Store, StoreError};
use tokio::time::{interval, sleep};

use crate::app::App;
use crate::auth::service_key::ServiceKey;

/// How often to look whether a key, or a portal session, is still there.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What ends a caller's permission.
#[derive(Debug, Clone, Default)]
pub struct Lasting {
    /// When the token expires, in seconds since 1970; `None`: never.
    pub expires_at: Option<i64>,
    /// What the caller came with, if it can be revoked.
    pub revocable: Option<Revocable>,
}

/// What somebody came with, and may lose.
#[derive(Debug, Clone)]
pub enum Revocable {
    /// A key of the account: its owner may revoke it.
    Key(ApiKeyId),
    /// A portal session: the backend may end it.
    Portal(PortalSessionId),
    /// A service key: an operator may revoke it, or take it out of `SERVICE_KEYS`.
    Service(ServiceKey),
}

/// Why a caller may go on no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The token has expired.
    Expired,
    /// The key was revoked.
    KeyRevoked,
    /// The portal session was revoked.
    PortalSessionRevoked,
}

impl Lasting {
    /// Waits until the permission of whoever calls for this account is over.
    pub async fn over(&self, app: &App, store: &Store, account: &AccountId) -> Over {
        let expired = async {
            match self.expires_at {
                Some(at) => sleep(left_until(at)).await,
                None => std::future::pending().await,
            }
        };
        let revoked = async {
            match &self.revocable {
                Some(held) => revoked(app, store, account, held).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = expired => Over::Expired,
            over = revoked => over,
        }
    }
}

fn left_until(at: i64) -> Duration {
    let left = at.saturating_sub(Timestamp::now().as_seconds());
    Duration::from_secs(u64::try_from(left).unwrap_or(0))
}

/// Waits until a key, or a portal session, is there no more. What Redis can't tell now, it can tell later.
async fn revoked(app: &App, store: &Store, account: &AccountId, held: &Revocable) -> Over {
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        if let Ok(false) = held.is_there(app, store, account).await {
            return match held {
                Revocable::Key(_) | Revocable::Service(_) => Over::KeyRevoked,
                Revocable::Portal(_) => Over::PortalSessionRevoked,
            };
        }
    }
}

impl Revocable {
    async fn is_there(&self, app: &App, store: &Store, account: &AccountId) -> Result<bool, StoreError> {
        match self {
            Self::Key(id) => store.has_api_key(account, id).await,
            Self::Portal(id) => store.has_portal_session(account, id).await,
            Self::Service(key) => Ok(app.service_keys.get().contains(key)),
        }
    }
}
