//! The nodes of a Redis Cluster, and which of them serves a hash slot. All shards of a program share what is known of them.
//!
//! A few nodes are asked at a time, other ones each time, so that a large cluster costs little; all that are known, if none of these can
//! tell. After a failover they may disagree for a moment, and one that is cut off from the others for longer: the view with the highest
//! epoch (which rises with each failover and move) counts, as with sentinels. Nodes are reached at the endpoints that they prefer
//! (`CLUSTER SLOTS`); where one names no host, it is the host that was asked.
//!
//! What a node says in the place of an answer (`MOVED`) is newer than what others may know, so it is believed for a moment.
//!
//! The library's own client for clusters opens connections to all nodes and routes each command by itself. A shard needs one node, the
//! same for all that it asks: a script and what follows it, what blocks, and what replicas confirm.

mod slot;

mod view;

mod choose;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, ConnectionInfo, RedisConnectionInfo, RedisResult};

use super::Lost;
use super::gather::{Address, at, gather};
use super::kept::Kept;
use super::server::Server;

use self::choose::{Answer, choose};
use self::view::{Place, View};

pub(crate) use self::slot::Slot;

/// How many nodes are asked at once, and how many more if none of these can tell.
const FEW: usize = 3;
const MORE: usize = 16;

/// How long a `MOVED` counts more than what other nodes say.
const MOVED_FOR: Duration = Duration::from_secs(2);

type Found = Result<Arc<View>, Lost>;

/// The nodes of a cluster; or one server, until it has said that it is part of one.
pub(crate) struct Nodes {
    listed: Vec<Address>,
    /// How to connect to a node, but for its address.
    server: Server,
    /// Whether they are known to be a cluster: one server may become a node of one.
    is_cluster: AtomicBool,
    /// Whether the one server has said that it is part of none.
    was_alone: AtomicBool,
    kept: Mutex<HashMap<Address, Arc<Kept>>>,
    /// The last time that they were asked, and the answer.
    last: tokio::sync::Mutex<Option<(Instant, Found)>>,
    known: Mutex<Option<Arc<View>>>,
    /// Where slots have moved to, as nodes said that were asked something else.
    moved: Mutex<HashMap<u16, (Instant, Address)>>,
    /// Where the next nodes to ask begin.
    next: AtomicUsize,
}

