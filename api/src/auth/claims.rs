//! What a session token says, and what follows from it: whose the session is, and what it may do.

use domain::id::AccountId;
use serde::Deserialize;

use super::AuthError;

/// The version of Clerk's claims in which `o` is the organisation.
const WITH_O: u32 = 2;

/// So much of a user's name is kept, in characters. OpenID Connect allows no more.
const MAX_USER: usize = 255;

/// In the first version roles stand with this in front, in the second without.
const ROLE_PREFIX: &str = "org:";

/// Whom a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The account that the user acts for.
    pub account: AccountId,
    /// The user, as the token names them (`sub`).
    pub user: String,
    /// When the token expires, in seconds since 1970.
    pub expires_at: i64,
    /// Whether the user may change anything in the account.
    pub may_write: bool,
}

/// Which tokens are accepted, besides those that are valid, and what they may do.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The issuer (`iss`) that they must have; `None` allows any.
    pub issuer: Option<String>,
    /// The parties (`azp`) that they may have; if empty, any.
    pub parties: Vec<String>,
    /// Whether they must have a party.
    pub requires_party: bool,
    /// The roles in an organisation that may change anything in its account; if empty, all. Whoever acts for nobody else always may.
    pub write_roles: Vec<String>,
}

/// The claims that count.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    /// A number of seconds, whole or not.
    exp: f64,
    sub: Option<String>,
    sid: Option<String>,
    azp: Option<String>,
    sts: Option<String>,
    /// Version 1 of Clerk's claims.
    org_id: Option<String>,
    org_role: Option<String>,
    /// Version 2.
    o: Option<Organisation>,
    v: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct Organisation {
    id: Option<String>,
    rol: Option<String>,
}

impl Claims {
    /// Checks the claims of a token whose signature, issuer and time are right.
    pub(super) fn session(self, rules: &Rules) -> Result<Session, AuthError> {
        match &self.azp {
            Some(party) if !rules.parties.is_empty() && !rules.parties.contains(party) => {
                return Err(AuthError::Party);
            }
            None if rules.requires_party => return Err(AuthError::NoParty),
            _ => {}
        }
        let subject = self.sub.unwrap_or_default();
        if self.sid.is_none_or(|id| id.is_empty()) || !subject.starts_with("user_") {
            return Err(AuthError::NotASession);
        }
        if self.sts.as_deref() == Some("pending") {
            return Err(AuthError::Pending);
        }
        let (organisation, role) = match (self.v, self.o) {
            (Some(WITH_O), o) => o.map_or((None, None), |o| (o.id, o.rol)),
            // Whoever made this means an organisation, and in a version that we don't know: the user's own account isn't meant.
            (_, Some(_)) => return Err(AuthError::Version),
            (_, None) => (self.org_id, self.org_role),
        };
        let may_write = organisation.is_none() || rules.may_write(role.as_deref());
        let account = match organisation {
            Some(id) => format!("org:{id}"),
            None => format!("user:{subject}"),
        };
        let account = account.parse().map_err(|_| AuthError::Malformed)?;
        Ok(Session {
            account,
            user: name_kept(&subject),
            expires_at: self.exp as i64,
            may_write,
        })
    }
}

/// What is kept of a user's name.
pub(super) fn name_kept(subject: &str) -> String {
    subject.chars().take(MAX_USER).collect()
}

impl Rules {
    /// Whether somebody with this role may change anything in an organisation's account.
    fn may_write(&self, role: Option<&str>) -> bool {
        let bare = |role: &str| role.strip_prefix(ROLE_PREFIX).unwrap_or(role).to_owned();
        self.write_roles.is_empty()
            || role.is_some_and(|role| self.write_roles.iter().any(|known| bare(known) == bare(role)))
    }
}
