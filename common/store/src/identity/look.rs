//! Looking at a store, and meeting it for the first time.

use std::time::{Duration, Instant};

use super::guard::Change;
use super::schema::NEWEST;
use super::{Known, Replaced, Rewind, Sight, StoreId, Verdict, judge};
use crate::scripts::{Argument, answered, script};
use crate::{Store, StoreError};

/// How often a program tries a claim that others overtake.
pub(super) const TRIES: u32 = 3;

/// A store that is older than it was lost that in a failover, if sentinels announced one so shortly before.
const FAILOVER_EXPLAINS: Duration = Duration::from_secs(60);

/// What a look showed, and what that means.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) verdict: Verdict,
    pub(crate) sight: Sight,
}

script! {
    /// Gives a store its identity; `false` when it is no longer what the caller saw.
    "store_claim": AllowOom, Writes, needs [];
    struct StoreClaim<'a> {
        /// The identity that the caller saw.
        seen: Option<&'a StoreId>,
        /// The one that the store is to have.
        identity: &'a StoreId,
        /// The store's schema, or the one that a new store begins with.
        schema: &'a str,
        shards: u16,
        /// Whether an operator accepts what is there.
        is_accepted: bool
    } -> bool
}

script! {
    /// What a program has to know of its store about once a second.
    "store_watch": AllowOom, Writes, needs [];
    struct StoreWatch<'a> {
        /// The identity that the caller takes the store's for.
        identity: Option<&'a StoreId>,
        /// Whether the caller has written since it last asked.
        wrote: bool,
        /// What a rewind that the caller has noticed led from and to.
        rewound_from: Option<u64>,
        rewound_to: Option<u64>
    } -> Watched
}

/// What `store_watch` answers. Other programs may have written any of its texts.
pub(crate) struct Watched {
    now: u64,
    identity: Option<String>,
    schema: Option<String>,
    shards: Option<String>,
    growth: Option<String>,
    directory: Option<String>,
    writes: Option<String>,
    accepted_at: Option<String>,
    rewound_at: Option<String>,
    rewound_from: Option<String>,
    rewound_to: Option<String>,
    service_keys: Option<String>,
    has_others: bool,
    reaped_at: Option<String>,
    waits: bool,
    script_time: u64,
    is_quiet: bool,
}

answered! {
    Watched {
        now, identity, schema, shards, growth, directory, writes, accepted_at, rewound_at, rewound_from, rewound_to, service_keys, has_others,
        reaped_at, waits, script_time, is_quiet,
    }
}

impl Argument for StoreId {
    fn write(&self, command: &mut redis::Cmd) {
        self.as_str().write(command);
    }
}

impl Store {
    /// The identity to send with a script; meets the store at the first call.
    pub(crate) async fn introduced(&self) -> Result<StoreId, StoreError> {
        if let Some(identity) = self.guard().identity()? {
            return Ok(identity);
        }
        let _one_at_a_time = self.guard().introducing.lock().await;
        if let Some(identity) = self.guard().identity()? {
            return Ok(identity);
        }
        match self.look().await?.verdict {
            Verdict::Replaced(reason) => Err(StoreError::Replaced(reason)),
            _ => self
                .guard()
                .identity()?
                .ok_or(StoreError::Replaced(Replaced::Empty)),
        }
    }

