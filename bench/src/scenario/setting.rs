//! How everything is measured.

use crate::subject::Subject;

/// How everything is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// Only so much that every part is used: what is right shows, and nothing about speed.
    pub(crate) brief: bool,
    /// With the peer, which is installed.
    pub(crate) peer: bool,
    /// Only the variants whose names contain this.
    pub(crate) only: Option<&'static str>,
}

impl Setting {
    /// One of two numbers.
    pub(super) const fn full_or_brief(self, full: u32, brief: u32) -> u32 {
        if self.brief { brief } else { full }
    }

    /// Our system with its default configuration; where something hangs, a brief run doesn't wait 10 s for it.
    pub(super) async fn webhooks_beside_what_hangs(self) -> Subject {
        Subject::webhooks(|builder| {
            // What hangs has the bound that the others are measured beside.
            let builder = builder.worker_env("DESTINATION_CONCURRENCY", "64");
            if self.brief {
                builder.env("DELIVERY_TIMEOUT", "1s")
            } else {
                builder
            }
        })
        .await
    }
}
