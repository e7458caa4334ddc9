//! `purge`: lets go of finished events' payloads, and of logs, before they have reached their age.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use domain::clock::Timestamp;
use domain::id::AccountId;
use program::config::{Span, positive_span};
use serde_json::json;
use store::Store;
use store::mending::{PurgeSpan, Purged};
use store::shards::Shards;

use super::LeverArgs;
use crate::order::{Deed, confirm};
use crate::runtime;
use crate::stores::is_of_account;
use crate::table::size;

/// What finished less than this ago stays: a call that accepted an event may be repeated, and replays are under way.
const LEAST: Duration = Duration::from_secs(60);

/// The arguments of `purge`.
#[derive(Debug, Args)]
#[command(after_help = "Example: webhooksctl purge --finished --older-than 2h --account org:acme --dry-run")]
pub(crate) struct PurgeArgs {
    #[command(flatten)]
    lever: LeverArgs,

    /// What has finished: nothing that waits, retries or is parked is ever let go of by this command, and it wants that said.
    #[arg(long)]
    finished: bool,

    /// What finished longer ago than this, such as 12h: a minute at least.
    #[arg(long, value_name = "SPAN", value_parser = positive_span)]
    older_than: Span,

    /// Of this account (`org:…`, `user:…`).
    #[arg(long, value_parser = AccountId::from_outside)]
    account: Option<AccountId>,

    /// Of all accounts.
    #[arg(long, conflicts_with = "account")]
    all: bool,

    /// Let payloads of exhausted events stay, so that their owners can still send them again.
    #[arg(long)]
    keep_exhausted: bool,
}

/// An account, where it lies, and what of it goes: each shard dates what finishes by its own clock.
type Whose = (Store, AccountId, PurgeSpan);

/// Does it, account by account.
pub(crate) fn purge(arguments: &PurgeArgs) -> anyhow::Result<()> {
    let lever = &arguments.lever;
    ensure!(
        arguments.finished,
        "nothing was changed: say that only what has finished goes, with --finished"
    );
    ensure!(
        arguments.all || arguments.account.is_some(),
        "nothing was changed: whose? --account org:…, or --all"
    );
    ensure!(
        arguments.older_than.0 >= LEAST,
        "--older-than must be a minute at least"
    );
    let runtime = runtime::new()?;
    let (all, until) = runtime.block_on(find(arguments))?;
    let would = runtime.block_on(reckon(&all))?;
    let whose = arguments
        .account
        .as_ref()
        .map_or("all accounts", |account| account.as_str());
    if lever.dry_run {
        return tell(arguments, whose, until, all.len(), would);
    }
    confirm(
        &format!("let go of about {} of {whose}, for good", sentence(would)),
        would.events + would.log_blocks,
        lever.yes,
    )?;
    let (mut purged, mut left) = (Purged::default(), Vec::new());
    let progress = runtime::progress(|events: u64| format!("let go of {events} events …"));
    for (number, (shard, span)) in shards_of(&all) {
        let store = lever.ordered(&shard);
        let deed = Deed {
            action: "purge",
            target: &format!("finished until {}", span.until),
            account: arguments.account.as_ref().map_or("", |account| account.as_str()),
        };
        let before = purged;
        let purging = async {
            for (store, account, _) in all.iter().filter(|(store, ..)| store.shard().number == number) {
                let so_far = before.events;
                let done = store
                    .purge_finished(account, span, &|events| progress(so_far + events))
                    .await;
                match done {
                    Ok(went) => purged.add(went),
                    // Of this account alone.
                    Err(error) if is_of_account(&error) => left.push(format!("{account}: {error}")),
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(())
        };
        let said = |(): &()| "done".to_owned();
        runtime.block_on(deed.noted(&store, purging, said))?;
    }
    tell(arguments, whose, until, all.len(), purged)?;
    ensure!(left.is_empty(), "nothing went of {}", left.join("; "));
    Ok(())
}

/// Whose past it is, with what of it goes; and the earliest moment until which that is.
async fn find(arguments: &PurgeArgs) -> anyhow::Result<(Vec<Whose>, Timestamp)> {
    let shards: Shards = arguments.lever.shards().await?;
    if let Some(account) = &arguments.account {
        let store = shards.of(account).clone();
        let span = span_in(&store, arguments).await?;
        return Ok((vec![(store, account.clone(), span)], span.until));
    }
    let (mut all, mut untils) = (Vec::new(), Vec::new());
    for store in shards.all() {
        let span = span_in(store, arguments).await?;
        untils.push(span.until);
        let accounts = store.accounts_with_past().await?.into_iter();
        // Where an account was before it moved, a copy may be left.
        let accounts = accounts.filter(|account| shards.of(account).shard() == store.shard());
        all.extend(accounts.map(|account| (store.clone(), account, span)));
    }
    Ok((all, untils.into_iter().min().unwrap_or_default()))
}

/// What goes in a shard. What has finished there is dated by its clock, and what that has skipped makes nothing old.
async fn span_in(store: &Store, arguments: &PurgeArgs) -> anyhow::Result<PurgeSpan> {
    Ok(PurgeSpan {
        until: store.overview_long_ago(arguments.older_than.0).await?,
        keeps_exhausted: arguments.keep_exhausted,
    })
}

/// About what would go.
async fn reckon(all: &[Whose]) -> anyhow::Result<Purged> {
    let mut would = Purged::default();
    let progress = runtime::progress(|accounts: usize| format!("looked at {accounts} accounts …"));
    for (place, (store, account, span)) in all.iter().enumerate() {
        would.add(store.purgeable(account, *span).await?);
        progress(place);
    }
    Ok(would)
}

/// The shards that they lie in, by their numbers, and what goes there.
fn shards_of(all: &[Whose]) -> BTreeMap<u16, (Store, PurgeSpan)> {
    all.iter()
        .map(|(store, _, span)| (store.shard().number, (store.clone(), *span)))
        .collect()
}

fn sentence(purged: Purged) -> String {
    let Purged {
        events,
        log_blocks,
        bytes,
    } = purged;
    format!(
        "{events} finished events and {log_blocks} blocks of logs, {}",
        size(bytes)
    )
}

fn tell(
    arguments: &PurgeArgs,
    whose: &str,
    until: Timestamp,
    accounts: usize,
    purged: Purged,
) -> anyhow::Result<()> {
    let dry_run = arguments.lever.dry_run;
    let how = if dry_run { "would go, about" } else { "went" };
    arguments.lever.print(
        &json!({"action": "purge", "account": arguments.account, "until": until, "dryRun": dry_run, "accounts": accounts,
            "events": purged.events, "logBlocks": purged.log_blocks, "bytes": purged.bytes}),
        &format!("{} of {whose}, finished until {until}, {how}", sentence(purged)),
    )
}
