//! Is this Redis reachable, and set up so that the promises hold?

pub mod replay_rights;

use std::collections::HashMap;

use clap::ValueEnum;

use super::condition::{Expectations, Settings, StoreWarning};
use super::decode::{integer, unexpected};
use super::{Store, StoreError};
use domain::clock::Timestamp;

/// What an answer of 202 waits for (`ACK_DURABILITY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AckDurability {
    /// The event is in the server's memory.
    Memory,
    /// The event is in the append-only file, which the server syncs before it answers (`appendfsync always`).
    Aof,
}

/// What is to be said about the server's set-up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerReport {
    /// `Redis 7.2.4` or `Valkey 9.1.2`.
    pub version: String,
    /// Why the programs must not start, each a sentence that says what to do.
    pub refusals: Vec<String>,
    /// What an operator should know, each a sentence that says what to do.
    pub warnings: Vec<String>,
    /// Those of the warnings that the watch goes on looking at.
    pub(crate) rechecked: Vec<StoreWarning>,
}

impl ServerReport {
    /// Takes in what the settings come to; the watch goes on looking at them.
    fn settings(&mut self, found: Settings) {
        self.refusals.extend(found.danger);
        self.rechecked = found.warnings;
        let messages = self.rechecked.iter().map(|warning| warning.message.clone());
        self.warnings.extend(messages);
    }

    /// Those warnings that nobody looks at again while the program runs.
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

/// The schema of the stored data that this version reads and writes.
pub const SCHEMA: &str = "1";

impl Store {
    /// Looks at the server: version, eviction policy, durability, whether it may replay its file,
    /// number of shards, schema. Then it meets the store, which
    /// is made at the very first start. That it isn't the store is no error: [`Store::readiness`] tells it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn inspect_server(
        &self,
        expected: Expectations,
        shards: u16,
    ) -> Result<ServerReport, StoreError> {
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
        report.settings(self.examine(expected).await?);
        self.check_replay_rights(&mut report).await?;
        self.check_meta(shards, &mut report).await?;
        Ok(report)
    }

    pub(crate) async fn info(&self, sections: &[&str]) -> Result<String, StoreError> {
        self.query_anywhere(redis::cmd("INFO").arg(sections)).await
    }

    /// The time by which everything that is stored is dated: Redis's own, which never goes back.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn time(&self) -> Result<Timestamp, StoreError> {
        let none: [&str; 0] = [];
        let ms = integer(self.run(&self.scripts().clock, &none).await?)?;
        Timestamp::from_millis(ms).ok_or_else(|| unexpected("time"))
    }

    pub(crate) async fn settings(&self) -> Result<HashMap<String, String>, StoreError> {
        let mut get = redis::cmd("CONFIG");
        get.arg("GET")
            .arg(&["maxmemory-policy", "appendonly", "appendfsync"]);
        self.query_anywhere(&get).await
    }

    /// Reads before it meets the store, which may write: data that this version doesn't know is left alone.
    async fn check_meta(&self, shards: u16, report: &mut ServerReport) -> Result<(), StoreError> {
        let stored = self.store_facts().await?;
        let shards = shards.to_string();
        for (field, stored, ours, advice) in [
            (
                "schema",
                stored.schema,
                SCHEMA,
                "use the version of the programs that wrote it",
            ),
            ("shards", stored.shards, &shards, "set SHARDS to that number"),
        ] {
            if let Some(stored) = stored.filter(|stored| stored != ours) {
                report.refusals.push(format!(
                    "the stored data has {field} {stored}, this program {ours}: {advice}"
                ));
            }
        }
        if report.refusals.is_empty() {
            self.meet().await?;
        }
        Ok(())
    }
}

/// A field of what `INFO` answered.
pub(crate) fn info_field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// `Redis 7.2.4` or `Valkey 9.1.2`, from `INFO server`.
fn version(info: &str) -> String {
    match (
        info_field(info, "valkey_version"),
        info_field(info, "redis_version"),
    ) {
        (Some(version), _) => format!("Valkey {version}"),
        (None, Some(version)) => format!("Redis {version}"),
        (None, None) => "Redis of an unknown version".to_owned(),
    }
}

/// The major version; a server that doesn't tell is taken for new enough.
fn major(version: &str) -> u32 {
    version
        .split([' ', '.'])
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
