//! Rate limits: how many calls an account may make in a minute, and how many events backends may push.
//!
//! Redis counts (`store::rates`), so all processes share one count. The answer to a request that was counted says what is
//! left, in the headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11). Beyond a limit we answer
//! 429 with `Retry-After`, and don't count the request. Where no limit is set, we neither ask Redis nor add the headers.

mod headers;

pub(crate) use headers::RateLimitHeaders;
pub use headers::{LEFT_HEADER, POLICY_HEADER, Quotas};

use std::time::Duration;

use clap::Args;
use store::rates::{EventLimits, Quota, Subject, WINDOW};

use crate::access::Access;
use crate::problem::{Code, Problem};

/// The variables that set the rate limits.
#[derive(Debug, Clone, Copy, Args)]
pub struct RateLimitArgs {
    /// Calls that an account may make in a minute at the dashboard; its keys may make as many, and so may its portal sessions, and the
    /// backend in its name.
    /// Beyond them 429. 0: no limit.
    #[arg(long, env, default_value_t = 600)]
    pub rate_limit_dashboard: u32,

    /// Events that may be pushed with one service key in a minute; beyond them 429. 0: no limit.
    #[arg(long, env, default_value_t = 0)]
    pub rate_limit_events_per_key: u32,

    /// Events that may be pushed for one account in a minute; beyond them 429. 0: no limit.
    #[arg(long, env, default_value_t = 0)]
    pub rate_limit_events_per_account: u32,
}

impl RateLimitArgs {
    /// The limits that follow.
    #[must_use]
    pub const fn limits(&self) -> RateLimits {
        RateLimits {
            dashboard: self.rate_limit_dashboard,
            events_per_key: self.rate_limit_events_per_key,
            events_per_account: self.rate_limit_events_per_account,
        }
    }
}

/// How many may come in a minute; 0 means no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls for each account, of each kind of caller.
    pub dashboard: u32,
    /// Events, for each service key.
    pub events_per_key: u32,
    /// Events, for each account.
    pub events_per_account: u32,
}

impl RateLimits {
    /// Any number of everything.
    pub const NONE: Self = Self {
        dashboard: 0,
        events_per_key: 0,
        events_per_account: 0,
    };

    /// The limits for events that come with this service key.
    #[must_use]
    pub fn of_events(&self, key: &str) -> EventLimits {
        if self.limits_events() {
            EventLimits {
                key: key.to_owned(),
                per_key: self.events_per_key,
                per_account: self.events_per_account,
            }
        } else {
            EventLimits::NONE
        }
    }

    pub(crate) const fn limits_events(&self) -> bool {
        self.events_per_key > 0 || self.events_per_account > 0
    }

    /// Whether calls that these may make are limited.
    const fn concern(&self, callers: Access) -> bool {
        match callers {
            Access::Open => false,
            // An account may have a limit of its own.
            Access::Backend => true,
            Access::Account(_) | Access::People(_) | Access::Owner(_) | Access::Manage => self.dashboard > 0,
        }
    }
}

/// The refusal of a request that exceeded one of these quotas.
#[must_use]
pub fn refusal(quotas: &[Quota]) -> Problem {
    let exhausted = quotas.iter().filter(|quota| quota.left == 0);
    let Some(quota) = exhausted.max_by_key(|quota| quota.ends_in) else {
        let wait = seconds(WINDOW);
        return Problem::new(Code::RateLimited)
            .retry_after(wait)
            .param("retryAfter", wait);
    };
    let (most, wait) = (quota.most, seconds(quota.ends_in));
    let limit = match quota.subject {
        Subject::Dashboard => format!("An account may make {most} calls in a minute."),
        Subject::Keys => format!("The keys of an account may make {most} calls in a minute together."),
        Subject::Portal => {
            format!("The portal sessions of an account may make {most} calls in a minute together.")
        }
        Subject::Manage => format!("The backend may make {most} calls in a minute for one account."),
        Subject::ServiceKey => format!("A service key may push {most} events in a minute."),
        Subject::Account => format!("An account may have {most} events in a minute."),
    };
    Problem::new(Code::RateLimited)
        .detail(format!("{limit} Send the same again in {wait} s."))
        .retry_after(wait)
        .param("max", most)
        .param("retryAfter", wait)
}

/// The span in whole seconds, rounded up: after them it is over.
fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
