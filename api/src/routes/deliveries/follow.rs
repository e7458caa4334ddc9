//! What goes on behind a live stream: one task follows the log and hands over what is to be sent.
//!
//! The task runs by itself, not when the client reads, so that a client that reads nothing holds neither a connection to
//! Redis nor the stop of the server. It hands over one piece at a time: a slow client is waited for, and given up after
//! [`PATIENCE`]; what it has not read meanwhile stays in the log.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::clock::Timestamp;
use domain::id::{AccountId, EndpointId};
use store::log::{EntryId, LogEntry, LogTail};
use store::{Store, StoreError};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, interval_at, sleep, timeout};

use super::stream_events::{self, EndReason};
use crate::app::App;
use crate::cursor::CursorScope;
use crate::streams::{Place, Streams};

/// How long a stream is silent at most. That a client is gone shows when something is sent to it, at the latest by the second
/// time.
const BEAT: Duration = Duration::from_secs(3);

/// How long one look into the log waits; as often it is seen whether the endpoint is still there.
const LOOK: Duration = Duration::from_secs(5);

/// How long a client may leave a piece unread.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait after Redis failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Everything that a stream needs.
pub(super) struct Follower {
    pub(super) app: App,
    pub(super) store: Store,
    pub(super) account: AccountId,
    pub(super) endpoint: EndpointId,
    pub(super) tail: LogTail,
    /// Whether the client said where it was, and we can't read that.
    pub(super) is_lost: bool,
    /// The end of the latest gap that the client knows of.
    pub(super) told: Option<EntryId>,
    /// When the session token expires, in seconds since 1970.
    pub(super) expires_at: i64,
}

/// The client is gone, or too slow.
struct Gone;

impl Follower {
    /// Starts to follow; what is to be sent comes out of the receiver. The place is given back at the end.
    pub(super) fn start(self, place: Place) -> Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(self.run(place, sender));
        receiver
    }

    async fn run(mut self, place: Place, sender: Sender<Bytes>) {
        let left = self.expires_at.saturating_sub(Timestamp::now().as_seconds());
        let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
        let streams: Arc<Streams> = Arc::clone(&self.app.streams);
        let reason = tokio::select! {
            () = sender.closed() => return,
            () = streams.stopped() => EndReason::Stopping,
            () = sleep(left) => EndReason::TokenExpired,
            ended = self.follow(&sender) => match ended {
                Ok(reason) => reason,
                Err(Gone) => return,
            },
        };
        // The last word needs neither a place nor Redis.
        drop((self, place));
        let said = timeout(PATIENCE, sender.send(stream_events::end(reason))).await;
        tracing::debug!(?reason, heard = matches!(said, Ok(Ok(()))), "a live stream ended");
    }

    async fn follow(&mut self, sender: &Sender<Bytes>) -> Result<EndReason, Gone> {
        let begin = self.tail.position();
        let cursor = self.scope().write(&begin);
        // What Redis can't tell now is told with the next entries.
        let dropped = self
            .store
            .log_gap(&self.endpoint, begin)
            .await
            .unwrap_or_default();
        let gap = dropped.or(self.is_lost.then_some(begin));
        hand_over(sender, stream_events::beginning(&cursor, begin, gap)).await?;
        self.told = dropped;
        loop {
            let before = self.tail.position();
            let entries = match self.look(sender).await? {
                Ok(entries) => entries,
                Err(StoreError::Replaced(_)) => return Ok(EndReason::StoreReplaced),
                Err(error) => {
                    tracing::debug!(%error, "a live stream waits for Redis");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            if !entries.is_empty() {
                hand_over(sender, self.piece(before, entries).await).await?;
            } else if let Some(reason) = self.is_over().await {
                return Ok(reason);
            }
        }
    }

    /// What was logged next, if something was within [`LOOK`]; meanwhile the client hears that the stream lives.
    async fn look(&mut self, sender: &Sender<Bytes>) -> Result<Result<Vec<LogEntry>, StoreError>, Gone> {
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        let mut next = pin!(self.tail.next(LOOK));
        loop {
            tokio::select! {
                found = &mut next => return Ok(found),
                _ = beat.tick() => hand_over(sender, stream_events::heartbeat()).await?,
            }
        }
    }

    /// Why there is nothing more to follow, as far as Redis can be asked.
    async fn is_over(&self) -> Option<EndReason> {
        match self.store.get_endpoint(&self.account, &self.endpoint).await {
            Ok(None) => Some(EndReason::EndpointRemoved),
            Err(StoreError::Replaced(_)) => Some(EndReason::StoreReplaced),
            _ => None,
        }
    }

    /// Entries as events, with a word before them if others were dropped from the log meanwhile.
    async fn piece(&self, before: EntryId, entries: Vec<LogEntry>) -> Bytes {
        let gap = self.store.log_gap(&self.endpoint, before).await;
        let mut piece = BytesMut::new();
        match gap {
            Ok(Some(oldest)) if self.told == Some(oldest) => {}
            Ok(Some(oldest)) => piece.extend_from_slice(&stream_events::gap(oldest)),
            Ok(None) => {}
            // What was read must be sent, whatever became of Redis since.
            Err(error) => tracing::debug!(%error, "whether a live stream has a gap is not known"),
        }
        for entry in entries {
            piece.extend_from_slice(&self.event(entry));
        }
        piece.freeze()
    }

    fn event(&self, entry: LogEntry) -> Bytes {
        let cursor = self.scope().write(&entry.id);
        stream_events::entry(entry, &cursor)
    }

    fn scope(&self) -> CursorScope<'_> {
        scope(&self.app, &self.account, &self.endpoint)
    }
}

/// What the ids of a stream's events are good for.
pub(super) fn scope<'a>(app: &'a App, account: &'a AccountId, endpoint: &'a EndpointId) -> CursorScope<'a> {
    CursorScope {
        keys: &app.secrets,
        purpose: "stream",
        account,
        endpoint,
        filter: "",
    }
}

async fn hand_over(sender: &Sender<Bytes>, piece: Bytes) -> Result<(), Gone> {
    match timeout(PATIENCE, sender.send(piece)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}
