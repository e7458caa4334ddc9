//! A move, step by step: each looks how far it has got, and takes it further.

use super::copy::{compare, copy};
use super::outcome::{Copied, MoveError, Step};
use super::pass::Pass;
use super::record::{Moving, Phase};
use super::script::{
    AccountMoveArrive, AccountMoveClose, AccountMoveEnd, AccountMoveLeave, AccountMoveOpen,
    AccountMoveSwitch, Arrival, Closing, Opening,
};
use super::walk::{Walk, tells, tells_of_blocks};
use super::way::AccountMove;
use crate::StoreError;

/// What is told while an endpoint is still served.
const HELD: &str = "the pause of its endpoints";

impl AccountMove {
    /// How far it has got; `None` if it is over.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn phase(&self) -> Result<Option<Phase>, StoreError> {
        Ok(self
            .source()
            .leaves(&self.account)
            .await?
            .map(|moving| moving.phase))
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
        let arrival = self
            .destination()
            .call(&AccountMoveArrive { account, from })
            .await?;
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
            // In this order `check` knows at any moment whose a key is.
            Pass::CopyFirst(walk) => match walk.next(&source, &self.account).await? {
                Some(mut names) => {
                    names.retain(|name| tells(name) || tells_of_blocks(name));
                    copy(&source, &destination, &names, &mut self.copied).await?;
                }
                None => self.pass = Pass::Copy(Walk::default()),
            },
            Pass::Copy(walk) => match walk.next(&source, &self.account).await? {
                Some(mut names) => {
                    names.retain(|name| !tells(name) && !tells_of_blocks(name));
                    copy(&source, &destination, &names, &mut self.copied).await?;
                }
                None => self.pass = Pass::Compare(Walk::default()),
            },
            Pass::Compare(walk) => match walk.next(&source, &self.account).await? {
                Some(names) => {
                    let compared = compare(&source, &destination, &names, &mut self.copied).await;
                    if compared.is_err() {
                        self.pass = Pass::CopyFirst(Walk::default()); // the next step copies it anew
                        self.copied = Copied::default();
                    }
                    compared?;
                }
                None => self.pass = Pass::Done,
            },
            Pass::Done => {
                // The copy must not have been undone meanwhile, by somebody else.
                let fields = destination.move_fields(&self.account).await?;
                if fields.get("phase").is_none_or(|phase| phase != "arriving") {
                    return Err(MoveError::Refused(
                        "the copy was removed by somebody else".to_owned(),
                    ));
                }
                let account = &self.account;
                source.call(&AccountMoveSwitch { account }).await?;
            }
            Pass::Remove(_) | Pass::RemoveLast(_) => self.pass = Pass::CopyFirst(Walk::default()),
        }
        Ok(Step::WentOn)
    }

    async fn open(&self, moving: &Moving) -> Result<Step, MoveError> {
        let open = AccountMoveOpen {
            account: &self.account,
            terms: &moving.terms,
            waiting: moving.waiting,
        };
        let account = &self.account;
        self.shards.enter(account, self.to).await?;
        let destination = self.destination();
        if destination.call(&open).await? == Opening::GoesOn {
            return Ok(Step::WentOn);
        }
        self.end_pause(destination).await?;
        let settles = self.settles;
        let left = self.source().call(&AccountMoveLeave { account, settles }).await?;
        Ok(if left == 0 {
            Step::WentOn
        } else {
            Step::Waits("programs to learn where the account is")
        })
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
}
