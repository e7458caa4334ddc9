//! What `accept.lua` answers for each event.

use std::collections::HashMap;
use std::time::Duration;

use domain::id::{AccountId, EventId};

use super::super::{AcceptOutcome, AcceptResult, Accepted, Counted};
use crate::StoreError;
use crate::decode::unexpected;
use crate::rates::{Quota, Subject};
use crate::scripts::{Legible, Rest, answered_in_words};

/// What came of one event. Its quotas are four numbers each: whose it is (accept/quotas.lua), how many may come, how many are left, and for
/// how many milliseconds.
pub(crate) enum EventAnswer {
    Accepted(EventId, u32, bool, Rest<u64>),
    /// Accepted, and its account has no endpoint.
    Nobody(EventId, Rest<u64>),
    IdempotencyConflict(Vec<String>),
    OverBudget,
    BeingErased,
    Moving,
    Moved,
    RateLimited(Rest<u64>),
    /// It has none yet: an endpoint of its account has to make room for it. No further event has one.
    NeedsRoom,
    /// It has none yet: the filters of its account have to be asked first, which are these. No further event has one.
    Filters(AccountId, String, HashMap<String, String>),
    /// Its account would have to begin in another shard.
    Misplaced,
    /// The routes of its account can't be read.
    Unreadable,
    /// None, but the last word of a call that made room.
    MadeRoom,
}

answered_in_words!(EventAnswer {
    "accepted" => Accepted(id, deliveries, duplicate, quotas),
    "nobody" => Nobody(id, quotas),
    "conflict" => IdempotencyConflict(parts),
    "over_budget" => OverBudget,
    "being_erased" => BeingErased,
    "moving" => Moving,
    "moved" => Moved,
    "rate_limited" => RateLimited(quotas),
    "needs_room" => NeedsRoom,
    "filters" => Filters(account, version, filters),
    "misplaced" => Misplaced,
    "unreadable" => Unreadable,
    "made_room" => MadeRoom,
});

impl Legible<EventAnswer> {
    /// The result of one event that was accepted or refused.
    pub(in super::super) fn result(self) -> AcceptResult {
        let (outcome, left) = match self.0.ok_or_else(|| unexpected("outcome of an event"))? {
            EventAnswer::Accepted(id, deliveries, duplicate, quotas) => {
                let accepted = Accepted {
                    id,
                    deliveries,
                    duplicate,
                    has_endpoints: true,
                };
                (AcceptOutcome::Accepted(accepted), quotas.0)
            }
            EventAnswer::Nobody(id, quotas) => {
                let accepted = Accepted {
                    id,
                    deliveries: 0,
                    duplicate: false,
                    has_endpoints: false,
                };
                (AcceptOutcome::Accepted(accepted), quotas.0)
            }
            EventAnswer::IdempotencyConflict(parts) => {
                (AcceptOutcome::IdempotencyConflict(parts), Vec::new())
            }
            // Nobody looks for room any longer.
            EventAnswer::OverBudget | EventAnswer::NeedsRoom => (AcceptOutcome::OverBudget, Vec::new()),
            EventAnswer::BeingErased => (AcceptOutcome::BeingErased, Vec::new()),
            EventAnswer::Moving => {
                return Err(StoreError::AccountMoving("an event of it was refused".to_owned()));
            }
            EventAnswer::Moved => {
                return Err(StoreError::AccountMoved("an event of it was refused".to_owned()));
            }
            EventAnswer::RateLimited(quotas) => (AcceptOutcome::RateLimited, quotas.0),
            // Somebody changes the filters again and again.
            EventAnswer::Filters(..) => return Err(unexpected("filters that change all the time")),
            EventAnswer::Misplaced => {
                return Err(StoreError::Misplaced("the account of an event".to_owned()));
            }
            EventAnswer::Unreadable => return Err(unexpected("account")),
            EventAnswer::MadeRoom => return Err(unexpected("answer")),
        };
        Ok(Counted {
            outcome,
            quotas: left.chunks(4).map(quota).collect::<Result<_, _>>()?,
        })
    }
}

fn quota(numbers: &[u64]) -> Result<Quota, StoreError> {
    let [whose, most, left, ends_in] = *numbers else {
        return Err(unexpected("a quota"));
    };
    let small = |number: u64| u32::try_from(number).map_err(|_| unexpected("a quota"));
    Ok(Quota {
        subject: match whose {
            1 => Subject::ServiceKey,
            2 => Subject::Account,
            _ => return Err(unexpected("a quota")),
        },
        most: small(most)?,
        left: small(left)?,
        ends_in: Duration::from_millis(ends_in),
    })
}
