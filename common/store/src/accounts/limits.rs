//! Limits of an account's own, in the place of those that the programs are configured with.

use domain::event::Subscription;
use domain::id::AccountId;

use crate::scripts::script;
use crate::{Store, StoreError};

/// Limits of an account; `None` where the programs' own holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountLimits {
    /// How many endpoints it may have (`MAX_ENDPOINTS_PER_ACCOUNT`).
    pub endpoints: Option<u32>,
    /// How many events may be accepted for it in a minute (`RATE_LIMIT_EVENTS_PER_ACCOUNT`).
    pub events_per_minute: Option<u32>,
    /// Bytes of unfinished payloads (`ACCOUNT_BUDGET_BYTES`).
    pub budget_bytes: Option<u64>,
    /// Bytes of payloads that one of its endpoints may have parked (`PARKED_BUDGET_BYTES`).
    pub parked_budget_bytes: Option<u64>,
    /// Bytes that blocks of its history may take (`HISTORY_BUDGET_BYTES`).
    pub history_bytes: Option<u64>,
    /// The only event types that it may have, by their names; account events come anyway.
    pub event_types: Option<Vec<String>>,
}

script! {
    /// Gives an account limits of its own.
    "account_limits": DenyOom, Writes, needs [PENDING, PLACED, ENDPOINTS, BLOCKS];
    struct AccountLimitsSet<'a> {
        account: &'a AccountId,
        /// The number that accounts were cut by when this shard was chosen.
        shards: u16,
        limits: &'a str
    } -> ()
}

impl Store {
    /// Gives an account these limits, in the place of those that it had. They hold from the next event and the next change on: what it
    /// has already stays.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; [`StoreError::UpgradePending`] while programs of an older release are connected,
    /// [`StoreError::BeingErased`] while the account is.
    pub async fn set_account_limits(
        &self,
        account: &AccountId,
        limits: &AccountLimits,
    ) -> Result<(), StoreError> {
        self.call(&AccountLimitsSet {
            account,
            shards: self.chosen_by(account),
            limits: &limits.to_stored(),
        })
        .await
    }

    /// An account's own limits.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn account_limits(&self, account: &AccountId) -> Result<AccountLimits, StoreError> {
        let key = self.keys().key(&format!("account:{account}:terms"));
        let text: Option<String> = self
            .query(redis::cmd("GET").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))?;
        Ok(AccountLimits::from_stored(&text.unwrap_or_default()))
    }
}

impl AccountLimits {
    /// Whether the account may subscribe to this: to all that it may have (`*`) and to account events it always may.
    #[must_use]
    pub fn allow(&self, subscription: Subscription) -> bool {
        let Subscription::Only(event) = subscription else {
            return true;
        };
        let types = self.event_types.as_ref();
        types.is_none_or(|types| types.iter().any(|name| name == event.as_str()))
    }

    /// As `terms.lua` reads it; empty if there are none.
    fn to_stored(&self) -> String {
        let number = |name: &str, value: Option<u64>| value.map(|value| format!("{name}={value}"));
        let types = self
            .event_types
            .as_ref()
            .map(|types| format!("types=,{},", types.join(",")));
        let limits = [
            number("endpoints", self.endpoints.map(u64::from)),
            number("events", self.events_per_minute.map(u64::from)),
            number("budget", self.budget_bytes),
            number("parked", self.parked_budget_bytes),
            number("history", self.history_bytes),
            types,
        ];
        limits.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn from_stored(text: &str) -> Self {
        let value = |name: &str| {
            let mut words = text.split(' ');
            words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
        };
        let number = |name: &str| value(name).and_then(|value| value.parse::<u64>().ok());
        let small = |name: &str| number(name).and_then(|value| u32::try_from(value).ok());
        let names = |list: &str| {
            list.split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Self {
            endpoints: small("endpoints"),
            events_per_minute: small("events"),
            budget_bytes: number("budget"),
            parked_budget_bytes: number("parked"),
            history_bytes: number("history"),
            event_types: value("types").map(names),
        }
    }
}

#[cfg(test)]
mod tests;
