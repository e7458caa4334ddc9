//! What the API reads from its environment. One struct per concern, one documented line per variable.

use std::net::SocketAddr;

use clap::{Args, Parser};
use jsonwebtoken::DecodingKey;
use program::config::{ByteSize, LogArgs, MemoryArgs, SecretsArgs, UrlArgs, split_list};
use serve;
use store::events::Budgets;
use store::server::AckDurability;
use store::settings::RedisArgs;
use url::Url;

use crate::auth::clerk::{KeySource, SessionVerifier};
use crate::auth::jwks::{Jwks, RefreshPolicy};
use crate::auth::service_key::ServiceKeys;
use crate::body::Patience;
use crate::cors::Origins;
use crate::rate_limit::RateLimits;
use crate::server::Settings;

/// The HTTP API of the webhook system: endpoints for the dashboard, events for the chatbot backend.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "webhooks-api",
    version,
    max_term_width = 120,
    after_help = "`webhooks-api openapi` prints the OpenAPI document, `webhooks-api errors` the list of errors, and ends.\nEvery flag can be set as the environment variable of the same name."
)]
pub struct Config {
    /// Where the program listens.
    #[command(flatten, next_help_heading = "Server")]
    pub server: ServerArgs,
    /// Who may call.
    #[command(flatten, next_help_heading = "Dashboard and backend")]
    pub auth: AuthArgs,
    /// Where everything is kept.
    #[command(flatten, next_help_heading = "Redis")]
    pub redis: RedisArgs,
    /// How much of its memory may be used.
    #[command(flatten)]
    pub memory: MemoryArgs,
    /// What an answer waits for.
    #[command(flatten)]
    pub durability: DurabilityArgs,
    /// The keys that seal secrets.
    #[command(flatten, next_help_heading = "Secrets")]
    pub secrets: SecretsArgs,
    /// How much is allowed.
    #[command(flatten, next_help_heading = "Limits")]
    pub limits: LimitArgs,
    /// Which URLs are allowed.
    #[command(flatten, next_help_heading = "Endpoint URLs")]
    pub urls: UrlArgs,
    /// How logs look.
    #[command(flatten, next_help_heading = "Logs")]
    pub log: LogArgs,
}

/// Where the program listens.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// Address and port to listen on.
    #[arg(long, env, default_value = "127.0.0.1:3000", value_parser = parse_listen)]
    pub api_listen: SocketAddr,

    /// Connections that are served at a time; more wait.
    #[arg(long, env, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_connections: u32,

    /// Origins whose web pages may call the API (CORS), such as `https://app.example.com`, comma-separated; if empty, none.
    #[arg(long, env, default_value = "")]
    pub cors_origins: Origins,
}

impl ServerArgs {
    /// What the server is to do.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            limits: serve::Limits::usual(self.max_connections as usize),
            patience: Patience::default(),
            origins: self.cors_origins.clone(),
        }
    }
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address and port such as 127.0.0.1:3000 or [::]:3000"))
}

/// Who may call.
#[derive(Debug, Clone, Args)]
pub struct AuthArgs {
    /// Clerk's public key as PEM, with `\n` for line ends, or `@` and the path of a file. Or give CLERK_JWKS_URL.
    #[arg(long, env, hide_env_values = true, allow_hyphen_values = true)]
    pub clerk_jwt_key: Option<String>,

    /// Address of Clerk's key set (JWKS). Or give CLERK_JWT_KEY.
    #[arg(long, env)]
    pub clerk_jwks_url: Option<String>,

    /// The issuer (`iss`) that session tokens must have; if empty, any.
    #[arg(long, env)]
    pub clerk_issuer: Option<String>,

    /// The parties (`azp`) that session tokens may have, comma-separated; if empty, any.
    #[arg(long, env, default_value = "")]
    pub clerk_authorized_parties: String,

    /// The backend's keys as `id:sha256hex`, comma-separated; the key itself is `whk_<id>_<random>`.
    #[arg(long, env, default_value = "", hide_env_values = true)]
    pub service_keys: ServiceKeys,
}

