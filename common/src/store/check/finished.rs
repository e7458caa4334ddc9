//! The index of finished events: reading it, and whether it agrees with the events (invariant 4).

use std::collections::{BTreeMap, HashMap};

use super::judge::Found;
use super::snapshot::{EventRow, Snapshot};
use super::walk::STEP;
use crate::store::{Store, StoreError};

/// An account, and `delivered` or `exhausted`.
type Class = (String, String);

/// Everything that the index holds.
#[derive(Debug, Clone, Default)]
pub struct Finished {
    /// `account:<a>:delivered` and `account:<a>:exhausted`, the oldest entry first.
    pub lists: BTreeMap<Class, Vec<FinishedEntry>>,
    /// `finished:<class>`: when the oldest entry finished (s).
    pub oldest: BTreeMap<Class, f64>,
    /// `finished:<class>:bytes`: what the events of the list are charged.
    pub bytes: BTreeMap<Class, f64>,
}

/// An entry of a list of finished events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedEntry {
    /// When the event finished (s, rounded up).
    pub at: i64,
    /// The event.
    pub event: String,
    /// How often it had been sent again by then.
    pub again: i64,
}

impl FinishedEntry {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let at = words.next()?.parse().ok()?;
        let event = words.next().filter(|id| id.len() == 26)?;
        let again = words.next().map_or(Some(0), |number| number.parse().ok())?;
        words.next().is_none().then(|| Self {
            at,
            event: format!("evt_{event}"),
            again,
        })
    }

    /// Whether it is the one that counts for its event, which is finished in this class.
    #[must_use]
    pub fn is_current(&self, (account, class): (&str, &str), event: &EventRow) -> bool {
        event.refs == 0
            && event.again == self.again
            && event.account == account
            && event.failed == (class == "exhausted")
    }
}

impl Store {
    pub(super) async fn finished_list(
        &self,
        key: &str,
        account: &str,
        class: &str,
        snapshot: &mut Snapshot,
    ) -> Result<(), StoreError> {
        let mut list = Vec::new();
        let mut start = 0;
        loop {
            let texts: Vec<String> = self
                .ask(redis::cmd("LRANGE").arg(key).arg(start).arg(start + STEP - 1))
                .await?;
            for text in &texts {
                match FinishedEntry::parse(text) {
                    Some(entry) => list.push(entry),
                    None => snapshot.unreadable.push(format!("{key} {text}")),
                }
            }
            if texts.len() < STEP {
                break;
            }
            start += STEP;
        }
        let class = (account.to_owned(), class.to_owned());
        snapshot.finished.lists.insert(class, list);
        Ok(())
    }

    /// `finished:<class>` and `finished:<class>:bytes`.
    pub(super) async fn look_at_finished(
        &self,
        key: &str,
        rest: &str,
        snapshot: &mut Snapshot,
    ) -> Result<(), StoreError> {
        let Finished { oldest, bytes, .. } = &mut snapshot.finished;
        let (class, scores) = match rest.split_once(':') {
            None => (rest, oldest),
            Some((class, "bytes")) => (class, bytes),
            Some(_) => ("", bytes),
        };
        if !matches!(class, "delivered" | "exhausted") {
            snapshot.unknown.push(format!("finished:{rest}"));
            return Ok(());
        }
        for (account, score) in self.members(key).await? {
            scores.insert((account, class.to_owned()), score);
        }
        Ok(())
    }
}

/// A finished event has one entry that counts, in the list of its account and class, or a lifetime of its own; and what is
/// summed up of the lists is right.
pub(super) fn judge_finished(snapshot: &Snapshot, found: &mut Found) {
    let index = &snapshot.finished;
    let mut entries: HashMap<&str, usize> = HashMap::new();
    for ((account, class), list) in &index.lists {
        let key = || format!("account:{account}:{class}");
        for entry in list {
            let event = snapshot.events.get(&entry.event);
            if event.is_some_and(|event| entry.is_current((account, class), event)) {
                *entries.entry(&entry.event).or_default() += 1;
            }
            found.that(
                event.is_some_and(|event| event.refs > 0 && event.again <= entry.again),
                key(),
                || format!("has {}, which is not finished", entry.event),
            );
        }
        found.that(!list.is_sorted_by_key(|entry| entry.at), key(), || {
            "is not sorted by time".to_owned()
        });
        let head = list.first().map(|entry| entry.at);
        let oldest = index.oldest.get(&(account.clone(), class.clone())).copied();
        found.that(oldest.map(whole) != head, key(), || {
            format!("begins at {head:?}, and finished:{class} says {oldest:?}")
        });
    }
    let mut charged: BTreeMap<Class, i64> = BTreeMap::new();
    for (id, event) in &snapshot.events {
        let count = entries.get(id.as_str()).copied().unwrap_or(0);
        let needed = usize::from(event.refs == 0 && !event.expires);
        found.that(event.refs == 0 && count != needed, format!("event:{id}"), || {
            let lifetime = if event.expires { "a" } else { "no" };
            format!("is finished, has {lifetime} lifetime and {count} entries among what is finished")
        });
        if needed == 1 {
            let class = if event.failed { "exhausted" } else { "delivered" };
            *charged
                .entry((event.account.clone(), class.to_owned()))
                .or_default() += event.charge;
        }
    }
    for class in charged.keys().chain(index.bytes.keys()) {
        let (is, should) = (index.bytes.get(class).copied(), charged.get(class).copied());
        let is = is.map_or(0, whole);
        let should = should.unwrap_or(0);
        found.that(is != should, format!("finished:{}:bytes", class.1), || {
            format!("has {is} for {}, whose events are charged {should}", class.0)
        });
    }
    for (account, class) in index.oldest.keys().chain(index.bytes.keys()) {
        let has_list = index.lists.contains_key(&(account.clone(), class.clone()));
        found.that(!has_list, format!("finished:{class}"), || {
            format!("has {account}, which has no such list")
        });
    }
}

/// A score that is a whole number.
#[expect(
    clippy::cast_possible_truncation,
    reason = "scores are whole numbers far below 2^53"
)]
const fn whole(score: f64) -> i64 {
    score as i64
}
