//! Endpoints as they are stored, with what is sealed, for whoever takes them elsewhere. Plain reads: the rights of `operator` suffice.

use std::collections::HashMap;

use domain::clock::Timestamp;
use domain::endpoint::{Chatbots, DisabledReason, EndpointState, Filters, RateLimit};
use domain::event::Subscription;
use domain::id::{AccountId, EndpointId};
use domain::sealing::{SealedHeaders, SealedSecret};

use super::scan::ScanCursor;
use crate::{Store, StoreError};

/// What is read of an endpoint.
const FIELDS: [&str; 15] = [
    "account",
    "url",
    "events",
    "chatbotId",
    "filters",
    "description",
    "state",
    "disabledReason",
    "pausedBefore",
    "secret",
    "headers",
    "rateLimit",
    "wantedRate",
    "autoResume",
    "createdAt",
];

/// An endpoint as its owner wants it, with what is sealed.
#[derive(Debug, Clone)]
pub struct StoredEndpoint {
    /// Its id.
    pub id: EndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// Where deliveries go.
    pub url: String,
    /// What it subscribes to.
    pub events: Vec<Subscription>,
    /// Whose events it gets.
    pub chatbots: Chatbots,
    /// Which of their events it gets, by their data.
    pub filters: Filters,
    /// The owner's own words.
    pub description: Option<String>,
    /// Its state; what an operator does stands beside that, and isn't told.
    pub state: EndpointState,
    /// Why it is not active.
    pub disabled_reason: Option<DisabledReason>,
    /// Its signing secret.
    pub secret: SealedSecret,
    /// Its own headers.
    pub headers: SealedHeaders,
    /// The most deliveries in a second that its owner wants.
    pub rate_limit: Option<RateLimit>,
    /// Whether it is tried again by itself after failures disabled it.
    pub auto_resume: bool,
    /// When its owner made it.
    pub created_at: Timestamp,
}

/// Some of the endpoints.
#[derive(Debug, Default)]
pub struct StoredPage {
    /// Those that can be read.
    pub endpoints: Vec<StoredEndpoint>,
    /// Those that can't.
    pub unreadable: Vec<EndpointId>,
    /// Where the next page goes on; `None` behind the last one.
    pub next: Option<ScanCursor>,
}

impl Store {
    /// Some of all endpoints of the shard. Begin with `None`. One that is there all the time comes at least once, and may come twice.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn all_stored_endpoints(&self, cursor: Option<ScanCursor>) -> Result<StoredPage, StoreError> {
        let (found, next) = self.scan_endpoints(cursor).await?;
        let ids: Vec<_> = found.into_iter().map(|(id, _)| id).collect();
        let page = self.stored_endpoints(&ids).await?;
        Ok(StoredPage { next, ..page })
    }

    /// These endpoints, without those that aren't there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn stored_endpoints(&self, ids: &[EndpointId]) -> Result<StoredPage, StoreError> {
        let asked = ids.iter().map(|id| {
            let mut read = redis::cmd("HMGET");
            read.arg(self.keys().key(&format!("endpoint:{id}"))).arg(&FIELDS);
            read
        });
        let mut answers = self.ask_all(asked.collect()).await?;
        let mut page = StoredPage::default();
        for id in ids {
            let values: Option<Vec<Option<String>>> = answers.take();
            let values = FIELDS.into_iter().zip(values.unwrap_or_default());
            let fields: HashMap<&str, String> =
                values.filter_map(|(name, value)| Some((name, value?))).collect();
            if fields.is_empty() {
                continue;
            }
            match read(id, fields) {
                Some(endpoint) => page.endpoints.push(endpoint),
                None => page.unreadable.push(id.clone()),
            }
        }
        Ok(page)
    }

    /// Whose each of these endpoints is, if it is there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn accounts_of(&self, ids: &[EndpointId]) -> Result<Vec<Option<AccountId>>, StoreError> {
        let asked = ids.iter().map(|id| {
            let mut read = redis::cmd("HMGET");
            read.arg(self.keys().key(&format!("endpoint:{id}")))
                .arg("account");
            read
        });
        let mut answers = self.ask_all(asked.collect()).await?;
        let accounts = ids.iter().map(|_| {
            let values: Option<Vec<Option<String>>> = answers.take();
            values?.pop().flatten()?.parse().ok()
        });
        Ok(accounts.collect())
    }
}

fn read(id: &EndpointId, mut fields: HashMap<&str, String>) -> Option<StoredEndpoint> {
    let mut field = |name: &str| fields.remove(name).filter(|text| !text.is_empty());
    let events = field("events")?;
    // While an operator throttles it, what its owner wants stands apart.
    let (rate, wanted) = (field("rateLimit"), field("wantedRate"));
    let mut state = EndpointState::from_name(&field("state")?)?;
    let reason = field("disabledReason").and_then(|name| DisabledReason::from_name(&name));
    // Its owner had paused it before failures disabled it, and wants it paused.
    if field("pausedBefore").is_some() && reason != Some(DisabledReason::Gone) {
        state = EndpointState::Paused;
    }
    Some(StoredEndpoint {
        id: id.clone(),
        account: field("account")?.parse().ok()?,
        url: field("url")?,
        events: events
            .split(',')
            .map(|event| event.parse().ok())
            .collect::<Option<_>>()?,
        chatbots: field("chatbotId").map_or_else(Chatbots::default, |text| Chatbots::from_stored(&text)),
        filters: field("filters").map_or_else(Filters::default, |text| Filters::from_stored(&text)),
        description: field("description"),
        state,
        disabled_reason: reason.filter(|_| state != EndpointState::Paused),
        secret: SealedSecret::from_stored(field("secret")?),
        headers: SealedHeaders::from_stored(field("headers").unwrap_or_default()),
        rate_limit: wanted
            .or(rate)
            .and_then(|text| RateLimit::new(text.parse().ok()?)),
        auto_resume: field("autoResume").is_some_and(|on| on == "1"),
        created_at: Timestamp::from_millis(field("createdAt")?.parse().ok()?)?,
    })
}
