//! What came of an import, for people and as JSON.

use std::collections::BTreeSet;

use domain::id::EndpointId;
use serde_json::{Value, json};

use super::line::Fault;
use super::plan::Plan;
use crate::output::OutputArgs;

/// The most faults that are told for people.
const MOST_TOLD: usize = 100;

/// What came of it.
#[derive(Debug)]
pub(super) struct Report {
    dry_run: bool,
    planned: usize,
    there: Vec<(usize, EndpointId)>,
    made: Vec<(usize, EndpointId)>,
    new_secrets: usize,
    faults: Vec<Fault>,
}

impl Report {
    pub(super) fn new(plan: &Plan, dry_run: bool) -> Self {
        Self {
            dry_run,
            planned: plan.new.len(),
            there: plan.there.clone(),
            made: Vec::new(),
            new_secrets: 0,
            faults: plan.faults.clone(),
        }
    }

    pub(super) const fn made(&self) -> usize {
        self.made.len()
    }

    /// How many lines were not imported, or can't be.
    pub(super) fn wrong(&self) -> usize {
        let lines: BTreeSet<_> = self.faults.iter().map(|fault| fault.line).collect();
        lines.len()
    }

    pub(super) fn note_made(&mut self, line: usize, id: EndpointId, has_new_secret: bool) {
        self.made.push((line, id));
        self.new_secrets += usize::from(has_new_secret);
    }

    /// The store refuses it.
    pub(super) fn note_refused(&mut self, line: usize, says: String) {
        self.faults.push(Fault {
            line,
            field: String::new(),
            says,
        });
    }

    pub(super) fn print(&self, output: OutputArgs) -> anyhow::Result<()> {
        output.print(&self.json(), &self.text())
    }

    fn json(&self) -> Value {
        let endpoints = |all: &[(usize, EndpointId)]| -> Vec<_> {
            all.iter()
                .map(|(line, id)| json!({"line": line, "id": id}))
                .collect()
        };
        let faults = self.faults.iter();
        let faults =
            faults.map(|fault| json!({"line": fault.line, "field": fault.field, "says": fault.says}));
        json!({
            "action": "import", "dryRun": self.dry_run, "new": self.planned, "made": endpoints(&self.made),
            "there": endpoints(&self.there), "newSecrets": self.new_secrets, "wrong": faults.collect::<Vec<_>>(),
        })
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        for Fault { line, field, says } in self.faults.iter().take(MOST_TOLD) {
            let field = if field.is_empty() {
                String::new()
            } else {
                format!(", {field}")
            };
            lines.push(format!("line {line}{field}: {says}"));
        }
        if self.faults.len() > MOST_TOLD {
            lines.push(format!(
                "… {} more (--json has all)",
                self.faults.len() - MOST_TOLD
            ));
        }
        let new = if self.dry_run {
            format!("{} endpoints would be made", self.planned)
        } else {
            format!("{} endpoints made", self.made.len())
        };
        let mut sum = format!("{new}, {} were already there", self.there.len());
        if self.wrong() > 0 {
            sum = format!("{sum}, {} lines wrong", self.wrong());
        }
        lines.push(sum);
        if self.new_secrets > 0 {
            lines.push(format!(
                "{} have a new secret, which nobody has seen: their owners rotate it to see one",
                self.new_secrets
            ));
        }
        lines.join("\n")
    }
}
