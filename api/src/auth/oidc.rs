//! Tokens of any OpenID Connect issuer: which of their claims are the account, the person and the role.

mod settings;

use serde_json::Value;

pub use settings::OidcArgs;

use super::AuthError;
use super::claims::{Session, name_kept};

/// The longest setting that names claims, in bytes.
const MAX_NAMES: usize = 500;

/// What tokens of the issuer must have, and what their claims mean.
#[derive(Debug, Clone)]
pub struct OidcRules {
    /// The issuer (`iss`) that they must have.
    pub issuer: String,
    /// The audience (`aud`) that they must have; `None` allows any.
    pub audience: Option<String>,
    /// The organisation that the person acts for; absent: for nobody else.
    pub account: ClaimNames,
    /// The person.
    pub person: ClaimNames,
    /// The person's role in the organisation, or a list of them.
    pub role: ClaimNames,
    /// The roles in an organisation that may change anything in its account; if empty, all. Whoever acts for nobody else always may.
    pub write_roles: Vec<String>,
}

/// Names of claims, of which the first that is there counts. A dot leads into an object, unless it is part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames(Vec<String>);

impl ClaimNames {
    /// Reads names, comma-separated.
    ///
    /// # Errors
    ///
    /// A sentence, when there is none or too much, or one leads nowhere: then everybody would be a person without an organisation.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<_> = program::config::split_list(text).map(str::to_owned).collect();
        let leads_nowhere = |name: &String| name.split('.').any(str::is_empty);
        if names.is_empty() || text.len() > MAX_NAMES || names.iter().any(leads_nowhere) {
            return Err(format!(
                "must be the name of a claim, such as org_id, or o.id for a member of an object, or several, comma-separated, up to {MAX_NAMES} bytes"
            ));
        }
        Ok(Self(names))
    }

    /// The first of the claims that is there and isn't null.
    fn find<'a>(&self, claims: &'a Value) -> Option<&'a Value> {
        let found = self.0.iter().find_map(|name| member(claims, name));
        found.filter(|value| !value.is_null())
    }

    /// The same as text; `None` if no claim is there.
    fn text<'a>(&self, claims: &'a Value) -> Result<Option<&'a str>, AuthError> {
        match self.find(claims) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            // Something is meant, and we can't tell what: not the person's own account.
            Some(_) => Err(AuthError::Malformed),
        }
    }
}

/// A member of an object, or of an object in it. Names such as `https://acme.example/org` have dots of their own.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let whole = value.get(name).filter(|found| !found.is_null());
    whole.or_else(|| {
        let mut dots = name.match_indices('.');
        dots.find_map(|(at, _)| member(value.get(&name[..at])?, &name[at + 1..]))
    })
}

impl OidcRules {
    /// Says whom a token belongs to whose signature, issuer, audience and time are right.
    pub(super) fn session(&self, claims: &Value) -> Result<Session, AuthError> {
        let person = self.person.text(claims)?.ok_or(AuthError::NotASession)?;
        let organisation = self.account.text(claims)?;
        let account = match organisation {
            Some(id) => format!("org:{id}"),
            None => format!("user:{person}"),
        };
        Ok(Session {
            user: name_kept(person),
            account: account.parse().map_err(|_| AuthError::Malformed)?,
            expires_at: claims["exp"].as_f64().ok_or(AuthError::Malformed)? as i64,
            may_write: organisation.is_none() || self.may_write(claims),
        })
    }

    /// Whether one of the token's roles may change anything.
    fn may_write(&self, claims: &Value) -> bool {
        let is_listed = |role: &Value| {
            let known = |role: &str| self.write_roles.iter().any(|known| known == role);
            role.as_str().is_some_and(known)
        };
        self.write_roles.is_empty()
            || self.role.find(claims).is_some_and(|role| match role {
                Value::Array(roles) => roles.iter().any(is_listed),
                role => is_listed(role),
            })
    }
}

#[cfg(test)]
mod tests;
