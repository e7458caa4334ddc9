//! `export`: endpoints as JSON Lines, for `import` into another store. Changes nothing; the rights of `operator` suffice.

mod line;

use std::collections::HashSet;
use std::io::{self, Write as _};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use domain::id::{AccountId, EndpointId};
use domain::sealing::SecretsKeyring;
use program::config::read_value;
use store::Store;
use store::endpoints::{StoredEndpoint, StoredPage};
use store::settings::RedisArgs;
use store::shards::Shards;

use crate::runtime;

/// How many endpoints of an account are read at a time.
const PAGE: usize = 500;

/// The arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "Example: (umask 077; webhooksctl export --account org:acme --secrets >acme.jsonl)")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// Only of this account (`org:…`, `user:…`). By default, of all.
    #[arg(long, value_parser = AccountId::from_outside)]
    account: Option<AccountId>,

    /// With the signing secrets and the values of endpoints' own headers, unsealed. Needs SECRETS_KEY. Without it, they are left out.
    #[arg(long)]
    secrets: bool,

    /// Base64 of 32 bytes, or several, separated by commas; or `@` and the path of a file with them. Only with `--secrets`.
    #[arg(long, env, hide_env_values = true, value_parser = read_value::<SecretsKeyring>)]
    secrets_key: Option<SecretsKeyring>,
}

/// Where lines go, and how many there were.
struct Lines<'a> {
    keys: Option<&'a SecretsKeyring>,
    told: usize,
    unreadable: usize,
}

/// Exports.
pub(crate) fn run(arguments: &ExportArgs) -> anyhow::Result<()> {
    let keys = match (arguments.secrets, &arguments.secrets_key) {
        (false, _) => None,
        (true, None) => bail!("nothing was exported: --secrets needs SECRETS_KEY"),
        (true, keys) => keys.as_ref(),
    };
    if keys.is_some() {
        eprintln!(
            "webhooksctl: what follows has signing secrets as they are: keep it where SECRETS_KEY could lie, and no longer than needed"
        );
    }
    let mut lines = Lines {
        keys,
        told: 0,
        unreadable: 0,
    };
    match runtime::new()?.block_on(export(arguments, &mut lines)) {
        // Whoever read it has gone.
        Err(error) if is_broken_pipe(&error) => return Ok(()),
        exported => exported?,
    }
    eprintln!("{} endpoints", lines.told);
    if lines.unreadable > 0 {
        bail!(
            "{} endpoints can't be read, and were left out: `webhooksctl check` names them",
            lines.unreadable
        );
    }
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn export(arguments: &ExportArgs, lines: &mut Lines<'_>) -> anyhow::Result<()> {
    let shards = Shards::find(&arguments.redis).await?;
    if let Some(account) = &arguments.account {
        let store = shards.of(account);
        for ids in store.endpoint_ids(account).await?.chunks(PAGE) {
            lines.write(store.stored_endpoints(ids).await?, |_| true)?;
        }
        return Ok(());
    }
    let before = shards.directory_version();
    let progress = runtime::progress(|told: usize| format!("{told} endpoints …"));
    for store in shards.all() {
        export_shard(&shards, store, lines, &progress).await?;
    }
    // One that went from a shard that was still to come to one that had been read is in none of them.
    let after = shards.all()[0].store_marks().await?.directory;
    ensure!(
        after == before,
        "accounts moved meanwhile, so lines may be missing: export again"
    );
    Ok(())
}

async fn export_shard(
    shards: &Shards,
    store: &Store,
    lines: &mut Lines<'_>,
    progress: &impl Fn(usize),
) -> anyhow::Result<()> {
    let (mut seen, mut cursor) = (HashSet::<EndpointId>::new(), None);
    loop {
        let page = store.all_stored_endpoints(cursor).await?;
        cursor = page.next;
        // A search may come across one twice; and where an account was before it moved, a copy may be left.
        lines.write(page, |endpoint| {
            shards.of(&endpoint.account).shard() == store.shard() && seen.insert(endpoint.id.clone())
        })?;
        progress(lines.told);
        if cursor.is_none() {
            return Ok(());
        }
    }
}

impl Lines<'_> {
    fn write(
        &mut self,
        page: StoredPage,
        mut is_wanted: impl FnMut(&StoredEndpoint) -> bool,
    ) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        self.unreadable += page.unreadable.len();
        for endpoint in page.endpoints {
            if !is_wanted(&endpoint) {
                continue;
            }
            let line = line::of(&endpoint, self.keys).with_context(|| {
                format!(
                    "{}: is SECRETS_KEY this store's? `webhooksctl doctor` says so",
                    endpoint.id
                )
            })?;
            writeln!(out, "{line}")?;
            self.told += 1;
        }
        Ok(out.flush()?)
    }
}
