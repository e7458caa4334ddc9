//! Looking at a store, meeting it for the first time, and accepting another one.

use std::collections::HashMap;

use redis::Value;

use super::guard::Change;
use super::{Memory, Replaced, Sight, StoreId, Verdict, judge};
use crate::decode::{array, integer, next, text};
use crate::keys::META;
use crate::server::SCHEMA;
use crate::{Store, StoreError};

/// How often a claim is tried that others overtake.
const TRIES: u32 = 3;

/// What came of a look.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) verdict: Verdict,
    pub(crate) sight: Sight,
}

/// A store, as an operator sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreFacts {
    /// Its identity.
    pub identity: Option<StoreId>,
    /// Its schema.
    pub schema: Option<String>,
    /// Its number of shards.
    pub shards: Option<String>,
    /// Its counter of seconds in which something was written, roughly.
    pub writes: u64,
    /// When an operator last accepted it (ms since 1970); 0 for never.
    pub accepted_at: u64,
    /// When it was last found to be set back (ms since 1970), and `writes` before and after.
    pub rewound: Option<(u64, u64, u64)>,
    /// Without an identity: whether there are other keys of ours.
    pub has_others: bool,
}

/// What an operator accepted, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// There was nothing of ours.
    Empty,
    /// There were keys of ours without an identity.
    Unmarked,
    /// A store with another identity than the one that was asked for.
    Other,
    /// A store that was set back to an earlier state.
    Older,
    /// The store that was asked for.
    Same,
}

/// What came of accepting a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// What there was.
    pub what: What,
    /// What there was, in detail.
    pub before: StoreFacts,
    /// The identity that it has now, or would have.
    pub identity: StoreId,
}

impl Store {
    /// The identity to send with a script; meets the store at the first call.
    pub(crate) async fn introduced(&self) -> Result<StoreId, StoreError> {
        if let Some(identity) = self.guard().identity() {
            return Ok(identity);
        }
        let _one_at_a_time = self.guard().introducing.lock().await;
        if let Some(identity) = self.guard().identity() {
            return Ok(identity);
        }
        match self.look().await?.verdict {
            Verdict::Replaced(reason) => Err(StoreError::Replaced(reason)),
            _ => self
                .guard()
                .identity()
                .ok_or(StoreError::Replaced(Replaced::Empty)),
        }
    }

