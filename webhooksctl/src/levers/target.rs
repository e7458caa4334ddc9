//! What a lever is pulled for: an endpoint, an account, or all of them.

use std::fmt;

use clap::Args;
use domain::id::{AccountId, EndpointId};

/// What something is done to.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Endpoint(EndpointId),
    Account(AccountId),
    All,
}

/// The arguments that name it.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    /// The endpoint (`ep_…`) or the account (`org:…`, `user:…`).
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    target: Option<Target>,

    /// All accounts, one after the other; asks first, however little it changes. One that begins meanwhile may be left out: run it again.
    #[arg(long)]
    all: bool,
}

impl TargetArgs {
    pub(super) fn target(&self) -> Target {
        self.target.clone().unwrap_or(Target::All)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(id) => id.fmt(formatter),
            Self::Account(account) => account.fmt(formatter),
            Self::All => formatter.write_str("all accounts"),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(endpoint) = text.parse() {
            return Ok(Self::Endpoint(endpoint));
        }
        AccountId::from_outside(text)
            .map(Self::Account)
            .map_err(|_| "neither an endpoint (ep_…) nor an account (org:…, user:…)")
    }
}
