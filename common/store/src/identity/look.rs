//! Looking at a store, and meeting it for the first time.

use redis::Value;

use super::guard::Change;
use super::{Known, Replaced, SCHEMA, Sight, StoreId, Verdict, judge};
use crate::decode::{array, integer, next, text};
use crate::{Store, StoreError};

/// How often a claim is tried that others overtake.
pub(super) const TRIES: u32 = 3;

/// What came of a look.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) verdict: Verdict,
    pub(crate) sight: Sight,
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
            let (known, rewind) = (self.guard().known(), self.guard().unrecorded_rewind());
            let sight = self.sight(&known, rewind).await?;
            self.guard().rewind_recorded(rewind);
            if let Some(found) = sight.schema.as_deref().filter(|found| *found != SCHEMA) {
                return Err(StoreError::Unexpected(format!(
                    "the stored data has schema {found}, this program {SCHEMA}"
                )));
            }
            let verdict = judge(&known, &sight);
            if matches!(verdict, Verdict::Create | Verdict::Adopt) {
                let identity = known.insists_on.unwrap_or_else(StoreId::random);
                if self.claim(&sight, &identity, false).await? {
                    tell_claim(&verdict, &identity);
                }
                continue;
            }
            tell(&verdict, self.guard().take_in(&verdict, &sight));
            return Ok(Look { verdict, sight });
        }
        Err(StoreError::Unexpected(
            "several programs give the store its identity at once".to_owned(),
        ))
    }

    /// Reads what there is, and raises `writes` if something was written since.
    pub(crate) async fn sight(&self, known: &Known, rewind: Option<(u64, u64)>) -> Result<Sight, StoreError> {
        let wrote = self.guard().take_wrote();
        let (from, to) =
            rewind.map_or_else(Default::default, |(from, to)| (from.to_string(), to.to_string()));
        let arguments = [
            known.identity.as_ref().map_or("", StoreId::as_str),
            if wrote { "1" } else { "" },
            &from,
            &to,
        ];
        let answer = self.run_anywhere(&self.scripts().store_watch, &arguments).await;
        if answer.is_err() && wrote {
            self.guard().put_back_wrote();
        }
        sight(answer?)
    }

    pub(super) async fn claim(
        &self,
        seen: &Sight,
        identity: &StoreId,
        accepts: bool,
    ) -> Result<bool, StoreError> {
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
