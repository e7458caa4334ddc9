//! `discard`: cancels all that waits for an endpoint, or for an account.

use serde_json::json;

use super::{Scope, WaitingArgs, deliveries};
use crate::order::confirm;
use crate::runtime;

/// Does it, endpoint by endpoint.
pub(crate) fn discard(arguments: &WaitingArgs) -> anyhow::Result<()> {
    let WaitingArgs { lever, target } = arguments;
    let runtime = runtime::new()?;
    let Scope {
        store,
        account,
        endpoints,
    } = runtime.block_on(lever.scope(target))?;
    let waiting: u64 = endpoints.iter().map(|(_, load)| load.backlog()).sum();
    let mut discarded = 0;
    if !lever.dry_run {
        confirm(
            &format!("cancel about {} of {target}", deliveries(waiting)),
            waiting,
            lever.yes,
        )?;
        let progress = runtime::progress(|deliveries: u64| format!("canceled {deliveries} …"));
        for (id, _) in &endpoints {
            let here = runtime.block_on(store.discard_waiting(&account, id))?;
            discarded += here.unwrap_or(0);
            progress(discarded);
        }
    }
    let text = if lever.dry_run {
        format!("about {} of {target} would be canceled", deliveries(waiting))
    } else {
        format!(
            "{} of {target} are canceled; what is in flight finishes, and a replay of what was undelivered sends them again",
            deliveries(discarded)
        )
    };
    let count = if lever.dry_run { waiting } else { discarded };
    lever.print(
        &json!({"action": "discard", "target": target.to_string(), "account": account, "dryRun": lever.dry_run, "deliveries": count,
            "endpoints": endpoints.len()}),
        &text,
    )
}
