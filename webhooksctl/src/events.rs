//! `events erase`: erases an event, as `DELETE /api/events/{id}` does.

use anyhow::bail;
use clap::{Args, Subcommand};
use domain::id::{AccountId, EventId};
use serde_json::json;
use store::settings::RedisArgs;

use crate::order::{Deed, OrderArgs};
use crate::output::OutputArgs;
use crate::runtime;
use crate::stores::of_account;

/// What to do with events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Erases an event: its payload everywhere, and what receivers answered. What waits of it, or is in flight, ends canceled. Needs the
    /// rights of `operator-write`.
    Erase(EraseArgs),
}

/// The arguments of `events erase`.
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    #[command(flatten)]
    redis: RedisArgs,

    #[command(flatten)]
    order: OrderArgs,

    /// Whose event it is (`org:…`, `user:…`).
    #[arg(value_parser = account)]
    account: AccountId,

    /// The event (`evt_…`).
    event: EventId,

    #[command(flatten)]
    output: OutputArgs,
}

fn account(text: &str) -> Result<AccountId, &'static str> {
    AccountId::from_outside(text).map_err(|_| "not an account (org:…, user:…)")
}

/// Does it.
pub(crate) fn run(command: &EventsCommand) -> anyhow::Result<()> {
    let EventsCommand::Erase(arguments) = command;
    let (account, event) = (&arguments.account, &arguments.event);
    let runtime = runtime::new()?;
    let store = runtime.block_on(of_account(&arguments.redis, account))?;
    let store = store.ordered_by(&arguments.order.order());
    let deed = Deed {
        action: "erase",
        target: event.as_str(),
        account: account.as_str(),
    };
    let erasing = async { Ok(store.erase_event(account, event).await?) };
    let said = |is_erased: &bool| {
        if *is_erased {
            "erased"
        } else {
            "nothing is kept of it"
        }
        .to_owned()
    };
    if !runtime.block_on(deed.noted(&store, erasing, said))? {
        bail!("nothing is kept of an event {event} of {account}");
    }
    arguments.output.print(
        &json!({"action": "events erase", "event": event, "account": account}),
        &format!("{event} of {account} is erased"),
    )
}
