//! `check --repair`: what is done about each violation, and why.

use std::io::Write as _;

use anyhow::Context as _;
use serde_json::{Value, json};
use store::Store;
use store::check::{CheckReport, Mend, Violation};
use store::repair::Repaired;

use super::CheckArgs;
use crate::order::{Deed, confirm};
use crate::runtime;

/// The most that one run repairs of a shard: each is noted, and the audit keeps ten thousand notes.
const MOST: usize = 1000;

/// What came of the violations of a shard.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    repaired: usize,
    gone: usize,
    left: usize,
    shown: Vec<Value>,
}

impl Repairs {
    /// Whether anything was done, or has changed meanwhile.
    pub(super) const fn changed(&self) -> bool {
        self.repaired + self.gone > 0
    }

    pub(super) fn shown(&self) -> Value {
        json!(self.shown)
    }

    /// How many of what.
    pub(super) fn summary(&self, dry_run: bool) -> String {
        let Self {
            repaired, gone, left, ..
        } = self;
        let how = if dry_run { "would be repaired" } else { "repaired" };
        let gone = match gone {
            0 => String::new(),
            count => format!(", {count} no longer there"),
        };
        format!("{repaired} {how}{gone}, {left} not repaired")
    }

    fn add(
        &mut self,
        violation: &Violation,
        came: &str,
        why: &str,
        arguments: &CheckArgs,
    ) -> anyhow::Result<()> {
        if !arguments.output.is_json() {
            writeln!(std::io::stdout(), "  {}: {came}: {why}", violation.key)?;
        }
        self.shown
            .push(json!({"key": violation.key, "what": violation.what, "came": came, "why": why}));
        Ok(())
    }
}

/// Repairs what can be, one after the other.
pub(super) async fn repair(
    store: &Store,
    arguments: &CheckArgs,
    report: &CheckReport,
) -> anyhow::Result<Repairs> {
    let violations = &report.violations;
    let can_be = violations
        .iter()
        .filter(|violation| matches!(violation.mend, Mend::By(_)))
        .count();
    if arguments.dry_run || can_be == 0 {
        return each(store, arguments, violations).await;
    }
    let store = store.ordered_by(&arguments.order.order());
    let shard = store.shard();
    let target = format!("shard {}", shard.number);
    let deed = Deed {
        action: "check --repair",
        target: if shard.has_others() { &target } else { "the store" },
        account: "",
    };
    confirm(
        &format!("repair {can_be} violations"),
        can_be as u64,
        arguments.yes,
    )?;
    let repairing = each(&store, arguments, violations);
    let done = deed
        .noted(&store, repairing, |repairs| repairs.summary(false))
        .await;
    done.context("to repair takes the rights of `operator-write`, and a store that can be written to")
}

async fn each(store: &Store, arguments: &CheckArgs, violations: &[Violation]) -> anyhow::Result<Repairs> {
    let mut repairs = Repairs::default();
    let progress = runtime::progress(|done: usize| format!("repaired {done} …"));
    for violation in violations {
        let remedy = match &violation.mend {
            Mend::By(remedy) => remedy,
            Mend::Not(why) => {
                repairs.left += 1;
                repairs.add(violation, "not repaired", why, arguments)?;
                continue;
            }
        };
        if repairs.repaired >= MOST {
            repairs.left += 1;
            repairs.add(
                violation,
                "not repaired",
                "there are too many for one run: run it again",
                arguments,
            )?;
        } else if arguments.dry_run {
            repairs.repaired += 1;
            repairs.add(violation, "would be repaired", remedy.reason(), arguments)?;
        } else {
            match store.repair(remedy).await? {
                Repaired::Repaired(said) => {
                    repairs.repaired += 1;
                    let why = format!("{said}, since {}", remedy.reason());
                    repairs.add(violation, "repaired", &why, arguments)?;
                }
                Repaired::Changed => {
                    repairs.gone += 1;
                    let why = "it isn't so any more, or not as it was read";
                    repairs.add(violation, "nothing changed", why, arguments)?;
                }
                Repaired::Left(why) => {
                    repairs.left += 1;
                    repairs.add(violation, "not repaired", &why, arguments)?;
                }
            }
        }
        progress(repairs.repaired);
    }
    Ok(repairs)
}
