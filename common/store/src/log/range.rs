//! Reading a piece of a log without a script.

use redis::Value;

use super::entry::RawEntry;
use crate::scripts::Answer as _;
use crate::{Store, StoreError};
use domain::id::EndpointId;

/// Which way a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    OldestFirst,
    NewestFirst,
}

impl Store {
    pub(crate) fn log_key(&self, endpoint: &EndpointId) -> String {
        self.keys().key(&format!("log:{endpoint}"))
    }

    /// The first `count` entries from `start` on, which Redis reads as the end of a range: `-`, `+`, `<id>` or `(<id>`.
    pub(super) async fn read_log(
        &self,
        endpoint: &EndpointId,
        order: Order,
        start: &str,
        count: usize,
    ) -> Result<Vec<RawEntry>, StoreError> {
        let (command, end) = match order {
            Order::OldestFirst => ("XRANGE", "+"),
            Order::NewestFirst => ("XREVRANGE", "-"),
        };
        let mut range = redis::cmd(command);
        range.arg(self.log_key(endpoint)).arg(start).arg(end);
        range.arg("COUNT").arg(count);
        let found = self
            .query(&range)
            .await
            .or_else(|error| error.unless_overwritten(Value::Array(Vec::new())))?;
        Vec::read(found)
    }
}
