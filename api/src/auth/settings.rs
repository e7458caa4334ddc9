//! The variables that say which session tokens and service keys are valid.

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use jsonwebtoken::DecodingKey;
use program::config::{read_value, split_list};
use url::Url;

use super::claims::Rules;
use super::clerk::{KeySource, SessionVerifier};
use super::jwks::{Jwks, Location, RefreshPolicy};
use super::oidc::OidcArgs;
use super::service_key::ServiceKeys;

/// Who may call.
#[derive(Debug, Clone, Args)]
pub struct AuthArgs {
    /// Clerk's public key as PEM, with `\n` for line ends, or `@` and the path of a file. Or give CLERK_JWKS_URL.
    #[arg(long, env, hide_env_values = true, allow_hyphen_values = true)]
    pub clerk_jwt_key: Option<String>,

    /// Address of Clerk's key set (JWKS), with `https` unless ALLOW_HTTP is set. Or give CLERK_JWT_KEY.
    #[arg(long, env)]
    pub clerk_jwks_url: Option<String>,

    /// The issuer (`iss`) that session tokens must have; if empty, any.
    #[arg(long, env)]
    pub clerk_issuer: Option<String>,

    /// The parties (`azp`) that session tokens may have, comma-separated; if empty, any.
    #[arg(long, env, default_value = "")]
    pub clerk_authorized_parties: String,

    /// Whether session tokens must have a party (`azp`). Clerk makes some without, for callers that are no browsers.
    #[arg(long, env, default_value = "false", value_parser = BoolishValueParser::new(), action = ArgAction::Set)]
    pub clerk_require_azp: bool,

    /// The roles in an organisation that may change anything, such as `admin`, comma-separated; if empty, all. A user without an
    /// organisation always may.
    #[arg(long, env, default_value = "")]
    pub clerk_write_roles: String,

    /// Clerk's publishable key (`pk_live_…`, `pk_test_…`), with which people sign in at `/dashboard`; if empty, they can't there.
    #[arg(long, env)]
    pub clerk_publishable_key: Option<String>,

    /// An issuer that isn't Clerk.
    #[command(flatten)]
    pub oidc: OidcArgs,

    /// The backend's keys as `id:sha256hex`, comma-separated, or `@` and the path of a file with them; the key itself is
    /// `whk_<id>_<random>`. Each can push events; one with `:manage` behind its hash may also call for any account.
    #[arg(long, env, default_value = "", hide_env_values = true, value_parser = read_value::<ServiceKeys>)]
    pub service_keys: ServiceKeys,
}

impl AuthArgs {
    /// Makes the verifier of session tokens. Only with `allow_http` may a key set come in the clear, where anybody on its way
    /// could put in a key of their own.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable.
    pub fn session_verifier(&self, allow_http: bool) -> Result<SessionVerifier, String> {
        if let Some((location, rules)) = self.oidc.read(allow_http)? {
            if let Some(variable) = self.clerk_variable() {
                return Err(format!("OIDC_ISSUER, {variable}: only one of the two may be set"));
            }
            let keys = fetched(location, "OIDC_ISSUER")?;
            return Ok(SessionVerifier::of_issuer(keys, rules));
        }
        let keys = match (given(&self.clerk_jwt_key), given(&self.clerk_jwks_url)) {
            (Some(pem), None) => KeySource::Pem(read_pem(&pem)?),
            (None, Some(url)) => fetched(Location::Set(jwks_url(&url, allow_http)?), "CLERK_JWKS_URL")?,
            (Some(_), Some(_)) => {
                return Err("CLERK_JWT_KEY, CLERK_JWKS_URL: only one of the two may be set".to_owned());
            }
            (None, None) => {
                return Err(
                    "CLERK_JWT_KEY, CLERK_JWKS_URL: one of the two must be set; see --help".to_owned(),
                );
            }
        };
        let list = |text| split_list(text).map(str::to_owned).collect();
        let rules = Rules {
            issuer: given(&self.clerk_issuer),
            parties: list(&self.clerk_authorized_parties),
            requires_party: self.clerk_require_azp,
            write_roles: list(&self.clerk_write_roles),
        };
        Ok(SessionVerifier::new(keys, rules))
    }

    /// The first of Clerk's variables that is set.
    fn clerk_variable(&self) -> Option<&'static str> {
        let is_set = |text: &str| !text.trim().is_empty();
        let all = [
            ("CLERK_JWT_KEY", given(&self.clerk_jwt_key).is_some()),
            ("CLERK_JWKS_URL", given(&self.clerk_jwks_url).is_some()),
            ("CLERK_ISSUER", given(&self.clerk_issuer).is_some()),
            ("CLERK_AUTHORIZED_PARTIES", is_set(&self.clerk_authorized_parties)),
            ("CLERK_REQUIRE_AZP", self.clerk_require_azp),
            ("CLERK_WRITE_ROLES", is_set(&self.clerk_write_roles)),
            (
                "CLERK_PUBLISHABLE_KEY",
                given(&self.clerk_publishable_key).is_some(),
            ),
        ];
        let found = all.into_iter().find(|(_, is_set)| *is_set);
        found.map(|(variable, _)| variable)
    }
}

/// A variable's value, unless it is empty.
fn given(value: &Option<String>) -> Option<String> {
    value.clone().filter(|text| !text.trim().is_empty())
}

/// Keys that are fetched from where `variable` says.
fn fetched(location: Location, variable: &str) -> Result<KeySource, String> {
    Jwks::new(location, RefreshPolicy::default())
        .map(|jwks| KeySource::Jwks(Box::new(jwks)))
        .map_err(|error| format!("{variable}: TLS can't be set up ({error})"))
}

/// Reads `CLERK_JWT_KEY`.
fn read_pem(value: &str) -> Result<DecodingKey, String> {
    let text = match value.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("CLERK_JWT_KEY: the file `{path}` can't be read ({error})"))?,
        None => value.replace("\\n", "\n"),
    };
    let text = text.trim();
    let is_public =
        text.starts_with("-----BEGIN PUBLIC KEY-----") || text.starts_with("-----BEGIN RSA PUBLIC KEY-----");
    is_public
        .then(|| DecodingKey::from_rsa_pem(text.as_bytes()).ok())
        .flatten()
        .ok_or_else(|| {
            "CLERK_JWT_KEY: must be an RSA public key as PEM (-----BEGIN PUBLIC KEY-----…), or @ and the path of such a file"
                .to_owned()
        })
}

/// Reads `CLERK_JWKS_URL`.
fn jwks_url(text: &str, allow_http: bool) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        .ok_or("CLERK_JWKS_URL: must be a URL such as https://<your-app>.clerk.accounts.dev/.well-known/jwks.json")?;
    if url.scheme() == "http" && !allow_http {
        return Err("CLERK_JWKS_URL: must start with https:// unless ALLOW_HTTP is set".to_owned());
    }
    Ok(url)
}
