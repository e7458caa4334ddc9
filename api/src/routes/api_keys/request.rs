//! What the owner of a new key wants of it.

use domain::api_key::{Scope, Scopes};
use domain::clock::Timestamp;
use poem_openapi::Object;
use serde::Deserialize;

use super::super::fields;
use super::super::schema::{DateTime, KeyName};
use super::view::ScopeName;
use crate::app::App;
use crate::json::JsonRequest;
use crate::problem::{Code, Faults, Problem};

/// The key to make.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateApiKey {
    /// What you call it: the program that will use it.
    name: KeyName,
    /// What it may do: at least one, and each only once. `write` includes `read`.
    #[oai(validator(min_items = 1, max_items = 6, unique_items))]
    scopes: Vec<ScopeName>,
    /// When it ends; without it, when you revoke it.
    #[oai(nullable)]
    expires_at: Option<DateTime>,
}

/// What is asked for.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) scopes: Scopes,
    pub(super) expires_at: Option<Timestamp>,
}

impl JsonRequest for CreateApiKey {
    const REQUIRED: &'static [(&'static str, &'static str)] =
        &[("name", "\"Zapier\""), ("scopes", "[\"endpoints:read\"]")];

    fn fault(self, _: &App) -> Option<Problem> {
        self.wanted().err()
    }
}

impl CreateApiKey {
    pub(super) fn wanted(self) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let name = faults.take(fields::key_name(self.name.0));
        let scopes = faults.take(scopes(&self.scopes));
        let expires_at = faults.take_any(self.expires_at.map(|text| expiry(&text.0)));
        let (Some(name), Some(scopes), Some(expires_at)) = (name, scopes, expires_at) else {
            return Err(faults.into());
        };
        Ok(Wanted {
            name,
            scopes,
            expires_at,
        })
    }
}

fn scopes(names: &[ScopeName]) -> Result<Scopes, Problem> {
    let scopes: Vec<Scope> = names.iter().map(|name| (*name).into()).collect();
    let is_twice = |(place, scope): (usize, &Scope)| scopes[..place].contains(scope);
    if scopes.is_empty() || scopes.iter().enumerate().any(is_twice) {
        return Err(Problem::new(Code::InvalidValue)
            .detail("Give at least one scope in `scopes`, and each only once.")
            .field("scopes")
            .param("min", 1));
    }
    Ok(scopes.into_iter().collect())
}

fn expiry(text: &str) -> Result<Timestamp, Problem> {
    let at = fields::timestamp(text, "expiresAt")?;
    if at <= Timestamp::now() {
        return Err(Problem::new(Code::InvalidValue)
            .detail("`expiresAt` has passed: give a time to come, or none.")
            .field("expiresAt"));
    }
    Ok(at)
}
