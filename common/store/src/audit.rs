//! What operators did: who, why, what, and what came of it.
//!
//! Each shard keeps the newest ten thousand notes in a stream. What one script does, it notes in the same step; whoever does something in
//! several steps notes that it begins, and what came of it.

use std::collections::HashMap;
use std::sync::Arc;

use domain::clock::Timestamp;
use redis::Value;

use crate::log::EntryId;
use crate::scripts::{Answer as _, script};
use crate::{Store, StoreError};

/// How many notes a shard keeps, about: as many as audit.lua.
const KEPT: u32 = 10_000;

/// The longest name, and the longest reason, in characters.
const LONGEST: usize = 500;

script! {
    /// Notes what is done in several steps.
    "audit_note": AllowOom, Writes, needs [AUDIT];
    struct AuditNote<'a> {
        order: &'a str,
        action: &'a str,
        target: &'a str,
        of: &'a str,
        result: &'a str
    } -> ()
}

/// In one line, and not too long: line feeds and the like become spaces.
fn plain(text: &str) -> String {
    let words = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char });
    words.take(LONGEST).collect::<String>().trim().to_owned()
}

/// Who orders something, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order(Arc<str>);

impl Order {
    /// An order of this person. Line feeds become spaces, and what is too long is cut.
    #[must_use]
    pub fn new(by: &str, why: &str) -> Self {
        let by = plain(by);
        let by = if by.is_empty() { "somebody" } else { &by };
        Self(format!("{by}\n{}", plain(why)).into())
    }

    /// Who orders it, and why.
    #[must_use]
    pub fn words(&self) -> (&str, &str) {
        self.0.split_once('\n').unwrap_or((&self.0, ""))
    }
}

/// What an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why, in their words.
    pub why: String,
    /// What: the command's name.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// The account that has this, if one has.
    pub account: Option<String>,
    /// What came of it, or `begins`.
    pub result: String,
}

impl Store {
    /// A handle that notes what it changes at this order, as far as an operator changes such things.
    #[must_use]
    pub fn ordered_by(&self, order: &Order) -> Self {
        Self {
            order: Some(order.clone()),
            ..self.clone()
        }
    }

    /// The order as scripts get it; empty if there is none.
    pub(crate) fn order(&self) -> &str {
        self.order.as_ref().map_or("", |order| &order.0)
    }

    /// Notes what is done in several steps at the order of this handle; without one nothing is noted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn note_order(
        &self,
        action: &str,
        target: &str,
        account: &str,
        result: &str,
    ) -> Result<(), StoreError> {
        let order = self.order();
        if order.is_empty() {
            return Ok(());
        }
        self.call(&AuditNote {
            order,
            action,
            target,
            of: account,
            result: &plain(result),
        })
        .await
    }

    /// The same by the one command that `shards move` has the right to, which runs no scripts.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses the command.
    pub async fn note_plainly(&self, action: &str, target: &str, result: &str) -> Result<(), StoreError> {
        let Some(order) = &self.order else {
            return Ok(());
        };
        let (by, why) = order.words();
        let mut note = redis::cmd("XADD");
        note.arg(self.keys().key("audit"));
        note.arg("MAXLEN").arg("~").arg(KEPT).arg("*");
        for (name, value) in [("by", by), ("why", why), ("action", action), ("target", target)] {
            note.arg(name).arg(value);
        }
        note.arg("account").arg("").arg("result").arg(plain(result));
        self.query::<String>(&note).await.map(drop)
    }

    /// The newest notes of this shard before a place, newest first, each with its place.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn audit_before(
        &self,
        before: Option<EntryId>,
        count: usize,
    ) -> Result<Vec<(EntryId, AuditEntry)>, StoreError> {
        let start = before.map_or_else(|| "+".to_owned(), |place| format!("({place}"));
        let mut read = redis::cmd("XREVRANGE");
        read.arg(self.keys().key("audit")).arg(start).arg("-");
        read.arg("COUNT").arg(count);
        let found = self
            .query(&read)
            .await
            .or_else(|error| error.unless_overwritten(Value::Array(Vec::new())))?;
        let found = Vec::<(EntryId, HashMap<String, String>)>::read(found)?;
        let entries = found.into_iter().map(|(place, mut fields)| {
            let mut field = |name: &str| fields.remove(name).unwrap_or_default();
            let entry = AuditEntry {
                at: place.time(),
                by: field("by"),
                why: field("why"),
                action: field("action"),
                target: field("target"),
                account: Some(field("account")).filter(|account| !account.is_empty()),
                // Those of earlier releases may have several lines.
                result: plain(&field("result")),
            };
            (place, entry)
        });
        Ok(entries.collect())
    }
}

#[cfg(test)]
mod tests;
