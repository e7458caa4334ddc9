//! What the owner of a new endpoint wants of it: its values, once they are known to be good.

use domain::endpoint::{EndpointUrl, NewEndpoint, RateLimit, UrlPolicy};
use domain::event::Subscription;
use domain::id::EndpointId;
use domain::sealing::SealedSecret;
use domain::signing::SigningSecret;

use super::super::fields;
use super::request::CreateEndpoint;
use crate::caller::Caller;
use crate::problem::{Faults, Problem};

/// What the owner of a new endpoint wants of it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) url: EndpointUrl,
    pub(super) events: Vec<Subscription>,
    pub(super) chatbot_id: Option<String>,
    description: Option<String>,
    rate_limit: Option<RateLimit>,
    auto_resume: bool,
    pub(super) active: bool,
    secret: Option<SigningSecret>,
}

impl CreateEndpoint {
    /// What is asked for.
    pub(super) fn wanted(self, urls: &UrlPolicy) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let url = faults.take(EndpointUrl::parse(&self.url.0, urls));
        let events = faults.take(fields::subscriptions(&self.events));
        let chatbot_id = faults.take_any(self.chatbot_id.map(|id| fields::chatbot_id(id.0)));
        let description = faults.take_any(self.description.map(|text| fields::description(text.0)));
        let rate_limit = faults.take_any(self.rate_limit.map(|limit| fields::rate_limit(limit.0)));
        let secret = faults.take_any(self.secret.map(|text| fields::signing_secret(&text)));
        let (Some(url), Some(events), Some(chatbot_id), Some(description), Some(rate_limit), Some(secret)) =
            (url, events, chatbot_id, description, rate_limit, secret)
        else {
            return Err(faults.into());
        };
        Ok(Wanted {
            url,
            events,
            chatbot_id,
            description,
            rate_limit,
            auto_resume: self.auto_resume.unwrap_or_default(),
            active: self.active.unwrap_or(true),
            secret,
        })
    }
}

impl Wanted {
    /// The secret that the caller brings.
    pub(super) const fn secret(&self) -> Option<&SigningSecret> {
        self.secret.as_ref()
    }

    /// The endpoint to make.
    pub(super) fn into_new(self, id: EndpointId, caller: &Caller, secret: SealedSecret) -> NewEndpoint {
        NewEndpoint {
            id,
            account: caller.account.clone(),
            url: self.url,
            events: self.events,
            chatbot_id: self.chatbot_id,
            description: self.description,
            rate_limit: self.rate_limit,
            auto_resume: self.auto_resume,
            active: self.active,
            by: Some(caller.by.clone()),
            secret,
        }
    }
}
