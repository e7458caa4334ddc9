//! Switching on again, for an operator, what failures have disabled since a moment: after a trouble that was not the receivers'.
//!
//! It goes through the endpoints in bounded steps, also on a live system. One script switches an endpoint on, if it is still as it
//! was found; the whole can be repeated at any time.

use domain::clock::Timestamp;
use domain::endpoint::DisabledReason;
use domain::id::{AccountId, EndpointId};

use super::operation_id;
use crate::scripts::script;
use crate::{Store, StoreError};

script! {
    /// Switches an endpoint on that failures have disabled at this time or later; whether it did.
    "endpoint_enable": AllowOom, Writes, needs [ROUTES, SWEEPS, ENABLE, TERMS, AUDIT];
    struct EndpointEnable<'a> {
        endpoint: &'a EndpointId,
        operation: &'a str,
        since: Timestamp,
        order: &'a str
    } -> bool
}

/// An endpoint that failures in a row have disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedEndpoint {
    /// The endpoint.
    pub id: EndpointId,
    /// The account that owns it.
    pub account: AccountId,
    /// When it was disabled.
    pub disabled_at: Timestamp,
}

/// What switching on came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EnableReport {
    /// Endpoints that were looked at.
    pub endpoints: u64,
    /// Those that were switched on, or would be in a dry run.
    pub enabled: u64,
}

impl Store {
    /// Switches on the endpoints that failures in a row have disabled at `since` or later, and releases what is parked there; a
    /// dry run only finds them. What said that it is gone, and what its owner switched off, stays. Calls `found` with each, and
    /// `progress` with the number of endpoints that it has looked at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. What was switched on until then stays so.
    pub async fn enable_disabled(
        &self,
        since: Timestamp,
        dry_run: bool,
        found: &(dyn Fn(&FailedEndpoint) + Sync),
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<EnableReport, StoreError> {
        let mut report = EnableReport::default();
        let mut cursor = None;
        loop {
            let (endpoints, next) = self.scan_endpoints(cursor).await?;
            for (id, key) in endpoints {
                report.endpoints += 1;
                progress(report.endpoints);
                let Some(endpoint) = self.failed_endpoint(id, &key).await? else {
                    continue;
                };
                // A key may come twice. It is switched on, and counted, once.
                let counts = endpoint.disabled_at >= since
                    && (dry_run || self.enable_if_disabled(&endpoint.id, since).await?);
                if counts {
                    report.enabled += 1;
                    found(&endpoint);
                }
            }
            if next.is_none() {
                return Ok(report);
            }
            cursor = next;
        }
    }

    async fn failed_endpoint(&self, id: EndpointId, key: &str) -> Result<Option<FailedEndpoint>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(key)
            .arg("account")
            .arg("disabledReason")
            .arg("disabledAt");
        let (account, reason, at): (Option<String>, Option<String>, Option<i64>) = self
            .query(&read)
            .await
            .or_else(|error| error.unless_overwritten((None, None, None)))?;
        let account = account.and_then(|account| account.parse().ok());
        let is_by_failures = reason.as_deref() == Some(DisabledReason::ConsecutiveFailures.as_str());
        let at = at.and_then(Timestamp::from_millis).filter(|_| is_by_failures);
        Ok(account.zip(at).map(|(account, disabled_at)| FailedEndpoint {
            id,
            account,
            disabled_at,
        }))
    }

    /// Switches an endpoint on that failures in a row have disabled at `since` or later; whether it did.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn enable_if_disabled(
        &self,
        endpoint: &EndpointId,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let operation = &operation_id();
        self.call(&EndpointEnable {
            endpoint,
            operation,
            since,
            order: self.order(),
        })
        .await
    }
}
