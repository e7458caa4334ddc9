//! A primary with replicas behind one address, and an API that waits for some of them: the primary is killed under load, and a
//! replica takes its place.

use std::collections::HashSet;
use std::time::Duration;

use e2e::distance::Distance;
use e2e::fault_proxy::FaultProxy;
use e2e::load::{Load, Shape};
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key, keys};
use e2e::system::System;

use crate::scene::{blocking, builder, more_accepted};

/// How far away one of the replicas is, each way: so it hasn't all that its primary has.
const FAR: Duration = Duration::from_millis(10);

/// The system, and those who follow its server, one of them from afar.
pub(crate) struct Replicated {
    pub(crate) system: System,
    pub(crate) receiver: Receiver,
    address: FaultProxy,
    replicas: Vec<RedisServer>,
    way: Option<Distance>,
}

/// What became of the events that were acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    pub(crate) acknowledged: usize,
    pub(crate) lost: usize,
    pub(crate) kills_that_lost: usize,
    pub(crate) most: usize,
}

impl Replicated {
    /// Starts a primary with so many replicas, and an API that waits as `durability` says.
    pub(crate) async fn start(replicas: usize, workers: usize, durability: &str) -> Self {
        let primary = RedisServer::start();
        let mut following = Vec::new();
        for _ in 0..replicas {
            following.push(primary.start_replica().await);
        }
        let way = follow_from_afar(&following[0], &primary).await;
        let address = FaultProxy::start(primary.address()).await;
        let builder = builder()
            .workers(workers)
            .env("REDIS_URL", address.redis_url())
            .api_env("ACK_DURABILITY", durability)
            .on(primary);
        let (system, receiver, _) = builder.start_with_hook().await;
        Self {
            system,
            receiver,
            address,
            replicas: following,
            way: Some(way),
        }
    }

    /// Starts a load that keeps the API busy.
    pub(crate) fn load(&self, name: &str) -> Load {
        let shape = Shape {
            callers: 16,
            pause: Duration::ZERO,
            ..Shape::gentle(self.system.account())
        };
        Load::start_as(&self.system, name, &shape)
    }

    /// The far replica is cut off, so that what was on its way is lost, and at once the primary is killed (`kill -9`). The replica that has read least takes its place,
    /// as bad luck would have it; the others follow that, and so does the old primary, from afar, which comes back with what it
    /// alone had, and gives it up.
    pub(crate) async fn fail_over(&mut self) {
        self.way = None;
        blocking(|| self.system.redis.kill9());
        self.replicas.sort_by_key(RedisServer::read_so_far);
        let next = self.replicas.remove(0);
        next.promote();
        self.address.lead_to(next.address());
        self.address.cut_all();
        let mut old = std::mem::replace(&mut self.system.redis, next);
        for replica in &self.replicas {
            replica.follow(&self.system.redis).await;
        }
        blocking(|| old.restart());
        self.way = Some(follow_from_afar(&old, &self.system.redis).await);
        self.replicas.push(old);
    }

    /// Fails over so many times under load, or until it is enough, and counts the acknowledged events that are missing.
    pub(crate) async fn lose(&mut self, kills: usize, is_enough: impl Fn(&Losses) -> bool) -> Losses {
        let mut losses = Losses::default();
        for round in 0..kills {
            let load = self.load(&format!("kill-{round}"));
            more_accepted(&load, 300 + 37 * round).await;
            let before = load.accepted();
            self.fail_over().await;
            more_accepted(&load, 100).await;
            let loaded = load.stop().await;
            assert!(loaded.accepted.len() >= before);
            let present = present(&self.system);
            let gone = |id: &String| !present.contains(id);
            let lost = loaded.accepted.iter().filter(|event| gone(&event.id)).count();
            losses.acknowledged += loaded.accepted.len();
            losses.lost += lost;
            losses.most = losses.most.max(lost);
            losses.kills_that_lost += usize::from(lost > 0);
            if is_enough(&losses) {
                break;
            }
        }
        losses
    }
}

async fn follow_from_afar(replica: &RedisServer, primary: &RedisServer) -> Distance {
    let way = Distance::start(primary.address(), FAR).await;
    replica.follow_by(primary, way.address()).await;
    way
}

/// The ids of all events that the primary has.
fn present(system: &System) -> HashSet<String> {
    let prefix = key("event:");
    let names = blocking(|| keys(&mut connect(&system.redis), "event:*"));
    let ids = names.into_iter();
    ids.map(|name| name.trim_start_matches(&prefix).to_owned())
        .collect()
}
