//! The network tears: of three machines, each with a server and a sentinel, the primary's is cut off from the others. The programs are on the
//! side of the majority, and reach the old primary still, or don't.
//!
//! The machines are network namespaces on a bridge, of which a cable is pulled: what is sent is neither answered nor refused.
//!
//! Proves (guarantees): the primary is cut off from the other servers and sentinels

use std::time::Duration;

use e2e::load::Load;
use e2e::namespaces::run_apart;
use e2e::network::Network;
use e2e::redis_server::{RedisServer, find_program};
use e2e::sentinels::Sentinels;
use e2e::wait::{LONG, check, eventually};

use crate::scene::{Group, ask, guests, in_step, more_accepted};

/// The group, the third server, and what is between them; the machines go last.
struct Torn {
    group: Group,
    third: RedisServer,
    network: Network,
    /// How much had been delivered when the network tore.
    received: usize,
}

impl Torn {
    async fn start(environment: &[(&str, &str)]) -> Self {
        let network = Network::of(3);
        let [primary, replica, third] = [0, 1, 2].map(|machine| {
            let place = network.place(machine);
            tokio::task::block_in_place(|| RedisServer::start_at(place, &[]))
        });
        let address = primary.address();
        let [host, port] = [address.ip().to_string(), address.port().to_string()];
        for follower in [&replica, &third] {
            let _: () = ask(follower, &["REPLICAOF", &host, &port]);
            in_step(follower).await;
        }
        let places = network.places();
        let sentinels =
            tokio::task::block_in_place(|| Sentinels::start_at(&places, &find_program(), address, 2, &[]));
        Self {
            group: Group::on(primary, replica, sentinels, environment).await,
            third,
            network,
            received: 0,
        }
    }

    /// Pulls the primary's cable, once a load is under way.
    async fn tear(&mut self) -> Load {
        let load = self.group.load();
        more_accepted(&load, 200).await;
        self.received = self.group.receiver.received().len();
        self.network.pull(0);
        load
    }

    /// Waits until a replica was promoted, which is the group's `replica` from then on.
    async fn is_replaced(&mut self) {
        let old = self.group.system.redis.address().port();
        let promoted = eventually(LONG, "a replica to be promoted", async || {
            // Those of the majority.
            let named = [1, 2].map(|sentinel| self.group.sentinels.primary(sentinel));
            check(named[0] == named[1] && named[0] != old, format!("{named:?}"))?;
            Ok(named[0])
        })
        .await;
        if promoted != self.group.replica.address().port() {
            std::mem::swap(&mut self.group.replica, &mut self.third);
        }
        // The one that is cut off can't know.
        assert_eq!(self.group.sentinels.primary(0), old);
        let info = self.group.system.redis.raw("INFO replication").unwrap();
        assert!(info.contains("role:master"), "it knows of nothing: {info}");
    }

    /// Plugs the cable in again, and waits until the old primary is a replica where nobody is.
    async fn heals(&mut self) {
        self.network.plug_in(0);
        in_step(&self.group.replica).await;
        in_step(&self.third).await;
        self.group.everybody_moved().await;
        let port = self.group.system.redis.address().port();
        eventually(LONG, "all sentinels to agree", async || {
            let named = [0, 1, 2].map(|sentinel| self.group.sentinels.primary(sentinel));
            check(named == [port; 3], format!("{named:?} and not {port}"))
        })
        .await;
    }

    /// Accounts for everything. Returns how many of those that were acknowledged are lost.
    async fn ends(self, load: Load, lost_at_most: usize) -> usize {
        let loaded = load.stop().await;
        let refused: Vec<_> = loaded.refused.keys().collect();
        assert!(refused.iter().all(|status| **status == 503), "{refused:?}");
        let (_, lost) = self.group.sort(loaded.accepted.clone());
        let duplicates = self.group.receiver.received().len() - self.received;
        self.group.ends(loaded, lost_at_most, duplicates).await;
        drop((self.third, self.network));
        lost.len()
    }
}

/// Nobody reaches the primary: events get 503 until the sentinels of the majority agree, and are accepted within five seconds from then.
/// What the primary had accepted and not passed on is lost, and counted here.
#[test]
fn from_everybody() {
    run_apart(&["--mount", "--net"], "cut_off::from_everybody", async || {
        let mut torn = Torn::start(&[]).await;
        let load = torn.tear().await;
        torn.group.is_refused().await;
        torn.is_replaced().await;
        let took = torn.group.goes_on(&load).await;
        eprintln!("back {took:?} after the sentinels agreed");
        more_accepted(&load, 100).await;
        torn.heals().await;
        torn.group.each_counts(1).await;
        more_accepted(&load, 50).await;
        torn.ends(load, usize::MAX).await;
    });
}

/// The programs reach the old primary, and one sentinel that knows nothing, as well as ever: no call fails. The majority's word counts, so they
/// leave it within seconds. What it accepted meanwhile is lost when it becomes a replica: the programs say so and count it.
#[test]
fn from_the_others_and_not_from_us() {
    run_apart(
        &["--mount", "--net"],
        "cut_off::from_the_others_and_not_from_us",
        async || {
            let mut torn = Torn::start(&[]).await;
            torn.network.wire(0);
            let load = torn.tear().await;
            torn.is_replaced().await;
            torn.group.goes_on(&load).await;
            // Whoever waits there for work is told only when that wait ends, after five seconds.
            eventually(
                Duration::from_secs(20),
                "nobody to be left at the old primary",
                async || {
                    let left = guests(&torn.group.replica);
                    check(left == 0, format!("{left} connections"))
                },
            )
            .await;
            more_accepted(&load, 100).await;
            torn.heals().await;
            torn.group.each_counts(1).await;
            let lost = torn.ends(load, usize::MAX).await;
            assert!(lost > 0, "the old primary has accepted nothing");
        },
    );
}

/// What is acknowledged only once both replicas have it is not lost, although the programs reach the old primary all the while. Until the old
/// one is a replica, nothing is acknowledged.
#[test]
fn what_all_replicas_have_is_not_lost() {
    run_apart(
        &["--mount", "--net"],
        "cut_off::what_all_replicas_have_is_not_lost",
        async || {
            let mut torn = Torn::start(&[("ACK_DURABILITY", "replicas:2")]).await;
            torn.network.wire(0);
            let load = torn.tear().await;
            torn.is_replaced().await;
            let (accepted, refused) = (load.accepted(), load.refused());
            eventually(LONG, "everybody to be refused", async || {
                let more = load.refused() - refused;
                check(more >= 20, format!("{more} refusals"))
            })
            .await;
            assert_eq!(load.accepted(), accepted, "no two replicas can have these");
            std::mem::swap(&mut torn.group.system.redis, &mut torn.group.replica);
            torn.heals().await;
            more_accepted(&load, 100).await;
            torn.group.each_counts(1).await;
            torn.ends(load, 0).await;
        },
    );
}
