//! A line of an import: read strictly, and checked by the rules by which the API checks an endpoint that is made.

mod fields;

use std::collections::BTreeSet;

use domain::custom_headers::{CustomName, CustomValue};
use domain::endpoint::{Chatbots, EndpointUrl, Filters, RateLimit, UrlPolicy};
use domain::event::Subscription;
use domain::header_names::HeaderPrefix;
use domain::id::{AccountId, EndpointId};
use domain::signing::SigningSecret;
use serde_json::Value;

use self::fields::Fields;

/// What lines are checked by.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) urls: UrlPolicy,
    /// The event types that there are.
    pub(super) types: BTreeSet<String>,
    pub(super) header_prefix: HeaderPrefix,
    /// Whether lines may lack secrets.
    pub(super) without_secrets: bool,
}

/// What is wrong with a line: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line's number, from 1.
    pub(super) line: usize,
    pub(super) field: String,
    pub(super) says: String,
}

/// What becomes of an endpoint's deliveries from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Paused,
    Off,
}

/// An endpoint to make.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) line: usize,
    pub(super) account: AccountId,
    pub(super) id: Option<EndpointId>,
    pub(super) url: EndpointUrl,
    pub(super) events: Vec<Subscription>,
    pub(super) chatbots: Chatbots,
    pub(super) filters: Filters,
    pub(super) description: Option<String>,
    pub(super) headers: Vec<(CustomName, CustomValue)>,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) auto_resume: bool,
    pub(super) state: State,
    pub(super) secret: Option<SigningSecret>,
}

impl Rules {
    /// Reads a line.
    pub(super) fn read(&self, line: usize, text: &str) -> Result<Wanted, Vec<Fault>> {
        let broken = |says: String| {
            vec![Fault {
                line,
                field: String::new(),
                says,
            }]
        };
        // What `serde_json` says of a text has nothing of the text.
        let value =
            serde_json::from_str(text).map_err(|error| broken(format!("This is not JSON: {error}.")))?;
        let Value::Object(values) = value else {
            return Err(broken(
                "Give an object, such as {\"accountId\": …, \"url\": …, \"events\": […]}.".to_owned(),
            ));
        };
        let mut fields = Fields::new(line, values);
        let account = fields.account();
        let id = fields.id();
        let url = fields.url(&self.urls);
        let events = fields.events(&self.types);
        let chatbots = fields.chatbots();
        let filters = fields.filters();
        let description = fields.description();
        let rate_limit = fields.rate_limit();
        let auto_resume = fields.flag("autoResume").unwrap_or(false);
        let state = fields.state();
        let headers = fields.headers(&self.header_prefix, self.without_secrets);
        let secret = fields.secret(self.without_secrets);
        fields.finish()?;
        let (Some(account), Some(url), Some(events)) = (account, url, events) else {
            return Err(broken("This line can't be used.".to_owned()));
        };
        Ok(Wanted {
            line,
            account,
            id,
            url,
            events,
            chatbots,
            filters,
            description,
            headers,
            rate_limit,
            auto_resume,
            state,
            secret,
        })
    }
}

#[cfg(test)]
mod tests;
