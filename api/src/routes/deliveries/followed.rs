//! What a live stream follows: the log of one endpoint, or those of all endpoints of an account.

use std::time::Duration;

use domain::id::{AccountId, EndpointId};
use domain::sealing::SecretsKeyring;
use store::log::{AccountPlace, AccountTail, EntryId, LogEntry, LogTail};
use store::{Store, StoreError};

use super::stream_events::EndReason;
use crate::app::App;
use crate::cursor::CursorScope;

/// How long one look into the logs waits. As often it is seen whether the endpoint is still there, and which endpoints there are.
const LOOK: Duration = Duration::from_secs(5);
const LOOK_AT_ACCOUNT: Duration = Duration::from_secs(2);

/// What a live stream follows.
pub(super) enum Followed {
    Endpoint(EndpointId, LogTail),
    Account(AccountTail),
}

impl Followed {
    /// The place behind which [`Self::next`] reads on.
    pub(super) const fn position(&self) -> EntryId {
        match self {
            Self::Endpoint(_, tail) => tail.position(),
            Self::Account(tail) => tail.position(),
        }
    }

    /// The next entries with their endpoints; none if none came for a while.
    pub(super) async fn next(&mut self) -> Result<Vec<(EndpointId, LogEntry)>, StoreError> {
        match self {
            Self::Endpoint(id, tail) => {
                let entries = tail.next(LOOK).await?;
                Ok(entries.into_iter().map(|entry| (id.clone(), entry)).collect())
            }
            Self::Account(tail) => tail.next(LOOK_AT_ACCOUNT).await,
        }
    }

    /// Where it goes on, if entries are gone that came behind the place where it was `before` what was read last.
    pub(super) async fn gap(&self, store: &Store, before: EntryId) -> Result<Option<EntryId>, StoreError> {
        match self {
            Self::Endpoint(id, _) => store.log_gap(id, before).await,
            Self::Account(tail) => tail.gap().await,
        }
    }

    /// Why there is nothing more to follow, as far as Redis can be asked.
    pub(super) async fn is_over(&self, store: &Store, account: &AccountId) -> Option<EndReason> {
        let Self::Endpoint(id, _) = self else {
            // An account may have endpoints again.
            return None;
        };
        match store.get_endpoint(account, id).await {
            Ok(None) => Some(EndReason::EndpointRemoved),
            Err(StoreError::Replaced(_)) => Some(EndReason::StoreReplaced),
            _ => None,
        }
    }

    /// What a client gives back to go on behind an entry; without an endpoint, behind all entries of that place.
    pub(super) fn cursor(
        &self,
        app: &App,
        account: &AccountId,
        id: EntryId,
        of: Option<&EndpointId>,
    ) -> String {
        let keys = app.secrets.get();
        match self {
            Self::Endpoint(endpoint, _) => scope(&keys, account, Some(endpoint)).write(&id),
            Self::Account(_) => {
                let endpoint = of.cloned();
                scope(&keys, account, None).write(&AccountPlace { id, endpoint })
            }
        }
    }
}

/// What the ids of a stream's events are good for: an endpoint's, or an account's.
pub(super) fn scope<'a>(
    keys: &'a SecretsKeyring,
    account: &'a AccountId,
    endpoint: Option<&'a EndpointId>,
) -> CursorScope<'a> {
    CursorScope {
        keys,
        purpose: "stream",
        account,
        endpoint,
        filter: "",
    }
}
