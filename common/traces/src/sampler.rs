//! Which traces are recorded.

use clap::ValueEnum;
use domain::trace::{TraceContext, TraceId};

/// The rules, as `OTEL_TRACES_SAMPLER` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Rule {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A part of all, the same traces in every program.
    #[value(name = "traceidratio")]
    TraceIdRatio,
    /// Those that whoever called recorded, and all that begin here.
    #[value(name = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// Those that whoever called recorded.
    #[value(name = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// Those that whoever called recorded, and a part of those that begin here.
    #[value(name = "parentbased_traceidratio")]
    ParentBasedTraceIdRatio,
}

/// Decides whether a trace is recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampler {
    pub(crate) rule: Rule,
    pub(crate) ratio: f64,
}

impl Sampler {
    /// Whether what happens in this trace is recorded; `parent`: what whoever called said of it.
    pub(crate) fn takes(self, trace: TraceId, parent: Option<TraceContext>) -> bool {
        match (self.rule, parent) {
            (
                Rule::ParentBasedAlwaysOn | Rule::ParentBasedAlwaysOff | Rule::ParentBasedTraceIdRatio,
                Some(parent),
            ) => parent.is_sampled,
            (Rule::AlwaysOn | Rule::ParentBasedAlwaysOn, _) => true,
            (Rule::AlwaysOff | Rule::ParentBasedAlwaysOff, _) => false,
            (Rule::TraceIdRatio | Rule::ParentBasedTraceIdRatio, _) => self.is_in_part(trace),
        }
    }

    /// The last bytes of a trace's id are a number that is as good as random: 53 bits of it, as many as a fraction can have.
    fn is_in_part(self, trace: TraceId) -> bool {
        let last = trace.as_bytes().iter().rev().take(8).rev();
        let number = last.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let part = (number >> 11) as f64 / (1_u64 << 53) as f64;
        part < self.ratio
    }
}

#[cfg(test)]
mod tests;
