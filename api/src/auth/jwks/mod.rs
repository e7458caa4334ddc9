//! The key set that verifies session tokens: we fetch it from Clerk and keep it.
//!
//! One task at a time fetches, beside the requests: nobody whose key is known waits for Clerk's server, and while that fails, the
//! keys that we have go on verifying. A token that names a key we don't know makes us fetch again and waits for that, but only a few
//! times a minute, however many such tokens come; beyond that, and while the server fails, we can't know whether the key is new, and
//! say so.

mod fetch;

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use tokio::sync::watch;

pub use fetch::Location;

use fetch::Keys;

const MAX_KEY_ID: usize = 256;

/// When to fetch the key set again.
#[derive(Debug, Clone, Copy)]
pub struct RefreshPolicy {
    /// How old the set may grow.
    pub max_age: Duration,
    /// How long to wait after a failure before the next attempt to replace keys that still work.
    pub retry_after: Duration,
    /// How many unknown key ids in a row make us fetch at once.
    pub unknown_burst: u32,
    /// How long until one more unknown key id may make us fetch.
    pub unknown_interval: Duration,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(10 * 60),
            retry_after: Duration::from_secs(10),
            unknown_burst: 5,
            unknown_interval: Duration::from_secs(15),
        }
    }
}

/// Why there is no key for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKey {
    /// The newest set doesn't contain it.
    Unknown,
    /// We couldn't look whether the newest set contains it.
    Unavailable,
}

/// A key set behind a URL.
pub struct Jwks(Arc<Shared>);

/// What the callers share with the task that fetches.
struct Shared {
    url: Location,
    client: reqwest::Client,
    policy: RefreshPolicy,
    state: RwLock<State>,
    unknown: Mutex<Bucket>,
    /// Whoever has it fetches.
    fetching: Arc<tokio::sync::Mutex<()>>,
    /// How many attempts have ended.
    ended: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    keys: Keys,
    /// When the keys were fetched; `None` before the first success.
    fetched: Option<Instant>,
    /// When the latest attempt ended.
    attempted: Option<Instant>,
}

/// How many more unknown key ids may make us fetch: it fills up with time (a token bucket).
struct Bucket {
    left: f64,
    filled: Instant,
}

impl Jwks {
    /// A key set that nobody has fetched yet.
    ///
    /// # Errors
    ///
    /// When the system offers no TLS set-up.
    pub fn new(url: Location, policy: RefreshPolicy) -> Result<Self, reqwest::Error> {
        Ok(Self(Arc::new(Shared {
            url,
            client: fetch::client()?,
            policy,
            state: RwLock::default(),
            unknown: Mutex::new(Bucket {
                left: f64::from(policy.unknown_burst),
                filled: Instant::now(),
            }),
            fetching: Arc::default(),
            ended: watch::Sender::default(),
        })))
    }

    /// Where the set is.
    #[must_use]
    pub fn url(&self) -> &Location {
        &self.0.url
    }

    /// Fetches the set, so that the first token needn't wait. If that fails, we log it, and the first token tries again.
    pub async fn warm_up(&self) {
        let _fetching = self.0.fetching.lock().await;
        self.0.refresh().await;
    }

    /// The key with this id. It waits for nothing if the key is known, even if the set should be fetched again.
    ///
    /// # Errors
    ///
    /// [`NoKey`] when a set that was fetched since doesn't contain it, or none could be.
    pub async fn key(&self, id: &str) -> Result<Arc<DecodingKey>, NoKey> {
        if id.len() > MAX_KEY_ID {
            return Err(NoKey::Unknown);
        }
        let shared = &self.0;
        // Before we look: what ends after that, ends after we came.
        let mut ended = shared.ended.subscribe();
        let before = *ended.borrow_and_update();
        let (known, is_due) = {
            let state = shared.state();
            (state.keys.get(id).cloned(), state.is_due(&shared.policy))
        };
        if let Some(key) = known {
            if is_due {
                shared.start(|| true);
            }
            return Ok(key);
        }
        if !shared.start(|| shared.may_fetch()) {
            // Too many unknown keys were asked for: this one may be new.
            return Err(NoKey::Unavailable);
        }
        // The sender lives as long as we do.
        ended.wait_for(|attempts| *attempts > before).await.ok();
        let state = shared.state();
        match state.keys.get(id) {
            Some(key) => Ok(Arc::clone(key)),
            None if state.is_from_latest_attempt() => Err(NoKey::Unknown),
            None => Err(NoKey::Unavailable),
        }
    }
}

impl Shared {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches in the background, if nobody does and `may` says so. `true` if a fetch is under way.
    fn start(self: &Arc<Self>, may: impl FnOnce() -> bool) -> bool {
        let Ok(fetching) = Arc::clone(&self.fetching).try_lock_owned() else {
            return true;
        };
        if !may() {
            return false;
        }
        let shared = Arc::clone(self);
        // It ends by itself: a fetch has a time limit.
        tokio::spawn(async move {
            shared.refresh().await;
            drop(fetching);
        });
        true
    }

    fn may_fetch(&self) -> bool {
        let mut bucket = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        let gained = bucket.filled.elapsed().as_secs_f64() / self.policy.unknown_interval.as_secs_f64();
        bucket.left = (bucket.left + gained).min(f64::from(self.policy.unknown_burst));
        bucket.filled = Instant::now();
        let has_one = bucket.left >= 1.0;
        if has_one {
            bucket.left -= 1.0;
        }
        has_one
    }

    /// Fetches new keys, and keeps the old ones if that fails. The caller holds `fetching`.
    async fn refresh(&self) {
        let fetched = fetch::fetch(&self.client, &self.url).await;
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            state.attempted = Some(Instant::now());
            match fetched {
                Ok(keys) => {
                    tracing::debug!(keys = keys.len(), "fetched the key set for session tokens");
                    state.keys = keys;
                    state.fetched = state.attempted;
                }
                Err(error) => tracing::warn!(
                    %error,
                    url = %self.url,
                    known_keys = state.keys.len(),
                    "the key set for session tokens (CLERK_JWKS_URL or OIDC_ISSUER) can't be fetched; known keys stay in use"
                ),
            }
        }
        self.ended.send_modify(|attempts| *attempts += 1);
    }
}

impl State {
    /// Whether the keys are so old that newer ones should be fetched, and the latest attempt isn't too young.
    fn is_due(&self, policy: &RefreshPolicy) -> bool {
        let is_fresh = self.fetched.is_some_and(|at| at.elapsed() < policy.max_age);
        !is_fresh && self.attempted.is_none_or(|at| at.elapsed() >= policy.retry_after)
    }

    /// Whether the latest attempt got the keys.
    fn is_from_latest_attempt(&self) -> bool {
        self.fetched.is_some() && self.fetched == self.attempted
    }
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Jwks({})", self.0.url)
    }
}
