//! All runs of a scenario: the table, and the same for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::machine;
use crate::measured::Measured;
use crate::scenario::{Ratio, Scenario, Setting};
use crate::stats::{Spread, spread};

/// A scenario with everything measured in it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    scenario: String,
    about: String,
    machine: String,
    variants: Vec<Variant>,
    #[serde(skip)]
    ratios: &'static [Ratio],
}

#[derive(Debug, Serialize)]
struct Variant {
    name: &'static str,
    runs: Vec<Measured>,
}

impl Report {
    /// A report without runs yet.
    pub(crate) fn of(scenario: Scenario, setting: Setting) -> Self {
        let variants = scenario.variants(setting).into_iter();
        Self {
            scenario: scenario.to_string(),
            about: scenario.about(setting),
            machine: machine::description(),
            variants: variants
                .map(|name| Variant {
                    name,
                    runs: Vec::new(),
                })
                .collect(),
            ratios: scenario.ratios(),
        }
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, variant: &str, measured: Measured) {
        let known = self.variants.iter_mut().find(|known| known.name == variant);
        known.expect("a variant of the scenario").runs.push(measured);
    }

    /// Everything that went wrong.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let runs = self.variants.iter().flat_map(|variant| {
            let wrong = variant.runs.iter().flat_map(|run| &run.wrong);
            wrong.map(|sentence| format!("{} ({}): {sentence}", self.scenario, variant.name))
        });
        runs.collect()
    }

    /// A Markdown table: a line for each value; a column for each variant with the median and, of several runs, the
    /// range; and a column for each comparison of medians.
    pub(crate) fn table(&self) -> String {
        let mut rows = vec![self.header()];
        rows.extend(self.names().iter().map(|name| self.row(name)));
        let columns = rows[0].len();
        let widths: Vec<_> = (0..columns)
            .map(|column| {
                rows.iter()
                    .map(|row| row[column].chars().count())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let rule = widths.iter().enumerate().map(|(column, width)| {
            // Numbers stand at the right.
            let end = if column == 0 { '-' } else { ':' };
            format!("{}{end}", "-".repeat(width.saturating_sub(1)))
        });
        rows.insert(1, rule.collect());
        let mut table = format!("### {}: {}\n\n", self.scenario, self.about);
        for row in rows {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let cell = if column == 0 {
                    format!("| {cell:<width$} ")
                } else {
                    format!("| {cell:>width$} ")
                };
                table.push_str(&cell);
            }
            table.push_str("|\n");
        }
        table
    }

    fn header(&self) -> Vec<String> {
        let runs = self
            .variants
            .iter()
            .map(|variant| variant.runs.len())
            .max()
            .unwrap_or(0);
        let first = if runs > 1 {
            format!("median of {runs} (range)")
        } else {
            "one run".to_owned()
        };
        let variants = self.variants.iter().map(|variant| variant.name.to_owned());
        let ratios = self.known_ratios().map(|(of, to)| format!("{of} ÷ {to}"));
        std::iter::once(first).chain(variants).chain(ratios).collect()
    }

    fn row(&self, name: &str) -> Vec<String> {
        let variants = self.variants.iter().map(|variant| match variant.spread(name) {
            Some(spread) => cell(spread, variant.runs.len()),
            None => String::new(),
        });
        let ratios = self.known_ratios().map(|(of, to)| {
            let median = |wanted: &str| {
                let variant = self.variants.iter().find(|variant| variant.name == wanted)?;
                variant.spread(name).map(|spread| spread.median)
            };
            match (median(of), median(to)) {
                (Some(of), Some(to)) if to != 0.0 => format!("{:.2}", of / to),
                _ => String::new(),
            }
        });
        std::iter::once(name.to_owned())
            .chain(variants)
            .chain(ratios)
            .collect()
    }

    fn known_ratios(&self) -> impl Iterator<Item = Ratio> {
        let is_here = |name: &str| self.variants.iter().any(|variant| variant.name == name);
        self.ratios
            .iter()
            .copied()
            .filter(move |(of, to)| is_here(of) && is_here(to))
    }

    /// Every value's name, in the order in which they came.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let values = self
            .variants
            .iter()
            .flat_map(|variant| &variant.runs)
            .flat_map(|run| &run.values);
        for (name, _) in values {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

impl Variant {
    fn spread(&self, name: &str) -> Option<Spread> {
        spread(self.runs.iter().filter_map(|run| run.value(name)).collect())
    }
}

fn cell(spread: Spread, runs: usize) -> String {
    let mut cell = number(spread.median);
    if runs > 1 && spread.low < spread.high {
        write!(cell, " ({}–{})", number(spread.low), number(spread.high)).expect("text takes all");
    }
    cell
}

/// Three digits that say something, thousands apart.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 100.0 {
        return thousands(&format!("{value:.0}"));
    }
    let digits = match magnitude {
        magnitude if magnitude >= 10.0 => 1,
        magnitude if magnitude >= 1.0 => 2,
        magnitude if magnitude > 0.0 => 3,
        _ => 0,
    };
    format!("{value:.digits$}")
}

fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
