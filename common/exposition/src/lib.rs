//! What both programs tell Prometheus beside their own metrics: the process, its calls to Redis, and what is in the store.
//!
//! The names are the same in both, and a contract: `metrics.txt` lists them. `job` and `instance`, which Prometheus adds, tell whose they are.
//! Nothing is kept here but what was seen of the store; all else is read when a page is made.

mod page;

mod calls;

mod process;

mod queues;

use std::time::{SystemTime, UNIX_EPOCH};

pub use queues::{Queues, Sight};

use page::{Kind, Page};

/// What a program tells of itself.
#[derive(Debug, Clone)]
pub struct Exposition {
    version: &'static str,
    started: SystemTime,
}

impl Exposition {
    /// A program of this version, which has just started.
    #[must_use]
    pub fn new(version: &'static str) -> Self {
        Self {
            version,
            started: SystemTime::now(),
        }
    }

    /// Everything in Prometheus's text format. What is in the store, only from those who look at it.
    #[must_use]
    pub fn page(&self, queues: Option<&Queues>) -> String {
        let mut page = Page::default();
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.family(
            "webhooks_build_info",
            "1, with the version of the program.",
            Kind::Gauge,
        )
        .sample(&[("version", self.version)], 1.0);
        process::tell(&mut page, started);
        calls::tell(&mut page);
        if let Some(queues) = queues {
            queues.tell(&mut page);
        }
        page.into_text()
    }
}

#[cfg(test)]
mod tests;
