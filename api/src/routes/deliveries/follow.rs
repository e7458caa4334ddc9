//! What goes on behind a live stream: one task follows the log and hands over what is to be sent.
//!
//! The task runs by itself, not when the client reads, so that a client that reads nothing holds neither a connection to
//! Redis nor the stop of the server. It hands over one piece at a time: a slow client is waited for, and given up after
//! [`PATIENCE`]; what it has not read meanwhile stays in the log.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::id::{AccountId, EndpointId};
use store::log::{EntryId, LogEntry};
use store::{Store, StoreError};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{Instant, interval_at, sleep, timeout};

use super::followed::Followed;
use super::stream_events::{self, EndReason};
use crate::app::App;
use crate::caller::{Lasting, Over};
use crate::streams::{Place, Streams};

/// How long a stream is silent at most. That a client is gone shows when something is sent to it, at the latest by the second
/// time.
const BEAT: Duration = Duration::from_secs(3);

/// How long a client may leave a piece unread.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait after Redis failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Everything that a stream needs.
pub(super) struct Follower {
    pub(super) app: App,
    pub(super) store: Store,
    pub(super) account: AccountId,
    pub(super) followed: Followed,
    /// Whether the client said where it was, and we can't read that.
    pub(super) is_lost: bool,
    /// The end of the latest gap that the client knows of.
    pub(super) told: Option<EntryId>,
    /// For how long the caller may follow.
    pub(super) lasting: Lasting,
}

/// The client is gone, or too slow.
struct Gone;

/// Entries of logs, each with its endpoint.
type Entries = Vec<(EndpointId, LogEntry)>;

impl Follower {
    /// Starts to follow; what is to be sent comes out of the receiver. The place is given back at the end.
    pub(super) fn start(self, place: Place) -> Receiver<Bytes> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(self.run(place, sender));
        receiver
    }

    async fn run(mut self, place: Place, sender: Sender<Bytes>) {
        let (lasting, store, account) = (self.lasting.clone(), self.store.clone(), self.account.clone());
        let app = self.app.clone();
        let streams: Arc<Streams> = Arc::clone(&app.streams);
        let reason = tokio::select! {
            () = sender.closed() => return,
            () = streams.stopped() => EndReason::Stopping,
            over = lasting.over(&app, &store, &account) => match over {
                Over::Expired => EndReason::TokenExpired,
                Over::KeyRevoked => EndReason::KeyRevoked,
                Over::PortalSessionRevoked => EndReason::PortalSessionRevoked,
            },
            () = place.must_leave() => EndReason::MadeRoom,
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
        let begin = self.followed.position();
        let cursor = self.cursor(begin, None);
        // What Redis can't tell now is told with the next entries.
        let dropped = self.followed.gap(&self.store, begin).await.unwrap_or_default();
        let gap = dropped.or(self.is_lost.then_some(begin));
        hand_over(sender, stream_events::beginning(&cursor, begin, gap)).await?;
        self.told = dropped;
        loop {
            let before = self.followed.position();
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
            } else if let Some(reason) = self.followed.is_over(&self.store, &self.account).await {
                return Ok(reason);
            }
        }
    }

    /// What was logged next, if something was for a while; meanwhile the client hears that the stream lives.
    async fn look(&mut self, sender: &Sender<Bytes>) -> Result<Result<Entries, StoreError>, Gone> {
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        let mut next = pin!(self.followed.next());
        loop {
            tokio::select! {
                found = &mut next => return Ok(found),
                _ = beat.tick() => hand_over(sender, stream_events::heartbeat()).await?,
            }
        }
    }

    /// Entries as events, with a word before them if others were dropped from the log meanwhile.
    async fn piece(&self, before: EntryId, entries: Entries) -> Bytes {
        let gap = self.followed.gap(&self.store, before).await;
        let mut piece = BytesMut::new();
        match gap {
            Ok(Some(oldest)) if self.told == Some(oldest) => {}
            Ok(Some(oldest)) => piece.extend_from_slice(&stream_events::gap(oldest)),
            Ok(None) => {}
            // What was read must be sent, whatever became of Redis since.
            Err(error) => tracing::debug!(%error, "whether a live stream has a gap is not known"),
        }
        for (endpoint, entry) in entries {
            let cursor = self.cursor(entry.id, Some(&endpoint));
            piece.extend_from_slice(&stream_events::entry(entry, &endpoint, &cursor));
        }
        piece.freeze()
    }

    fn cursor(&self, id: EntryId, endpoint: Option<&EndpointId>) -> String {
        self.followed.cursor(&self.app, &self.account, id, endpoint)
    }
}

async fn hand_over(sender: &Sender<Bytes>, piece: Bytes) -> Result<(), Gone> {
    match timeout(PATIENCE, sender.send(piece)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}
