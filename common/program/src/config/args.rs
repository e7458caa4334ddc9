//! The settings that both programs have, a struct for each concern.

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use domain::address::AddressPolicy;
use domain::endpoint::UrlPolicy;
use domain::header_names::HeaderPrefix;
use domain::sealing::SecretsKeyring;
use ipnet::IpNet;

use super::values::{ByteSize, positive_size, read_value, split_list};

/// How much of Redis's memory the programs may use.
#[derive(Debug, Clone, Args)]
pub struct MemoryArgs {
    /// Bytes that Redis may use for us, if that is less than its `maxmemory`: from 80 % of the smaller of the two on, payloads of
    /// finished events go before their time.
    #[arg(long, env, value_parser = positive_size)]
    pub store_budget_bytes: Option<ByteSize>,
}

/// What one account may take of the store.
#[derive(Debug, Clone, Args)]
pub struct AccountArgs {
    /// Bytes of payloads that one account may have waiting (beyond them an endpoint that holds over half of them makes room for what
    /// others want, or events are refused with 429), and bytes of exhausted payloads that are kept for it. The same for the API
    /// and its workers.
    #[arg(long, env, default_value = "1GiB")]
    pub account_budget_bytes: ByteSize,
}

/// Which URLs customers may register, and which addresses the worker may connect to.
#[derive(Debug, Clone, Args)]
pub struct UrlArgs {
    /// Development: allow plain `http` URLs, and a key set that comes over `http`.
    #[arg(long, env, default_value = "false", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub allow_http: bool,

    /// Development: networks (CIDR, comma-separated) that the address guard lets through. If there are any, hosts may have no domain.
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

/// What receivers' headers are called.
#[derive(Debug, Clone, Args)]
pub struct HeaderArgs {
    /// What the names of our headers begin with, such as `X-RKT` in `X-RKT-Signature`. The same for the API, which documents them, and
    /// its workers, which send them.
    #[arg(long, env, default_value = HeaderPrefix::DEFAULT)]
    pub header_prefix: HeaderPrefix,
}

/// The keys that seal signing secrets.
#[derive(Debug, Clone, Args)]
pub struct SecretsArgs {
    /// Base64 of 32 bytes, or several separated by commas: the first seals signing secrets, all open them. Or `@` and the path of a
    /// file with them.
    #[arg(long, env, hide_env_values = true, value_parser = read_value::<SecretsKeyring>)]
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
