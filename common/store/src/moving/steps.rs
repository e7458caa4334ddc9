//! A move, step by step: each looks how far it has got, and takes it further.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::id::AccountId;

use super::copy::{compare, copy, remove};
use super::record::{Moving, Phase};
use super::script::{
    AccountMoveArrive, AccountMoveBegin, AccountMoveClose, AccountMoveEnd, AccountMoveLeave, AccountMoveOpen,
    AccountMoveSwitch, Arrival, Begun, Closing, Opening,
};
use super::walk::Walk;
use crate::shards::Shards;
use crate::{Store, StoreError};

/// An account on its way, as one program goes on with it.
#[derive(Debug)]
pub struct AccountMove {
    shards: Shards,
    account: AccountId,
    from: u16,
    to: u16,
    settles: Duration,
    pass: Pass,
    copied: Copied,
}

/// What a walk through all keys is for.
#[derive(Debug)]
enum Pass {
    Copy(Walk),
    Compare(Walk),
    /// Everything is copied, and both sides are the same.
    Done,
    Remove(Walk),
    RemoveLast(Walk),
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It went on.
    WentOn,
    /// It waits for this; look again soon.
    Waits(&'static str),
    /// All of it is done.
    Done,
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many keys.
    pub keys: u64,
    /// What they take, as they were written for the other server.
    pub bytes: u64,
    /// What was found to be the same in both shards: how many keys of each kind, and how many entries or bytes these have.
    pub compared: BTreeMap<String, (u64, u64)>,
}

impl Copied {
    pub(super) fn compare(&mut self, name: &str, size: &str) {
        let kind = name.split(':').next().unwrap_or_default();
        let number: u64 = size.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        let of_kind = self.compared.entry(kind.to_owned()).or_default();
        of_kind.0 += 1;
        of_kind.1 += number;
    }
}

/// Why a move doesn't go on. Whatever it is, the same move can go on later.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// It can't: a sentence.
    #[error("{0}")]
    Refused(String),
    /// The copy isn't what it should be. The account stays where it is until the same command copies it anew.
    #[error("the copy isn't complete: {0}")]
    Differs(String),
    /// Redis failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long programs have to learn of a new place. They look about once a second.
const SETTLES: Duration = Duration::from_secs(30);

impl AccountMove {
    /// Begins to move an account to another shard, or goes on with that.
    ///
    /// # Errors
    ///
    /// [`MoveError`]. Nothing was changed if it is refused.
    pub async fn begin(shards: &Shards, account: &AccountId, to: u16) -> Result<Self, MoveError> {
        let under_way = Self::may_begin(shards, account, to).await?;
        let from = under_way.as_ref().map_or_else(|| place(shards, account), |moving| moving.from);
        let going = Self::of(shards, account, from, to);
        if under_way.is_none() {
            let begun = going.source().call(&AccountMoveBegin { account, to }).await?;
            if begun == Begun::UnderWay {
                return Err(MoveError::Refused(format!("{account} is being moved by somebody else")));
            }
        }
        Ok(going)
    }

    /// Whether an account may move there; the move, if it is under way.
    ///
    /// # Errors
    ///
    /// [`MoveError::Refused`] if it may not.
    pub async fn may_begin(shards: &Shards, account: &AccountId, to: u16) -> Result<Option<Moving>, MoveError> {
        let all = shards.all().len();
        let refuse = |reason: String| Err(MoveError::Refused(reason));
        if all < 2 {
            return refuse("the store has one shard: there is no other to move to".to_owned());
        } else if usize::from(to) >= all {
            return refuse(format!("there is no shard {to}: they are 0 to {}", all - 1));
        }
        let moving = shards.move_of(account).await?;
        if let Some(other) = moving.as_ref().filter(|moving| moving.to != to) {
            return refuse(format!(
                "{account} is moving to shard {}: let that go on, or undo it",
                other.to
            ));
        } else if moving.is_none() && place(shards, account) == to {
            return refuse(format!("{account} is in shard {to} already"));
        }
        Ok(moving)
    }

    /// Goes on with a move that is under way.
    ///
    /// # Errors
    ///
    /// [`MoveError::Refused`] if none is.
    pub async fn under_way(shards: &Shards, account: &AccountId) -> Result<(Self, Moving), MoveError> {
        let moving = shards.move_of(account).await?;
        let moving = moving.ok_or_else(|| MoveError::Refused(format!("{account} isn't on its way to any shard")))?;
        Ok((Self::of(shards, account, moving.from, moving.to), moving))
    }

