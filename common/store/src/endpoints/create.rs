//! Making endpoints.

use domain::endpoint::{Endpoint, NewEndpoint, RateLimit};
use domain::id::{AccountId, EndpointId};
use domain::sealing::SealedSecret;

use super::join;
use crate::scripts::script;
use crate::{Store, StoreError};

/// What came of making an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It exists now.
    Created(Box<Endpoint>),
    /// The account already has as many as it may.
    TooMany,
}

script! {
    /// Makes an endpoint; `None` when the account has as many as it may.
    "endpoint_create": DenyOom, Writes, needs [ROUTES, LOG];
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
        active: bool,
        /// Who makes it.
        by: Option<&'a str>,
        secret: &'a SealedSecret
    } -> Option<Endpoint>
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
                active: new.active,
                by: new.by.as_deref(),
                secret: &new.secret,
            })
            .await?;
        Ok(created.map_or(CreateOutcome::TooMany, |endpoint| {
            CreateOutcome::Created(Box::new(endpoint))
        }))
    }
}
