//! May the server's user `default` replay what our scripts wrote?
//!
//! A server up to Redis 8.0 or Valkey 8.1 replays the transactions of its append-only file as `default`, and skips those
//! that this user may not run: after a restart nearly everything is gone, and nothing says so. Newer servers don't check the
//! rights; we demand them of all, since data outlives the server that wrote it.

use super::super::{Store, StoreError};
use super::ServerReport;

/// What `default` must be allowed to do, which is also what the shipped access list gives it.
const WANTED: &str = "off resetpass ~* resetchannels +@all";

/// Each command that our scripts leave in the append-only file, with arguments that it accepts; `KEY` is a key of ours.
/// Redis writes some commands as others: `PEXPIRE` as `PEXPIREAT`, and `BLPOP` as `LPOP`.
pub const REPLAYED: &[&str] = &[
    "decrby KEY 1",
    "del KEY",
    "hdel KEY field",
    "hincrby KEY field 1",
    "hset KEY field value",
    "hsetnx KEY field value",
    "incr KEY",
    "incrby KEY 1",
    "lpop KEY",
    "lpush KEY value",
    "lrem KEY 1 value",
    "lset KEY 0 value",
    "ltrim KEY 0 1",
    "persist KEY",
    "pexpireat KEY 1",
    "rename KEY KEY",
    "restore KEY 0 value",
    "rpush KEY value",
    "set KEY value",
    "unlink KEY",
    "xadd KEY * field value",
    "xtrim KEY MINID 1",
    "zadd KEY 1 member",
    "zincrby KEY 1 member",
    "zpopmin KEY",
    "zrem KEY member",
];

impl Store {
    /// Asks the server whether `default` may run all of [`REPLAYED`], and adds to the report: a refusal if it may not, a
    /// warning if the server doesn't answer that.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis can't be reached.
    pub(super) async fn check_replay_rights(&self, report: &mut ServerReport) -> Result<(), StoreError> {
        match self.replay_answers().await {
            Ok(answers) => report.refusals.extend(judge(&answers)),
            Err(StoreError::Unexpected(reason)) => report.warnings.push(format!(
                "Redis could not be asked what its user `default` may do (`ACL DRYRUN`: {reason}): make sure of `user default {WANTED}`, or a server up to Redis 8.0 or Valkey 8.1 loses nearly everything when it is restarted"
            )),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What the server says of each command, `OK` or why not.
    async fn replay_answers(&self) -> Result<Vec<String>, StoreError> {
        let ours = &self.keys().key("stats");
        let meta = self.keys().meta(self.connections().are_to_cluster());
        let mut questions = redis::pipe();
        let first = std::iter::once(("hset KEY field value", meta));
        for (command, key) in first.chain(REPLAYED.iter().map(|command| (*command, ours.as_str()))) {
            let words = command
                .split(' ')
                .map(|word| if word == "KEY" { key } else { word });
            questions
                .cmd("ACL")
                .arg("DRYRUN")
                .arg("default")
                .arg(words.collect::<Vec<_>>());
        }
        self.query_anywhere(&questions).await
    }
}

/// Why this server must not be used, if it may not replay something.
fn judge(answers: &[String]) -> Option<String> {
    let first = answers.iter().find(|answer| *answer != "OK")?;
    Some(format!(
        "the server's user `default` may not replay what is stored (`{first}`), so a server up to Redis 8.0 or Valkey 8.1 would lose nearly everything when it is restarted: set `user default {WANTED}`, as docker/redis/users.acl does, before it is restarted or rewrites its append-only file (nobody can log in as that user; see docs/operations.md)"
    ))
}

#[cfg(test)]
mod tests;
