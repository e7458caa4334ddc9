//! Where unfinished deliveries are, of an event or of one delivery.
//!
//! No index leads there, and none is kept for what is asked for so seldom: this looks through the queues of the account's endpoints, in
//! bounded pieces. Leases come first, since a delivery whose event is erased gets none; pending lists last, since the others lead there.

use domain::id::EndpointId;

use super::SpotRecord;
use crate::{Store, StoreError};

/// How many entries of a list, and members of a set, are looked at with each call.
const PIECE: isize = 1000;

/// Where a delivery was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The key of the queue, without its prefix.
    queue: String,
    /// The entry, as it stands there.
    text: String,
}

impl Spot {
    /// The delivery that stands there, as far as that is its text.
    pub(crate) fn delivery(&self) -> &str {
        self.text.split(':').next().unwrap_or_default()
    }

    pub(crate) fn record(&self) -> SpotRecord<'_> {
        SpotRecord {
            queue: &self.queue,
            text: &self.text,
        }
    }
}

impl Store {
    /// The unfinished deliveries whose ids begin like this, as far as they stay where they are meanwhile. Those that upkeep cancels anyway
    /// are not among them.
    pub(crate) async fn unfinished_deliveries(
        &self,
        endpoints: &[EndpointId],
        stem: &str,
    ) -> Result<Vec<Spot>, StoreError> {
        let mut found = self.search_set("leases", stem).await?;
        found.extend(self.search_set("quarantine", stem).await?);
        for endpoint in endpoints {
            found.extend(self.search_set(&format!("retry:{endpoint}"), stem).await?);
            for queue in self.releasing(endpoint).await? {
                found.extend(if queue.ends_with(":pending") {
                    self.search_list(&queue, stem).await?
                } else {
                    self.search_set(&queue, stem).await?
                });
            }
            found.extend(self.search_list(&format!("pending:{endpoint}"), stem).await?);
        }
        Ok(found)
    }

    /// An endpoint's queues that are on their way back to its list.
    async fn releasing(&self, endpoint: &EndpointId) -> Result<Vec<String>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.keys().key(&format!("endpoint:{endpoint}")))
            .arg("releasing");
        let (named,): (Option<String>,) = self
            .query(&read)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None,)))?;
        let prefix = self.keys().key("");
        let named = named.unwrap_or_default();
        let names = named
            .split_whitespace()
            .filter_map(|key| key.strip_prefix(&prefix));
        Ok(names.map(str::to_owned).collect())
    }

    /// From its end on: what is pushed there meanwhile moves what was not yet seen into the next piece, and not past it.
    async fn search_list(&self, queue: &str, stem: &str) -> Result<Vec<Spot>, StoreError> {
        let key = self.keys().key(queue);
        let (mut found, mut from_end): (Vec<Spot>, isize) = (Vec::new(), 0);
        loop {
            let mut read = redis::cmd("LRANGE");
            read.arg(&key).arg(-from_end - PIECE).arg(-from_end - 1);
            let piece: Vec<String> = self
                .query(&read)
                .await
                .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
            let is_last = piece.len() < PIECE.unsigned_abs();
            for text in piece.into_iter().filter(|text| text.starts_with(stem)) {
                let spot = Spot {
                    queue: queue.to_owned(),
                    text,
                };
                if !found.contains(&spot) {
                    found.push(spot);
                }
            }
            if is_last {
                return Ok(found);
            }
            from_end += PIECE;
        }
    }

    async fn search_set(&self, queue: &str, stem: &str) -> Result<Vec<Spot>, StoreError> {
        let key = self.keys().key(queue);
        let (mut found, mut cursor) = (Vec::new(), 0_u64);
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(&key).arg(cursor).arg("MATCH").arg(format!("{stem}*"));
            scan.arg("COUNT").arg(PIECE);
            let (next, members): (u64, Vec<(String, String)>) = self
                .query(&scan)
                .await
                .or_else(|error: StoreError| error.unless_overwritten((0, Vec::new())))?;
            for (text, _) in members {
                let spot = Spot {
                    queue: queue.to_owned(),
                    text,
                };
                if !found.contains(&spot) {
                    found.push(spot);
                }
            }
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }
}
