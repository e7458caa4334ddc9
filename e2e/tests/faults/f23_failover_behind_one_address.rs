//! A failover behind one address: a replica is promoted, the old primary becomes a replica, and the address leads to the
//! new one, while connections to the old one stay open. All programs go on by themselves.
//!
//! Proves (guarantees): a replica is promoted behind one address while old connections stay open

use e2e::client::Pushed;
use e2e::fault_proxy::FaultProxy;
use e2e::load::Loaded;
use e2e::ports::free_port;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::{Method, Response};

use crate::scene::{ANSWERS_WITHIN, Scene, ask, builder, more_accepted, more_refused};

/// A system behind an address that leads to a primary, a replica of that, and somebody who follows an endpoint's log.
struct Failover {
    scene: Scene,
    address: FaultProxy,
    replica: RedisServer,
    stream: Stream,
}

impl Failover {
    async fn prepare() -> Self {
        let (primary, replica) = (RedisServer::start(), RedisServer::start());
        let _: () = ask(&primary, &["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
        follow(&replica, &primary);
        let address = FaultProxy::start(primary.address()).await;
        let scene = Scene::start(
            builder()
                .workers(2)
                .on(primary)
                .env("REDIS_URL", address.redis_url()),
        )
        .await;
        eventually(LONG, "the replica to be in step", async || {
            let info: String = ask(&replica, &["INFO", "replication"]);
            check(info.contains("master_link_status:up"), info)
        })
        .await;
        let stream = Stream::open(&scene).await;
        Self {
            scene,
            address,
            replica,
            stream,
        }
    }

    /// Waits until all that was answered before has reached the replica.
    fn replicate(&self) {
        let connection = &mut connect(&self.scene.system.redis);
        let _: () = connection.set("written last", 1).unwrap();
        let reached: usize = redis::cmd("WAIT").arg(1).arg(60_000).query(connection).unwrap();
        assert_eq!(reached, 1, "the replica does not follow");
    }

    /// The replica is the system's server from now on, also for the account; the old primary is given back.
    fn move_address(&mut self, replica: RedisServer) -> RedisServer {
        self.address.lead_to(replica.address());
        std::mem::replace(&mut self.scene.system.redis, replica)
    }

    /// Ends when nobody waits at the old server any more, and all who wait for something wait at the new one.
    async fn everybody_moved(&self, old: &RedisServer) {
        let waiting = |server: &RedisServer, command: &str| {
            let clients: String = ask(server, &["CLIENT", "LIST"]);
            clients
                .lines()
                .filter(|client| client.contains(&format!("cmd={command} ")))
                .count()
        };
        eventually(LONG, "everybody to wait at the new server", async || {
            let new = &self.scene.system.redis;
            // Each worker waits for work and for test events, and a stream for its log.
            let (pops, reads) = (waiting(new, "blpop"), waiting(new, "xread"));
            let left = ["blpop", "xread", "evalsha", "fcall"].map(|command| waiting(old, command));
            let behind: usize = left.iter().sum();
            check(
                pops >= 4 && reads == 1 && behind == 0,
                format!("{pops} pops and {reads} reads wait, {behind} connections are left behind"),
            )
        })
        .await;
    }
}

/// Makes a server a replica of another one.
fn follow(server: &RedisServer, primary: &RedisServer) {
    let port = primary.address().port().to_string();
    let _: () = ask(server, &["REPLICAOF", "127.0.0.1", &port]);
}

fn promote(server: &RedisServer) {
    let _: () = ask(server, &["REPLICAOF", "NO", "ONE"]);
}

/// A live stream of the first endpoint.
struct Stream {
    response: Response,
    seen: String,
}

impl Stream {
    async fn open(scene: &Scene) -> Self {
        let path = format!("/api/webhooks-config/{}/deliveries/stream", scene.endpoints[0].id);
        let request = scene.system.customer().request(Method::GET, &path);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self {
            response,
            seen: String::new(),
        }
    }

    /// Reads on until the stream has shown all these events.
    async fn shows(&mut self, events: &[Pushed]) {
        let reading = async {
            while let Some(missing) = events.iter().find(|event| !self.seen.contains(&event.id)) {
                let piece = self.response.chunk().await.unwrap();
                let piece = piece.unwrap_or_else(|| panic!("the stream ended before {}", missing.id));
                self.seen.push_str(&String::from_utf8_lossy(&piece));
            }
        };
        tokio::time::timeout(LONG, reading)
            .await
            .expect("the stream to show all events");
    }
}

/// Writes stop, the replica catches up and is promoted, the address moves, and the old primary follows the new one. Nothing
/// is lost, nothing comes twice, and nobody is restarted.
#[tokio::test(flavor = "multi_thread")]
async fn a_planned_failover_loses_nothing() {
    let mut failover = Failover::prepare().await;
    let load = failover.scene.load();
    more_accepted(&load, 100).await;
    let _: () = ask(
        &failover.scene.system.redis,
        &["CLIENT", "PAUSE", "60000", "WRITE"],
    );
    let replica = std::mem::replace(&mut failover.replica, RedisServer::start());
    eventually(LONG, "the replica to have everything", async || {
        let (written, read) = (
            offset(&failover.scene.system.redis, "master_repl_offset"),
            offset(&replica, "slave_repl_offset"),
        );
        check(written == read, format!("{read} of {written}"))
    })
    .await;
    promote(&replica);
    let old = failover.move_address(replica);
    follow(&old, &failover.scene.system.redis);
    let _: () = ask(&old, &["CLIENT", "UNPAUSE"]);

    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    assert!(loaded.slowest < ANSWERS_WITHIN, "{:?}", loaded.slowest);
    failover.stream.shows(&loaded.accepted).await;
    failover.everybody_moved(&old).await;
    failover.scene.assert_all_run();
    failover.scene.all_delivered(loaded, 0).await;
}

/// Where a server's replication is.
fn offset(server: &RedisServer, name: &str) -> u64 {
    let info: String = ask(server, &["INFO", "replication"]);
    let line = info.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.strip_prefix(':')?.trim().parse().ok());
    number.unwrap_or_else(|| panic!("no {name} in {info}"))
}

/// The replica is promoted while the old primary goes on accepting for a while; then that becomes a replica which doesn't
/// even answer reads (`MASTERDOWN`), and the address moves last. What the old one had accepted alone is lost and nothing else;
/// all that was accepted after the move is delivered.
#[tokio::test(flavor = "multi_thread")]
async fn an_unplanned_failover_loses_what_was_not_replicated_and_nothing_else() {
    let mut failover = Failover::prepare().await;
    let load = failover.scene.load();
    more_accepted(&load, 100).await;
    let replicated = load.accepted();
    failover.replicate();
    let received_before = failover.scene.receiver.received().len();
    promote(&failover.replica);
    more_accepted(&load, 50).await;

    let old = &failover.scene.system.redis;
    let nobody = free_port().to_string();
    let _: () = ask(old, &["CONFIG", "SET", "replica-serve-stale-data", "no"]);
    let _: () = ask(old, &["REPLICAOF", "127.0.0.1", &nobody]);
    more_refused(&load, 8).await;
    let (refused_at, acknowledged) = (load.refused(), load.accepted());
    // While the old server refuses everything, the programs don't connect to it anew for each call.
    let connections = failover.address.counters().connections;
    let began = std::time::Instant::now();
    more_refused(&load, 100).await;
    let made = failover.address.counters().connections - connections;
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 2;
    let refusals = load.refused() - refused_at;
    // Two connections of the API, and three of each worker.
    assert!(
        made <= 8 * seconds,
        "{made} connections for {refusals} refusals in {seconds} s"
    );

    let replica = std::mem::replace(&mut failover.replica, RedisServer::start());
    let old = failover.move_address(replica);
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    assert!(loaded.slowest < ANSWERS_WITHIN, "{:?}", loaded.slowest);
    failover.everybody_moved(&old).await;
    failover.scene.assert_all_run();

    let received = failover.scene.receiver.received().len() - received_before;
    let connection = &mut connect(&failover.scene.system.redis);
    let (kept, lost): (Vec<_>, Vec<_>) = loaded
        .accepted
        .into_iter()
        .partition(|event| connection.exists(key(&format!("event:{}", event.id))).unwrap());
    println!(
        "{} events were acknowledged, {} of them by the old primary alone: those are lost",
        kept.len() + lost.len(),
        lost.len()
    );
    assert!(!lost.is_empty(), "the old primary accepted nothing alone");
    assert!(
        lost.len() <= acknowledged - replicated,
        "{} are lost, and {} were acknowledged after the replica was in step",
        lost.len(),
        acknowledged - replicated
    );
    let after: Vec<_> = kept.iter().rev().take(20).cloned().collect();
    failover.stream.shows(&after).await;
    let loaded = Loaded {
        accepted: kept,
        ..loaded
    };
    // What the old primary had delivered alone comes again, and lost events were delivered, too.
    failover
        .scene
        .all_delivered_but(loaded, received, lost.len())
        .await;
}
