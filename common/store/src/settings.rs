//! Where Redis is: both programs and the operator's tool read it from the environment.

use std::fmt;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::tls::Pem;
pub use self::way::InvalidRedis;
pub(crate) use self::way::Servers;
use crate::identity::StoreId;

use self::cluster_url::ClusterUrl;
use self::sentinel_url::SentinelUrl;

mod tls;

mod hosts;

mod sentinel_url;

mod cluster_url;

mod way;

/// The variables that may name files which connections to Redis need.
pub const FILES: [&str; 4] = [
    "SENTINEL_PASSWORD",
    "REDIS_CA_FILE",
    "REDIS_CERT_FILE",
    "REDIS_KEY_FILE",
];

/// Where Redis is, and how its keys are cut.
#[derive(Debug, Clone, Args)]
pub struct RedisArgs {
    /// Redis or Valkey from 7.0: `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS; several addresses, separated by
    /// commas, are nodes of a Redis Cluster. Or sentinels that know the
    /// primary: `redis+sentinel://[user:password@]host:port,host:port/name[/db]`, or `redis+sentinels://` for TLS to all.
    #[arg(long, env, default_value = "redis://127.0.0.1:6379", value_parser = parse_redis_url, hide_env_values = true)]
    pub redis_url: RedisUrl,

    /// The sentinels' user, where they want one.
    #[arg(long, env)]
    pub sentinel_user: Option<String>,

    /// The sentinels' password, where they want one; or `@` and the path of a file with it. Those of the servers stand in the URL.
    #[arg(long, env, value_parser = way::secret, hide_env_values = true)]
    pub sentinel_password: Option<SecretString>,

    /// The authorities (PEM) that the server's certificate is checked against, instead of the system's. TLS only.
    #[arg(long, env, value_parser = tls::authorities)]
    pub redis_ca_file: Option<Pem>,

    /// Our certificate (PEM, with those between it and its authority), for servers that demand one. TLS only.
    #[arg(long, env, value_parser = tls::certificates, requires = "redis_key_file")]
    pub redis_cert_file: Option<Pem>,

    /// The key (PEM) of that certificate.
    #[arg(long, env, value_parser = tls::key, requires = "redis_cert_file")]
    pub redis_key_file: Option<Pem>,

    /// The identity that the store must have: 1 to 64 letters, digits, `-`, `_` (`webhooksctl store id` makes one). Without it
    /// a program that starts takes any store for its own, an empty one too.
    #[arg(long, env)]
    pub store_id: Option<StoreId>,

    /// How many slices the accounts are cut into: 1 to 256. It is recorded at the first start (1 unless it is set), and stays until
    /// `webhooksctl shards grow` raises it.
    #[arg(long, env, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub shards: Option<u16>,
}

/// A Redis address whose password is not printed.
#[derive(Clone)]
pub struct RedisUrl(SecretString);

impl RedisUrl {
    /// The whole URL, password included.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Built from the parts that may be shown: what follows the path may say anything.
        if let Some(Ok(url)) = SentinelUrl::parse(self.expose()) {
            return formatter.write_str(&url.shown());
        }
        if let Some(Ok(url)) = ClusterUrl::parse(self.expose()) {
            return formatter.write_str(&url.shown());
        }
        let Ok(url) = url::Url::parse(self.expose()) else {
            return formatter.write_str("redis");
        };
        write!(formatter, "{}://", url.scheme())?;
        if url.password().is_some() {
            write!(formatter, "{}:…@", url.username())?;
        }
        formatter.write_str(url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(formatter, ":{port}")?;
        }
        formatter.write_str(url.path())
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

fn parse_redis_url(text: &str) -> Result<RedisUrl, String> {
    if let Some(url) = SentinelUrl::parse(text) {
        return url.map(|_| RedisUrl(text.to_owned().into()));
    }
    if let Some(url) = ClusterUrl::parse(text) {
        return url.map(|_| RedisUrl(text.to_owned().into()));
    }
    let url = url::Url::parse(text).map_err(|error| format!("not a URL ({error})"))?;
    match url.scheme() {
        "redis" | "rediss" if url.fragment().is_some() || url.query().is_some() => {
            Err("must end after the database's number".to_owned())
        }
        "redis" | "rediss" if url.has_host() => Ok(RedisUrl(text.to_owned().into())),
        _ => Err(
            "must be redis://host:port or rediss://host:port, with several nodes of a cluster host:port,host:port, or redis+sentinel://host:port,host:port/name or redis+sentinels://…"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests;
