//! The key set that verifies session tokens: we fetch it from Clerk and keep it.
//!
//! One caller at a time fetches. If Clerk's server fails, the keys that we have go on verifying. A token that names a key we
//! don't know makes us fetch again, but only a few times a minute, however many such tokens come.

mod fetch;

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;

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
    /// The set doesn't contain it.
    Unknown,
    /// We haven't been able to fetch a set yet.
    Unavailable,
}

/// A key set behind a URL.
pub struct Jwks {
    url: Location,
    client: reqwest::Client,
    policy: RefreshPolicy,
    state: RwLock<State>,
    unknown: Mutex<Bucket>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    keys: Keys,
    /// When the keys were fetched; `None` before the first success.
    fetched: Option<Instant>,
    /// When the latest attempt ended, and how many there were.
    attempted: Option<Instant>,
    attempts: u64,
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
        Ok(Self {
            url,
            client: fetch::client()?,
            policy,
            state: RwLock::default(),
            unknown: Mutex::new(Bucket {
                left: f64::from(policy.unknown_burst),
                filled: Instant::now(),
            }),
            fetching: tokio::sync::Mutex::new(()),
        })
    }

    /// Where the set is.
    #[must_use]
    pub const fn url(&self) -> &Location {
        &self.url
    }

    /// Fetches the set, so that the first token needn't wait. If that fails, we log it, and the first token tries again.
    pub async fn warm_up(&self) {
        let _fetching = self.fetching.lock().await;
        self.refresh().await;
    }

    /// The key with this id.
    ///
    /// # Errors
    ///
    /// [`NoKey`] when the newest set that we could get doesn't contain it.
    pub async fn key(&self, id: &str) -> Result<Arc<DecodingKey>, NoKey> {
        if id.len() > MAX_KEY_ID {
            return Err(NoKey::Unknown);
        }
        let (known, is_fresh, may_retry, attempts) = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            (
                state.keys.get(id).cloned(),
                state.fetched.is_some_and(|at| at.elapsed() < self.policy.max_age),
                state
                    .attempted
                    .is_none_or(|at| at.elapsed() >= self.policy.retry_after),
                state.attempts,
            )
        };
        match known {
            Some(key) if is_fresh => return Ok(key),
            Some(key) => {
                // One caller fetches a newer set; the others go on with this key.
                let Ok(_fetching) = self.fetching.try_lock() else {
                    return Ok(key);
                };
                if may_retry {
                    self.refresh().await;
                }
            }
            None => {
                let _fetching = self.fetching.lock().await;
                // If another caller fetched while we waited here, we use what it got.
                let is_first = self.state.read().unwrap_or_else(PoisonError::into_inner).attempts == attempts;
                if is_first && self.may_fetch() {
                    self.refresh().await;
                }
            }
        }
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match state.keys.get(id) {
            Some(key) => Ok(Arc::clone(key)),
            None if state.fetched.is_some() => Err(NoKey::Unknown),
            None => Err(NoKey::Unavailable),
        }
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
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.attempts += 1;
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
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Jwks({})", self.url)
    }
}