    fn of(shards: &Shards, account: &AccountId, from: u16, to: u16) -> Self {
        Self {
            shards: shards.clone(),
            account: account.clone(),
            from,
            to,
            settles: SETTLES,
            pass: Pass::Copy(Walk::default()),
            copied: Copied::default(),
        }
    }

    /// The same; the old copy goes so long after the switch.
    #[must_use]
    pub fn settling_for(self, settles: Duration) -> Self {
        Self { settles, ..self }
    }

    /// The shard that the account leaves.
    #[must_use]
    pub const fn from(&self) -> u16 {
        self.from
    }

    /// What was copied so far.
    #[must_use]
    pub const fn copied(&self) -> &Copied {
        &self.copied
    }

    /// How far it has got; `None` if it is over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn phase(&self) -> Result<Option<Phase>, StoreError> {
        Ok(self.source().leaves(&self.account).await?.map(|moving| moving.phase))
    }

    /// One step.
    ///
    /// # Errors
    ///
    /// [`MoveError`]: the next step tries again.
    pub async fn step(&mut self) -> Result<Step, MoveError> {
        let Some(moving) = self.source().leaves(&self.account).await? else {
            return Ok(Step::Done);
        };
        match moving.phase {
            Phase::Draining => self.drain().await,
            Phase::Closing => self.close().await,
            Phase::Closed => self.copy().await,
            Phase::Switched => self.open(&moving).await,
            Phase::Leaving => self.leave().await,
        }
    }

    async fn drain(&self) -> Result<Step, MoveError> {
        let (account, from) = (&self.account, self.from);
        let arrival = self.destination().call(&AccountMoveArrive { account, from }).await?;
        if arrival == Arrival::Occupied {
            return Err(MoveError::Refused(format!(
                "shard {} has something of {account} that no move brought there; `webhooksctl check` tells more",
                self.to
            )));
        }
        if self.source().account_hold(account).await?.is_none() {
            self.source().pause_account(account, Some(&self.reason())).await?;
            return Ok(Step::WentOn);
        }
        let step = self.close().await?;
        if step == Step::Waits(HELD) {
            // Somebody stopped half-way, or an operator ended the pause.
            let hold = self.source().account_hold(account).await?;
            let reason = hold.map_or_else(|| self.reason(), |hold| hold.reason);
            self.source().pause_account(account, Some(&reason)).await?;
        }
        Ok(step)
    }

    async fn close(&self) -> Result<Step, MoveError> {
        let account = &self.account;
        Ok(match self.source().call(&AccountMoveClose { account }).await? {
            Closing::Held => Step::Waits(HELD),
            Closing::InFlight => Step::Waits("what is in flight"),
            Closing::Queues => Step::Waits("what a worker still has to work through"),
            Closing::GoesOn | Closing::Closed => Step::WentOn,
        })
    }

    async fn copy(&mut self) -> Result<Step, MoveError> {
        let (source, destination) = (self.source().clone(), self.destination().clone());
        match &mut self.pass {
            Pass::Copy(walk) => match walk.next(&source, &self.account).await? {
                Some(names) => copy(&source, &destination, &names, &mut self.copied).await?,
                None => self.pass = Pass::Compare(Walk::default()),
            },
            Pass::Compare(walk) => match walk.next(&source, &self.account).await? {
                Some(names) => {
                    let compared = compare(&source, &destination, &names, &mut self.copied).await;
                    if compared.is_err() {
                        self.pass = Pass::Copy(Walk::default()); // the next step copies it anew
                    }
                    compared?;
                }
                None => self.pass = Pass::Done,
            },
            Pass::Done => {
                // The copy must not have been undone meanwhile, by somebody else.
                let fields = destination.move_fields(&self.account).await?;
                if fields.get("phase").is_none_or(|phase| phase != "arriving") {
                    return Err(MoveError::Refused("the copy was removed by somebody else".to_owned()));
                }
                let account = &self.account;
                source.call(&AccountMoveSwitch { account }).await?;
            }
            Pass::Remove(_) | Pass::RemoveLast(_) => self.pass = Pass::Copy(Walk::default()),
        }
        Ok(Step::WentOn)
    }

