//! The server itself: its version, whether its settings keep what we promise, its memory and its clock.

pub mod replay_rights;

mod info;

mod look;

mod memory;

mod expected;

mod replication;

mod shared;

mod setup;

use std::collections::HashMap;
use std::time::Duration;

use super::condition::{Setup, StoreWarning};
use super::connection::Lost;
use super::identity::unknown_schema;
use super::scripts::script;
use super::{Store, StoreError};
use domain::clock::Timestamp;

pub use self::expected::{AckDurability, Assumed, AssumedArgs, Expectations};
pub use self::look::ServerLook;
pub use self::memory::Memory;
pub(crate) use self::replication::knows_no_files;
pub(crate) use self::shared::Readings;

use self::info::{major, version};

/// What a look at the server showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerReport {
    /// `Redis 7.2.4` or `Valkey 9.1.2`.
    pub version: String,
    /// Why the programs must not start, each a sentence that says what to do.
    pub refusals: Vec<String>,
    /// What an operator should know, each a sentence that says what to do.
    pub warnings: Vec<String>,
    /// Those of the warnings that the watch checks again and again.
    pub(crate) rechecked: Vec<StoreWarning>,
}

impl ServerReport {
    /// Adds what the settings gave to say; the watch checks them again and again.
    fn take_setup(&mut self, found: Setup) {
        self.refusals.extend(found.danger);
        self.rechecked = found.warnings;
        let messages = self.rechecked.iter().map(|warning| warning.message.clone());
        self.warnings.extend(messages);
    }

    /// The warnings that nothing checks again while the program runs.
    #[must_use]
    pub fn lasting_warnings(&self) -> Vec<String> {
        let is_rechecked = |text: &String| self.rechecked.iter().any(|warning| warning.message == *text);
        self.warnings
            .iter()
            .filter(|text| !is_rechecked(text))
            .cloned()
            .collect()
    }
}

script! {
    /// The time by which everything that is stored is dated.
    "clock": AllowOom, Reads, needs [BASE];
    struct Clock {} -> Timestamp
}

impl Store {
    /// Looks at the server: its version, eviction policy and durability, whether it may replay its file, and the stored
    /// data's schema and number of shards. Then it meets the store, which the very first start makes. A store that isn't
    /// ours is no error: [`Store::readiness`] tells it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn inspect_server(&self, expected: &Expectations) -> Result<ServerReport, StoreError> {
        if let Err(Lost::Nowhere(reason)) = self.connections().look_for_server(Duration::ZERO).await {
            return Ok(ServerReport {
                refusals: vec![reason],
                ..ServerReport::default()
            });
        }
        let info = self.info(&["server"]).await?;
        let mut report = ServerReport {
            version: version(&info),
            ..ServerReport::default()
        };
        if major(&report.version) < 7 {
            report.refusals.push(format!(
                "{} is too old: Redis or Valkey from 7.0 is needed",
                report.version
            ));
        }
        let found = self.examine(expected).await?;
        if let AckDurability::Replicas(wanted) = expected.durability {
            self.check_replicas(wanted.get(), found.replication.as_ref(), &mut report)
                .await?;
            self.acknowledge_by_replicas(wanted);
        }
        report.take_setup(found);
        self.check_replay_rights(&mut report).await?;
        self.check_meta(&mut report).await?;
        Ok(report)
    }

    /// The time by which everything that is stored is dated: Redis's own, which never goes back.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        self.call(&Clock {}).await
    }

    /// Judges the server's settings, its memory and its file, and notes the result in the store's condition.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. That the server refuses to answer is none.
    pub(crate) async fn examine(&self, expected: &Expectations) -> Result<Setup, StoreError> {
        self.examine_within(Duration::ZERO, expected).await
    }

    /// The same, unless that was done so lately for any shard on the server.
    pub(crate) async fn examine_within(
        &self,
        believed_for: Duration,
        expected: &Expectations,
    ) -> Result<Setup, StoreError> {
        let found = self.shared_setup(believed_for, self.setup(expected)).await?;
        self.condition().note_setup(&found);
        Ok(found)
    }

    async fn setup(&self, expected: &Expectations) -> Result<Setup, StoreError> {
        let settings = match self.config().await {
            Ok(settings) => Some(settings),
            Err(StoreError::Unexpected(_)) => None,
            Err(error) => return Err(error),
        };
        let info = match self
            .info(&["server", "memory", "persistence", "replication"])
            .await
        {
            Ok(info) => info,
            Err(StoreError::Unexpected(_)) => String::new(),
            Err(error) => return Err(error),
        };
        Ok(setup::judge(settings.as_ref(), &info, expected))
    }

    async fn config(&self) -> Result<HashMap<String, String>, StoreError> {
        let names = ["maxmemory-policy", "appendonly", "appendfsync"];
        self.query_anywhere(redis::cmd("CONFIG").arg("GET").arg(&names))
            .await
    }

    /// Compares the stored schema and shards with ours, and only then meets the store, which may write: data that this
    /// version doesn't know is left alone.
    async fn check_meta(&self, report: &mut ServerReport) -> Result<(), StoreError> {
        let stored = self.store_facts().await?;
        let unknown = stored.schema.as_deref().and_then(unknown_schema);
        report.refusals.extend(unknown);
        report.refusals.extend(self.shard().differs(&stored));
        if report.refusals.is_empty() {
            self.meet().await?;
        }
        if report.refusals.is_empty() && stored.shards.is_none() {
            // Another program may have made the store in the meantime.
            let made = self.store_facts().await?;
            report.refusals.extend(self.shard().differs(&made));
        }
        Ok(())
    }
}
