//! Limits how many calls an account makes, and how many events are pushed, in a minute. Redis counts, by its own clock, so that
//! all processes of the API share one count.
//!
//! A minute begins with the first call that is counted in it. Each counter is one small key that lives for that minute.

use std::time::Duration;

use domain::id::AccountId;

use super::scripts::script;
use super::{Store, StoreError};

/// The length of the window that is counted over.
pub const WINDOW: Duration = Duration::from_secs(60);

/// Whose calls or events are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The calls of the dashboard for one account.
    Dashboard,
    /// The calls with an account's own keys.
    Keys,
    /// The calls of the embedded dashboard, with portal sessions of an account.
    Portal,
    /// The calls that the backend makes in an account's name.
    Manage,
    /// The events that are pushed with one service key.
    ServiceKey,
    /// The events that are pushed for one account.
    Account,
}

/// What is left of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Whose it is.
    pub subject: Subject,
    /// How many may come in a minute.
    pub most: u32,
    /// How many more may come in this minute.
    pub left: u32,
    /// How long this minute lasts.
    pub ends_in: Duration,
}

/// How many events may be accepted in a minute; 0 for any number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventLimits {
    /// The id of the service key that they are pushed with.
    pub key: String,
    /// With that key (`RATE_LIMIT_EVENTS_PER_KEY`).
    pub per_key: u32,
    /// For one account, with whatever key (`RATE_LIMIT_EVENTS_PER_ACCOUNT`).
    pub per_account: u32,
}

script! {
    /// Counts calls for an account, unless it would have had more of this kind than it may in this minute.
    "call_count": AllowOom, Writes, needs [QUOTA, TERMS];
    struct CallCount<'a> {
        account: &'a AccountId,
        /// Which of the account's counters.
        counter: &'static str,
        /// 0 for any number.
        most: u32,
        calls: u32,
        /// Whether they may be made while the account is being erased.
        may_be_erased: bool
    } -> (bool, u32, Duration)
}

impl EventLimits {
    /// Any number of events.
    pub const NONE: Self = Self {
        key: String::new(),
        per_key: 0,
        per_account: 0,
    };

    /// Those that are set: whose events they concern, and how many may come.
    pub(crate) fn set(&self) -> impl Iterator<Item = (Subject, u32)> {
        let limits = [
            (Subject::ServiceKey, self.per_key),
            (Subject::Account, self.per_account),
        ];
        limits.into_iter().filter(|(_, most)| *most > 0)
    }
}

impl Store {
    /// Counts calls that are made for an account, each kind of them by itself. The first is whether they may be made: if not all of
    /// them may, none is counted. With `most` of 0 any number may, and none is counted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; [`StoreError::BeingErased`] unless `may_be_erased`.
    pub async fn count_calls(
        &self,
        account: &AccountId,
        subject: Subject,
        most: u32,
        calls: u32,
        may_be_erased: bool,
    ) -> Result<(bool, Quota), StoreError> {
        let count = CallCount {
            account,
            counter: match subject {
                Subject::Keys => "calls:keys",
                Subject::Portal => "calls:portal",
                Subject::Manage => "calls:manage",
                Subject::Dashboard | Subject::ServiceKey | Subject::Account => "calls",
            },
            most,
            calls,
            may_be_erased,
        };
        let (is_allowed, left, ends_in) = self.call(&count).await?;
        let quota = Quota {
            subject,
            most,
            left,
            ends_in,
        };
        Ok((is_allowed, quota))
    }
}
