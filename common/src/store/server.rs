//! Is this Redis reachable, and set up so that the promises hold?

use std::collections::HashMap;

use clap::ValueEnum;
use redis::Value;

use crate::clock::Timestamp;

use super::decode::{integer, unexpected};
use super::keys::META;
use super::{Store, StoreError};

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
}

/// The schema of the stored data that this version reads and writes.
const SCHEMA: u32 = 1;

impl Store {
    /// Looks at the server: version, eviction policy, durability, number of shards, schema. Records shards and schema
    /// at the very first start.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn inspect_server(
        &self,
        wanted: AckDurability,
        shards: u16,
    ) -> Result<ServerReport, StoreError> {
        let info: String = self
            .repeatable(|mut connection| async move {
                redis::cmd("INFO")
                    .arg("server")
                    .query_async(&mut connection)
                    .await
            })
            .await?;
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
        match self.settings().await {
            Ok(settings) => judge(&settings, wanted, &mut report),
            Err(StoreError::Unexpected(_)) => report.warnings.push(
                "CONFIG is not allowed on this server, so its durability and eviction policy could not be checked: make sure of `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`".to_owned(),
            ),
            Err(error) => return Err(error),
        }
        self.check_meta(shards, &mut report).await?;
        Ok(report)
    }

    /// Whether Redis answers and accepts writes, for `/readyz`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] with the reason when it doesn't.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let key = &self.keys().key("stats");
        // A write that changes nothing: a read-only replica, or a server that can't write its file, refuses it.
        let written: Value = self
            .repeatable(|mut connection| async move {
                redis::cmd("HINCRBY")
                    .arg(key)
                    .arg("pings")
                    .arg(0)
                    .query_async(&mut connection)
                    .await
            })
            .await?;
        drop(written);
        Ok(())
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

    async fn settings(&self) -> Result<HashMap<String, String>, StoreError> {
        self.repeatable(|mut connection| async move {
            redis::cmd("CONFIG")
                .arg("GET")
                .arg(&["maxmemory-policy", "appendonly", "appendfsync"])
                .query_async(&mut connection)
                .await
        })
        .await
    }

    async fn check_meta(&self, shards: u16, report: &mut ServerReport) -> Result<(), StoreError> {
        for (field, ours, advice) in [
            (
                "schema",
                SCHEMA.to_string(),
                "use the version of the programs that wrote it",
            ),
            ("shards", shards.to_string(), "set SHARDS to that number"),
        ] {
            let expected = &ours;
            let stored: String = self
                .repeatable(|mut connection| async move {
                    redis::pipe()
                        .cmd("HSETNX")
                        .arg(META)
                        .arg(field)
                        .arg(expected)
                        .ignore()
                        .cmd("HGET")
                        .arg(META)
                        .arg(field)
                        .query_async::<(String,)>(&mut connection)
                        .await
                })
                .await?
                .0;
            if stored != ours {
                report.refusals.push(format!(
                    "the stored data has {field} {stored}, this program {ours}: {advice}"
                ));
            }
        }
        Ok(())
    }
}

/// `Redis 7.2.4` or `Valkey 9.1.2`, from `INFO server`.
fn version(info: &str) -> String {
    let field = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    };
    match (field("valkey_version"), field("redis_version")) {
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

fn judge(settings: &HashMap<String, String>, wanted: AckDurability, report: &mut ServerReport) {
    let setting = |name: &str| settings.get(name).map_or("", String::as_str);
    let eviction = setting("maxmemory-policy");
    if eviction.starts_with("allkeys") {
        report.refusals.push(format!(
            "Redis would evict deliveries (`maxmemory-policy {eviction}`): set it to `noeviction` with `CONFIG SET maxmemory-policy noeviction`"
        ));
    } else if eviction.starts_with("volatile") {
        report.warnings.push(format!(
            "Redis may evict payloads that still have a lifetime (`maxmemory-policy {eviction}`): set it to `noeviction`"
        ));
    }
    if wanted == AckDurability::Memory {
        return;
    }
    if setting("appendonly") != "yes" {
        report.warnings.push(
            "Redis keeps no append-only file, so a crash of Redis loses accepted events: set `appendonly yes` and `appendfsync always`, or ACK_DURABILITY=memory if that is meant".to_owned(),
        );
    } else if setting("appendfsync") != "always" {
        report.warnings.push(format!(
            "Redis syncs its file later than it answers (`appendfsync {}`), so a crash of Redis can lose the last accepted events: set `appendfsync always`, or ACK_DURABILITY=memory if that is meant",
            setting("appendfsync")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(settings: &[(&str, &str)], wanted: AckDurability) -> ServerReport {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut report = ServerReport::default();
        judge(&settings, wanted, &mut report);
        report
    }

    #[test]
    fn eviction_is_refused_and_weak_durability_is_told() {
        let safe = [
            ("maxmemory-policy", "noeviction"),
            ("appendonly", "yes"),
            ("appendfsync", "always"),
        ];
        assert_eq!(judged(&safe, AckDurability::Aof), ServerReport::default());
        let evicting = [("maxmemory-policy", "allkeys-lru"), safe[1], safe[2]];
        assert_eq!(judged(&evicting, AckDurability::Aof).refusals.len(), 1);
        let late = [safe[0], safe[1], ("appendfsync", "everysec")];
        assert_eq!(judged(&late, AckDurability::Aof).warnings.len(), 1);
        assert_eq!(judged(&late, AckDurability::Memory).warnings.len(), 0);
        let none = [safe[0], ("appendonly", "no"), safe[2]];
        assert_eq!(judged(&none, AckDurability::Aof).warnings.len(), 1);
    }

    #[test]
    fn versions() {
        let valkey = "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n";
        assert_eq!(version(valkey), "Valkey 9.1.2");
        assert_eq!(version("redis_version:6.2.1\r\n"), "Redis 6.2.1");
        assert_eq!(
            [
                major("Valkey 9.1.2"),
                major("Redis 6.2.1"),
                major("Redis of an unknown version")
            ],
            [9, 6, u32::MAX]
        );
    }
}
