//! Endpoints: making, listing, changing and removing them.

mod enable;
mod retry;
mod scan;
mod view;

use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointPatch, EndpointUrl, NewEndpoint, ParkedAction, RateLimit};
use domain::event::Subscription;
use domain::id::{AccountId, EndpointId, EventId};
use domain::sealing::SealedSecret;

use super::scripts::{Legible, record, script};
use super::{Store, StoreError};

pub(crate) use self::enable::EndpointEnable;
pub use self::enable::{EnableReport, FailedEndpoint};
pub(crate) use self::retry::EndpointRetry;
pub use self::retry::RetryNow;

/// What came of making an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It exists now.
    Created(Box<Endpoint>),
    /// The account already has as many as it may.
    TooMany,
}

/// How many endpoints one call reads.
const AT_A_TIME: usize = 100;

script! {
    /// Makes an endpoint; `None` when the account has as many as it may.
    "endpoint_create": DenyOom, Writes, needs [ROUTES, CORE];
    struct EndpointCreate<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        /// The most endpoints of an account.
        limit: u32,
        url: &'a str,
        /// Separated by commas.
        events: &'a str,
        chatbot_id: Option<&'a str>,
        description: Option<&'a str>,
        /// Deliveries in a second.
        rate_limit: Option<u16>,
        auto_resume: bool,
        secret: &'a SealedSecret
    } -> Option<Endpoint>
}

script! {
    /// Endpoints of an account: these, or all. Answers some, and the ids of those that did not fit in.
    "endpoint_list": AllowOom, Reads, needs [CORE];
    struct EndpointList<'a> {
        account: &'a AccountId;
        each wanted: &'a [EndpointId]
    } -> (Vec<Endpoint>, Vec<Legible<EndpointId>>)
}

script! {
    /// Changes an endpoint; `None` when the account has none with this id.
    "endpoint_update": AllowOom, Writes, needs [OWNER, ROUTES, LOG, SWEEPS, ENABLE, FORWARD];
    struct EndpointUpdate<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str,
        active: Option<bool>,
        parked: &'a str;
        each change: Vec<Change<'a>>
    } -> Option<Endpoint>
}

record! {
    /// A field that gets a value, or none.
    struct Change<'a> { field: &'static str, value: Option<&'a str> }
}

script! {
    /// Removes an endpoint; `false` when the account has none with this id.
    "endpoint_remove": AllowOom, Writes, needs [OWNER, SWEEPS];
    struct EndpointRemove<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        operation: &'a str
    } -> bool
}

impl Store {
    /// Makes an endpoint, unless the account has `limit` already. Repeating it with the same id changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn create_endpoint(&self, new: &NewEndpoint, limit: u32) -> Result<CreateOutcome, StoreError> {
        let created = self
            .call(&EndpointCreate {
                endpoint: &new.id,
                account: &new.account,
                limit,
                url: new.url.as_str(),
                events: &join(&new.events),
                chatbot_id: new.chatbot_id.as_deref(),
                description: new.description.as_deref(),
                rate_limit: new.rate_limit.map(RateLimit::per_second),
                auto_resume: new.auto_resume,
                secret: &new.secret,
            })
            .await?;
        Ok(created.map_or(CreateOutcome::TooMany, |endpoint| {
            CreateOutcome::Created(Box::new(endpoint))
        }))
    }

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

    /// Changes an endpoint in one step; `None` when it doesn't exist or belongs to another account.
    ///
    /// Switching on zeroes the failure counter, starts a new generation and releases (or discards) what was parked. That, and
    /// another URL, ends a hold and starts slowly.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn update_endpoint(
        &self,
        account: &AccountId,
        id: &EndpointId,
        patch: &EndpointPatch,
    ) -> Result<Option<Endpoint>, StoreError> {
        let events = patch.events.as_deref().map(join);
        let rate_limit = patch.rate_limit.map(|limit| limit.map(|limit| limit.to_string()));
        let changes = [
            ("url", patch.url.as_ref().map(EndpointUrl::as_str).map(Some)),
            ("events", events.as_deref().map(Some)),
            ("chatbotId", patch.chatbot_id.as_ref().map(Option::as_deref)),
            ("description", patch.description.as_ref().map(Option::as_deref)),
            ("rateLimit", rate_limit.as_ref().map(Option::as_deref)),
            ("autoResume", patch.auto_resume.map(|on| on.then_some("1"))),
        ];
        self.call(&EndpointUpdate {
            endpoint: id,
            account,
            operation: &operation_id(),
            active: patch.active,
            parked: match patch.parked {
                ParkedAction::Deliver => "deliver",
                ParkedAction::Discard => "discard",
            },
            change: changes
                .into_iter()
                .filter_map(|(field, value)| Some(Change { field, value: value? }))
                .collect(),
        })
        .await
    }

    /// Removes an endpoint with its queue and its log; `false` when the account has no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn remove_endpoint(&self, account: &AccountId, id: &EndpointId) -> Result<bool, StoreError> {
        self.call(&EndpointRemove {
            endpoint: id,
            account,
            operation: &operation_id(),
        })
        .await
    }
}

/// A fresh id for a change or a removal: a repeated call is recognised by it, and keys that it sets aside are named after it.
fn operation_id() -> String {
    EventId::new(Timestamp::now().as_millis()).as_str()["evt_".len()..].to_owned()
}

fn join(events: &[Subscription]) -> String {
    events
        .iter()
        .map(|event| event.as_str())
        .collect::<Vec<_>>()
        .join(",")
}
