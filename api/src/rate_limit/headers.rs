//! The headers `RateLimit-Policy` and `RateLimit`, which tell clients the limits and what is left of them.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use store::rates::{Quota, Subject, WINDOW};

use super::{RateLimits, seconds};
use crate::access::Access;
use crate::problem;

/// The header with the limits.
pub const POLICY_HEADER: &str = "RateLimit-Policy";

/// The header with what is left of them.
pub const LEFT_HEADER: &str = "RateLimit";

/// The quotas that a request was counted towards, gathered while a call answers it, for the headers of the answer.
#[derive(Debug, Clone, Default)]
pub struct Quotas(Arc<Mutex<Vec<Quota>>>);

impl Quotas {
    /// The quotas of a request; if no limit concerns it, nobody reads them.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_default()
    }

    /// Notes what is left. If the same limit counts several times, as in a batch, the lowest number stays.
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

    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.is_empty() {
            return;
        }
        let (mut policies, mut left) = (String::new(), String::new());
        for quota in noted.iter() {
            let name = match quota.subject {
                Subject::Dashboard => "dashboard",
                Subject::Keys => "keys",
                Subject::Portal => "portal",
                Subject::Manage => "manage",
                Subject::ServiceKey => "key",
                Subject::Account => "account",
            };
            let comma = if policies.is_empty() { "" } else { ", " };
            let (most, window) = (quota.most, WINDOW.as_secs());
            let ends_in = seconds(quota.ends_in);
            // Writing to a string can't fail.
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

/// Adds the headers to each answer whose request was counted.
#[derive(Debug)]
pub(crate) struct RateLimitHeaders<E> {
    inner: E,
    limits: RateLimits,
}

impl<E> RateLimitHeaders<E> {
    pub(crate) const fn new(inner: E, limits: RateLimits) -> Self {
        Self { inner, limits }
    }
}

impl<E: Endpoint> Endpoint for RateLimitHeaders<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let callers = request.data::<Access>().copied().unwrap_or(Access::Open);
        if !self.limits.concern(callers) {
            return self.inner.call(request).await.map(IntoResponse::into_response);
        }
        let quotas = Quotas::default();
        request.set_data(quotas.clone());
        let mut response = match self.inner.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => problem::answer_to(error),
        };
        quotas.write(response.headers_mut());
        Ok(response)
    }
}
