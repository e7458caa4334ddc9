//! Reading what the server answers to `INFO`.

use crate::{Store, StoreError};

/// A field of the answer.
pub(crate) fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// `Redis 7.2.4` or `Valkey 9.1.2`, from `INFO server`.
pub(crate) fn version(info: &str) -> String {
    match (field(info, "valkey_version"), field(info, "redis_version")) {
        (Some(version), _) => format!("Valkey {version}"),
        (None, Some(version)) => format!("Redis {version}"),
        (None, None) => "Redis of an unknown version".to_owned(),
    }
}

/// The major version; a server that doesn't tell is taken for new enough.
pub(crate) fn major(version: &str) -> u32 {
    version
        .split([' ', '.'])
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(u32::MAX)
}

impl Store {
    /// Asks any server for these sections.
    pub(crate) async fn info(&self, sections: &[&str]) -> Result<String, StoreError> {
        self.query_anywhere(redis::cmd("INFO").arg(sections)).await
    }
}

#[cfg(test)]
mod tests;
