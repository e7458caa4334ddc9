//! A move is undone, and copies that don't count are removed.

use super::copy::remove;
use super::outcome::{MoveError, Step};
use super::pass::Pass;
use super::record::Phase;
use super::script::{AccountMoveEnd, AccountMoveOpen};
use super::walk::{Walk, tells};
use super::way::AccountMove;
use crate::{Store, StoreError};

impl AccountMove {
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
        let open = AccountMoveOpen {
            account: &self.account,
            terms: &moving.terms,
            waiting: moving.waiting,
        };
        if moving.phase != Phase::Draining {
            source.call(&open).await?;
            return Ok(Step::WentOn);
        }
        self.end_pause(&source).await?;
        let (account, phase) = (&self.account, "draining");
        source.call(&AccountMoveEnd { account, phase }).await?;
        Ok(Step::WentOn)
    }

    /// A step of removing a copy; whether that is done.
    pub(super) async fn removed(&mut self, store: &Store) -> Result<bool, MoveError> {
        match &mut self.pass {
            Pass::Remove(walk) => match walk.next(store, &self.account).await? {
                Some(mut names) => {
                    names.retain(|name| !tells(name));
                    remove(store, &self.account, &names).await?;
                }
                None => self.pass = Pass::RemoveLast(Walk::default()),
            },
            Pass::RemoveLast(walk) => match walk.next(store, &self.account).await? {
                Some(names) => remove(store, &self.account, &names).await?,
                None => return Ok(true),
            },
            Pass::CopyFirst(_) | Pass::Copy(_) | Pass::Compare(_) | Pass::Done => {
                self.pass = Pass::Remove(Walk::default())
            }
        }
        Ok(false)
    }

    /// Ends the pause, unless it is an operator's.
    pub(super) async fn end_pause(&self, store: &Store) -> Result<(), StoreError> {
        let hold = store.account_hold(&self.account).await?;
        if hold.is_some_and(|hold| hold.reason == self.reason()) {
            store.pause_account(&self.account, None).await?;
        }
        Ok(())
    }
}
