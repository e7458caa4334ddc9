//! What an operator reads of the past, with the rights of `operator`: without scripts.

use std::collections::HashMap;

use ::history::{Class, Entry, EventsDescriptor, FinishedEvent, Place, unpack_events};
use domain::id::{AccountId, EndpointId, EventId};

use super::event_blocks::CLOCKS_DIFFER_MS;
use crate::{Store, StoreError};

/// How many descriptors one command reads.
const STEP: usize = 500;

/// A piece of a stream, as Redis answers it.
type Read = Vec<(String, Vec<(String, String)>)>;

impl Store {
    /// The account that an endpoint belongs to; `None` if there is no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn account_of(&self, endpoint: &EndpointId) -> Result<Option<AccountId>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.keys().key(&format!("endpoint:{endpoint}")))
            .arg("account");
        let (account,): (Option<String>,) = self.query(&read).await?;
        Ok(account.and_then(|account| account.parse().ok()))
    }

    /// The newest entries of an endpoint's log before a place, newest first, at most so many, wherever they are.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn log_before(
        &self,
        endpoint: &EndpointId,
        mut before: Place,
        most: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut range = redis::cmd("XREVRANGE");
        range.arg(self.keys().key(&format!("log:{endpoint}")));
        range.arg(format!("({before}")).arg("-").arg("COUNT").arg(most);
        let read: Read = self.query(&range).await?;
        let mut found: Vec<Entry> = read
            .into_iter()
            .filter_map(|(id, fields)| {
                Some(Entry {
                    place: id.parse().ok()?,
                    fields,
                })
            })
            .collect();
        // What is packed since the stream was read is not older than what it had.
        before = found.last().map_or(before, |entry| entry.place);
        for block in self.log_blocks_before(endpoint, before, 0, STEP).await? {
            if found.len() >= most {
                break;
            }
            let entries = self.log_block(&block).await?.map(|block| block.entries);
            let older = entries.into_iter().flatten().rev();
            found.extend(older.filter(|entry| entry.place < before));
        }
        found.truncate(most);
        Ok(found)
    }

    /// The payload of an event, with its type, wherever it is; `None` if it is no longer kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn payload_anywhere(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let mut read = redis::cmd("HGETALL");
        read.arg(self.keys().key(&format!("event:{event}")));
        let mut fields: HashMap<String, Vec<u8>> = self.query(&read).await?;
        if fields.get("account").map(Vec::as_slice) == Some(account.as_str().as_bytes())
            && let Some(body) = fields.remove("body")
        {
            let kind = fields.remove("event").unwrap_or_default();
            return Ok(Some((String::from_utf8_lossy(&kind).into_owned(), body)));
        }
        let packed = self.packed_for_operator(account, event).await?;
        Ok(packed.map(|event| (event.kind, event.body)))
    }

    /// An event that was packed, if it is still kept.
    pub(crate) async fn packed_for_operator(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<FinishedEvent>, StoreError> {
        for class in [Class::Exhausted, Class::Delivered] {
            if let Some(event) = self.search_blocks_of(account, class, event).await? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Looks into every block that may have an event by its time.
    async fn search_blocks_of(
        &self,
        account: &AccountId,
        class: Class,
        event: &EventId,
    ) -> Result<Option<FinishedEvent>, StoreError> {
        let index = self.keys().key(&format!("blocks:{}:{account}", class.as_str()));
        let accepted = event.time().as_millis();
        for number in 0.. {
            let mut range = redis::cmd("ZRANGE");
            range
                .arg(&index)
                .arg(accepted.saturating_sub(CLOCKS_DIFFER_MS))
                .arg("+inf");
            range.arg("BYSCORE").arg("LIMIT").arg(number * STEP).arg(STEP);
            let read: Vec<String> = self.query(&range).await?;
            let blocks = read.iter().filter_map(|text| text.parse().ok());
            let may_have =
                |block: &EventsDescriptor| (block.accepted.0..=block.accepted.1).contains(&accepted);
            for block in blocks.filter(may_have) {
                let block = self.block(&block.block, unpack_events).await?;
                let events = block.into_iter().flat_map(|block| block.events);
                let found = events.into_iter().find(|one| one.id == *event);
                if found.is_some() {
                    return Ok(found);
                }
            }
            if read.len() < STEP {
                break;
            }
        }
        Ok(None)
    }
}
