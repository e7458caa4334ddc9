//! Erasing an account: everything that is kept of it.
//!
//! From the first step on nothing is accepted for the account and nothing added to it (`terms.refusal`). Workers do the rest beside their
//! upkeep, in bounded steps that go on where any other left off (`account_erase_step.lua`), so it doesn't matter who dies. What is left
//! in the end is how far it got, for a week.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::clock::Timestamp;
use domain::id::AccountId;

use crate::decode::{parse, unexpected};
use crate::endpoints::operation_id;
use crate::scripts::{answered_in_words, script};
use crate::{Store, StoreError};

/// How many keys a step of the last phase looks at: one command for each event among them.
const KEYS_LOOKED_AT: u32 = 500;

/// How many steps are taken at a time, one after the other.
const STEPS: usize = 8;

/// How far the erasure of an account has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// What is being erased.
    pub phase: ErasurePhase,
    /// When it was asked for.
    pub since: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// How many endpoints were removed.
    pub endpoints: u64,
    /// How many finished events were erased that had a payload.
    pub events: u64,
}

/// What is being erased of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasurePhase {
    /// Endpoints, with what waits for them.
    Endpoints,
    /// What waited for them; what is in flight ends.
    Queues,
    /// Finished events.
    History,
    /// Whatever else there is.
    Keys,
    /// Nothing: all of it is gone.
    Erased,
}

script! {
    /// An account is to be erased.
    "account_erase": AllowOom, Writes, needs [PENDING, TERMS, PLACED, ENDPOINTS, HERE];
    struct AccountErase<'a> {
        account: &'a AccountId,
        /// The number that accounts were cut by when this shard was chosen.
        shards: u16
    } -> ()
}

script! {
    /// One step of erasing an account.
    "account_erase_step": AllowOom, Writes, needs [OWNER, TERMS, REMOVAL, RELEASE, BELONGS];
    struct AccountEraseStep<'a> {
        operation: &'a str,
        keys_looked_at: u32
    } -> EraseStep
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EraseStep {
    /// No account is being erased.
    Nothing,
    /// It did something, and goes on at once.
    GoesOn,
    /// It waits for what others do.
    Waits,
}

answered_in_words! {
    EraseStep { "" => Nothing, "goes_on" => GoesOn, "waits" => Waits }
}

impl Store {
    /// Begins to erase an account. Repeating it changes nothing while that goes on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; [`StoreError::UpgradePending`] while programs of an older release are connected.
    pub async fn erase_account(&self, account: &AccountId) -> Result<(), StoreError> {
        let shards = self.chosen_by(account);
        self.call(&AccountErase { account, shards }).await
    }

    /// How far the erasure of an account has got; `None` if none was asked for, or it ended a week ago.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn account_erasure(&self, account: &AccountId) -> Result<Option<Erasure>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:erasure"));
        let fields: HashMap<String, String> = self
            .query(redis::cmd("HGETALL").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(HashMap::new()))?;
        if fields.is_empty() {
            return Ok(None);
        }
        let number = |name: &str| fields.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let time = |name: &str| fields.get(name).map(|text| parse(text)).transpose();
        Ok(Some(Erasure {
            phase: ErasurePhase::from_word(fields.get("phase").map_or("", String::as_str))?,
            since: time("since")?
                .and_then(Timestamp::from_millis)
                .ok_or_else(|| unexpected("an erasure"))?,
            ended_at: time("endedAt")?.and_then(Timestamp::from_millis),
            endpoints: number("endpoints"),
            events: number("events"),
        }))
    }

    /// Some steps of erasing accounts; after which rest there is more to do, if there is: four times as long as these took, so that others
    /// have Redis to themselves for most of the time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: any later step goes on from there.
    pub async fn erase_accounts(&self) -> Result<Option<Duration>, StoreError> {
        let (begun, mut goes_on) = (Instant::now(), false);
        for _ in 0..STEPS {
            let step = AccountEraseStep {
                operation: &operation_id(),
                keys_looked_at: KEYS_LOOKED_AT,
            };
            match self.call(&step).await? {
                EraseStep::Nothing => return Ok(None),
                EraseStep::GoesOn => goes_on = true,
                EraseStep::Waits => {} // another account may go on
            }
        }
        Ok(goes_on.then(|| begun.elapsed() * 4))
    }
}

impl ErasurePhase {
    fn from_word(word: &str) -> Result<Self, StoreError> {
        Ok(match word {
            "endpoints" => Self::Endpoints,
            "queues" => Self::Queues,
            "history" => Self::History,
            "keys" => Self::Keys,
            "erased" => Self::Erased,
            _ => return Err(unexpected("an erasure")),
        })
    }
}
