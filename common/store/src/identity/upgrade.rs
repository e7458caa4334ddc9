//! Changing to newer forms of what is stored.
//!
//! Programs of two releases must not mix their forms, so a store keeps its schema while a program is connected that doesn't know
//! the next one. The connections' names tell (`programs`). A program that was cut off as we looked does nothing afterwards: with the
//! schema the identity changes that its scripts insist on (`base.lua`).

use std::time::{Duration, Instant};

use super::programs::that_know_less;
use super::schema::NEWEST;
use crate::scripts::script;
use crate::{Store, StoreError};

/// For how long no older program must have been seen, look after look: after a restart of Redis they are back within a second, and most
/// that are restarted themselves within a few.
const ABSENT_FOR: Duration = Duration::from_secs(10);

script! {
    /// Raises the store's schema; `false` when another call has done so.
    "store_upgrade": AllowOom, Writes, needs [BASE];
    struct StoreUpgrade<'a> {
        from: &'a str,
        to: &'a str
    } -> bool
}

/// What [`Store::upgrade_step`] remembers from step to step.
#[derive(Debug, Default)]
pub struct Upgrade {
    /// Since when no older program was seen.
    absent_since: Option<Instant>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpgradeStep {
    /// The store has the newest schema: there is nothing to do.
    Newest,
    /// Programs that don't know it are connected: these.
    Waits(Vec<String>),
    /// None was seen; a few more looks make sure.
    Looks,
    /// The server doesn't tell who is connected: an operator has to see to it.
    Refused,
    /// The store has it now.
    Done(Upgraded),
}

/// The schema of a store was raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

impl Store {
    /// Whether the store may have newer forms than it has, by what was seen last; asks nothing.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.guard().schema().is_some_and(|schema| schema != NEWEST)
    }

    /// One look at who is connected, about once a second while [`Self::is_behind`]; raises the schema when nobody needs the one
    /// that there is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. That it doesn't tell who is connected is none.
    pub async fn upgrade_step(&self, upgrade: &mut Upgrade) -> Result<UpgradeStep, StoreError> {
        // Only looks that follow each other count.
        let absent_since = upgrade.absent_since.take();
        if !self.is_behind() {
            return Ok(UpgradeStep::Newest);
        }
        let Some(older) = self.older_programs().await? else {
            return Ok(UpgradeStep::Refused);
        };
        if !older.is_empty() {
            return Ok(UpgradeStep::Waits(older));
        }
        let absent_since = absent_since.unwrap_or_else(Instant::now);
        if absent_since.elapsed() < ABSENT_FOR {
            upgrade.absent_since = Some(absent_since);
            return Ok(UpgradeStep::Looks);
        }
        Ok(match self.upgrade_schema().await? {
            Some(upgraded) => UpgradeStep::Done(upgraded),
            None => UpgradeStep::Newest,
        })
    }

    /// The connections of programs that don't know the newest schema; `None` if the server doesn't tell.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn older_programs(&self) -> Result<Option<Vec<String>>, StoreError> {
        let list = self.client_list().await?;
        Ok(list.map(|list| that_know_less(&list, NEWEST.parse().unwrap_or(u32::MAX))))
    }

    /// Who is connected to the server; `None` if it doesn't tell.
    pub(crate) async fn client_list(&self) -> Result<Option<String>, StoreError> {
        match self.query(redis::cmd("CLIENT").arg("LIST")).await {
            Ok(list) => Ok(Some(list)),
            Err(StoreError::Unexpected(text)) if is_refusal(&text) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Raises the schema of the store to the newest, whoever is connected; `None` if that is done already.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or when this isn't our store.
    pub async fn upgrade_schema(&self) -> Result<Option<Upgraded>, StoreError> {
        self.introduced().await?;
        let Some(from) = self.guard().schema().filter(|schema| schema != NEWEST) else {
            return Ok(None);
        };
        let is_raised = self
            .call(&StoreUpgrade {
                from: &from,
                to: NEWEST,
            })
            .await?;
        self.look().await?;
        let to = NEWEST.to_owned();
        Ok(is_raised.then_some(Upgraded { from, to }))
    }
}

/// Its access list forbids it, or the command has another name there, or none.
fn is_refusal(text: &str) -> bool {
    let text = text.to_lowercase();
    [
        "noperm",
        "unknown command",
        "unknown subcommand",
        "unsupported command",
        "not available",
        "not allowed",
    ]
    .iter()
    .any(|refusal| text.contains(refusal))
}