    /// Meets the store, if it is ours; when it isn't, whoever calls is told.
    pub(crate) async fn meet(&self) -> Result<(), StoreError> {
        match self.introduced().await {
            Ok(_) | Err(StoreError::Replaced(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Looks at the store, holds it against what is remembered, and takes in what follows. A store that nobody has used yet
    /// is made; one of a release that knew no identities gets one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the stored data has a schema that this version doesn't know.
    pub(crate) async fn look(&self) -> Result<Look, StoreError> {
        for _ in 0..TRIES {
            let (memory, note) = (self.guard().memory(), self.guard().note());
            let sight = self.sight(&memory, note).await?;
            self.guard().noted(note);
            if let Some(found) = sight.schema.as_deref().filter(|found| *found != SCHEMA) {
                return Err(StoreError::Unexpected(format!(
                    "the stored data has schema {found}, this program {SCHEMA}"
                )));
            }
            let verdict = judge(&memory, &sight);
            if matches!(verdict, Verdict::Create | Verdict::Adopt) {
                let identity = memory.insists_on.unwrap_or_else(StoreId::random);
                if self.claim(&sight, &identity, false).await? {
                    tell_claim(&verdict, &identity);
                }
                continue;
            }
            tell(&verdict, self.guard().settle(&verdict, &sight));
            return Ok(Look { verdict, sight });
        }
        Err(StoreError::Unexpected(
            "several programs give the store its identity at once".to_owned(),
        ))
    }

    /// Reads what there is, and raises `writes` if something was written since.
    pub(crate) async fn sight(
        &self,
        memory: &Memory,
        rewound: Option<(u64, u64)>,
    ) -> Result<Sight, StoreError> {
        let wrote = self.guard().take_wrote();
        let (from, to) =
            rewound.map_or_else(Default::default, |(from, to)| (from.to_string(), to.to_string()));
        let arguments = [
            memory.identity.as_ref().map_or("", StoreId::as_str),
            if wrote { "1" } else { "" },
            &from,
            &to,
        ];
        let answer = self.run_anywhere(&self.scripts().store_watch, &arguments).await;
        if answer.is_err() && wrote {
            self.guard().wrote_still();
        }
        sight(answer?)
    }

    async fn claim(&self, seen: &Sight, identity: &StoreId, accepts: bool) -> Result<bool, StoreError> {
        let shards = self.shards().to_string();
        let arguments = [
            seen.identity.as_ref().map_or("", StoreId::as_str),
            identity.as_str(),
            SCHEMA,
            &shards,
            if accepts { "1" } else { "" },
        ];
        Ok(integer(self.run_anywhere(&self.scripts().store_claim, &arguments).await?)? == 1)
    }

    /// What the store says of itself; needs the rights of an operator. Whether there are other keys is not looked at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn store_marks(&self) -> Result<StoreFacts, StoreError> {
        let meta: HashMap<String, String> = self.query_anywhere(redis::cmd("HGETALL").arg(META)).await?;
        let word = |name: &str| meta.get(name).filter(|word| !word.is_empty()).cloned();
        let number = |name: &str| word(name).and_then(|word| word.parse().ok());
        let of = |name: &str| number(name).unwrap_or(0);
        Ok(StoreFacts {
            identity: word("store").map(StoreId::from_stored),
            schema: word("schema"),
            shards: word("shards"),
            writes: of("writes"),
            accepted_at: of("acceptedAt"),
            rewound: number("rewoundAt").map(|at| (at, of("rewoundFrom"), of("rewoundTo"))),
            has_others: false,
        })
    }

    /// What there is, for an operator; needs the rights of a program and changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn store_facts(&self) -> Result<StoreFacts, StoreError> {
        Ok(facts(self.sight(&Memory::default(), None).await?))
    }

    /// An operator accepts what is there as the store: it gets the identity that this handle insists on (`STORE_ID`), else it
    /// keeps its own, else it gets a random one. Programs that run take it for theirs. It can be repeated; a dry run changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or the stored data has a schema that this version doesn't know.
    pub async fn accept_store(&self, dry_run: bool) -> Result<Acceptance, StoreError> {
        for _ in 0..TRIES {
            let seen = self.sight(&Memory::default(), None).await?;
            if let Some(found) = seen.schema.as_deref().filter(|found| *found != SCHEMA) {
                return Err(StoreError::Unexpected(format!(
                    "the stored data has schema {found}, this program knows {SCHEMA}: use the version of the programs that wrote it"
                )));
            }
            let wanted = self.guard().memory().insists_on;
            let what = match &seen.identity {
                None if seen.has_others => What::Unmarked,
                None => What::Empty,
                Some(found) if wanted.as_ref().is_some_and(|wanted| wanted != found) => What::Other,
                Some(_) if seen.rewound.is_some() => What::Older,
                Some(_) => What::Same,
            };
            let identity = wanted
                .or_else(|| seen.identity.clone())
                .unwrap_or_else(StoreId::random);
            if dry_run || self.claim(&seen, &identity, true).await? {
                return Ok(Acceptance {
                    what,
                    before: facts(seen),
                    identity,
                });
            }
        }
        Err(StoreError::Unexpected(
            "the store changes while it is accepted: run it again".to_owned(),
        ))
    }
}

/// Tells the log what changed.
fn tell(verdict: &Verdict, change: Change) {
    match (verdict, change) {
        (Verdict::Rewound { from, to }, _) => tracing::error!(
            from,
            to,
            "the store was set back to an earlier state: events that were accepted after that state may be gone, and deliveries that were made after it may be made again"
        ),
        (Verdict::Replaced(reason), Change::Replaced) => tracing::error!(
            "the store was replaced: {reason}. Nothing is accepted, delivered or written until its data is back, or `webhooksctl store accept` was run"
        ),
        (_, Change::Back) => tracing::warn!("the store is there again: work goes on"),
        (_, Change::Accepted) => tracing::warn!("an operator accepted what is stored: work goes on"),
        _ => {}
    }
}

fn tell_claim(verdict: &Verdict, identity: &StoreId) {
    if *verdict == Verdict::Create {
        tracing::warn!(
            store = %identity,
            "the server was empty: a new store was made. If there should have been one, stop, and bring its data back"
        );
    } else {
        tracing::info!(store = %identity, "the store had no identity: it was given one");
    }
}

fn facts(sight: Sight) -> StoreFacts {
    StoreFacts {
        identity: sight.identity,
        schema: sight.schema,
        shards: sight.shards,
        writes: sight.writes,
        accepted_at: sight.accepted_at,
        rewound: sight.rewound,
        has_others: sight.has_others,
    }
}

/// The answer of `store_watch.lua`.
fn sight(answer: Value) -> Result<Sight, StoreError> {
    let mut answer = array(answer)?.into_iter();
    let mut word = || text(next(&mut answer)?).map(|word| Some(word).filter(|word| !word.is_empty()));
    let number = |word: Option<String>| word.and_then(|word| word.parse::<u64>().ok());
    let now = number(word()?).unwrap_or(0);
    let (identity, schema, shards) = (word()?, word()?, word()?);
    let (writes, accepted_at) = (number(word()?), number(word()?));
    let (rewound_at, from, to) = (number(word()?), number(word()?), number(word()?));
    let has_others = integer(next(&mut answer)?)? == 1;
    let reaped_at = text(next(&mut answer)?)?;
    let waits = integer(next(&mut answer)?)? == 1;
    Ok(Sight {
        now,
        identity: identity.map(StoreId::from_stored),
        schema,
        shards,
        writes: writes.unwrap_or(0),
        accepted_at: accepted_at.unwrap_or(0),
        rewound: rewound_at.map(|at| (at, from.unwrap_or(0), to.unwrap_or(0))),
        has_others,
        reaped_at,
        waits,
    })
}
