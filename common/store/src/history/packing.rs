//! Packing, in bounded steps. Nothing is kept between them: whoever dies after any has changed nothing, or all.

mod enough;

mod entries;

mod events;

mod find;

mod log;

use std::time::{Duration, Instant};

use ::history::{BlockId, Class};
use domain::id::{AccountId, EndpointId};

use crate::decode::unexpected;
use crate::scripts::answered_in_words;
use crate::{Store, StoreError};

use enough::{AGE, Enough, LEAST_AFTER};
pub(crate) use enough::{LOG_KEPT as HEALTH_LOOKS_AT, LONG_LOG};
pub use events::UnpackedEvents;
pub(crate) use events::{HistoryReadEvents, HistoryWriteEvents};
pub(crate) use find::HistoryFind;
pub(crate) use log::HistoryWriteLog;
pub use log::UnpackedLog;

/// A block is not larger than this, unless a single event is.
const MOST_PACKED: usize = 256 << 10;

/// What is packed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Series {
    /// Finished events of an account.
    Events {
        /// The account.
        account: AccountId,
        /// What became of them.
        class: Class,
    },
    /// An endpoint's log.
    Log {
        /// The endpoint.
        endpoint: EndpointId,
        /// Whose it is.
        account: AccountId,
    },
}

/// A series that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub series: Series,
    /// Whether it is packed although a block will not be full.
    pub takes_little: bool,
}

/// What was read to be packed.
#[derive(Debug, Clone)]
pub enum Unpacked {
    /// Of finished events.
    Events(UnpackedEvents),
    /// Of a log.
    Log(UnpackedLog),
}

/// A block that is ready to be written.
#[derive(Debug, Clone)]
pub struct NewBlock {
    /// Its id.
    pub id: BlockId,
    content: Vec<u8>,
    descriptor: String,
    source: Source,
}

/// What a block takes the place of.
#[derive(Debug, Clone)]
enum Source {
    Events(events::EventsSource),
    Log(log::LogSource),
}

impl NewBlock {
    /// Whether it has entries of a log.
    #[must_use]
    pub const fn is_log(&self) -> bool {
        matches!(self.source, Source::Log(_))
    }

    /// How large it is (bytes).
    #[must_use]
    pub const fn packed_bytes(&self) -> u64 {
        self.content.len() as u64
    }

    /// What it takes the place of: texts of entries, or what its events are charged (bytes).
    #[must_use]
    pub const fn unpacked_bytes(&self) -> u64 {
        match &self.source {
            Source::Events(source) => source.charged,
            Source::Log(source) => source.unpacked,
        }
    }

    /// Whether nothing is in it: it only takes the place of events without a payload.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The times of the oldest and the newest that are in it, by the clock of scripts (ms).
    const fn span(&self) -> Option<(u64, u64)> {
        match &self.source {
            Source::Events(source) => source.finished,
            Source::Log(source) => Some((source.first.ms, source.last.ms)),
        }
    }
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there, now or already.
    Done,
    /// Something that it was made of has changed or gone; nothing was written.
    Changed,
    /// The store's forms have no blocks yet.
    Older,
}

answered_in_words! {
    Written { "written" => Done, "changed" => Changed, "older" => Older }
}

impl Store {
    /// Reads what is packed next of a series, in several bounded calls; `None` if it is not enough.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn read_unpacked(&self, found: &Found) -> Result<Option<Unpacked>, StoreError> {
        self.read_if(&found.series, &Enough::of(found.takes_little)).await
    }

    /// The same of a series that may have only an event or an entry to pack, besides the newest `log_kept` entries of a log: for whoever
    /// doesn't want to wait until it is worth it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn read_whatever_is_unpacked(
        &self,
        series: &Series,
        log_kept: usize,
    ) -> Result<Option<Unpacked>, StoreError> {
        let enough = Enough {
            charged: 1,
            entries: 1,
            log_kept,
            ..Enough::of(true)
        };
        self.read_if(series, &enough).await
    }

    /// For how long a block could have been packed by now: since a minute after the newest that is in it; or, if it was packed only because
    /// that had waited for an hour, since then.
    #[must_use]
    pub fn overdue(&self, block: &NewBlock, found: &Found) -> Duration {
        let now = self.clock().at(Instant::now());
        let span = block.span();
        span.map_or(Duration::ZERO, |span| overdue(now, span, found.takes_little))
    }

    async fn read_if(&self, series: &Series, enough: &Enough) -> Result<Option<Unpacked>, StoreError> {
        Ok(match series {
            Series::Events { account, class } => {
                let read = self.read_events_to_pack(account, *class, enough).await?;
                read.map(Unpacked::Events)
            }
            Series::Log { endpoint, account } => {
                let read = self.read_log_to_pack(account, endpoint, enough).await?;
                read.map(Unpacked::Log)
            }
        })
    }

    /// Writes a block in the place of what it was made of, in one step. Repeating it changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails; then it may have been written.
    pub async fn write_block(&self, block: &NewBlock) -> Result<Written, StoreError> {
        match &block.source {
            Source::Events(source) => {
                let keys = source.keys(self.keys());
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                self.call(&source.write(block, &keys)).await
            }
            Source::Log(source) => self.call(&source.write(block)).await,
        }
    }
}

impl Unpacked {
    /// Packs as much of it as a block takes. This takes milliseconds: not for a thread that others wait for.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unexpected`] if a single event, or entry, is larger than any block.
    pub fn pack(&self) -> Result<NewBlock, StoreError> {
        match self {
            Self::Events(events) => events.pack(),
            Self::Log(log) => log.pack(),
        }
    }
}

/// For how long it could have been packed (times in ms).
fn overdue(now: u64, (oldest, newest): (u64, u64), takes_little: bool) -> Duration {
    let (since, after) = if takes_little {
        (oldest, LEAST_AFTER)
    } else {
        (newest, AGE)
    };
    Duration::from_millis(now.saturating_sub(since)).saturating_sub(after)
}

/// Packs fewer and fewer, until they fit into a block.
fn fitting<D>(
    all: usize,
    pack: impl Fn(usize) -> Result<::history::Packed<D>, ::history::Oversized>,
) -> Result<(usize, ::history::Packed<D>), StoreError> {
    let mut number = all;
    loop {
        match pack(number) {
            Ok(packed) if packed.bytes.len() <= MOST_PACKED || number <= 1 => return Ok((number, packed)),
            Err(error) if number <= 1 => return Err(unexpected(&error.to_string())),
            Ok(_) | Err(_) => number = number.div_ceil(2),
        }
    }
}

#[cfg(test)]
mod tests;
