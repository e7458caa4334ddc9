//! `dev-env` writes one file with all that the programs, and whoever tries them out, need in development.
//!
//! A variable that is set in the environment keeps its value, even an empty one; the others get what development needs.
//! The programs themselves know no insecure mode: the dashboard token is a session token that they verify.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::Args;

use crate::dev_keys::{ACCOUNT, DevKeys, SERVICE_KEY_ID};
use crate::keys::service_key_entry;
use crate::variables::{Variables, write_private};

const ISSUER: &str = "https://clerk.dev.invalid";
const PARTY: &str = "http://localhost:3000";

/// Variables that the programs have defaults for: written only if they are set.
const OPTIONAL: [&str; 48] = [
    "API_ADMIN_LISTEN",
    "REDIS_CA_FILE",
    "REDIS_CERT_FILE",
    "REDIS_KEY_FILE",
    "SENTINEL_USER",
    "SENTINEL_PASSWORD",
    "SHARDS",
    "STORE_BUDGET_BYTES",
    "HEADER_PREFIX",
    "CLERK_REQUIRE_AZP",
    "CLERK_WRITE_ROLES",
    "CLERK_PUBLISHABLE_KEY",
    "MAX_CONNECTIONS",
    "CORS_ORIGINS",
    "PORTAL_ORIGINS",
    "MAX_PAYLOAD_BYTES",
    "MAX_ENDPOINTS_PER_ACCOUNT",
    "ACCOUNT_BUDGET_BYTES",
    "PARKED_BUDGET_BYTES",
    "RATE_LIMIT_EVENTS_PER_KEY",
    "RATE_LIMIT_EVENTS_PER_ACCOUNT",
    "ACK_DURABILITY",
    "DURABILITY_ASSUMED",
    "WORKER_CONCURRENCY",
    "ENDPOINT_CONCURRENCY",
    "DESTINATION_CONCURRENCY",
    "DELIVERY_TIMEOUT",
    "RETRY_SCHEDULE",
    "DISABLE_AFTER",
    "DISABLE_MIN_SPAN",
    "RETENTION_SUCCEEDED",
    "RETENTION_FAILED",
    "LOG_LENGTH",
    "EGRESS_PROXY",
    "EGRESS_CHECK",
    "METRICS_TOP_ENDPOINTS",
    "LOG_FORMAT",
    "RUST_LOG",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_SERVICE_NAME",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_SDK_DISABLED",
];

/// The arguments of `dev-env`.
#[derive(Debug, Args)]
pub(crate) struct DevEnvArgs {
    /// Where keys are kept and dev.env is written.
    #[arg(long, default_value = "data")]
    data_dir: PathBuf,
}

/// Writes `dev.env` and says where.
pub(crate) fn write(arguments: &DevEnvArgs) -> anyhow::Result<String> {
    let keys = DevKeys::open(&arguments.data_dir)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let variables = collect(&keys, now, |name| {
        std::env::var_os(name).map(|value| value.into_string())
    })?;
    let path = arguments.data_dir.join("dev.env");
    write_private(&path, &variables.text()?)?;
    Ok(format!("wrote {}", path.display()))
}

