//! What an account may have: how long a payload, how many endpoints, how many bytes that wait.

use clap::Args;
use program::config::{AccountArgs, ByteSize};
use store::events::Budgets;

/// The variables that set the allowance.
#[derive(Debug, Clone, Args)]
pub struct AllowanceArgs {
    /// The longest payload that receivers may get: 1KiB to 2MiB.
    #[arg(long, env, default_value = "262144", value_parser = parse_payload_limit)]
    pub max_payload_bytes: ByteSize,

    /// How many endpoints an account may have.
    #[arg(long, env, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub max_endpoints_per_account: u32,

    /// What it may have waiting.
    #[command(flatten)]
    pub account: AccountArgs,

    /// Bytes of payloads that may be parked at one endpoint; beyond them its deliveries are exhausted, oldest event first.
    #[arg(long, env, default_value = "256MiB")]
    pub parked_budget_bytes: ByteSize,
}

fn parse_payload_limit(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if (1024..=2 * 1024 * 1024).contains(&size.0) {
        Ok(size)
    } else {
        Err("must be from 1KiB to 2MiB".to_owned())
    }
}

/// What an account may have.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// The longest payload, in bytes.
    pub payload_bytes: usize,
    /// How many endpoints.
    pub endpoints: u32,
    /// How many bytes of payloads may wait.
    pub budgets: Budgets,
}

impl AllowanceArgs {
    /// The allowance, the same for every account.
    #[must_use]
    pub fn allowance(&self) -> Allowance {
        Allowance {
            payload_bytes: usize::try_from(self.max_payload_bytes.0).unwrap_or(usize::MAX),
            endpoints: self.max_endpoints_per_account,
            budgets: Budgets {
                account_bytes: self.account.account_budget_bytes.0,
                parked_bytes: self.parked_budget_bytes.0,
            },
        }
    }
}

impl Allowance {
    /// How long the JSON of an event may be, in bytes: twice its payload, for white space and escapes, and the fields around `data`.
    #[must_use]
    pub const fn event_bytes(&self) -> usize {
        self.payload_bytes.saturating_mul(2).saturating_add(16 * 1024)
    }
}
