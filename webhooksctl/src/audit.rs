//! `audit`: what operators did, newest first.

use std::io::Write as _;

use clap::Args;
use domain::id::AccountId;
use serde_json::json;
use store::Store;
use store::audit::AuditEntry;
use store::log::EntryId;
use store::settings::RedisArgs;

use crate::runtime;
use crate::stores::stores;
use crate::table::Table;

/// How many notes are read at a time.
const PAGE: usize = 500;

/// The arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Only what was done to this account, and to what it has.
    #[arg(long)]
    account: Option<AccountId>,

    /// How many, the newest.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// `audit`.
pub(crate) fn run(arguments: &AuditArgs) -> anyhow::Result<()> {
    let limit = usize::try_from(arguments.limit)?;
    let account = arguments.account.as_ref().map(AccountId::as_str);
    let mut entries = runtime::new()?.block_on(async {
        let mut all = Vec::new();
        for store in stores(&arguments.redis).await? {
            all.extend(newest(&store, account, limit).await?);
        }
        anyhow::Ok(all)
    })?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries.truncate(limit);
    let text = if arguments.json {
        let entries: Vec<_> = entries.iter().map(as_json).collect();
        format!("{}\n", json!({ "entries": entries }))
    } else {
        let mut table = Table::new(&["when", "by", "did", "to", "of", "result", "why"]);
        for entry in entries {
            let AuditEntry {
                at,
                by,
                why,
                action,
                target,
                account,
                result,
            } = entry;
            let account = account.unwrap_or_default();
            table.row([at.to_string(), by, action, target, account, result, why]);
        }
        table.text()
    };
    write!(std::io::stdout(), "{text}")?;
    Ok(())
}

/// The newest notes of a shard.
async fn newest(store: &Store, account: Option<&str>, limit: usize) -> anyhow::Result<Vec<AuditEntry>> {
    let (mut found, mut before): (Vec<AuditEntry>, Option<EntryId>) = (Vec::new(), None);
    loop {
        let page = store.audit_before(before, PAGE).await?;
        let is_last = page.len() < PAGE;
        before = page.last().map(|(place, _)| *place);
        let entries = page.into_iter().map(|(_, entry)| entry);
        found.extend(entries.filter(|entry| account.is_none_or(|id| entry.account.as_deref() == Some(id))));
        if is_last || found.len() >= limit {
            return Ok(found);
        }
    }
}

fn as_json(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "at": entry.at, "by": entry.by, "why": entry.why, "action": entry.action, "target": entry.target,
        "account": entry.account, "result": entry.result,
    })
}
