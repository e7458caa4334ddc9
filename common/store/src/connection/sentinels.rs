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

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::{Client, ConnectionInfo, RedisError, RedisResult};

use super::Lost;
use super::gather::{BELIEVED_FOR, at, gather};
use super::server::Server;
use super::turns::Turns;

use self::choose::{Answer, Primary, choose};
use self::sentinel::Sentinel;

/// The sentinels of one primary.
pub(crate) struct Sentinels {
    /// What they call it.
    name: String,
    sentinels: Mutex<Arc<[Sentinel]>>,
    /// How to connect to a server, but for its address.
    server: Server,
    /// The last time that they were asked, and the answer.
    last: tokio::sync::Mutex<Option<(Instant, Result<Primary, Lost>)>>,
    known: Mutex<Option<Primary>>,
    /// How often another server was named than before, and when last.
    changes: Turns,
}

impl Sentinels {
    /// Connects at the first question.
    pub(crate) fn new(name: &str, sentinels: Vec<Client>, server: ConnectionInfo) -> Self {
        Self {
            name: name.to_owned(),
            sentinels: Mutex::new(sentinels.into_iter().map(Sentinel::new).collect()),
            server: Server::new(server),
            last: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            changes: Turns::default(),
        }
    }

    /// From now on sentinels and servers are connected to as `other` has it.
    pub(crate) fn renew(&self, other: &Self) {
        self.server.renew(&other.server);
        let sentinels = Arc::clone(&lock(&other.sentinels));
        *lock(&self.sentinels) = sentinels;
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) const fn changes(&self) -> &Turns {
        &self.changes
    }

    /// A client of the primary, and what [`Self::changes`] is with that.
    pub(super) async fn client(&self) -> RedisResult<(Client, u64)> {
        let primary = self.find(BELIEVED_FOR).await.map_err(RedisError::from)?;
        let changes = self.changes.count();
        Ok((Client::open(at(&self.server.get(), primary.address))?, changes))
    }

    /// Asks who the primary is; callers at the same time share an answer.
    pub(super) async fn find(&self, believed_for: Duration) -> Result<Primary, Lost> {
        let mut last = self.last.lock().await;
        if let Some((when, found)) = &*last
            && when.elapsed() < believed_for.max(BELIEVED_FOR)
        {
            return found.clone();
        }
        let sentinels = Arc::clone(&lock(&self.sentinels));
        let answers = self.ask_all(&sentinels).await;
        let seen = lock(&self.known).as_ref().map(|primary| primary.epoch);
        let found = choose(&self.name, &answers, sentinels.len(), seen);
        if let Ok(primary) = &found {
            self.note(primary);
        }
        *last = Some((Instant::now(), found.clone()));
        found
    }

    async fn ask_all(&self, sentinels: &[Sentinel]) -> Vec<Answer> {
        let asked = sentinels.iter().map(|one| one.ask(&self.name));
        gather(asked, |answer| matches!(answer, Answer::Named(_))).await
    }

    fn note(&self, primary: &Primary) {
        let before = lock(&self.known).replace(primary.clone());
        if let Some(before) = before
            && before.address != primary.address
        {
            self.changes.note();
            tracing::warn!(from = %before, to = %primary, "the sentinels name another primary");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
