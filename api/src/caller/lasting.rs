//! For how long a caller may go on with what their request has opened: a live stream outlasts the look at its token.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{AccountId, ApiKeyId};
use store::Store;
use tokio::time::{interval, sleep};

/// How often to look whether a key is still there.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What ends a caller's permission.
#[derive(Debug, Clone, Default)]
pub struct Lasting {
    /// When the token expires, in seconds since 1970; `None`: never.
    pub expires_at: Option<i64>,
    /// The key of the account that the caller came with: its owner may revoke it.
    pub key: Option<ApiKeyId>,
}

/// Why a caller may go on no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The token has expired.
    Expired,
    /// The key was revoked.
    Revoked,
}

impl Lasting {
    /// Waits until the permission of whoever calls for this account is over.
    pub async fn over(&self, store: &Store, account: &AccountId) -> Over {
        let expired = async {
            match self.expires_at {
                Some(at) => sleep(left_until(at)).await,
                None => std::future::pending().await,
            }
        };
        let revoked = async {
            match &self.key {
                Some(key) => revoked(store, account, key).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = expired => Over::Expired,
            () = revoked => Over::Revoked,
        }
    }
}

fn left_until(at: i64) -> Duration {
    let left = at.saturating_sub(Timestamp::now().as_seconds());
    Duration::from_secs(u64::try_from(left).unwrap_or(0))
}

/// Waits until an account has a key no more. What Redis can't tell now, it can tell later.
async fn revoked(store: &Store, account: &AccountId, key: &ApiKeyId) {
    let mut looks = interval(LOOK_EVERY);
    loop {
        looks.tick().await;
        if let Ok(false) = store.has_api_key(account, key).await {
            return;
        }
    }
}
