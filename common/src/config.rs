//! What both programs read from the environment (or from flags of the same names), and how a wrong value is told.
//!
//! One struct per concern, one documented line per variable. [`parse`] stops the start with one sentence that names
//! the variable.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, ValueEnum};
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};

pub use self::redis_tls::{InvalidRedis, Pem};
use crate::address::AddressPolicy;
use crate::endpoint::UrlPolicy;
use crate::sealing::SecretsKeyring;
use crate::store::identity::StoreId;

mod redis_tls;

/// Reads a program's configuration from its flags and its environment.
///
/// Prints help or the version and ends the process when asked to; ends it with status 2 and one sentence that names
/// the variable when a value is wrong or missing.
#[must_use]
pub fn parse<T: Parser>() -> T {
    T::try_parse().unwrap_or_else(|error| {
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp
                | ErrorKind::DisplayVersion
                | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        ) {
            error.exit();
        }
        eprintln!("{}", one_sentence(&error));
        std::process::exit(2)
    })
}

/// Says in one sentence, with the variable's name, what is wrong with the configuration.
#[must_use]
pub fn one_sentence(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let Some(argument) = text(ContextKind::InvalidArg) else {
        return error.to_string().lines().next().unwrap_or_default().to_owned();
    };
    // Flags are named after variables: `--api-listen <API_LISTEN>` is API_LISTEN.
    let variables: Vec<_> = argument
        .split(", ")
        .map(|one| {
            one.split([' ', '='])
                .next()
                .unwrap_or_default()
                .trim_start_matches('-')
        })
        .map(|flag| flag.replace('-', "_").to_uppercase())
        .collect();
    let variables = variables.join(", ");
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("{variables}: must be set; see --help"),
        ErrorKind::UnknownArgument => format!("unknown argument {argument}; see --help"),
        _ => {
            let reason = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_else(|| {
                    text(ContextKind::ValidValue).map_or_else(
                        || "not allowed".to_owned(),
                        |valid| format!("must be one of {valid}"),
                    )
                });
            // The value itself may be a secret, so it is not repeated.
            format!("{variables}: {reason}")
        }
    }
}

/// How much of Redis's memory may be used.
#[derive(Debug, Clone, Args)]
pub struct MemoryArgs {
    /// Bytes that Redis may use for us, if that is less than its `maxmemory`: from 80 % of the smaller of both on, payloads of
    /// finished events go before their time.
    #[arg(long, env, value_parser = positive_size)]
    pub store_budget_bytes: Option<ByteSize>,
}

/// Where Redis is, and how its keys are cut.
#[derive(Debug, Clone, Args)]
pub struct RedisArgs {
    /// Redis or Valkey from 7.0: `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS.
    #[arg(long, env, default_value = "redis://127.0.0.1:6379", value_parser = parse_redis_url, hide_env_values = true)]
    pub redis_url: RedisUrl,

    /// The authorities (PEM) that the server's certificate is checked against, instead of the system's. `rediss://` only.
    #[arg(long, env, value_parser = redis_tls::authorities)]
    pub redis_ca_file: Option<Pem>,

    /// Our certificate (PEM, with those between it and its authority), for servers that demand one. `rediss://` only.
    #[arg(long, env, value_parser = redis_tls::certificates, requires = "redis_key_file")]
    pub redis_cert_file: Option<Pem>,

    /// The key (PEM) of that certificate.
    #[arg(long, env, value_parser = redis_tls::key, requires = "redis_cert_file")]
    pub redis_key_file: Option<Pem>,

    /// The identity that the store must have: 1 to 64 letters, digits, `-`, `_` (`webhooksctl store id` makes one). Without it
    /// a program that starts takes any store for its own, an empty one too.
    #[arg(long, env)]
    pub store_id: Option<StoreId>,

    /// Number of slices that the accounts are cut into; only 1 is supported so far.
    #[arg(long, env, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1))]
    pub shards: u16,
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
        // Put together of what may be shown: what follows the path may say anything.
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
    let url = url::Url::parse(text).map_err(|error| format!("not a URL ({error})"))?;
    match url.scheme() {
        "redis" | "rediss" if url.fragment().is_some() || url.query().is_some() => {
            Err("must end after the database's number".to_owned())
        }
        "redis" | "rediss" if url.has_host() => Ok(RedisUrl(text.to_owned().into())),
        "redis+sentinel" | "rediss+sentinel" => {
            Err("Sentinel is not supported yet; give redis:// or rediss://".to_owned())
        }
        _ => Err("must be redis://host:port or rediss://host:port".to_owned()),
    }
}

/// Which URLs customers may register, and which addresses are connected to.
#[derive(Debug, Clone, Args)]
pub struct UrlArgs {
    /// Development: allow plain `http` URLs.
    #[arg(long, env, default_value = "false", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub allow_http: bool,

    /// Development: networks (CIDR, comma-separated) that the address guard lets through.
    #[arg(long, env, default_value = "", value_parser = parse_networks)]
    pub allow_networks: Networks,
}

/// A list of networks.
#[derive(Debug, Clone, Default)]
pub struct Networks(Vec<IpNet>);

fn parse_networks(text: &str) -> Result<Networks, String> {
    split_list(text)
        .map(|part| {
            part.parse()
                .map_err(|_| format!("`{part}` is not a network such as 127.0.0.0/8"))
        })
        .collect::<Result<_, _>>()
        .map(Networks)
}

impl UrlArgs {
    /// The policy that follows.
    #[must_use]
    pub fn policy(&self) -> UrlPolicy {
        UrlPolicy {
            allow_http: self.allow_http,
            addresses: AddressPolicy::new(self.allow_networks.0.clone()),
        }
    }
}

