//! Who moves where: a move begins, or goes on.

use std::time::Duration;

use domain::id::AccountId;

use super::outcome::{Copied, MoveError};
use super::pass::Pass;
use super::record::Moving;
use super::script::{AccountMoveBegin, Departure};
use super::walk::Walk;
use crate::Store;
use crate::shards::Shards;

/// An account on its way, as one program goes on with it.
#[derive(Debug)]
pub struct AccountMove {
    pub(super) shards: Shards,
    pub(super) account: AccountId,
    pub(super) from: u16,
    pub(super) to: u16,
    pub(super) settles: Duration,
    pub(super) pass: Pass,
    pub(super) copied: Copied,
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
        let from = under_way
            .as_ref()
            .map_or_else(|| place(shards, account), |moving| moving.from);
        let going = Self::of(shards, account, from, to);
        if under_way.is_none() {
            let refused = match going.source().call(&AccountMoveBegin { account, to }).await? {
                Departure::Begins => return Ok(going),
                Departure::UnderWay => format!("{account} is being moved by somebody else"),
                Departure::Growing => {
                    "the store is getting more shards: finish that first, with the same `webhooksctl shards grow`"
                        .to_owned()
                }
            };
            return Err(MoveError::Refused(refused));
        }
        Ok(going)
    }

    /// Whether an account may move there; the move, if it is under way.
    ///
    /// # Errors
    ///
    /// [`MoveError::Refused`] if it may not.
    pub async fn may_begin(
        shards: &Shards,
        account: &AccountId,
        to: u16,
    ) -> Result<Option<Moving>, MoveError> {
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
        let moving =
            moving.ok_or_else(|| MoveError::Refused(format!("{account} isn't on its way to any shard")))?;
        Ok((Self::of(shards, account, moving.from, moving.to), moving))
    }

    fn of(shards: &Shards, account: &AccountId, from: u16, to: u16) -> Self {
        Self {
            shards: shards.clone(),
            account: account.clone(),
            from,
            to,
            settles: SETTLES,
            pass: Pass::CopyFirst(Walk::default()),
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

    pub(super) fn reason(&self) -> String {
        format!("the account moves to shard {}; this ends by itself", self.to)
    }

    pub(super) fn source(&self) -> &Store {
        &self.shards.all()[usize::from(self.from)]
    }

    pub(super) fn destination(&self) -> &Store {
        &self.shards.all()[usize::from(self.to)]
    }
}

fn place(shards: &Shards, account: &AccountId) -> u16 {
    u16::try_from(shards.number_of(account)).unwrap_or(u16::MAX)
}
