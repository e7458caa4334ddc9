//! `events erase`: erases an event, as `DELETE /api/events/{id}` does.

use anyhow::bail;
use clap::{Args, Subcommand};
use domain::id::{AccountId, EventId};
use store::settings::RedisArgs;

use crate::runtime;
use crate::stores::of_account;

/// What to do with events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Erases an event: its payload everywhere, and what receivers answered. What waits of it, or is in flight, ends canceled. Needs the
    /// rights of `worker`.
    Erase(EraseArgs),
}

/// The arguments of `events erase`.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Whose event it is (`org:…`, `user:…`).
    #[arg(value_parser = account)]
    account: AccountId,

    /// The event (`evt_…`).
    event: EventId,
}

fn account(text: &str) -> Result<AccountId, &'static str> {
    AccountId::from_outside(text).map_err(|_| "not an account (org:…, user:…)")
}

/// Does it.
pub(crate) fn run(command: &EventsCommand) -> anyhow::Result<String> {
    let EventsCommand::Erase(arguments) = command;
    let (account, event) = (&arguments.account, &arguments.event);
    let runtime = runtime::new()?;
    let store = runtime.block_on(of_account(&arguments.redis, account))?;
    if !runtime.block_on(store.erase_event(account, event))? {
        bail!("nothing is kept of an event {event} of {account}");
    }
    Ok(format!("{event} of {account} is erased"))
}
