//! The server at a glance, as `INFO` tells it.

use super::{AckDurability, Expectations, Memory, info, setup};
use crate::condition::{Replication, StoreWarning};
use crate::{Store, StoreError};

/// The server at a glance.
#[derive(Debug, Clone, Default)]
pub struct ServerLook {
    /// `Redis 7.2.4` or `Valkey 9.1.2`.
    pub version: String,
    /// How much memory it uses of what it may.
    pub memory: Memory,
    /// Commands a second.
    pub commands_per_second: u64,
    /// Connections.
    pub clients: u64,
    /// Keys that it threw away to make room: none, if all is well.
    pub evicted: u64,
    /// How long it has run (s).
    pub uptime: u64,
    /// Its role, and its replicas; `None` where it doesn't say.
    pub replication: Option<Replication>,
    /// What an operator should know.
    pub warnings: Vec<StoreWarning>,
}

impl Store {
    /// Looks at the server, but for its settings, which `operator` may not read. `budget_bytes` is `STORE_BUDGET_BYTES`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or doesn't allow `INFO`.
    pub async fn look_at_server(&self, budget_bytes: Option<u64>) -> Result<ServerLook, StoreError> {
        const SECTIONS: [&str; 6] = [
            "server",
            "clients",
            "memory",
            "persistence",
            "stats",
            "replication",
        ];
        let info = self.info(&SECTIONS).await?;
        let number = |name| {
            info::field(&info, name)
                .and_then(|text| text.parse().ok())
                .unwrap_or(0)
        };
        let expected = Expectations {
            durability: AckDurability::Memory,
            assumed: None,
            budget_bytes,
        };
        let found = setup::judge(None, &info, &expected);
        let mut warnings = found.warnings;
        // That nobody reads the settings here says nothing of them.
        warnings.retain(|warning| warning.code != "config_unreadable");
        Ok(ServerLook {
            version: info::version(&info),
            memory: Memory::read(&info).unwrap_or_default(),
            commands_per_second: number("instantaneous_ops_per_sec"),
            clients: number("connected_clients"),
            evicted: number("evicted_keys"),
            uptime: number("uptime_in_seconds"),
            replication: found.replication,
            warnings,
        })
    }
}
