//! The watch: looks at the store about once a second, and at the server's settings every few seconds.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::connection::Lost;
use super::identity::Verdict;
use super::scripts::script;
use super::server::Expectations;
use super::{Store, StoreError};
use domain::id::fill_random;

/// How often the watch looks at the store, and how often while something is wrong.
const EVERY: Duration = Duration::from_secs(1);
const EVERY_IN_TROUBLE: Duration = Duration::from_millis(400);

/// The least time between two looks: calls that fail bring the next one forward.
const LEAST: Duration = Duration::from_millis(200);

/// How often it looks at a shard in which nothing happens, give or take a little, so that they don't march in step. Who trusts a look believes
/// it for longer than this.
const EVERY_WHILE_QUIET: Duration = Duration::from_millis(2400);

/// How often it looks at the server's settings, and how often while nothing happens in the shard.
const SETTINGS_EVERY: Duration = Duration::from_secs(5);
const SETTINGS_EVERY_WHILE_QUIET: Duration = Duration::from_secs(10);

script! {
    /// Does nothing; but Redis refuses to run it at `maxmemory`.
    "store_room": DenyOom, Reads, needs [];
    struct StoreRoom {} -> ()
}

/// Something happened to the store that is to be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was found to be older than it was.
    Rewound,
    /// The sentinels named another primary.
    FailedOver,
    /// The new primary lacks so many `writes`, each of which stands for a second of a program's work.
    LostWrites(u64),
}

impl Store {
    /// Looks at the store and its server for as long as the program runs, logs what changes, and notes what
    /// [`Store::readiness`] tells. Calls `on_turn` each time that it finds the store set back, or on another server.
    pub async fn watch(&self, expected: &Expectations, on_turn: impl Fn(Turn)) -> Infallible {
        self.guard().start_watching();
        let mut examined: Option<Instant> = None;
        let mut failovers = self.connections().failovers();
        loop {
            while failovers < self.connections().failovers() {
                failovers += 1;
                on_turn(Turn::FailedOver);
                // The new server may be set up otherwise.
                examined = None;
            }
            let is_quiet = self.quiet_since().is_some();
            let settings_every = if is_quiet {
                SETTINGS_EVERY_WHILE_QUIET
            } else {
                SETTINGS_EVERY
            };
            let believed_for = self.shared_for(settings_every / 2);
            if examined.is_none_or(|when| when.elapsed() >= settings_every)
                && self.examine_within(believed_for, expected).await.is_ok()
            {
                examined = Some(Instant::now());
            }
            let is_well = self.look_once(&on_turn).await;
            tokio::time::sleep(LEAST).await;
            let wait = if is_well { EVERY } else { EVERY_IN_TROUBLE } - LEAST;
            tokio::select! {
                () = self.rest(wait, jittered(EVERY_WHILE_QUIET) - LEAST) => {}
                () = self.guard().trouble.notified() => self.quiet().stir(),
            }
        }
    }

    /// Looks once; returns whether all is well.
    async fn look_once(&self, on_turn: impl Fn(Turn)) -> bool {
        // What becomes of this shows in the others: without a server they fail.
        let is_quiet = self.quiet_since().is_some();
        let (server_for, room_for) = if is_quiet {
            (EVERY_WHILE_QUIET, SETTINGS_EVERY)
        } else {
            (EVERY / 2, EVERY / 2)
        };
        let server = self.connections().look_for_server(self.shared_for(server_for));
        let _known: Result<(), Lost> = server.await;
        let look = self.quiet().look();
        let room = self.shared_room(self.shared_for(room_for), self.has_room());
        let (looked, room) = tokio::join!(self.look(), room);
        let now = Instant::now();
        match &looked {
            Ok(looked) => self
                .quiet()
                .seen(look, looked.sight.is_quiet && self.shard().has_others()),
            Err(StoreError::Unavailable(_)) => self.quiet().is_lost(),
            Err(_) => self.quiet().stir(),
        }
        let look = match looked.and_then(|look| room.map(|room| (look, room))) {
            Ok((look, has_room)) => {
                let mut condition = self.condition();
                condition.note_look(now, Ok(has_room));
                condition.note_rewind(look.sight.now, look.sight.rewound);
                condition.note_growth(look.sight.growth.as_deref());
                condition.note_worker(now, &look.sight.reaped_at, look.sight.waits);
                look
            }
            Err(error) => {
                self.condition().note_look(now, Err(&error));
                return false;
            }
        };
        match look.verdict {
            Verdict::Rewound { .. } => on_turn(Turn::Rewound),
            Verdict::FailedOver { from, to } => on_turn(Turn::LostWrites(from - to)),
            _ => {}
        }
        !matches!(look.verdict, Verdict::Replaced(_))
    }

    /// How long what another shard has found out about the servers is believed; not at all if there is no other.
    fn shared_for(&self, time: Duration) -> Duration {
        if self.shard().has_others() {
            time
        } else {
            Duration::ZERO
        }
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

/// Up to 10 % shorter or longer.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8];
    fill_random(&mut byte);
    wait.mul_f64(0.9 + 0.2 * f64::from(byte[0]) / 255.0)
}