    async fn open(&self, moving: &Moving) -> Result<Step, MoveError> {
        let (account, terms) = (&self.account, &*moving.terms);
        self.shards.enter(account, self.to).await?;
        let destination = self.destination();
        if destination.call(&AccountMoveOpen { account, terms }).await? == Opening::GoesOn {
            return Ok(Step::WentOn);
        }
        self.end_pause(destination).await?;
        let settles = self.settles;
        let left = self.source().call(&AccountMoveLeave { account, settles }).await?;
        Ok(if left == 0 { Step::WentOn } else { Step::Waits("programs to learn where the account is") })
    }

    async fn leave(&mut self) -> Result<Step, MoveError> {
        // If the other server has lost what it had, this is the only copy.
        let fields = self.destination().move_fields(&self.account).await?;
        if fields.get("phase").is_none_or(|phase| phase != "arrived") {
            return Err(MoveError::Refused(format!(
                "shard {} doesn't know any more that {} has arrived: what shard {} has of it stays; see to that server first",
                self.to, self.account, self.from
            )));
        }
        let source = self.source().clone();
        if self.removed(&source).await? {
            let account = &self.account;
            // If the second is forgotten, the next move from there passes it over.
            for (store, phase) in [(&source, "leaving"), (self.destination(), "arrived")] {
                store.call(&AccountMoveEnd { account, phase }).await?;
            }
        }
        Ok(Step::WentOn)
    }

    /// One step of going back: the account stays where it was, and its copy goes.
    ///
    /// # Errors
    ///
    /// [`MoveError::Refused`] if it has moved already.
    pub async fn undo(&mut self) -> Result<Step, MoveError> {
        let Some(moving) = self.source().leaves(&self.account).await? else {
            return Ok(Step::Done);
        };
        if !moving.phase.can_be_undone() {
            return Err(MoveError::Refused(format!(
                "{} is in shard {} already: let this move end, and move it back",
                self.account, self.to
            )));
        }
        let (source, destination) = (self.source().clone(), self.destination().clone());
        let fields = destination.move_fields(&self.account).await?;
        if fields.contains_key("from") {
            if self.removed(&destination).await? {
                let (account, phase) = (&self.account, "arriving");
                destination.call(&AccountMoveEnd { account, phase }).await?;
            }
            return Ok(Step::WentOn);
        }
        let (account, terms) = (&self.account, &*moving.terms);
        if moving.phase != Phase::Draining {
            source.call(&AccountMoveOpen { account, terms }).await?;
            return Ok(Step::WentOn);
        }
        self.end_pause(&source).await?;
        let phase = "draining";
        source.call(&AccountMoveEnd { account, phase }).await?;
        Ok(Step::WentOn)
    }

    /// A step of removing a copy; whether that is done.
    async fn removed(&mut self, store: &Store) -> Result<bool, MoveError> {
        match &mut self.pass {
            Pass::Remove(walk) => match walk.next(store, &self.account).await? {
                Some(names) => remove(store, &self.account, &names, false).await?,
                None => self.pass = Pass::RemoveLast(Walk::default()),
            },
            Pass::RemoveLast(walk) => match walk.next(store, &self.account).await? {
                Some(names) => remove(store, &self.account, &names, true).await?,
                None => return Ok(true),
            },
            Pass::Copy(_) | Pass::Compare(_) | Pass::Done => self.pass = Pass::Remove(Walk::default()),
        }
        Ok(false)
    }

    /// Ends the pause, unless it is an operator's.
    async fn end_pause(&self, store: &Store) -> Result<(), StoreError> {
        let hold = store.account_hold(&self.account).await?;
        if hold.is_some_and(|hold| hold.reason == self.reason()) {
            store.pause_account(&self.account, None).await?;
        }
        Ok(())
    }

    fn reason(&self) -> String {
        format!("the account moves to shard {}; this ends by itself", self.to)
    }

    fn source(&self) -> &Store {
        &self.shards.all()[usize::from(self.from)]
    }

    fn destination(&self) -> &Store {
        &self.shards.all()[usize::from(self.to)]
    }
}

/// What is told while an endpoint is still served.
const HELD: &str = "the pause of its endpoints";

fn place(shards: &Shards, account: &AccountId) -> u16 {
    u16::try_from(shards.number_of(account)).unwrap_or(u16::MAX)
}
