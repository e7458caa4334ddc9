//! Which server it is, who follows it, and whether we may wait for those.

use super::{ServerReport, info};
use crate::condition::{Behind, Replication};
use crate::{Store, StoreError};

impl Replication {
    /// From `INFO server replication`; `None` when it doesn't tell.
    pub(crate) fn read(info: &str) -> Option<Self> {
        let replicas: Vec<_> = info.lines().filter_map(replica).collect();
        let offset = number(info::field(info, "master_repl_offset"));
        let online: Vec<_> = replicas
            .iter()
            .filter(|line| part(line, "state") == Some("online"))
            .collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let bytes = online
            .iter()
            .map(|line| offset.saturating_sub(number(part(line, "offset"))));
        let seconds = online.iter().map(|line| number(part(line, "lag")));
        Some(Self {
            run_id: info::field(info, "run_id")?.to_owned(),
            is_primary: info::field(info, "role")? == "master",
            replicas: count(online.len()),
            behind: bytes
                .max()
                .zip(seconds.max())
                .map(|(bytes, seconds)| Behind { bytes, seconds }),
            connected: count(replicas.len()),
        })
    }
}

/// What a line says of a replica: `slave0:ip=…,port=…,state=online,offset=…,lag=…`.
fn replica(line: &str) -> Option<&str> {
    let (name, value) = line.trim_end().split_once(':')?;
    let place = name.strip_prefix("slave")?;
    (!place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit())).then_some(value)
}

fn part<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(',')
        .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
}

/// The number; 0 for what is none.
fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether a server says that it has no `WAITAOF`, or no file to wait for.
pub(crate) fn knows_no_files(text: &str) -> bool {
    text.to_lowercase().contains("unknown command") || text.contains("appendonly is disabled")
}

impl Store {
    /// Adds to the report why this server can't be waited for, if it can't: it has fewer replicas than are wanted, or we may not wait.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis can't be reached.
    pub(super) async fn check_replicas(
        &self,
        wanted: u16,
        found: Option<&Replication>,
        report: &mut ServerReport,
    ) -> Result<(), StoreError> {
        match found {
            None => report.refusals.push(format!(
                "the server doesn't say who follows it (`INFO` is not allowed), which ACK_DURABILITY=replicas:{wanted} needs"
            )),
            Some(found) if found.connected < u32::from(wanted) => report.refusals.push(format!(
                "the server has {}, fewer than ACK_DURABILITY=replicas:{wanted} asks for: connect more (`replicaof`), or ask for fewer",
                match found.connected {
                    0 => "no replica".to_owned(),
                    1 => "1 replica".to_owned(),
                    number => format!("{number} replicas"),
                }
            )),
            Some(_) => {}
        }
        let none = 0_u8; // both answer at once then
        let waits = [
            ("WAIT", redis::cmd("WAIT").arg(none).arg(1).take()),
            ("WAITAOF", redis::cmd("WAITAOF").arg(none).arg(none).arg(1).take()),
        ];
        for (name, wait) in waits {
            match self.query_anywhere::<redis::Value>(&wait).await {
                Err(StoreError::Unexpected(text)) if !(name == "WAITAOF" && knows_no_files(&text)) => {
                    report.refusals.push(format!(
                        "the server doesn't let us `{name}` ({text}), which ACK_DURABILITY=replicas:{wanted} needs: allow it in the access list, as docker/redis/users.acl does"
                    ));
                }
                Err(error @ StoreError::Unavailable(_)) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
