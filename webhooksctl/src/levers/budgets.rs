//! How much an account may have waiting, as the API is configured.

use clap::Args;
use program::config::{AccountArgs, ByteSize};
use store::events::Budgets;

/// How much an account may have waiting, as the API is configured.
#[derive(Debug, Args)]
pub(super) struct BudgetArgs {
    #[command(flatten)]
    account: AccountArgs,

    /// Bytes of payloads that may be parked at one endpoint: the API's.
    #[arg(long, env, default_value = "256MiB")]
    parked_budget_bytes: ByteSize,
}

impl BudgetArgs {
    pub(super) const fn budgets(&self) -> Budgets {
        Budgets {
            account_bytes: self.account.account_budget_bytes.0,
            parked_bytes: self.parked_budget_bytes.0,
        }
    }
}
