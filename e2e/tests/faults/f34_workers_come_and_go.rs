//! Workers of uneven speeds join and leave while one account is far behind and another one asks for little.
//!
//! Proves (guarantees): workers join, stop, die and leave under load, from one to sixteen

use std::time::Duration;

use e2e::account::Account;
use e2e::load::{Load, Shape};
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use e2e::thorough::times;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::scene::builder;
use crate::worker_scene::{counter, metric, respawn};

/// How many attempts each worker makes at a time, in turn.
const SPEEDS: [usize; 4] = [4, 2, 8, 16];

/// An account that gets more than the workers do, and one that gets 20 events a second.
const BUSY: &str = "org:org_busy";
const QUIET: &str = "org:org_quiet";

/// So many events of the busy account wait at least while workers come and go.
const BEHIND: usize = 1000;

/// From one worker to four: one stands still, one is killed, one is terminated, and what left comes back.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_who_asks_for_little_waits_for_nobody() {
    let mut crew = Crew::start().await;
    crew.grow(4).await;
    crew.lose(1..4).await;
    crew.ends().await;
}

/// From four to sixteen, of which many at a time leave in each way.
pub(crate) async fn up_to_sixteen() {
    let mut crew = Crew::start().await;
    crew.grow(4).await;
    crew.grow(16).await;
    for _ in 0..times(1, 4) {
        crew.lose(1..7).await;
        crew.lose(7..13).await;
    }
    crew.ends().await;
}

/// A system with one worker at first, and what is asked of it.
struct Crew {
    system: System,
    receiver: Receiver,
    quiet: Load,
    busy: Vec<e2e::client::Pushed>,
}

impl Crew {
    async fn start() -> Self {
        let mut system = builder().workers(0).start().await;
        let receiver = Receiver::start().await;
        receiver.always("/busy", Answer::status(200).after(Duration::from_millis(20)));
        for (organisation, path) in [("org_busy", "/busy"), ("org_quiet", "/quiet")] {
            let customer = system.customer_of(organisation);
            customer.create_endpoint(&receiver.url(path), &["*"]).await;
        }
        join(&mut system).await;
        let shape = Shape {
            callers: 1,
            pause: Duration::from_millis(50),
            ..Shape::gentle(QUIET)
        };
        let mut crew = Self {
            quiet: Load::start_as(&system, "quiet", &shape),
            system,
            receiver,
            busy: Vec::new(),
        };
        crew.keeps_up(0).await;
        eventually(LONG, "the worker to say that it is behind", async || {
            let due = metric(&crew.system.workers[0], "webhooks_worker_due_for_seconds").await;
            check(due > 0.5, format!("{due} s"))
        })
        .await;
        crew
    }

    /// Adds workers until there are so many.
    async fn grow(&mut self, count: usize) {
        while self.system.workers.len() < count {
            join(&mut self.system).await;
        }
        self.keeps_up(0).await;
    }

    /// A third of these workers stands still for a while, a third is killed, and a third is told to leave; then all come back.
    async fn lose(&mut self, which: std::ops::Range<usize>) {
        let third = which.len() / 3;
        let (still, killed, leaving) = (
            which.start..which.start + third,
            which.start + third..which.start + 2 * third,
            which.start + 2 * third..which.end,
        );
        let workers = &mut self.system.workers;
        workers[still.clone()].iter().for_each(Process::stop_signal);
        workers[killed.clone()].iter_mut().for_each(Process::kill9);
        workers[leaving.clone()].iter().for_each(Process::ask_to_end);
        let missing = which.map(|number| SPEEDS[number % SPEEDS.len()]).sum();
        self.keeps_up(missing).await;
        let workers = &mut self.system.workers;
        workers[still].iter().for_each(Process::cont);
        for worker in &mut workers[leaving.clone()] {
            let status = tokio::task::block_in_place(|| worker.wait());
            assert!(status.success(), "{status}:\n{}", worker.log());
        }
        for number in killed.chain(leaving) {
            respawn(&mut self.system.workers[number]).await;
        }
        self.keeps_up(missing).await;
    }

    /// Waits until all that the quiet account has now, and 20 events more, has arrived, but for what workers may hold that stand still or were
    /// killed; the busy account has a thousand events waiting all the while.
    async fn keeps_up(&mut self, held: usize) {
        let goal = self.quiet.accepted() + 20;
        let event = json!({"accountId": BUSY, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
        eventually(2 * LONG, "the quiet account's events", async || {
            if self.behind() < 2 * BEHIND {
                let batch = vec![event.clone(); BEHIND];
                self.busy.extend(self.system.backend().push_batch(&batch).await);
            }
            let arrived = self.receiver.received_at("/quiet").len();
            let behind = self.behind();
            assert!(
                behind > BEHIND / 10,
                "nobody is behind, so this shows nothing: {behind}"
            );
            check(arrived + held >= goal, format!("{arrived} of {goal}"))
        })
        .await;
    }

    fn behind(&self) -> usize {
        self.busy
            .len()
            .saturating_sub(self.receiver.received_at("/busy").len())
    }

    /// Nothing is lost, and nothing came twice but what a worker held that was killed, or stood still for too long.
    async fn ends(mut self) {
        let loaded = self.quiet.stop().await;
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .accepted(loaded.accepted)
            .accepted(self.busy)
            .duplicates_at_most(usize::MAX)
            .within(Duration::from_secs(180))
            .balance()
            .await;
        assert_eq!(balance.delivered, balance.deliveries);
        let lost = counter(&self.system.redis, "leasesLost");
        assert!(
            balance.duplicates <= lost,
            "{lost} leases were lost, and {balance:#?}"
        );
        assert!(
            lost > 0,
            "nobody who was killed held anything, so this shows nothing"
        );
        for worker in &self.system.workers {
            let due = metric(worker, "webhooks_worker_due_for_seconds").await;
            assert!(
                due < 0.5,
                "nothing is due, and a worker says that something has been for {due} s"
            );
        }
        eprintln!(
            "{} workers, {lost} leases lost, {balance:?}",
            self.system.workers.len()
        );
        self.system.stop();
    }
}

/// One more worker, with the next speed.
async fn join(system: &mut System) {
    let speed = SPEEDS[system.workers.len() % SPEEDS.len()];
    system
        .worker_environment
        .push(("WORKER_CONCURRENCY".to_owned(), speed.to_string()));
    system.add_worker();
    system.wait_ready().await;
}
