//! What both programs read from the environment (or from flags of the same names), and how a wrong value is told.
//!
//! One struct per concern, one documented line per variable. [`parse`] stops the start with one sentence that names
//! the variable.

use std::str::FromStr;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Parser, ValueEnum};
use ipnet::IpNet;

use domain::address::AddressPolicy;
use domain::endpoint::UrlPolicy;
use domain::sealing::SecretsKeyring;

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
mod tests;
