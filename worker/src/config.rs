//! The worker's configuration: every variable with its default, checked before anything starts.

mod operator;

mod retention;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser};
use domain::retry::RetrySchedule;
use program::config::{
    AccountArgs, HeaderArgs, LogArgs, MemoryArgs, SecretsArgs, Span, UrlArgs, positive_span, split_list,
};
use store::policy::Policy;
use store::server::AssumedArgs;
use store::settings::RedisArgs;
use traces::TracesArgs;

pub use self::operator::{OperatorArgs, OperatorSecret, OperatorUrl};
pub use self::retention::RetentionArgs;
pub use crate::egress::EgressCheck;
pub use crate::observer::MetricsArgs;
pub use crate::operator_events::OperatorReceiver;
pub use crate::transport::proxy::EgressProxy;

/// The longest `DELIVERY_TIMEOUT`: a lease lasts twice as long, and a stop waits for it.
const MAX_DELIVERY_TIMEOUT: Duration = Duration::from_secs(600);

/// Delivers webhooks: fetches deliveries from Redis, signs and sends them, and records what came of it.
///
/// Every flag can be given as the environment variable of the same name.
#[derive(Debug, Clone, Parser)]
#[command(name = "webhooks-worker", version)]
pub struct Config {
    /// Where Redis is.
    #[command(flatten)]
    pub redis: RedisArgs,
    /// How much of its memory may be used.
    #[command(flatten)]
    pub memory: MemoryArgs,
    /// What the operator says of it.
    #[command(flatten)]
    pub assumed: AssumedArgs,
    /// How much of it one account may take.
    #[command(flatten)]
    pub account: AccountArgs,
    /// What URLs are allowed.
    #[command(flatten)]
    pub urls: UrlArgs,
    /// What opens signing secrets.
    #[command(flatten)]
    pub secrets: SecretsArgs,
    /// Address of the worker's own `/healthz`, `/readyz` and `/metrics`.
    #[arg(long, env, default_value = "127.0.0.1:3001")]
    pub worker_listen: SocketAddr,
    /// What the headers of deliveries are called.
    #[command(flatten)]
    pub headers: HeaderArgs,
    /// How much is in flight.
    #[command(flatten)]
    pub concurrency: ConcurrencyArgs,
    /// How an attempt is made and repeated.
    #[command(flatten)]
    pub attempts: AttemptArgs,
    /// When an endpoint is disabled.
    #[command(flatten)]
    pub disable: DisableArgs,
    /// What is kept.
    #[command(flatten)]
    pub retention: RetentionArgs,
    /// Who is told what happens to accounts.
    #[command(flatten)]
    pub operator: OperatorArgs,
    /// What the metrics tell of single endpoints.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// How logs look.
    #[command(flatten)]
    pub log: LogArgs,
    /// Where traces are told.
    #[command(flatten, next_help_heading = "Traces")]
    pub traces: TracesArgs,
}

/// How many attempts are in flight.
#[derive(Debug, Clone, Args)]
pub struct ConcurrencyArgs {
    /// Attempts in flight in this worker.
    #[arg(long, env, default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub worker_concurrency: u32,

    /// Attempts in flight per endpoint, over all workers.
    #[arg(long, env, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub endpoint_concurrency: u32,

    /// Attempts in flight for one account at one destination (host and port), over all workers; slow endpoints take at most half of
    /// them. A worker has no more connections of an account to one address either.
    #[arg(long, env, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub destination_concurrency: u32,
}

/// How one attempt is made, and when it is made again.
#[derive(Debug, Clone, Args)]
pub struct AttemptArgs {
    /// The whole attempt: name lookup, connection, TLS, request and answer; at most `10m`.
    #[arg(long, env, default_value = "10s", value_parser = delivery_timeout)]
    pub delivery_timeout: Span,

    /// Waits between the attempts of one delivery, comma-separated; empty means one attempt.
    #[arg(long, env, default_value = "5s,30s,3m,15m,1h,4h,10h,20h,24h", value_parser = retry_schedule)]
    pub retry_schedule: RetrySchedule,

    /// The proxy to go through, `http://[user:password@]host:port`; the usual variables (`HTTPS_PROXY` …) are ignored.
    #[arg(long, env, default_value = "", value_parser = egress_proxy, hide_env_values = true)]
    pub egress_proxy: Egress,

