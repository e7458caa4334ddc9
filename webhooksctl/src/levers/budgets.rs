//! How much an account may have waiting, as the API is configured.

use clap::Args;
use program::config::{AccountArgs, ByteSize};
use store::events::Budgets;

/// How much an account may have waiting, as the API is configured.
#[derive(Debug, Args)]
pub(super) struct BudgetArgs {
    #[command(flatten)]
    account: AccountArgs,

    /// Bytes of payloads that may be parked at one endpoint: the API's. Without it nothing that is parked has to go for what is sent again.
    #[arg(long, env)]
    parked_budget_bytes: Option<ByteSize>,
}

/// More than there is: as much as a number of Lua's can count.
const UNLIMITED: u64 = 1 << 53;

impl BudgetArgs {
    pub(super) fn budgets(&self) -> Budgets {
        Budgets {
            account_bytes: self.account.account_budget_bytes.0,
            parked_bytes: self.parked_budget_bytes.as_ref().map_or(UNLIMITED, |size| size.0),
        }
    }
}
