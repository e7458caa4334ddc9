//! What is wrong with the store, its server or its programs, each with what to do: what `webhooksctl doctor` says. Reads only. What the user may
//! not read is a finding, too, and no error.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::clock::Timestamp;
use domain::sealing::SecretsKeyring;

use super::identity::unknown_schema;
use super::server::{AckDurability, Expectations};
use super::{Store, StoreError};

/// How often the server's answer is timed.
const TIMED: usize = 20;

/// An answer that takes longer is worth a word: a call of the queue is one such answer.
const SLOW: Duration = Duration::from_millis(10);

/// Clocks that differ by more are worth a word: receivers refuse timestamps that are five minutes off.
const CLOCKS_DIFFER_MS: u64 = 5_000;

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is wrong, or only worth knowing.
    pub is_wrong: bool,
    /// A stable word.
    pub code: &'static str,
    /// What was found, and what to do about it if it is wrong.
    pub message: String,
}

/// Findings that are collected.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, is_wrong: bool, code: &'static str, message: impl Into<String>) {
        self.0.push(Finding {
            is_wrong,
            code,
            message: message.into(),
        });
    }
}

impl Store {
    /// Looks at everything. `budget` is `STORE_BUDGET_BYTES`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn diagnose(
        &self,
        budget: Option<u64>,
        keyring: Option<&SecretsKeyring>,
    ) -> Result<Vec<Finding>, StoreError> {
        let mut found = Findings::default();
        self.diagnose_server(budget, &mut found).await?;
        self.diagnose_times(&mut found).await?;
        self.diagnose_programs(&mut found).await?;
        let facts = self.store_marks().await?;
        match (facts.schema.as_deref(), facts.identity) {
            (None, _) => found.add(true, "no_store", "there is no store on this server: if there should be one, see \"The store was replaced\" in docs/operations.md"),
            (Some(schema), identity) => {
                let identity = identity.map_or_else(|| "without an identity".to_owned(), |id| id.to_string());
                match unknown_schema(schema) {
                    Some(reason) => found.add(true, "unknown_schema", reason),
                    None => found.add(false, "store", format!("the store is {identity}, of schema {schema}")),
                }
            }
        }
        if let Some(keyring) = keyring {
            match self.secrets_key_check().await? {
                known if known.is_empty() => found.add(false, "secrets_key", "the store doesn't know its SECRETS_KEY yet: the first API that starts tells it"),
                known if keyring.has_made(&known) => found.add(false, "secrets_key", "this SECRETS_KEY is the store's"),
                _ => found.add(true, "wrong_secrets_key", "this SECRETS_KEY is not the one that the store's secrets were sealed with: give all programs the right one (it is kept with the backups); if it is lost for good, see `webhooksctl secrets accept`"),
            }
        }
        Ok(found.0)
    }

    async fn diagnose_server(
        &self,
        budget_bytes: Option<u64>,
        found: &mut Findings,
    ) -> Result<(), StoreError> {
        let look = self.look_at_server(budget_bytes).await?;
        found.add(
            false,
            "server",
            format!(
                "{}, up for {} s, {} connections",
                look.version, look.uptime, look.clients
            ),
        );
        if look.evicted > 0 {
            found.add(true, "evicted", format!("the server threw away {} keys to make room: set `maxmemory-policy noeviction`, and run `webhooksctl check`", look.evicted));
        }
        let expected = Expectations {
            durability: AckDurability::Aof,
            assumed: None,
            budget_bytes,
        };
        let setup = self.examine(&expected).await?;
        if let Some(danger) = setup.danger {
            found.add(true, "danger", danger);
        }
        for warning in setup.warnings {
            if warning.code == "config_unreadable" {
                found.add(false, warning.code, "this user may not read the server's settings, so persistence and eviction are not checked: run `doctor` as `worker`");
            } else {
                found.add(true, warning.code, warning.message);
            }
        }
        Ok(())
    }

    async fn diagnose_times(&self, found: &mut Findings) -> Result<(), StoreError> {
        let (mut times, mut differ) = (Vec::new(), 0);
        for _ in 0..TIMED {
            let asked = Instant::now();
            let theirs = self.server_clock().await?;
            times.push(asked.elapsed());
            differ = theirs.as_millis().abs_diff(Timestamp::now().as_millis());
        }
        times.sort_unstable();
        let usual = times.get(TIMED / 2).copied().unwrap_or_default();
        let message = format!(
            "Redis answers within {:.1} ms as seen from here",
            usual.as_secs_f64() * 1000.0
        );
        if usual > SLOW {
            found.add(true, "slow_answers", format!("{message}: programs should be nearer to it; if they are near, look for slow commands (`SLOWLOG GET`) and a slow disk"));
        } else {
            found.add(false, "answers", message);
        }
        if differ > CLOCKS_DIFFER_MS {
            found.add(
                true,
                "clocks_differ",
                format!(
                    "the clock of this machine and Redis's differ by {} s: set both by NTP",
                    differ / 1000
                ),
            );
        }
        Ok(())
    }

    /// Who is connected, by the names of connections: `webhooks-worker/0.1.0+s4`.
    async fn diagnose_programs(&self, found: &mut Findings) -> Result<(), StoreError> {
        let list: String = match self.query(redis::cmd("CLIENT").arg("LIST")).await {
            Ok(list) => list,
            Err(StoreError::Unexpected(_)) => {
                found.add(
                    false,
                    "programs_unknown",
                    "this user may not see who is connected (`CLIENT LIST`)",
                );
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut programs: BTreeMap<&str, u32> = BTreeMap::new();
        let names = list.lines().filter_map(|line| {
            let mut fields = line.split(' ').filter_map(|field| field.strip_prefix("name="));
            fields.next().filter(|name| name.starts_with("webhooks-"))
        });
        for name in names {
            *programs.entry(name).or_default() += 1;
        }
        for (program, what) in [
            ("webhooks-api/", "accepts events"),
            ("webhooks-worker/", "delivers"),
        ] {
            let theirs: Vec<_> = programs
                .iter()
                .filter(|(name, _)| name.starts_with(program))
                .collect();
            let kind = program.trim_end_matches('/');
            match theirs.as_slice() {
                [] => found.add(
                    true,
                    "no_program",
                    format!("no {kind} is connected, so nobody {what}: start one"),
                ),
                [(name, count)] => found.add(false, "programs", format!("{name} has {count} connections")),
                several => {
                    let names: Vec<_> = several.iter().map(|(name, _)| **name).collect();
                    found.add(
                        true,
                        "several_releases",
                        format!(
                            "several releases run beside each other: {}: finish the update",
                            names.join(", ")
                        ),
                    );
                }
            }
        }
        if self.policy().await?.is_none() {
            found.add(
                true,
                "no_policy",
                "no worker has told how it is configured: start one",
            );
        }
        Ok(())
    }
}
