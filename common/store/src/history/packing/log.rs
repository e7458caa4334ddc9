//! Packing an endpoint's log.

use ::history::{BlockId, Entry, LogBlock, Place, pack_log};
use domain::id::{AccountId, EndpointId, EventId};

use super::super::answers::{has_answer_to, is_about};
use super::{Enough, NewBlock, Source, fitting};
use crate::decode::parse;
use crate::scripts::script;
use crate::{Store, StoreError};

/// How many entries are read at a time, and at most.
const STEP: usize = 500;
const MOST: usize = 4000;

/// The most bytes of texts in a block, but for the last piece that was read.
const MOST_BYTES: usize = 1 << 20;

script! {
    /// Puts a block in the place of the oldest entries of an endpoint's log.
    "history_write_log": AllowOom, Writes, needs [OWNER, LOG_NUMBERS, BLOCKS, HERE];
    struct HistoryWriteLog<'a> {
        endpoint: &'a EndpointId,
        account: &'a AccountId,
        block: String,
        content: &'a [u8],
        descriptor: &'a str,
        first: String,
        last: String,
        behind: String,
        /// How often something had been erased of the log before its entries were read.
        erased: &'a str
    } -> super::Written
}

/// Entries of a log, as they were read.
#[derive(Debug, Clone)]
pub struct UnpackedLog {
    account: AccountId,
    endpoint: EndpointId,
    entries: Vec<Entry>,
    erased: String,
}

/// The entries that a block takes the place of.
#[derive(Debug, Clone)]
pub(super) struct LogSource {
    account: AccountId,
    endpoint: EndpointId,
    pub(super) first: Place,
    pub(super) last: Place,
    /// What its entries took (bytes).
    pub(super) unpacked: u64,
    erased: String,
}

impl Store {
    pub(super) async fn read_log_to_pack(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        enough: &Enough,
    ) -> Result<Option<UnpackedLog>, StoreError> {
        let erased = self.log_erased(endpoint).await?;
        let (mut entries, mut from) = (Vec::new(), "-".to_owned());
        let (mut size, mut most) = (0, MOST);
        while entries.len() < most && size < MOST_BYTES {
            let (length, piece) = self
                .read_log_piece(endpoint, &from, STEP.min(most - entries.len()))
                .await?;
            if entries.is_empty() {
                // It only grows meanwhile, or its first entries go: then the block is refused.
                most = most.min(length.saturating_sub(enough.log_kept));
            }
            let Some((last, _)) = piece.last() else { break };
            from = format!("({last}");
            for (place, fields) in piece {
                size += fields.iter().map(Vec::len).sum::<usize>();
                entries.push(entry(&place, fields)?);
            }
        }
        entries.truncate(most);
        let is_enough = entries.len() >= enough.entries || size >= MOST_BYTES;
        Ok(is_enough.then(|| UnpackedLog {
            account: account.clone(),
            endpoint: endpoint.clone(),
            entries,
            erased,
        }))
    }
}

impl Store {
    /// How often something was erased of a log.
    async fn log_erased(&self, endpoint: &EndpointId) -> Result<String, StoreError> {
        let key = self.keys().key(&format!("endpoint:{endpoint}"));
        let (erased,): (Option<String>,) = self
            .query(redis::cmd("HMGET").arg(key).arg("logErased"))
            .await
            .or_else(|error: StoreError| error.unless_overwritten((None,)))?;
        Ok(erased.unwrap_or_default())
    }

    /// Whether what isn't packed of a log has, since then (ms), what a receiver answered to an event.
    pub(crate) async fn log_has_answer_to(
        &self,
        endpoint: &EndpointId,
        event: &EventId,
        since: u64,
    ) -> Result<bool, StoreError> {
        let mut from = since.to_string();
        loop {
            let (_, piece) = self.read_log_piece(endpoint, &from, STEP).await?;
            let Some((last, _)) = piece.last() else {
                return Ok(false);
            };
            from = format!("({last}");
            for (place, fields) in piece {
                if has_answer_to(&entry(&place, fields)?, event) {
                    return Ok(true);
                }
            }
        }
    }

