//! What `accept.lua` answers for each event.

use std::collections::HashMap;
use std::time::Duration;

use domain::id::{AccountId, EventId};

use super::super::{AcceptOutcome, AcceptResult, Accepted, Counted};
use crate::StoreError;
use crate::decode::unexpected;
use crate::rates::{EventLimits, Quota, Subject};
use crate::scripts::{Legible, Rest, answered_in_words};

/// What came of one event. Its quotas are two numbers each: how many are left, and for how many milliseconds.
pub(crate) enum EventAnswer {
    Accepted(EventId, u32, bool, Rest<u64>),
    /// Accepted, and its account has no endpoint.
    Nobody(EventId, Rest<u64>),
    IdempotencyConflict(Vec<String>),
    OverBudget,
    RateLimited(Rest<u64>),
    /// It has none yet: an endpoint of its account has to make room for it. No further event has one.
    NeedsRoom,
    /// It has none yet: the filters of its account have to be asked first, which are these. No further event has one.
    Filters(AccountId, String, HashMap<String, String>),
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
    "rate_limited" => RateLimited(quotas),
    "needs_room" => NeedsRoom,
    "filters" => Filters(account, version, filters),
    "unreadable" => Unreadable,
    "made_room" => MadeRoom,
});

impl Legible<EventAnswer> {
    /// The result of one event that was accepted or refused within these limits.
    pub(in super::super) fn result(self, limits: &EventLimits) -> AcceptResult {
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
            EventAnswer::RateLimited(quotas) => (AcceptOutcome::RateLimited, quotas.0),
            // Somebody changes the filters again and again.
            EventAnswer::Filters(..) => return Err(unexpected("filters that change all the time")),
            EventAnswer::Unreadable => return Err(unexpected("account")),
            EventAnswer::MadeRoom => return Err(unexpected("answer")),
        };
        let quotas = limits.set().zip(left.chunks(2));
        Ok(Counted {
            outcome,
            quotas: quotas
                .map(|((subject, _), numbers)| quota(subject, numbers))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn quota(subject: Subject, numbers: &[u64]) -> Result<Quota, StoreError> {
    let [left, ends_in] = *numbers else {
        return Err(unexpected("a quota"));
    };
    Ok(Quota {
        subject,
        left: u32::try_from(left).map_err(|_| unexpected("a quota"))?,
        ends_in: Duration::from_millis(ends_in),
    })
}