    /// Meets the store, if it is ours. That it isn't is no error here: every later call says so.
    pub(crate) async fn meet(&self) -> Result<(), StoreError> {
        match self.introduced().await {
            Ok(_) | Err(StoreError::Replaced(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Looks at the store, judges it, and remembers the verdict. Gives an identity to an empty server, and to a store of a
    /// release that knew none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub(crate) async fn look(&self) -> Result<Look, StoreError> {
        for _ in 0..TRIES {
            let (known, rewind) = (self.guard().known(), self.guard().unrecorded_rewind());
            let sight = self.sight(&known, rewind).await?;
            self.guard().rewind_recorded(rewind);
            let verdict = match self.shard().outgrown(sight.shards.as_deref()) {
                Some(shards) => Verdict::Replaced(Replaced::Outgrown(shards)),
                None => judge(&known, &sight),
            };
            if matches!(verdict, Verdict::Create | Verdict::Adopt) {
                let identity = known.insists_on.unwrap_or_else(StoreId::random);
                if self.claim(&sight, &identity, false).await? {
                    log_claim(&verdict, &identity);
                }
                continue;
            }
            log_change(&verdict, self.guard().take_in(&verdict, &sight));
            self.learn_routes(sight.shards.as_deref(), sight.directory)
                .await?;
            if !matches!(verdict, Verdict::Replaced(_)) {
                self.note_service_keys(sight.service_keys);
            }
            return Ok(Look { verdict, sight });
        }
        Err(StoreError::Unexpected(
            "several programs give the store its identity at once".to_owned(),
        ))
    }

    /// Reads what there is, and raises `writes` if this program has written since it last did so.
    pub(crate) async fn sight(&self, known: &Known, rewind: Option<(u64, u64)>) -> Result<Sight, StoreError> {
        let wrote = self.guard().take_wrote();
        let (rewound_from, rewound_to) = rewind.unzip();
        let answer = self
            .call_anywhere(&StoreWatch {
                identity: known.identity.as_ref(),
                wrote,
                rewound_from,
                rewound_to,
            })
            .await;
        if answer.is_err() && wrote {
            self.guard().put_back_wrote();
        }
        let watched = answer?;
        self.clock().measure(watched.script_time, Instant::now());
        Ok(Sight {
            failed_over: self.connections().failed_over_within(FAILOVER_EXPLAINS),
            ..sight(watched)
        })
    }

    pub(crate) async fn claim(
        &self,
        seen: &Sight,
        identity: &StoreId,
        accepts: bool,
    ) -> Result<bool, StoreError> {
        self.call_anywhere(&StoreClaim {
            seen: seen.identity.as_ref(),
            identity,
            schema: seen.schema.as_deref().unwrap_or(NEWEST),
            shards: self.routing().now().by,
            is_accepted: accepts,
        })
        .await
    }
}

/// Logs what a verdict changed.
fn log_change(verdict: &Verdict, change: Change) {
    match (verdict, change) {
        (Verdict::Rewound { from, to }, _) => tracing::error!(
            from,
            to,
            "the store was set back to an earlier state: events that were accepted after that state may be gone, and deliveries that were made after it may be made again"
        ),
        (Verdict::FailedOver { from, to }, _) => tracing::error!(
            from,
            to,
            "the new primary lacks what had not been replicated to it: events that were accepted in the last moments before the failover are gone, and deliveries that were made then may be made again"
        ),
        (Verdict::Replaced(reason @ Replaced::Schema(_)), Change::Replaced) => {
            tracing::error!("{reason}. {}", reason.advice());
        }
        (Verdict::Replaced(reason), Change::Replaced) => tracing::error!(
            "the store was replaced: {reason}. Nothing is accepted, delivered or written until its data is back, or `webhooksctl store accept` was run"
        ),
        (_, Change::Back) => tracing::warn!("the store is there again: work goes on"),
        (_, Change::Accepted) => tracing::warn!("an operator accepted what is stored: work goes on"),
        _ => {}
    }
}

fn log_claim(verdict: &Verdict, identity: &StoreId) {
    if *verdict == Verdict::Create {
        tracing::warn!(
            store = %identity,
            "the server was empty: a new store was made. If there should have been one, stop, and bring its data back"
        );
    } else {
        tracing::info!(store = %identity, "the store had no identity: it was given one");
    }
}

fn sight(watched: Watched) -> Sight {
    let number = |word: Option<String>| word.and_then(|word| word.parse::<u64>().ok());
    let (from, to) = (number(watched.rewound_from), number(watched.rewound_to));
    Sight {
        now: watched.now,
        identity: watched.identity.map(StoreId::from_stored),
        schema: watched.schema,
        shards: watched.shards,
        growth: watched.growth,
        directory: number(watched.directory).unwrap_or(0),
        writes: number(watched.writes).unwrap_or(0),
        accepted_at: number(watched.accepted_at).unwrap_or(0),
        rewound: number(watched.rewound_at).map(|at| Rewind {
            at,
            from: from.unwrap_or(0),
            to: to.unwrap_or(0),
        }),
        service_keys: number(watched.service_keys).unwrap_or(0),
        has_others: watched.has_others,
        reaped_at: watched.reaped_at.unwrap_or_default(),
        waits: watched.waits,
        is_quiet: watched.is_quiet,
        failed_over: false,
    }
}
