//! `discard`: cancels all that waits for an endpoint, for an account, or for all.

use serde_json::json;

use super::{WaitingArgs, deliveries};
use crate::runtime;

/// Does it, endpoint by endpoint.
pub(crate) fn discard(arguments: &WaitingArgs) -> anyhow::Result<()> {
    let WaitingArgs { lever, target } = arguments;
    let (runtime, target) = (runtime::new()?, target.target());
    let reach = runtime.block_on(lever.reach(&target))?;
    // What comes back to its endpoint, and what is in quarantine, goes as well.
    let extent = runtime.block_on(reach.extent(|load, beside| load.backlog() + beside.sum()))?;
    let (mut discarded, mut done) = (0, Ok(()));
    if !lever.dry_run {
        let about = deliveries(extent.deliveries);
        reach.confirm(&format!("cancel about {about} of {target}"), extent, lever.yes)?;
        let doing = reach.each("discarded", async |scope| {
            for (id, load) in &scope.endpoints {
                // Of all, only what has something: each is noted.
                if reach.is_all() && load.backlog() + scope.beside(id).sum() == 0 {
                    continue;
                }
                let here = scope.store.discard_waiting(&scope.account, id).await?;
                discarded += here.unwrap_or(0);
            }
            Ok(())
        });
        done = runtime.block_on(doing);
    }
    let count = if lever.dry_run {
        extent.deliveries
    } else {
        discarded
    };
    let text = if lever.dry_run {
        format!(
            "about {} of {target} would be canceled: {}",
            deliveries(count),
            extent.described()
        )
    } else {
        format!(
            "{} of {target} are canceled; what is in flight finishes, and a replay of what was undelivered sends them again",
            deliveries(count)
        )
    };
    lever.print(
        &json!({"action": "discard", "target": target.to_string(), "account": reach.account(), "dryRun": lever.dry_run,
            "deliveries": count, "endpoints": extent.endpoints, "accounts": extent.accounts}),
        &text,
    )?;
    done
}
