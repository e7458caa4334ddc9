//! Looking again and again: about once a second at the store, every few seconds at the server's settings.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::Verdict;
use crate::condition::{self, Expectations};
use crate::scripts::script;
use crate::{Store, StoreError};

/// How often the store is looked at, and how often while something is wrong.
const EVERY: Duration = Duration::from_secs(1);
const EVERY_IN_TROUBLE: Duration = Duration::from_millis(400);

/// The least time between two looks: calls that fail bring the next one forward.
const LEAST: Duration = Duration::from_millis(200);

/// How often the server's settings are looked at.
const SETTINGS_EVERY: Duration = Duration::from_secs(5);

script! {
    /// Does nothing; but Redis refuses to run it at `maxmemory`.
    "store_room": DenyOom, Reads, needs [];
    struct StoreRoom {} -> ()
}

impl Store {
    /// Looks at the store and its server for as long as the program runs, tells the log what changed, and keeps what
    /// [`Store::readiness`] tells. `on_rewind` is called for each time that the store is found to be older than it was.
    pub async fn watch(&self, expected: Expectations, on_rewind: impl Fn()) -> Infallible {
        self.guard().is_watched();
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

    /// One look; whether all is well.
    async fn look_once(&self, on_rewind: impl Fn()) -> bool {
        let (looked, room) = tokio::join!(self.look(), self.has_room());
        let now = Instant::now();
        let look = match looked.and_then(|look| room.map(|room| (look, room))) {
            Ok((look, has_room)) => {
                self.guard().condition(|condition| {
                    condition.looked(now, Ok(has_room));
                    condition.rewound(look.sight.now, look.sight.rewound);
                    condition.worker_seen(now, &look.sight.reaped_at, look.sight.waits);
                });
                look
            }
            Err(error) => {
                self.guard()
                    .condition(|condition| condition.looked(now, Err(&error)));
                return false;
            }
        };
        if let Verdict::Rewound { .. } = look.verdict {
            on_rewind();
        }
        !matches!(look.verdict, Verdict::Replaced(_))
    }

    /// Whether Redis takes in new work, or is at `maxmemory`.
    async fn has_room(&self) -> Result<bool, StoreError> {
        match self.call_anywhere(&StoreRoom {}).await {
            Ok(()) => Ok(true),
            Err(StoreError::OutOfMemory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Looks at the server's settings and at how it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. That it doesn't allow to ask is none.
    pub(crate) async fn examine(&self, expected: Expectations) -> Result<condition::Settings, StoreError> {
        let settings = match self.settings().await {
            Ok(settings) => Some(settings),
            Err(StoreError::Unexpected(_)) => None,
            Err(error) => return Err(error),
        };
        let info = match self.info(&["memory", "persistence"]).await {
            Ok(info) => info,
            Err(StoreError::Unexpected(_)) => String::new(),
            Err(error) => return Err(error),
        };
        let found = condition::judge(settings.as_ref(), &info, expected);
        self.guard()
            .condition(|condition| condition.set_up(found.clone()));
        Ok(found)
    }
}