/// All variables: those that are set, and what development needs besides.
fn collect(
    keys: &DevKeys,
    now: u64,
    from_environment: impl Fn(&str) -> Option<Result<String, std::ffi::OsString>>,
) -> anyhow::Result<Variables> {
    let set = |name: &str| -> anyhow::Result<Option<String>> {
        let value = from_environment(name).transpose();
        value.map_err(|_| anyhow::anyhow!("{name} is not UTF-8"))
    };
    let or = |name: &str, default: &str| anyhow::Ok(set(name)?.unwrap_or_else(|| default.to_owned()));

    let api_listen = or("API_LISTEN", "127.0.0.1:3000")?;
    let issuer = or("CLERK_ISSUER", ISSUER)?;
    let parties = or("CLERK_AUTHORIZED_PARTIES", PARTY)?;
    let party = parties.split(',').next().unwrap_or_default().trim();
    let (jwt_key, jwks_url) = (set("CLERK_JWT_KEY")?, set("CLERK_JWKS_URL")?);
    let own_session_key = jwt_key.is_none() && jwks_url.is_none();
    let service_keys = set("SERVICE_KEYS")?;

    let mut variables = Variables::default();
    variables.set("API_URL", format!("http://{}", reachable(&api_listen)));
    // A token of ours would not be valid if the API checks tokens with somebody else's keys.
    variables.set(
        "DASHBOARD_TOKEN",
        match set("DASHBOARD_TOKEN")? {
            Some(token) if !own_session_key => token,
            _ if own_session_key => keys.session_token(&issuer, party, now)?,
            _ => String::new(),
        },
    );
    let service_key = match (&service_keys, set("SERVICE_KEY")?) {
        (None, _) => keys.service_key()?,
        (Some(_), given) => given.unwrap_or_default(),
    };
    variables.set("SERVICE_KEY", service_key.as_str());
    variables.set("ACCOUNT_ID", or("ACCOUNT_ID", ACCOUNT)?);
    variables.set("REDIS_URL", or("REDIS_URL", "redis://127.0.0.1:6379")?);
    let store_id = match set("STORE_ID")? {
        Some(id) => id,
        None => keys.store_id()?,
    };
    variables.set("STORE_ID", store_id);
    variables.set("API_LISTEN", api_listen);
    variables.set("WORKER_LISTEN", or("WORKER_LISTEN", "127.0.0.1:3001")?);
    if own_session_key {
        let path = keys.public_key_file()?;
        let path = path.to_str().context("the data directory's path is not UTF-8")?;
        variables.set("CLERK_JWT_KEY", format!("@{path}"));
    }
    if let Some(key) = jwt_key {
        // The API reads a PEM in one line too.
        variables.set("CLERK_JWT_KEY", key.trim_end().replace('\n', "\\n"));
    }
    if let Some(url) = jwks_url {
        variables.set("CLERK_JWKS_URL", url);
    }
    variables.set("CLERK_ISSUER", issuer.as_str());
    variables.set("CLERK_AUTHORIZED_PARTIES", parties.as_str());
    variables.set(
        "SERVICE_KEYS",
        service_keys.unwrap_or_else(|| service_key_entry(SERVICE_KEY_ID, &service_key)),
    );
    let secrets_key = match set("SECRETS_KEY")? {
        Some(key) => key,
        None => keys.secrets_key()?,
    };
    variables.set("SECRETS_KEY", secrets_key);
    variables.set("ALLOW_HTTP", or("ALLOW_HTTP", "true")?);
    variables.set("ALLOW_NETWORKS", or("ALLOW_NETWORKS", "127.0.0.0/8,::1/128")?);
    // Whoever tries out a script calls again and again.
    variables.set("RATE_LIMIT_DASHBOARD", or("RATE_LIMIT_DASHBOARD", "0")?);
    if let Some(path) = set("EVENT_TYPES_FILE")? {
        // Whoever reads this may be elsewhere.
        let path = if path.is_empty() {
            PathBuf::new()
        } else {
            std::path::absolute(path)?
        };
        let path = path.to_str().context("EVENT_TYPES_FILE is not UTF-8")?;
        variables.set("EVENT_TYPES_FILE", path);
    }
    for name in OPTIONAL {
        if let Some(value) = set(name)? {
            variables.set(name, value);
        }
    }
    Ok(variables)
}

/// The address to connect to, for an address that a program listens on.
fn reachable(listen: &str) -> String {
    listen
        .strip_prefix("0.0.0.0:")
        .or_else(|| listen.strip_prefix("[::]:"))
        .map_or_else(|| listen.to_owned(), |port| format!("127.0.0.1:{port}"))
}

#[cfg(test)]
mod tests;