    /// Whether a log has an entry about a delivery of this event at this time (ms), packed or not.
    pub(crate) async fn log_has_at(
        &self,
        endpoint: &EndpointId,
        event: &EventId,
        at: u64,
    ) -> Result<bool, StoreError> {
        let (_, piece) = self.read_log_piece(endpoint, &at.to_string(), STEP).await?;
        for (place, fields) in piece {
            let entry = entry(&place, fields)?;
            if entry.place.ms == at && is_about(&entry, event) {
                return Ok(true);
            }
        }
        let from = Place { ms: at, number: 0 };
        for block in self.log_blocks_after(endpoint, from, 1).await? {
            let event = event.clone();
            let has = move |block: LogBlock| {
                let mut entries = block.entries.iter();
                entries.any(|entry| entry.place.ms == at && is_about(entry, &event))
            };
            if self.log_block_as(&block, has).await? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How long a log is, and entries of it from a place on, oldest first. No script: that would read each entry twice. Whether they are
    /// still there, and whose they are, the script looks that writes the block.
    async fn read_log_piece(
        &self,
        endpoint: &EndpointId,
        from: &str,
        most: usize,
    ) -> Result<(usize, Vec<(String, Vec<Vec<u8>>)>), StoreError> {
        let key = self.keys().key(&format!("log:{endpoint}"));
        let mut pipeline = redis::pipe();
        pipeline.cmd("XLEN").arg(&key);
        pipeline
            .cmd("XRANGE")
            .arg(&key)
            .arg(from)
            .arg("+")
            .arg("COUNT")
            .arg(most);
        self.query(&pipeline)
            .await
            .or_else(|error: StoreError| error.unless_overwritten((0, Vec::new())))
    }
}

/// An entry as Redis answers it. What is no UTF-8, nobody could read before either.
fn entry(place: &str, fields: Vec<Vec<u8>>) -> Result<Entry, StoreError> {
    let text = |bytes| {
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    };
    let (mut texts, mut pairs) = (fields.into_iter().map(text), Vec::new());
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        pairs.push((name, value));
    }
    Ok(Entry {
        place: parse(place)?,
        fields: pairs,
    })
}

/// The bytes of all texts.
fn bytes_of(entries: &[Entry]) -> u64 {
    let fields = entries.iter().flat_map(|entry| &entry.fields);
    fields
        .map(|(name, value)| (name.len() + value.len()) as u64)
        .sum()
}

impl UnpackedLog {
    pub(super) fn pack(&self) -> Result<NewBlock, StoreError> {
        let id = BlockId::random();
        let (number, packed) = fitting(self.entries.len(), |number| {
            let entries = self.entries.get(..number).unwrap_or(&self.entries);
            pack_log(&id, &self.account, &self.endpoint, entries)
        })?;
        Ok(NewBlock {
            id: id.clone(),
            content: packed.bytes,
            source: Source::Log(LogSource {
                account: self.account.clone(),
                endpoint: self.endpoint.clone(),
                first: packed.descriptor.first,
                last: packed.descriptor.last,
                unpacked: bytes_of(self.entries.get(..number).unwrap_or(&self.entries)),
                erased: self.erased.clone(),
            }),
            descriptor: packed.descriptor.to_string(),
        })
    }
}

impl LogSource {
    pub(super) fn write<'a>(&'a self, block: &'a NewBlock) -> HistoryWriteLog<'a> {
        let behind = Place {
            number: self.last.number.saturating_add(1),
            ..self.last
        };
        HistoryWriteLog {
            endpoint: &self.endpoint,
            account: &self.account,
            block: block.id.to_string(),
            content: &block.content,
            descriptor: &block.descriptor,
            first: self.first.to_string(),
            last: self.last.to_string(),
            behind: behind.to_string(),
            erased: &self.erased,
        }
    }
}