impl AuthArgs {
    /// Makes the verifier of session tokens.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable.
    pub fn session_verifier(&self) -> Result<SessionVerifier, String> {
        let given = |value: &Option<String>| value.clone().filter(|text| !text.trim().is_empty());
        let keys = match (given(&self.clerk_jwt_key), given(&self.clerk_jwks_url)) {
            (Some(pem), None) => KeySource::Pem(read_pem(&pem)?),
            (None, Some(url)) => KeySource::Jwks(Box::new(jwks(&url)?)),
            (Some(_), Some(_)) => {
                return Err("CLERK_JWT_KEY, CLERK_JWKS_URL: only one of the two may be set".to_owned());
            }
            (None, None) => {
                return Err(
                    "CLERK_JWT_KEY, CLERK_JWKS_URL: one of the two must be set; see --help".to_owned(),
                );
            }
        };
        let parties = split_list(&self.clerk_authorized_parties)
            .map(str::to_owned)
            .collect();
        Ok(SessionVerifier::new(
            keys,
            given(&self.clerk_issuer).as_deref(),
            parties,
        ))
    }
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
fn jwks(text: &str) -> Result<Jwks, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        .ok_or("CLERK_JWKS_URL: must be a URL such as https://<your-app>.clerk.accounts.dev/.well-known/jwks.json")?;
    Jwks::new(url, RefreshPolicy::default())
        .map_err(|error| format!("CLERK_JWKS_URL: TLS can't be set up ({error})"))
}

/// What an answer waits for.
#[derive(Debug, Clone, Copy, Args)]
pub struct DurabilityArgs {
    /// What a 202 waits for; `aof` needs a server that runs `appendonly yes` and `appendfsync always`.
    #[arg(long, env, default_value = "aof")]
    pub ack_durability: AckDurability,
}

/// How much is allowed.
#[derive(Debug, Clone, Args)]
pub struct LimitArgs {
    /// The longest payload that receivers may get: 1KiB to 2MiB.
    #[arg(long, env, default_value = "262144", value_parser = parse_payload_limit)]
    pub max_payload_bytes: ByteSize,

    /// How many endpoints an account may have.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_endpoints_per_account: u32,

    /// Bytes of payloads that may wait for one account; beyond them its events are refused (429).
    #[arg(long, env, default_value = "1GiB")]
    pub account_budget_bytes: ByteSize,

    /// Bytes of payloads that may be parked at one endpoint; beyond them its oldest are given up.
    #[arg(long, env, default_value = "256MiB")]
    pub parked_budget_bytes: ByteSize,

    /// Calls of the dashboard that an account may make in a minute; beyond them 429. 0: any number.
    #[arg(long, env, default_value_t = 600)]
    pub rate_limit_dashboard: u32,

    /// Events that may be pushed with one service key in a minute; beyond them 429. 0: any number.
    #[arg(long, env, default_value_t = 0)]
    pub rate_limit_events_per_key: u32,

    /// Events that may be pushed for one account in a minute; beyond them 429. 0: any number.
    #[arg(long, env, default_value_t = 0)]
    pub rate_limit_events_per_account: u32,
}

fn parse_payload_limit(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if (1024..=2 * 1024 * 1024).contains(&size.0) {
        Ok(size)
    } else {
        Err("must be from 1KiB to 2MiB".to_owned())
    }
}

/// How much is allowed, as the program uses it.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest payload, in bytes.
    pub payload_bytes: usize,
    /// How many endpoints an account may have.
    pub endpoints: u32,
    /// What may wait.
    pub budgets: Budgets,
    /// What may come in a minute.
    pub rates: RateLimits,
}

impl LimitArgs {
    /// The limits that follow.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            payload_bytes: usize::try_from(self.max_payload_bytes.0).unwrap_or(usize::MAX),
            endpoints: self.max_endpoints_per_account,
            budgets: Budgets {
                account_bytes: self.account_budget_bytes.0,
                parked_bytes: self.parked_budget_bytes.0,
            },
            rates: RateLimits {
                dashboard: self.rate_limit_dashboard,
                events_per_key: self.rate_limit_events_per_key,
                events_per_account: self.rate_limit_events_per_account,
            },
        }
    }
}

#[cfg(test)]
mod tests;
