//! The variables that OpenTelemetry has for all programs.

mod pairs;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use program::config::read_value;
use url::Url;

use self::pairs::Pairs;
use crate::sampler::{Rule, Sampler};

/// Where traces are told, and which. Every variable is standard.
#[derive(Debug, Clone, Args)]
pub struct TracesArgs {
    /// Where an OTLP receiver listens for HTTP, such as `http://127.0.0.1:4318`: spans are posted to `/v1/traces` below it. Without it
    /// none are recorded.
    #[arg(long, env, default_value = "", hide_env_values = true)]
    pub otel_exporter_otlp_endpoint: Endpoint,

    /// The whole address for spans, in place of that.
    #[arg(long, env, default_value = "", hide_env_values = true)]
    pub otel_exporter_otlp_traces_endpoint: Endpoint,

    /// Headers that the receiver wants, `name=value`, comma-separated, values percent-encoded; or `@` and the path of a file with them.
    #[arg(long, env, default_value = "", value_parser = read_value::<Headers>, hide_env_values = true)]
    pub otel_exporter_otlp_headers: Headers,

    /// Only `http/protobuf`.
    #[arg(long, env, default_value = "http/protobuf", value_parser = protocol)]
    pub otel_exporter_otlp_protocol: String,

    /// How long the receiver may take for a batch, in milliseconds.
    #[arg(long, env, default_value = "10000", value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub otel_exporter_otlp_timeout: u64,

    /// What the program is called there; by default its own name.
    #[arg(long, env, default_value = "")]
    pub otel_service_name: String,

    /// What else is told of the program, `name=value`, comma-separated, values percent-encoded.
    #[arg(long, env, default_value = "")]
    pub otel_resource_attributes: Attributes,

    /// Which traces are recorded: `always_on`, `always_off`, `traceidratio`, or these as `parentbased_…`, which keep to what the push
    /// says of its own trace.
    #[arg(long, env, default_value = "parentbased_always_on")]
    pub otel_traces_sampler: Rule,

    /// The part of all traces that `traceidratio` records: 0 to 1.
    #[arg(long, env, default_value = "1", value_parser = ratio)]
    pub otel_traces_sampler_arg: f64,

    /// Records nothing, whatever else is set.
    #[arg(long, env, default_value = "false", value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub otel_sdk_disabled: bool,
}

/// What follows from the variables.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) timeout: Duration,
    /// What is told of the program, its name first.
    pub(crate) resource: Vec<(String, String)>,
    pub(crate) sampler: Sampler,
}

impl TracesArgs {
    /// What a program of this name and version does; `None`: nothing.
    pub(crate) fn settings(&self, program: &str, version: &str) -> Option<Settings> {
        let url = match (
            &self.otel_exporter_otlp_traces_endpoint.0,
            &self.otel_exporter_otlp_endpoint.0,
        ) {
            _ if self.otel_sdk_disabled => return None,
            (Some(whole), _) => whole.clone(),
            (None, Some(base)) => below(base),
            (None, None) => return None,
        };
        let Attributes(Pairs(given)) = &self.otel_resource_attributes;
        let named = given.iter().find(|(name, _)| name == SERVICE_NAME);
        let service = match (self.otel_service_name.as_str(), named) {
            ("", Some((_, named))) => named,
            ("", None) => program,
            (name, _) => name,
        };
        let own = [(SERVICE_NAME, service), ("service.version", version)];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let is_own = |name: &String| own.iter().any(|(known, _)| known == name);
        let others: Vec<_> = given.iter().filter(|(name, _)| !is_own(name)).cloned().collect();
        Some(Settings {
            url,
            headers: self.otel_exporter_otlp_headers.0.0.clone(),
            timeout: Duration::from_millis(self.otel_exporter_otlp_timeout),
            resource: own.into_iter().chain(others).collect(),
            sampler: Sampler {
                rule: self.otel_traces_sampler,
                ratio: self.otel_traces_sampler_arg,
            },
        })
    }
}

const SERVICE_NAME: &str = "service.name";

/// The address for spans below one for everything.
fn below(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/v1/traces", base.path().trim_end_matches('/')));
    url
}

/// An address, if there is one. It may have a password in it.
#[derive(Clone)]
pub struct Endpoint(Option<Url>);

impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        let url = Url::parse(text).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.map(|url| Self(Some(url)))
            .ok_or("must be an address such as http://127.0.0.1:4318")
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.as_ref().and_then(Url::host_str);
        write!(formatter, "Endpoint({})", host.unwrap_or_default())
    }
}

/// Headers, whose values may be secret.
#[derive(Clone, Default)]
pub struct Headers(Pairs);

impl FromStr for Headers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let pairs: Pairs = text.parse()?;
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        for (name, value) in &pairs.0 {
            if !name.bytes().all(is_token) || !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
                return Err("has a name or a value that no header may have".to_owned());
            }
        }
        Ok(Self(pairs))
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.0.iter().map(|(name, _)| name);
        formatter.debug_list().entries(names).finish()
    }
}

/// What is told of the program.
#[derive(Debug, Clone, Default)]
pub struct Attributes(Pairs);

impl FromStr for Attributes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

fn protocol(text: &str) -> Result<String, String> {
    match text {
        "" | "http/protobuf" => Ok("http/protobuf".to_owned()),
        _ => Err("must be http/protobuf".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text
        .trim()
        .parse()
        .ok()
        .filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

#[cfg(test)]
mod tests;
