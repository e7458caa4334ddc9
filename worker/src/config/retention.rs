//! What is kept, and for how long.

use clap::Args;
use program::config::{ByteSize, Span, positive_size, positive_span};

/// What is kept, and for how long.
#[derive(Debug, Clone, Args)]
pub struct RetentionArgs {
    /// How long the payload of an event is kept after its last delivery succeeded; less while memory is short. The present value
    /// also applies to payloads that are stored already.
    #[arg(long, env, default_value = "24h", value_parser = positive_span)]
    pub retention_succeeded: Span,

    /// How long a delivery may stay parked, and how long an exhausted one is kept, with the payload of its event (the payload for
    /// less while memory is short).
    #[arg(long, env, default_value = "14d", value_parser = positive_span)]
    pub retention_failed: Span,

    /// Bytes that the packed history of one account may take: payloads of finished events, and logs. Beyond that its oldest goes
    /// [default: a quarter of what the store may use].
    #[arg(long, env, value_parser = positive_size)]
    pub history_budget_bytes: Option<ByteSize>,

    /// Deprecated: attempts kept in the log of each endpoint while the store has forms of before schema 3 [default: 1000]. From then
    /// on a log reaches back as far as `RETENTION_SUCCEEDED`.
    #[arg(long, env, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub log_length: Option<u32>,
}