impl Nodes {
    /// Several are a cluster, one may be. Connects at the first question.
    pub(crate) fn new(listed: Vec<Address>, server: ConnectionInfo) -> Self {
        let is_cluster = AtomicBool::new(listed.len() > 1);
        Self {
            listed,
            server: Server::new(server),
            is_cluster,
            was_alone: AtomicBool::default(),
            kept: Mutex::default(),
            last: tokio::sync::Mutex::default(),
            known: Mutex::default(),
            moved: Mutex::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// From now on nodes are connected to as `other` has it.
    pub(crate) fn renew(&self, other: &Self) {
        self.server.renew(&other.server);
        lock(&self.kept).clear();
    }

    /// Whether it is known that this is a cluster.
    fn are_cluster(&self) -> bool {
        self.is_cluster.load(Ordering::Relaxed)
    }

    /// The server that is no part of a cluster, as far as is known.
    fn alone(&self) -> RedisResult<Option<Client>> {
        if self.are_cluster() {
            return Ok(None);
        }
        Client::open((*self.server.get()).clone()).map(Some)
    }

    /// Whether the server is part of a cluster. It is asked on each new connection, until it is; one that doesn't let us ask is none.
    async fn turn_out_cluster(&self, connection: &mut MultiplexedConnection) -> RedisResult<bool> {
        if self.are_cluster() {
            return Ok(true);
        }
        match view::slots().exec_async(connection).await {
            Ok(()) => {
                self.is_cluster.store(true, Ordering::Relaxed);
                Ok(true)
            }
            // Whatever else it says (that it is loading, or busy) will end.
            Err(error) if matches!(error.code(), Some("ERR" | "NOPERM")) => {
                self.was_alone.store(true, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the one address is that of a cluster's node, and the URL names a database, which no cluster has: such a connection can't be
    /// opened, so we ask on one without. It is asked until it is known that this is no cluster.
    async fn lacks_the_database(&self) -> bool {
        let server = self.server.get();
        let settings = server.redis_settings().clone();
        if settings.db() == 0 || self.are_cluster() || self.was_alone.load(Ordering::Relaxed) {
            return false;
        }
        let without = (*server).clone().set_redis_settings(settings.set_db(0));
        match Client::open(without) {
            Ok(client) => Kept::new(client).ask(view::is_of_cluster).await.unwrap_or(false),
            Err(_) => false,
        }
    }

    /// Where a slot is. Callers at the same time share an answer, and what is younger than `believed_for` isn't asked again.
    async fn place_of(&self, slot: u16, believed_for: Duration) -> Result<Place, Lost> {
        let view = self.view(believed_for).await?;
        let moved = lock(&self.moved).get(&slot).cloned();
        if let Some((_, address)) = moved.filter(|(when, _)| when.elapsed() < MOVED_FOR) {
            return Ok(view.place_at(&address));
        }
        view.place_of(slot)
            .ok_or_else(|| Lost::Meanwhile(format!("no node of the cluster serves the hash slot {slot}")))
    }

    /// A node said where a slot is.
    fn note_moved(&self, slot: u16, address: Address) -> Place {
        let view = lock(&self.known).clone().unwrap_or_default();
        let place = view.place_at(&address);
        lock(&self.moved).insert(slot, (Instant::now(), address));
        place
    }

    async fn view(&self, believed_for: Duration) -> Found {
        let mut last = self.last.lock().await;
        if let Some((when, found)) = &*last
            && when.elapsed() < believed_for
        {
            return found.clone();
        }
        let known = lock(&self.known).clone();
        let all = self.addresses(known.as_deref());
        let (few, others) = all.split_at(all.len().min(FEW));
        let mut answers = self.ask(few).await;
        if !answers.iter().any(Answer::is_good) && !others.is_empty() {
            answers.extend(self.ask(&others[..others.len().min(MORE)]).await);
        }
        let found = choose(
            answers,
            all.len().min(FEW + MORE),
            known.as_ref().map(|view| view.epoch),
        );
        let found = match (found, known) {
            (Ok(view), _) => {
                let view = Arc::new(view);
                *lock(&self.known) = Some(Arc::clone(&view));
                Ok(view)
            }
            // The cluster decides by itself who may write: what is connected, and can be, goes on.
            (Err(Lost::Meanwhile(_)), Some(view)) => Ok(view),
            (Err(lost), _) => Err(lost),
        };
        *last = Some((Instant::now(), found.clone()));
        found
    }

    /// All that are known, beginning with another one each time.
    fn addresses(&self, known: Option<&View>) -> Vec<Address> {
        let mut seen = HashSet::new();
        let named = known.into_iter().flat_map(View::nodes);
        let all = named.chain(&self.listed).cloned();
        let mut all: Vec<_> = all.filter(|address| seen.insert(address.clone())).collect();
        lock(&self.kept).retain(|address, _| seen.contains(address));
        let next = self.next.fetch_add(FEW, Ordering::Relaxed);
        let first = next % all.len().max(1);
        all.rotate_left(first);
        all
    }

    async fn ask(&self, addresses: &[Address]) -> Vec<Answer> {
        let asked = addresses.iter().map(|address| async move {
            let kept = match self.kept(address) {
                Ok(kept) => kept,
                Err(error) => return Answer::of(&error),
            };
            let answer = kept
                .ask(move |connection| view::ask(connection, &address.0))
                .await;
            match answer {
                Ok(view) => view.map_or(Answer::NoCluster, Answer::Seen),
                Err(error) => Answer::of(&error),
            }
        });
        gather(asked, Answer::is_good).await
    }

    fn kept(&self, address: &Address) -> RedisResult<Arc<Kept>> {
        let mut all = lock(&self.kept);
        if let Some(kept) = all.get(address) {
            return Ok(Arc::clone(kept));
        }
        let kept = Arc::new(Kept::new(self.client(address)?));
        all.insert(address.clone(), Arc::clone(&kept));
        Ok(kept)
    }

    /// The way to one node.
    pub(crate) fn client(&self, address: &Address) -> RedisResult<Client> {
        Client::open(at(&self.server.get(), address.clone()))
    }

    /// The addresses that the settings name.
    pub(crate) fn listed(&self) -> &[Address] {
        &self.listed
    }

    /// User and password of all nodes.
    pub(crate) fn login(&self) -> RedisConnectionInfo {
        self.server.get().redis_settings().clone()
    }

    /// Whether nodes are reached over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.server.get().addr(), ConnectionAddr::TcpTls { .. })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
