//! The fields of a line, each taken out and checked; what is left at the end is unknown.

mod choice;

mod kept;

use domain::endpoint::{EndpointUrl, MAX_DESCRIPTION, MAX_RATE, RateLimit, UrlPolicy, is_description};
use domain::id::{AccountId, EndpointId};
use serde_json::{Map, Value};

use super::Fault;

/// What an export says besides, and nobody imports.
const SAID: [&str; 1] = ["createdAt"];

/// What is read of a line.
pub(super) struct Fields {
    line: usize,
    values: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    pub(super) const fn new(line: usize, values: Map<String, Value>) -> Self {
        Self {
            line,
            values,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, field: &str, says: impl Into<String>) {
        self.faults.push(Fault {
            line: self.line,
            field: field.to_owned(),
            says: says.into(),
        });
    }

    /// A value that isn't `null`.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(name, format!("`{name}` must be a text."));
                None
            }
        }
    }

    /// A list of texts.
    fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let texts = match self.take(name)? {
            Value::Array(values) => values
                .into_iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect(),
            _ => None,
        };
        if texts.is_none() {
            self.fault(name, format!("`{name}` must be a list of texts."));
        }
        texts
    }

    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        if value.as_bool().is_none() {
            self.fault(name, format!("`{name}` must be `true` or `false`."));
        }
        value.as_bool()
    }

    pub(super) fn account(&mut self) -> Option<AccountId> {
        let account = self
            .text("accountId")
            .and_then(|text| AccountId::from_outside(&text).ok());
        if account.is_none() {
            self.fault(
                "accountId",
                "Give the account, such as `org:org_2abc` or `user:user_2abc`.",
            );
        }
        account
    }

    pub(super) fn id(&mut self) -> Option<EndpointId> {
        let text = self.text("id")?;
        let id = text.parse().ok();
        if id.is_none() {
            self.fault(
                "id",
                "Give the endpoint's id as it was exported (`ep_…`), or none for a new one.",
            );
        }
        id
    }

    pub(super) fn url(&mut self, policy: &UrlPolicy) -> Option<EndpointUrl> {
        let Some(text) = self.text("url") else {
            self.fault("url", "Give the URL.");
            return None;
        };
        match EndpointUrl::parse(&text, policy) {
            Ok(url) => Some(url),
            Err(error) => {
                self.fault("url", format!("`url` {error}."));
                None
            }
        }
    }

    pub(super) fn description(&mut self) -> Option<String> {
        let text = self.text("description")?;
        if !is_description(&text) {
            self.fault(
                "description",
                format!("A description has at most {MAX_DESCRIPTION} characters, and no control characters but line feeds."),
            );
        }
        Some(text)
    }

    pub(super) fn rate_limit(&mut self) -> Option<RateLimit> {
        let value = self.take("rateLimit")?;
        let limit = value.as_i64().and_then(RateLimit::new);
        if limit.is_none() {
            self.fault(
                "rateLimit",
                format!("`rateLimit` must be from 1 to {MAX_RATE} deliveries in a second."),
            );
        }
        limit
    }

    /// All that is wrong.
    pub(super) fn finish(mut self) -> Result<(), Vec<Fault>> {
        let unknown = self.values.keys().filter(|name| !SAID.contains(&name.as_str()));
        let unknown: Vec<String> = unknown.map(|name| name.chars().take(64).collect()).collect();
        for name in unknown {
            self.fault(&name, "There is no such field.");
        }
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(self.faults)
        }
    }
}