    /// Addresses that answer whenever our own network is well, `host:port` or URLs, comma-separated: while none of them answers, and
    /// no receiver either, no endpoint is blamed.
    #[arg(long, env, default_value = "")]
    pub egress_check: EgressCheck,
}

/// The way to receivers: straight, or through a proxy.
#[derive(Debug, Clone, Default)]
pub struct Egress(pub Option<EgressProxy>);

fn egress_proxy(text: &str) -> Result<Egress, String> {
    let text = text.trim();
    let proxy = (!text.is_empty()).then(|| text.parse()).transpose()?;
    Ok(Egress(proxy))
}

/// When an endpoint is disabled.
#[derive(Debug, Clone, Args)]
pub struct DisableArgs {
    /// Failed attempts in a row that disable an endpoint.
    #[arg(long, env, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub disable_after: u32,

    /// How long such a streak must have lasted before it disables: failures within one timeout may be one incident. `0s`: the
    /// tenth disables at once [default: `DELIVERY_TIMEOUT`].
    #[arg(long, env)]
    pub disable_min_span: Option<Span>,
}

/// What `LOG_LENGTH` is unless somebody says otherwise.
const LOG_LENGTH: u32 = 1000;

impl Config {
    /// What an operator should know of settings that no longer do what they did.
    #[must_use]
    pub fn deprecated(&self) -> Option<&'static str> {
        self.retention.log_length.map(|_| {
            "LOG_LENGTH does nothing in a store of this release: logs reach back as far as RETENTION_SUCCEEDED, within HISTORY_BUDGET_BYTES"
        })
    }

    /// The settings that the queue goes by, and whose effects customers notice.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            disable_after: self.disable.disable_after,
            disable_min_span: self
                .disable
                .disable_min_span
                .unwrap_or(self.attempts.delivery_timeout)
                .0,
            retention_succeeded: self.retention.retention_succeeded.0,
            retention_failed: self.retention.retention_failed.0,
            log_length: self.retention.log_length.unwrap_or(LOG_LENGTH),
            endpoint_concurrency: self.concurrency.endpoint_concurrency,
            destination_concurrency: self.concurrency.destination_concurrency,
            max_attempts: u32::try_from(self.attempts.retry_schedule.max_attempts()).unwrap_or(u32::MAX),
            delivery_timeout: self.attempts.delivery_timeout.0,
            exhausted_budget: self.account.account_budget_bytes.0,
            history_budget: self
                .retention
                .history_budget_bytes
                .map_or(u64::MAX, |size| size.0),
            operator_events: self.operator.receiver().is_some(),
        }
    }
}

impl fmt::Display for Config {
    /// What an operator wants to see at the start, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Redis at {}, health and metrics at http://{}, {} attempts in flight ({} per endpoint, {} per account and destination), {:?} each, up to {} \
             per delivery, disabling after {} failures in a row",
            self.redis.redis_url,
            self.worker_listen,
            self.concurrency.worker_concurrency,
            self.concurrency.endpoint_concurrency,
            self.concurrency.destination_concurrency,
            self.attempts.delivery_timeout.0,
            self.attempts.retry_schedule.max_attempts(),
            self.disable.disable_after,
        )?;
        if let Some(proxy) = &self.attempts.egress_proxy.0 {
            write!(formatter, "; through the proxy {proxy}")?;
        }
        if self.urls.allow_http {
            formatter.write_str("; plain http is allowed (development)")?;
        }
        Ok(())
    }
}

fn delivery_timeout(text: &str) -> Result<Span, String> {
    let span = positive_span(text)?;
    if span.0 > MAX_DELIVERY_TIMEOUT {
        return Err("must be at most 10m".to_owned());
    }
    Ok(span)
}

fn retry_schedule(text: &str) -> Result<RetrySchedule, String> {
    let waits = split_list(text)
        .map(|wait| wait.parse().map(|Span(wait)| wait))
        .collect::<Result<Vec<_>, _>>()?;
    if waits.len() > RetrySchedule::MAX_WAITS {
        return Err(format!("must have at most {} waits", RetrySchedule::MAX_WAITS));
    }
    Ok(RetrySchedule::new(waits))
}

#[cfg(test)]
mod tests;
