//! The variables that name an OpenID Connect issuer in Clerk's place.

use clap::Args;
use program::config::split_list;
use url::Url;

use super::super::jwks::Location;
use super::{ClaimNames, OidcRules};

/// An issuer in Clerk's place.
#[derive(Debug, Clone, Args)]
pub struct OidcArgs {
    /// The OpenID Connect issuer (`iss`) in Clerk's place, with `https` unless ALLOW_HTTP is set. Its discovery document
    /// (`/.well-known/openid-configuration`) says where its keys are.
    #[arg(long, env)]
    pub oidc_issuer: Option<String>,

    /// The audience (`aud`) that its tokens must have; if empty, any token of the issuer is accepted.
    #[arg(long, env)]
    pub oidc_audience: Option<String>,

    /// The claim that is the organisation, whose account it is: a name such as `org_id`, or `o.id` for a member of an object; of
    /// several, comma-separated, the first that is there. Without it the account is the person's.
    #[arg(long, env, default_value = "o.id,org_id", value_parser = ClaimNames::parse)]
    pub oidc_account_claim: ClaimNames,

    /// The claim that is the person.
    #[arg(long, env, default_value = "sub", value_parser = ClaimNames::parse)]
    pub oidc_person_claim: ClaimNames,

    /// The claim that is the person's role in the organisation, or a list of roles.
    #[arg(long, env, default_value = "o.rol,org_role", value_parser = ClaimNames::parse)]
    pub oidc_role_claim: ClaimNames,

    /// The roles in an organisation that may change anything, comma-separated; if empty, all. A person without an organisation always
    /// may.
    #[arg(long, env, default_value = "")]
    pub oidc_write_roles: String,
}

impl OidcArgs {
    /// Where the issuer's keys are, and the rules for its tokens; `None` if none is set.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable.
    pub(in crate::auth) fn read(&self, allow_http: bool) -> Result<Option<(Location, OidcRules)>, String> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
        let (audience, write_roles) = (given(&self.oidc_audience), &self.oidc_write_roles);
        let Some(issuer) = given(&self.oidc_issuer) else {
            return match (audience, write_roles.trim()) {
                (Some(_), _) => Err("OIDC_AUDIENCE: needs OIDC_ISSUER".to_owned()),
                (None, "") => Ok(None),
                (None, _) => Err("OIDC_WRITE_ROLES: needs OIDC_ISSUER".to_owned()),
            };
        };
        let discovery = discovery(&issuer, allow_http)?;
        let rules = OidcRules {
            issuer: issuer.clone(),
            audience,
            account: self.oidc_account_claim.clone(),
            person: self.oidc_person_claim.clone(),
            role: self.oidc_role_claim.clone(),
            write_roles: split_list(write_roles).map(str::to_owned).collect(),
        };
        let location = Location::Issuer {
            issuer,
            discovery,
            allow_http,
        };
        Ok(Some((location, rules)))
    }
}

/// The address of an issuer's discovery document.
fn discovery(issuer: &str, allow_http: bool) -> Result<Url, String> {
    let url = Url::parse(issuer)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        .filter(|url| url.query().is_none() && url.fragment().is_none() && url.username().is_empty())
        .ok_or("OIDC_ISSUER: must be a URL such as https://login.example.com, as tokens write it in `iss`")?;
    if url.scheme() == "http" && !allow_http {
        return Err("OIDC_ISSUER: must start with https:// unless ALLOW_HTTP is set".to_owned());
    }
    let document = format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    );
    Url::parse(&document).map_err(|error| format!("OIDC_ISSUER: {error}"))
}
