//! What became of spans, for metrics.

use std::sync::Arc;

/// What became of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// The receiver took them.
    Exported,
    /// It didn't, or there was no room for them.
    Dropped,
}

impl Counted {
    /// As metrics name it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exported => "exported",
            Self::Dropped => "dropped",
        }
    }
}

/// Counts what becomes of spans.
pub(crate) type Count = Arc<dyn Fn(Counted, u64) + Send + Sync>;
