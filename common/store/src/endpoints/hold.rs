//! What an operator decides about endpoints: pausing one or all of an account, throttling one. It stands beside what their owner wants,
//! who sees it and can't lift it.

use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, HoldAction, OperatorHold, RateLimit};
use domain::id::{AccountId, EndpointId};

use super::operation_id;
use crate::decode::{parse, unexpected};
use crate::scripts::script;
use crate::{Store, StoreError};

/// The longest reason, in characters.
pub const MAX_REASON: usize = 500;

script! {
    /// Pauses or throttles an endpoint, or ends that; the endpoint, if there is one.
    "endpoint_hold": AllowOom, Writes, needs [PENDING, SUSPEND, TERMS, AUDIT];
    struct EndpointHold<'a> {
        endpoint: &'a EndpointId,
        action: Option<&'static str>,
        /// Deliveries in a second.
        rate: u16,
        reason: &'a str,
        operation: &'a str,
        order: &'a str
    } -> Option<Endpoint>
}

script! {
    /// Pauses some endpoints of an account, or ends that; the hold, and the last of them if there are more.
    "account_hold": AllowOom, Writes, needs [PENDING, TERMS, PLACED, SUSPEND, AUDIT];
    struct AccountHold<'a> {
        account: &'a AccountId,
        /// The number that accounts were cut by when this shard was chosen.
        shards: u16,
        action: Option<&'static str>,
        reason: &'a str,
        behind: &'a str,
        operation: &'a str,
        order: &'a str
    } -> (String, String)
}

impl Store {
    /// Pauses or throttles an endpoint, whoever owns it; `None` as `action` ends that. Repeating it changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or when the store is one of before.
    pub async fn hold_endpoint(
        &self,
        endpoint: &EndpointId,
        action: Option<HoldAction>,
        reason: &str,
    ) -> Result<Option<Endpoint>, StoreError> {
        let hold = EndpointHold {
            endpoint,
            action: action.map(name_of),
            rate: match action {
                Some(HoldAction::Throttle(rate)) => rate.per_second(),
                Some(HoldAction::Pause) | None => 0,
            },
            reason,
            operation: &operation_id(),
            order: self.order(),
        };
        self.call(&hold).await
    }

    /// Pauses all endpoints of an account, those that are made later as well; with `None` as the reason ends that. Their owner keeps
    /// the state that he gave each. Repeating it changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or when the store is one of before.
    pub async fn pause_account(
        &self,
        account: &AccountId,
        reason: Option<&str>,
    ) -> Result<Option<OperatorHold>, StoreError> {
        let mut behind = String::new();
        loop {
            let step = AccountHold {
                account,
                shards: self.chosen_by(account),
                action: reason.map(|_| name_of(HoldAction::Pause)),
                reason: reason.unwrap_or_default(),
                behind: &behind,
                operation: &operation_id(),
                order: self.order(),
            };
            let (hold, last) = self.call(&step).await?;
            if last.is_empty() {
                return hold_of(&hold, true);
            }
            behind = last;
        }
    }

    /// What holds a whole account.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn account_hold(&self, account: &AccountId) -> Result<Option<OperatorHold>, StoreError> {
        let key = self.keys().key(&format!("account:{account}:hold"));
        let text: Option<String> = self
            .query(redis::cmd("GET").arg(key))
            .await
            .or_else(|error: StoreError| error.unless_overwritten(None))?;
        hold_of(&text.unwrap_or_default(), true)
    }
}

fn name_of(action: HoldAction) -> &'static str {
    match action {
        HoldAction::Pause => "pause",
        HoldAction::Throttle(_) => "throttle",
    }
}

/// Reads `<pause|throttle> <deliveries in a second> <since (ms)> <reason>`; `None` if there is nothing.
pub(super) fn hold_of(text: &str, is_of_account: bool) -> Result<Option<OperatorHold>, StoreError> {
    let mut words = text.splitn(4, ' ');
    let (Some(action), Some(rate), Some(since), Some(reason)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return if text.is_empty() {
            Ok(None)
        } else {
            Err(unexpected("hold"))
        };
    };
    let action = match action {
        "pause" => HoldAction::Pause,
        "throttle" => HoldAction::Throttle(RateLimit::new(parse(rate)?).ok_or_else(|| unexpected("hold"))?),
        _ => return Err(unexpected("hold")),
    };
    Ok(Some(OperatorHold {
        action,
        is_of_account,
        since: Timestamp::from_millis(parse(since)?).ok_or_else(|| unexpected("hold"))?,
        reason: reason.to_owned(),
    }))
}
