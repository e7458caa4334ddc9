//! `doctor`: what is wrong with the server, the store or the programs, each with what to do. Changes nothing.

use std::io::Write as _;

use anyhow::bail;
use clap::Args;
use domain::sealing::SecretsKeyring;
use program::config::read_value;
use serde_json::json;
use store::settings::RedisArgs;

use crate::runtime;
use crate::stores::stores;

/// The arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    redis: RedisArgs,

    /// As the programs have it: says whether it is the store's.
    #[arg(long, env, hide_env_values = true, value_parser = read_value::<SecretsKeyring>)]
    secrets_key: Option<SecretsKeyring>,

    /// What Redis may use, if that is less than its `maxmemory`: as the workers have it.
    #[arg(long, env = "STORE_BUDGET_BYTES", value_name = "BYTES")]
    store_budget_bytes: Option<u64>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints every finding; fails when something is wrong.
pub(crate) fn run(arguments: &DoctorArgs) -> anyhow::Result<()> {
    let runtime = runtime::new()?;
    let stores = runtime.block_on(stores(&arguments.redis))?;
    let mut findings = Vec::new();
    for store in &stores {
        let found = store.diagnose(arguments.store_budget_bytes, arguments.secrets_key.as_ref());
        findings.extend(runtime.block_on(found)?);
    }
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let all = findings
            .iter()
            .map(|found| json!({"isWrong": found.is_wrong, "code": found.code, "message": found.message}));
        writeln!(out, "{}", json!({"findings": all.collect::<Vec<_>>()}))?;
    } else {
        for found in &findings {
            writeln!(
                out,
                "{} {}",
                if found.is_wrong { "!" } else { " " },
                found.message
            )?;
        }
    }
    match findings.iter().filter(|found| found.is_wrong).count() {
        0 => Ok(()),
        wrong => bail!("{wrong} findings need somebody"),
    }
}
