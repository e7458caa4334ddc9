//! Asks sentinels which server is the primary.
//!
//! All are asked at once, each in bounded time, so that one that is down costs little. After a failover they may disagree for a moment, and
//! one that is cut off from the others for longer: the answer with the highest epoch (the number of the failover) counts, and an
//! epoch lower than one that we have seen only if most sentinels give it, as after they were set up anew.
//!
//! The library has a client for sentinels too; it takes the first answer, whoever gives it, and doesn't tell a name that nobody knows
//! from sentinels that don't answer.

mod choose;

mod sentinel;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use redis::{Client, ConnectionAddr, ConnectionInfo, RedisError, RedisResult};

use self::choose::{Answer, Primary, choose};
use self::sentinel::Sentinel;

pub(crate) use self::choose::Lost;

/// How long all sentinels together may take, and how long the others may take once one has named a primary.
const ASK_WITHIN: Duration = Duration::from_millis(600);
const OTHERS_WITHIN: Duration = Duration::from_millis(150);

/// What was found is not asked again for so long: many connections may be opened anew at once, and while the primary is down every
/// call tries to.
pub(super) const BELIEVED_FOR: Duration = Duration::from_millis(100);

/// The sentinels of one primary.
pub(crate) struct Sentinels {
    /// What they call it.
    name: String,
    sentinels: Vec<Sentinel>,
    /// How to connect to a server, but for its address.
    server: ConnectionInfo,
    /// The last time that they were asked, and the answer.
    last: tokio::sync::Mutex<Option<(Instant, Result<Primary, Lost>)>>,
    known: Mutex<Option<Primary>>,
    /// How often another server was named than before, and when last.
    changes: AtomicU64,
    changed_at: Mutex<Option<Instant>>,
}

impl Sentinels {
    /// Connects at the first question.
    pub(crate) fn new(name: &str, sentinels: Vec<Client>, server: ConnectionInfo) -> Self {
        Self {
            name: name.to_owned(),
            sentinels: sentinels.into_iter().map(Sentinel::new).collect(),
            server,
            last: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            changes: AtomicU64::new(0),
            changed_at: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// How long ago another server was named than before, if ever.
    pub(super) fn changed_since(&self) -> Option<Duration> {
        lock(&self.changed_at).map(|at| at.elapsed())
    }

    /// A client of the primary, and what [`Self::changes`] is with that.
    pub(super) async fn client(&self) -> RedisResult<(Client, u64)> {
        let primary = self.find().await.map_err(RedisError::from)?;
        let changes = self.changes();
        let (host, port) = primary.address;
        let address = match self.server.addr() {
            ConnectionAddr::TcpTls {
                insecure, tls_params, ..
            } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        Ok((Client::open(self.server.clone().set_addr(address))?, changes))
    }

    /// Asks who the primary is; callers at the same time share an answer.
    pub(super) async fn find(&self) -> Result<Primary, Lost> {
        let mut last = self.last.lock().await;
        if let Some((when, found)) = &*last
            && when.elapsed() < BELIEVED_FOR
        {
            return found.clone();
        }
        let answers = self.ask_all().await;
        let seen = lock(&self.known).as_ref().map(|primary| primary.epoch);
        let found = choose(&self.name, &answers, self.sentinels.len(), seen);
        if let Ok(primary) = &found {
            self.note(primary);
        }
        *last = Some((Instant::now(), found.clone()));
        found
    }

    async fn ask_all(&self) -> Vec<Answer> {
        let mut asked: FuturesUnordered<_> = self.sentinels.iter().map(|one| one.ask(&self.name)).collect();
        let mut answers = Vec::with_capacity(self.sentinels.len());
        let mut until = tokio::time::Instant::now() + ASK_WITHIN;
        while let Ok(Some(answer)) = tokio::time::timeout_at(until, asked.next()).await {
            if matches!(answer, Answer::Named(_)) {
                until = until.min(tokio::time::Instant::now() + OTHERS_WITHIN);
            }
            answers.push(answer);
        }
        answers
    }

    fn note(&self, primary: &Primary) {
        let before = lock(&self.known).replace(primary.clone());
        if let Some(before) = before
            && before.address != primary.address
        {
            *lock(&self.changed_at) = Some(Instant::now());
            self.changes.fetch_add(1, Ordering::SeqCst);
            tracing::warn!(from = %before, to = %primary, "the sentinels name another primary");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
