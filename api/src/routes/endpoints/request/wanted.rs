//! What a request that creates an endpoint asks for, once it is known to be right.

use domain::custom_headers::{CustomName, CustomValue};
use domain::endpoint::{Chatbots, EndpointUrl, Filters, NewEndpoint, RateLimit};
use domain::event::Subscription;
use domain::id::EndpointId;
use domain::sealing::{SealedHeaders, SealedSecret};
use domain::signing::SigningSecret;

use crate::caller::Caller;

/// What the owner of a new endpoint wants of it.
#[derive(Debug)]
pub(in super::super) struct Wanted {
    pub(in super::super) url: EndpointUrl,
    pub(in super::super) events: Vec<Subscription>,
    pub(in super::super) chatbots: Chatbots,
    pub(in super::super) filters: Filters,
    pub(super) description: Option<String>,
    pub(in super::super) headers: Vec<(CustomName, CustomValue)>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) auto_resume: bool,
    pub(in super::super) active: bool,
    /// The one that the receiver has already.
    pub(in super::super) secret: Option<SigningSecret>,
}

impl Wanted {
    /// The endpoint to make, with what is sealed for it.
    pub(in super::super) fn into_new(
        self,
        id: EndpointId,
        caller: &Caller,
        sealed: SealedSecret,
        headers: SealedHeaders,
    ) -> NewEndpoint {
        NewEndpoint {
            id,
            account: caller.account.clone(),
            url: self.url,
            events: self.events,
            chatbots: self.chatbots,
            filters: self.filters,
            description: self.description,
            headers,
            rate_limit: self.rate_limit,
            auto_resume: self.auto_resume,
            active: self.active,
            by: Some(caller.by.clone()),
            secret: sealed,
        }
    }
}
