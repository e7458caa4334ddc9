//! A store in an older form changes to the newest by itself, once no program of an older release is connected.

use std::time::{Duration, Instant};

use domain::seldom::Seldom;
use store::identity::{Upgrade, UpgradeStep, Upgraded};
use store::{Store, StoreError};

/// How often to look at who is connected.
const EVERY: Duration = Duration::from_secs(1);

/// How often to say what the store waits for.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The most connections that are named.
const NAMED: usize = 5;

/// What the steps have in common.
#[derive(Debug)]
pub(super) struct StoreUpgrade {
    looks: Upgrade,
    /// When to look next: upkeep comes more often while it has much to do.
    look_at: Instant,
    said: Seldom,
}

impl Default for StoreUpgrade {
    fn default() -> Self {
        Self {
            looks: Upgrade::default(),
            look_at: Instant::now(),
            said: Seldom::every(SAY_EVERY),
        }
    }
}

impl StoreUpgrade {
    /// One step; returns when to take the next, if there is one to take.
    pub(super) async fn step(&mut self, store: &Store) -> Result<Option<Duration>, StoreError> {
        let now = Instant::now();
        if now < self.look_at {
            return Ok(Some(self.look_at - now));
        }
        self.look_at = now + EVERY;
        match store.upgrade_step(&mut self.looks).await? {
            UpgradeStep::Newest => return Ok(None),
            UpgradeStep::Looks => {}
            UpgradeStep::Waits(older) => {
                if self.said.is_due(Instant::now()) {
                    tracing::warn!(
                        connections = older.len(),
                        "the stored data keeps its older form while programs of an older release are connected: {}",
                        older[..older.len().min(NAMED)].join("; ")
                    );
                }
            }
            UpgradeStep::Refused => {
                if self.said.is_due(Instant::now()) {
                    tracing::warn!(
                        "the stored data keeps its older form, since Redis doesn't tell us who is connected (CLIENT LIST): give its users the rights of docker/redis/users.acl, or run `webhooksctl store upgrade` when no program of an older release runs any more"
                    );
                }
            }
            UpgradeStep::Done(Upgraded { from, to }) => {
                tracing::info!(
                    from,
                    to,
                    "the stored data has a newer schema now, which programs of an older release refuse"
                );
                return Ok(None);
            }
        }
        Ok(Some(EVERY))
    }
}
