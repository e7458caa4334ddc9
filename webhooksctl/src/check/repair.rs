//! `check --repair`: what is done about each violation, and why.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use serde_json::{Value, json};
use store::check::{CheckReport, Mend, Violation};
use store::repair::Repaired;
use store::{Store, StoreError};

use super::CheckArgs;
use crate::order::{Deed, confirm};
use crate::runtime;

/// The most that one run repairs of a shard: each is noted, and the audit keeps ten thousand notes.
const MOST: usize = 1000;

/// What came of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Repaired,
    Gone,
    Left,
}

/// What came of the violations of a shard.
#[derive(Debug, Default)]
pub(super) struct Repairs {
    repaired: usize,
    gone: usize,
    left: usize,
    /// Whether a repair ended in a way that doesn't say what it did.
    is_unclear: bool,
    shown: Vec<Value>,
}

impl Repairs {
    /// Whether anything was done, may have been, or has changed meanwhile.
    pub(super) const fn changed(&self) -> bool {
        self.is_unclear || self.repaired + self.gone > 0
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

    fn count(
        &mut self,
        violation: &Violation,
        came: Came,
        why: &str,
        arguments: &CheckArgs,
    ) -> anyhow::Result<()> {
        let (number, came) = match came {
            Came::Repaired if arguments.dry_run => (&mut self.repaired, "would be repaired"),
            Came::Repaired => (&mut self.repaired, "repaired"),
            Came::Gone => (&mut self.gone, "nothing changed"),
            Came::Left => (&mut self.left, "not repaired"),
        };
        *number += 1;
        if !arguments.output.is_json() {
            writeln!(std::io::stdout(), "  {}: {came}: {why}", violation.key)?;
        }
        self.shown
            .push(json!({"key": violation.key, "what": violation.what, "came": came, "why": why}));
        Ok(())
    }
}

/// How many violations a remedy is known for.
fn repairable(report: &CheckReport) -> usize {
    let violations = report.violations.iter();
    violations
        .filter(|violation| matches!(violation.mend, Mend::By(_)))
        .count()
}

/// Asks whether all that can be repaired, in all shards, is to be.
pub(super) fn confirm_all<'a>(
    reports: impl Iterator<Item = &'a CheckReport>,
    yes: bool,
) -> anyhow::Result<()> {
    let count: usize = reports.map(repairable).sum();
    confirm(&format!("repair {count} violations"), count as u64, yes)
}

/// Repairs what can be, one after the other.
pub(super) async fn repair(
    store: &Store,
    arguments: &CheckArgs,
    report: &CheckReport,
) -> anyhow::Result<Repairs> {
    let violations = &report.violations;
    if arguments.dry_run || repairable(report) == 0 {
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
    let repairing = each(&store, arguments, violations);
    let done = deed
        .noted(&store, repairing, |repairs| repairs.summary(false))
        .await;
    done.context("to repair takes the rights of `operator-write`, and a store that can be written to")
}

async fn each(store: &Store, arguments: &CheckArgs, violations: &[Violation]) -> anyhow::Result<Repairs> {
    let mut repairs = Repairs::default();
    let mut tried = BTreeMap::new();
    let progress = runtime::progress(|done: usize| format!("repaired {done} …"));
    let mut done = 0;
    for violation in violations {
        let remedy = match &violation.mend {
            Mend::By(remedy) => remedy,
            Mend::Not(why) => {
                repairs.count(violation, Came::Left, why, arguments)?;
                continue;
            }
        };
        // Many violations may have one remedy, such as to count all anew.
        if let Some(came) = tried.get(remedy) {
            repairs.count(violation, *came, "it has the same remedy as one above", arguments)?;
            continue;
        }
        if done >= MOST {
            let why = "there are too many for one run: run it again";
            repairs.count(violation, Came::Left, why, arguments)?;
            continue;
        }
        let (came, why) = if arguments.dry_run {
            (Came::Repaired, remedy.reason().to_owned())
        } else {
            match store.repair(remedy).await {
                Ok(Repaired::Repaired(said)) => {
                    (Came::Repaired, format!("{said}, since {}", remedy.reason()))
                }
                Ok(Repaired::Changed) => {
                    let why = "it isn't so any more, or not as it was read";
                    (Came::Gone, why.to_owned())
                }
                Ok(Repaired::Left(why)) => (Came::Left, why),
                // What is damaged so that it can't even be looked at keeps nothing else from being repaired.
                Err(StoreError::Unexpected(why)) => {
                    repairs.is_unclear = true;
                    (Came::Left, why)
                }
                Err(error) => return Err(error.into()),
            }
        };
        done += usize::from(came == Came::Repaired);
        tried.insert(remedy, came);
        repairs.count(violation, came, &why, arguments)?;
        progress(done);
    }
    Ok(repairs)
}
