//! Rate limits: how many calls an account may make, and how many events may be pushed, in a minute.
//!
//! They are counted in Redis (`store::rates`), so that all processes share one count. What is left is told in the
//! headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) of every answer that was counted;
//! a refusal is a 429 with `Retry-After`, and is not counted. Where no limit is set, nothing is asked and nothing is told.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::AccountId;
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use store::rates::{EventLimits, Quota, Subject, WINDOW};

use crate::app::App;
use crate::problem::{Code, Problem};

/// The header that tells what the limits are.
pub const POLICY_HEADER: &str = "RateLimit-Policy";

/// The header that tells what is left of them.
pub const LEFT_HEADER: &str = "RateLimit";

/// Below it are the calls of the backend; every other path that is limited is the dashboard's.
const BACKEND_PATHS: &str = "/api/events";

/// How many may come in a minute; 0 for any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls of the dashboard, for each account.
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

    /// The limits of events that are pushed with this service key.
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

    const fn limits_events(&self) -> bool {
        self.events_per_key > 0 || self.events_per_account > 0
    }

    fn concern(&self, path: &str) -> bool {
        if path.starts_with(BACKEND_PATHS) {
            self.limits_events()
        } else {
            self.dashboard > 0
        }
    }

    const fn of(&self, subject: Subject) -> u32 {
        match subject {
            Subject::Dashboard => self.dashboard,
            Subject::ServiceKey => self.events_per_key,
            Subject::Account => self.events_per_account,
        }
    }

    /// The refusal of what had nothing left.
    #[must_use]
    pub fn refusal(&self, quotas: &[Quota]) -> Problem {
        let exhausted = quotas.iter().filter(|quota| quota.left == 0);
        let Some(quota) = exhausted.max_by_key(|quota| quota.ends_in) else {
            return Problem::new(Code::RateLimited).retry_after(seconds(WINDOW));
        };
        let (most, wait) = (self.of(quota.subject), seconds(quota.ends_in));
        let limit = match quota.subject {
            Subject::Dashboard => format!("An account may make {most} calls in a minute."),
            Subject::ServiceKey => format!("A service key may push {most} events in a minute."),
            Subject::Account => format!("An account may have {most} events in a minute."),
        };
        Problem::new(Code::RateLimited)
            .detail(format!("{limit} Send the same again in {wait} s."))
            .retry_after(wait)
    }
}

/// What a request was counted towards, for the headers of its answer.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<Quota>>>);

impl Ledger {
    /// The ledger of a request; one that nobody reads if its answer tells nothing.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_default()
    }

    /// Notes what is left. Of several of the same kind, as in a batch, the lowest is told.
    pub fn note(&self, quotas: &[Quota]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for quota in quotas {
            match noted.iter_mut().find(|known| known.subject == quota.subject) {
                Some(known) if known.left <= quota.left => {}
                Some(known) => *known = *quota,
                None => noted.push(*quota),
            }
        }
    }

    fn tell(&self, limits: &RateLimits, headers: &mut HeaderMap) {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.is_empty() {
            return;
        }
        let (mut policies, mut left) = (String::new(), String::new());
        for quota in noted.iter() {
            let name = match quota.subject {
                Subject::Dashboard => "dashboard",
                Subject::ServiceKey => "key",
                Subject::Account => "account",
            };
            let comma = if policies.is_empty() { "" } else { ", " };
            let (most, window) = (limits.of(quota.subject), WINDOW.as_secs());
            let ends_in = seconds(quota.ends_in);
            // Writing to a string doesn't fail.
            write!(policies, "{comma}\"{name}\";q={most};w={window}").unwrap_or_default();
            write!(left, "{comma}\"{name}\";r={};t={ends_in}", quota.left).unwrap_or_default();
        }
        for (name, value) in [("ratelimit-policy", policies), ("ratelimit", left)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Counts a call of the dashboard.
///
/// # Errors
///
/// [`Problem`] when the account has made as many as it may, or Redis fails.
pub async fn count_call(app: &App, account: &AccountId, ledger: &Ledger) -> Result<(), Problem> {
    let limits = &app.limits.rates;
    if limits.dashboard == 0 {
        return Ok(());
    }
    let (is_allowed, quota) = app.store.get()?.count_call(account, limits.dashboard).await?;
    ledger.note(&[quota]);
    if is_allowed {
        Ok(())
    } else {
        Err(limits.refusal(&[quota]))
    }
}

/// Whole seconds, so many that the time is over then.
fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
}

/// Tells, in the headers of each answer, what is left.
#[derive(Debug)]
pub(crate) struct Told<E> {
    inner: E,
    limits: RateLimits,
}

impl<E> Told<E> {
    pub(crate) const fn new(inner: E, limits: RateLimits) -> Self {
        Self { inner, limits }
    }
}

impl<E: Endpoint> Endpoint for Told<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if !self.limits.concern(request.uri().path()) {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        let ledger = Ledger::default();
        request.set_data(ledger.clone());
        let mut response = match self.inner.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => error.into_response(),
        };
        ledger.tell(&self.limits, response.headers_mut());
        Ok(response)
    }
}

#[cfg(test)]
mod tests;
