//! All endpoints of the store, a few at a time: for whoever has to look at each, and can wait.

use domain::id::EndpointId;

use crate::{Store, StoreError};

/// About how many keys one step looks at.
const STEP: u32 = 500;

/// Where the next step goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanCursor(u64);

impl Store {
    /// One step through all endpoints: some of them, each with its key, and where the next step goes on; `None` at the end. Begin
    /// with `None`. An endpoint that is there all the time comes at least once, and may come twice.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn scan_endpoints(
        &self,
        cursor: Option<ScanCursor>,
    ) -> Result<(Vec<(EndpointId, String)>, Option<ScanCursor>), StoreError> {
        let prefix = self.keys().key("endpoint:");
        let mut scan = redis::cmd("SCAN");
        // The braces of the prefix mean nothing to a pattern.
        scan.arg(cursor.map_or(0, |cursor| cursor.0))
            .arg("MATCH")
            .arg(format!("{prefix}*"))
            .arg("COUNT")
            .arg(STEP);
        let (next, keys): (u64, Vec<String>) = self.query(&scan).await?;
        let endpoints = keys
            .into_iter()
            .filter_map(|key| Some((key.strip_prefix(&prefix)?.parse().ok()?, key)))
            .collect();
        Ok((endpoints, (next != 0).then_some(ScanCursor(next))))
    }
}
