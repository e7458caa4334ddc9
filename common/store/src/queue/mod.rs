//! The queue as workers use it: one call reports finished leases and fetches new ones ([`Store::work`]); upkeep, which nobody
//! waits for, runs beside it.
//!
//! Fair shares: accounts take turns (`ready`), their endpoints within them, and each turn serves a few deliveries. Endpoints that are
//! slow have a lane of their own (`ready:slow`), from which a worker takes only as many as it can spare.

mod answered;
mod handed;
mod lease;
mod line;
mod report;
mod rules;
mod script;
mod upkeep;
mod work;

use std::sync::Arc;
use std::time::Duration;

use domain::id::EndpointId;

use super::policy::Policy;
use super::scripts::Answer;
use super::{Store, StoreError};

pub use handed::{Handed, Woken};
pub use lease::{Leased, LeasedEndpoint, LeasedEvent};
pub use report::{AttemptRecord, Outcome, Phases, Receipt, Report};
pub(crate) use script::Work;
use script::reply;
pub(crate) use upkeep::UpkeepStep;
pub use upkeep::{Released, UpkeepReply, Wish};
pub use work::{MAX_FETCH, MAX_REPORTS, Standby, WorkReply, WorkRequest};

/// One run of a worker process: no two runs share it. Fences calls that arrive late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incarnation(String);

/// A lease's fencing token. Opaque: only the lease's holder can complete it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseToken(Arc<str>);

impl LeaseToken {
    /// Takes a token's text.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text.into())
    }

    /// The token's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of a delivery that probes a disabled endpoint: then its failure is no strike.
    #[must_use]
    pub fn is_of_probe(&self) -> bool {
        self.0.rsplit('|').nth(3) == Some("0")
    }

    /// The attempt's number, as it stands there.
    fn attempt(&self) -> &str {
        self.0.rsplit('|').nth(1).unwrap_or_default()
    }
}

impl Incarnation {
    /// A new, random one.
    #[must_use]
    pub fn random() -> Self {
        Self(EndpointId::random().as_str().trim_start_matches("ep_").to_owned())
    }
}

impl Store {
    /// Records reports, then leases deliveries: one step. Repeating it with the same sequence (from 1) changes nothing,
    /// and returns the same receipts and those of the leases that still stand.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: repeat it with the same sequence.
    pub async fn work(
        &self,
        incarnation: &Incarnation,
        policy: &Policy,
        request: &WorkRequest,
    ) -> Result<WorkReply, StoreError> {
        let reply = reply(self.call(&Work::of(incarnation, policy, request)).await?)?;
        if !request.reports.is_empty() || !reply.leased.is_empty() {
            self.quiet().stir();
        }
        Ok(reply)
    }

    /// Waits on a connection of its own, for `timeout` at most, until there is something to do for a worker.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. What the worker was handed may be lost then, which its next call has to say ([`Standby::missed`]).
    pub async fn wait_for_work(
        &self,
        incarnation: &Incarnation,
        timeout: Duration,
    ) -> Result<Woken, StoreError> {
        let keys = self.keys();
        let mut command = redis::cmd("BLPOP");
        command
            .arg(keys.key(&format!("handed:{}", incarnation.0)))
            .arg(keys.key("wake"))
            .arg(timeout.as_secs_f64());
        let woken = Woken::read(self.query_wake(timeout, &command).await?)?;
        if !matches!(woken, Woken::Nothing) {
            self.quiet().stir();
        }
        Ok(woken)
    }
}