/// The keys that seal signing secrets.
#[derive(Debug, Clone, Args)]
pub struct SecretsArgs {
    /// Base64 of 32 bytes, or several separated by commas: the first seals signing secrets, all open them.
    #[arg(long, env, hide_env_values = true)]
    pub secrets_key: SecretsKeyring,
}

/// How logs look.
#[derive(Debug, Clone, Args)]
pub struct LogArgs {
    /// `text` or `json`; by default text on a terminal, else JSON. RUST_LOG sets the level.
    #[arg(long, env)]
    pub log_format: Option<LogFormat>,
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The parts of a comma-separated list; an empty text has none.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// A duration as people write it: `500ms`, `10s`, `3m`, `4h`, `14d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a duration such as 500ms, 10s, 3m, 4h or 14d");
        let digits = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit: u64 = match &text[digits..] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        // A year is more than any setting needs, and keeps every later sum far from overflow.
        let millis = number
            .checked_mul(unit)
            .filter(|millis| *millis <= 366 * 86_400_000);
        millis
            .map(Duration::from_millis)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is longer than a year"))
    }
}

/// Parses a duration that is not zero.
///
/// # Errors
///
/// A sentence when it is zero or no duration.
pub fn positive_span(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span.0.is_zero() {
        Err("must be longer than zero".to_owned())
    } else {
        Ok(span)
    }
}

/// Parses a size that is not zero.
fn positive_size(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size.0 == 0 {
        Err("must be more than zero".to_owned())
    } else {
        Ok(size)
    }
}

/// A number of bytes: `262144`, `256KiB`, `16MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a size such as 262144, 256KiB, 16MiB or 1GiB");
        let digits = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit: u64 = match text[digits..].trim() {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong()),
        };
        number
            .checked_mul(unit)
            .filter(|bytes| *bytes <= 1 << 50)
            .map(Self)
            .ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        redis: RedisArgs,
        #[command(flatten)]
        memory: MemoryArgs,
        #[command(flatten)]
        urls: UrlArgs,
        #[command(flatten)]
        secrets: SecretsArgs,
        #[command(flatten)]
        log: LogArgs,
    }

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn wrong(arguments: &[&str]) -> String {
        one_sentence(&Program::try_parse_from([&["program"], arguments].concat()).unwrap_err())
    }

    #[test]
    fn a_wrong_value_is_told_in_one_sentence_with_the_variable() {
        for (arguments, sentence) in [
            (
                vec!["--secrets-key", KEY, "--redis-url", "http://x"],
                "REDIS_URL: must be redis://host:port or rediss://host:port",
            ),
            (
                vec!["--secrets-key", KEY, "--store-budget-bytes", "0"],
                "STORE_BUDGET_BYTES: must be more than zero",
            ),
            (
                vec!["--secrets-key", KEY, "--shards", "2"],
                "SHARDS: 2 is not in 1..=1",
            ),
            (
                vec!["--secrets-key", KEY, "--allow-networks", "10.0.0.0"],
                "ALLOW_NETWORKS: `10.0.0.0` is not a network such as 127.0.0.0/8",
            ),
            (
                vec!["--secrets-key", KEY, "--log-format", "xml"],
                "LOG_FORMAT: must be one of text, json",
            ),
            (
                vec!["--secrets-key", KEY, "--store-id", "not one word"],
                "STORE_ID: must be 1 to 64 letters, digits, `-` or `_`; `webhooksctl store id` makes one",
            ),
            (vec![], "SECRETS_KEY: must be set; see --help"),
        ] {
            assert_eq!(wrong(&arguments), sentence);
        }
        assert!(wrong(&["--secrets-key", "hunter2"]).starts_with("SECRETS_KEY: must be the base64"));
        assert!(!wrong(&["--secrets-key", "hunter2"]).contains("hunter2"));
    }

    #[test]
    fn an_empty_list_opens_nothing() {
        let program =
            Program::try_parse_from(["program", "--secrets-key", KEY, "--allow-networks", ""]).unwrap();
        assert!(
            program
                .urls
                .policy()
                .addresses
                .check("127.0.0.1".parse().unwrap())
                .is_err()
        );
    }

    #[test]
    fn a_password_is_not_printed() {
        let url = parse_redis_url("redis://user:hunter2@host:6379").unwrap();
        assert!(!format!("{url} {url:?}").contains("hunter2"));
        assert_eq!(url.to_string(), "redis://user:…@host:6379");
        for (text, shown) in [
            ("redis://host", "redis://host"),
            ("rediss://:hunter2@host:1/2", "rediss://:…@host:1/2"),
            ("redis://[::1]:6379/", "redis://[::1]:6379/"),
        ] {
            assert_eq!(parse_redis_url(text).unwrap().to_string(), shown);
        }
        for bad in ["rediss://host/#insecure", "redis://host?password=hunter2"] {
            assert!(!parse_redis_url(bad).unwrap_err().contains("hunter2"));
        }
    }

    #[test]
    fn spans_and_sizes() {
        for (text, millis) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("0s", 0),
            ("3m", 180_000),
            ("4h", 14_400_000),
            ("14d", 1_209_600_000),
        ] {
            assert_eq!(text.parse::<Span>().unwrap().0, Duration::from_millis(millis));
        }
        for bad in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "10 s",
            "400d",
            "99999999999999999999s",
        ] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
        assert_eq!(
            ["1", "2KiB", "3MiB", "1GiB"].map(|text| text.parse::<ByteSize>().unwrap().0),
            [1, 2048, 3 << 20, 1 << 30]
        );
        for bad in ["", "x", "1kb", "-1", "99999999999GiB"] {
            assert!(bad.parse::<ByteSize>().is_err(), "{bad}");
        }
    }
}
