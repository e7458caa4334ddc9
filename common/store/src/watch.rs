//! The watch: looks at the store about once a second, and at the server's settings every few seconds.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::identity::Verdict;
use super::scripts::script;
use super::server::Expectations;
use super::{Store, StoreError};

/// How often the watch looks at the store, and how often while something is wrong.
const EVERY: Duration = Duration::from_secs(1);
const EVERY_IN_TROUBLE: Duration = Duration::from_millis(400);

/// The least time between two looks: calls that fail bring the next one forward.
const LEAST: Duration = Duration::from_millis(200);

/// How often it looks at the server's settings.
const SETTINGS_EVERY: Duration = Duration::from_secs(5);

script! {
    /// Does nothing; but Redis refuses to run it at `maxmemory`.
    "store_room": DenyOom, Reads, needs [];
    struct StoreRoom {} -> ()
}

impl Store {
    /// Looks at the store and its server for as long as the program runs, logs what changes, and notes what
    /// [`Store::readiness`] tells. Calls `on_rewind` each time that it finds the store set back.
    pub async fn watch(&self, expected: &Expectations, on_rewind: impl Fn()) -> Infallible {
        self.guard().start_watching();
        let mut examined: Option<Instant> = None;
        loop {
            if examined.is_none_or(|when| when.elapsed() >= SETTINGS_EVERY)
                && self.examine(expected).await.is_ok()
            {
                examined = Some(Instant::now());
            }
            let is_well = self.look_once(&on_rewind).await;
            tokio::time::sleep(LEAST).await;
            let wait = if is_well { EVERY } else { EVERY_IN_TROUBLE } - LEAST;
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.guard().trouble.notified() => {}
            }
        }
    }

    /// Looks once; returns whether all is well.
    async fn look_once(&self, on_rewind: impl Fn()) -> bool {
        let (looked, room) = tokio::join!(self.look(), self.has_room());
        let now = Instant::now();
        let look = match looked.and_then(|look| room.map(|room| (look, room))) {
            Ok((look, has_room)) => {
                let mut condition = self.condition();
                condition.note_look(now, Ok(has_room));
                condition.note_rewind(look.sight.now, look.sight.rewound);
                condition.note_worker(now, &look.sight.reaped_at, look.sight.waits);
                look
            }
            Err(error) => {
                self.condition().note_look(now, Err(&error));
                return false;
            }
        };
        if let Verdict::Rewound { .. } = look.verdict {
            on_rewind();
        }
        !matches!(look.verdict, Verdict::Replaced(_))
    }

    /// Whether Redis takes new work in; at `maxmemory` it doesn't.
    async fn has_room(&self) -> Result<bool, StoreError> {
        match self.call_anywhere(&StoreRoom {}).await {
            Ok(()) => Ok(true),
            Err(StoreError::OutOfMemory) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
