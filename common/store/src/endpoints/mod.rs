//! Endpoints: making, listing, changing and removing them.

mod change;
mod create;
mod enable;
mod hold;
mod leftovers;
mod retry;
mod scan;
mod stored;
mod view;

use domain::clock::Timestamp;
use domain::endpoint::Endpoint;
use domain::event::Subscription;
use domain::id::{AccountId, EndpointId, EventId};

use super::scripts::{Legible, script};
use super::{Store, StoreError};

pub use self::change::{ChangeOutcome, RemoveOutcome};
pub(crate) use self::change::{EndpointRemove, EndpointUpdate};
pub use self::create::CreateOutcome;
pub(crate) use self::create::EndpointCreate;
pub(crate) use self::enable::EndpointEnable;
pub use self::enable::{EnableReport, FailedEndpoint};
pub use self::hold::MAX_REASON;
pub(crate) use self::hold::{AccountHold, EndpointHold};
pub(crate) use self::retry::EndpointRetry;
pub use self::retry::RetryNow;
pub use self::scan::ScanCursor;
pub use self::stored::{StoredEndpoint, StoredPage};

/// The most bytes of an account's lists of chatbots and of its filters: accepting an event reads them.
pub const MOST_ROUTE_BYTES: usize = 64 * 1024;

/// How many endpoints one call reads.
const AT_A_TIME: usize = 100;

script! {
    /// Endpoints of an account: these, or all. Answers some, and the ids of those that did not fit in.
    "endpoint_list": AllowOom, Reads, needs [CORE, HERE];
    struct EndpointList<'a> {
        account: &'a AccountId;
        each wanted: &'a [EndpointId]
    } -> (Vec<Endpoint>, Vec<Legible<EndpointId>>)
}

impl Store {
    /// All endpoints of an account, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn list_endpoints(&self, account: &AccountId) -> Result<Vec<Endpoint>, StoreError> {
        let (mut endpoints, rest) = self.some_endpoints(account, &[]).await?;
        // Thousands are read in steps, so that Redis has time for others.
        for ids in rest.chunks(AT_A_TIME) {
            endpoints.extend(self.some_endpoints(account, ids).await?.0);
        }
        endpoints.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(endpoints)
    }

    /// The ids of an account's endpoints, in their own order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn endpoint_ids(&self, account: &AccountId) -> Result<Vec<EndpointId>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:endpoints"));
        let found: Vec<String> = self
            .query(redis::cmd("HKEYS").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
        let mut ids: Vec<EndpointId> = found.iter().filter_map(|id| id.parse().ok()).collect();
        ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        Ok(ids)
    }

    /// As many as one call reads, of these or of all, and the ids of those that are left.
    async fn some_endpoints(
        &self,
        account: &AccountId,
        wanted: &[EndpointId],
    ) -> Result<(Vec<Endpoint>, Vec<EndpointId>), StoreError> {
        let (found, rest) = self.call(&EndpointList { account, wanted }).await?;
        Ok((found, rest.into_iter().filter_map(|Legible(id)| id).collect()))
    }

    /// One endpoint; `None` when it doesn't exist or belongs to another account.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn get_endpoint(
        &self,
        account: &AccountId,
        id: &EndpointId,
    ) -> Result<Option<Endpoint>, StoreError> {
        let (found, _) = self.some_endpoints(account, std::slice::from_ref(id)).await?;
        Ok(found.into_iter().next())
    }
}

/// A fresh id for a change or a removal: a repeated call is recognised by it, and keys that it sets aside are named after it.
pub(crate) fn operation_id() -> String {
    EventId::new(Timestamp::now().as_millis()).as_str()["evt_".len()..].to_owned()
}

/// The event types among subscriptions, in a list with commas.
fn types_of(events: &[Subscription]) -> String {
    let types = events
        .iter()
        .filter(|event| matches!(event, Subscription::Only(_)));
    types.map(Subscription::as_str).collect::<Vec<_>>().join(",")
}

fn join(events: &[Subscription]) -> String {
    events
        .iter()
        .map(|event| event.as_str())
        .collect::<Vec<_>>()
        .join(",")
}
