//! Which event types there are, as the API that started last has announced, so that none goes which endpoints still subscribe to.
//!
//! An API whose event types lack some that were announced must not just start: somebody may wait for these. It marks them, so that
//! nobody can subscribe to them any more, searches all endpoints in steps, and takes them away only if it found none. What is in use is
//! counted when it matters, and nowhere else: no count has to be kept right by all scripts, and an ordinary start searches nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::catalog::Catalog;
use domain::event::EventType;

use super::endpoints::operation_id;
use super::scripts::{answered_in_words, record, script};
use super::{Store, StoreError};

/// Keys that one step of the search looks at.
const STEP: usize = 1000;

/// How often a search is repeated because marks were lost meanwhile.
const TRIES: usize = 5;

script! {
    /// Announces event types, or marks those that would go.
    "event_types_announce": AllowOom, Writes, needs [TYPES];
    struct EventTypesAnnounce<'a> {
        operation: &'a str,
        /// The types of programs that announce none, separated by commas.
        assumed: &'a str;
        each mark: &'a [&'a str];
        each event_type: Vec<AnnouncedType<'a>>
    } -> Step
}

record! {
    /// An event type, and what stands for all that is known about it.
    struct AnnouncedType<'a> { name: EventType, digest: &'a str }
}

/// What became of a call.
pub(crate) enum Step {
    /// The types are announced.
    Announced,
    /// They would lack these, each `<type> <who marked it first>`.
    Leaving(Vec<String>),
}

answered_in_words! {
    Step {
        "announced" => Announced,
        "leaving" => Leaving(marks),
    }
}

script! {
    /// Takes marks back; answers how many there were.
    "event_types_keep": AllowOom, Writes, needs [BASE];
    struct EventTypesKeep<'a> { ; each event_type: &'a [&'a str] } -> u32
}

/// What came of announcing event types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventTypesOutcome {
    /// They are the ones that endpoints can subscribe to.
    Announced,
    /// These would have gone, and so many endpoints subscribe to each. Nothing was changed.
    InUse(BTreeMap<String, u64>),
}

impl Store {
    /// Announces the event types of an API, each with what stands for all that is known about it, unless endpoints subscribe to one that
    /// was announced before and isn't among them.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; marks that were set until then end by themselves.
    pub async fn announce_event_types(
        &self,
        types: &[(EventType, String)],
    ) -> Result<EventTypesOutcome, StoreError> {
        let default = Catalog::default();
        let assumed: Vec<_> = default.types().iter().map(EventType::as_str).collect();
        let (operation, assumed) = (operation_id(), assumed.join(","));
        let mut marks: Vec<String> = Vec::new();
        for _ in 0..TRIES {
            let mark: Vec<_> = marks.iter().map(String::as_str).collect();
            let event_type = types.iter();
            let announce = EventTypesAnnounce {
                operation: &operation,
                assumed: &assumed,
                mark: &mark,
                event_type: event_type
                    .map(|(name, digest)| AnnouncedType { name: *name, digest })
                    .collect(),
            };
            marks = match self.call(&announce).await? {
                Step::Announced => return Ok(EventTypesOutcome::Announced),
                Step::Leaving(marks) => marks,
            };
            let leaving = marks.iter().filter_map(|mark| mark.split(' ').next());
            let leaving: BTreeSet<&str> = leaving.collect();
            let in_use = self.subscribers_of(&leaving).await?;
            if !in_use.is_empty() {
                let event_type: Vec<_> = leaving.into_iter().collect();
                self.call(&EventTypesKeep {
                    event_type: &event_type,
                })
                .await?;
                return Ok(EventTypesOutcome::InUse(in_use));
            }
        }
        let text = "other programs announce other event types again and again";
        Err(StoreError::Unexpected(text.to_owned()))
    }

    /// How many endpoints subscribe to each of these types by name; those to which none does are left out.
    async fn subscribers_of(&self, types: &BTreeSet<&str>) -> Result<BTreeMap<String, u64>, StoreError> {
        let prefix = self.keys().key("account:");
        // An account may come twice.
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{prefix}*:endpoints"));
            scan.arg("COUNT").arg(STEP);
            let (next, keys): (u64, Vec<String>) = self.query(&scan).await?;
            for key in keys {
                let routes: BTreeMap<String, String> = self
                    .query(redis::cmd("HGETALL").arg(&key))
                    .await
                    .or_else(|error: StoreError| error.unless_overwritten(BTreeMap::new()))?;
                for (endpoint, route) in routes {
                    // `<A|D|O|F|G>|,<types>,|<chatbots>`
                    let named = route.split('|').nth(1).unwrap_or_default();
                    for kind in named.split(',').filter(|kind| types.contains(kind)) {
                        found.entry(kind.to_owned()).or_default().insert(endpoint.clone());
                    }
                }
            }
            if next == 0 {
                break;
            }
            cursor = next;
        }
        let count = |endpoints: BTreeSet<String>| u64::try_from(endpoints.len()).unwrap_or(u64::MAX);
        Ok(found
            .into_iter()
            .map(|(kind, endpoints)| (kind, count(endpoints)))
            .collect())
    }

    /// The event types that the API announced which started last, each with what stands for it; none before the first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn announced_event_types(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let key = self.keys().key("event_types");
        self.query(redis::cmd("HGETALL").arg(key)).await
    }
}
