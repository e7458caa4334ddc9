//! What may happen in the model, and how likely it is.

use std::time::Duration;

use proptest::prelude::*;

use super::Model;
use super::reports::Outcome;
use super::workers::ModelWorker;

#[derive(Debug, Clone)]
pub(super) enum Op {
    Create,
    Accept,
    /// An event comes while its account may have only so much unfinished.
    AcceptOverBudget {
        bytes: u64,
    },
    Fetch {
        worker: usize,
        want: u32,
    },
    /// A worker stands by, and an event comes. What it is handed comes or is lost on its way.
    HandOver {
        worker: usize,
        comes: bool,
    },
    Report {
        worker: usize,
        lease: usize,
        outcome: Outcome,
    },
    /// The answer to the worker's last call was lost: it is sent again.
    Repeat {
        worker: usize,
    },
    /// The worker dies, and another takes its place.
    Crash {
        worker: usize,
    },
    Pass {
        seconds: u64,
    },
    ClockBack,
    Upkeep,
    /// Upkeep while memory is short.
    MakeRoom {
        bytes: u64,
    },
    /// A worker makes a block of what is finished.
    MakeBlock {
        series: usize,
    },
    /// It writes one that it made.
    WriteBlock {
        newest: bool,
        twice: bool,
    },
    Switch {
        endpoint: usize,
        active: bool,
        discard: bool,
    },
    /// Its owner pauses it.
    Pause {
        endpoint: usize,
    },
    /// An operator pauses an endpoint, or the account, or ends that.
    Hold {
        endpoint: Option<usize>,
        pauses: bool,
    },
    ChangeUrl {
        endpoint: usize,
    },
    Remove {
        endpoint: usize,
    },
    MarkSlow {
        endpoint: usize,
    },
    /// Its owner wants so many deliveries a second.
    Pace {
        endpoint: usize,
        rate: Option<i64>,
    },
    /// One finished delivery is sent again by hand; the call is repeated.
    ReplayOne {
        delivery: usize,
    },
    /// All exhausted deliveries are sent again, in steps of upkeep; or all that were not delivered.
    ReplayMany {
        endpoint: usize,
        undelivered: bool,
    },
    CancelReplay {
        endpoint: usize,
    },
    Rotate {
        endpoint: usize,
        force: bool,
    },
    /// An event is erased.
    Erase {
        event: usize,
    },
    /// The next page of a listing that was begun before, or the first of another one.
    List {
        endpoint: usize,
    },
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let outcome = prop_oneof![
        5 => Just(Outcome::Succeeded),
        4 => Just(Outcome::Failed),
        1 => Just(Outcome::FailedAndRests),
        1 => Just(Outcome::FailedForGood),
        1 => Just(Outcome::Gone),
        2 => Just(Outcome::Held),
        1 => Just(Outcome::HeldForLonger),
        1 => Just(Outcome::GivenBack),
        1 => Just(Outcome::GivenBackToWait),
        2 => Just(Outcome::Crowded),
        2 => Just(Outcome::Crashed),
    ];
    prop_oneof![
        1 => Just(Op::Create),
        6 => Just(Op::Accept),
        2 => (300..4000_u64).prop_map(|bytes| Op::AcceptOverBudget { bytes }),
        6 => (0..3_usize, 1..16_u32).prop_map(|(worker, want)| Op::Fetch { worker, want }),
        4 => (0..3_usize, any::<bool>()).prop_map(|(worker, comes)| Op::HandOver { worker, comes }),
        10 => (0..3_usize, 0..8_usize, outcome).prop_map(|(worker, lease, outcome)| Op::Report { worker, lease, outcome }),
        2 => (0..3_usize).prop_map(|worker| Op::Repeat { worker }),
        1 => (0..3_usize).prop_map(|worker| Op::Crash { worker }),
        3 => (1..50_u64).prop_map(|seconds| Op::Pass { seconds }),
        1 => Just(Op::ClockBack),
        3 => Just(Op::Upkeep),
        1 => (1..4000_u64).prop_map(|bytes| Op::MakeRoom { bytes }),
        4 => (0..6_usize).prop_map(|series| Op::MakeBlock { series }),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(newest, twice)| Op::WriteBlock { newest, twice }),
        2 => (0..4_usize, any::<bool>(), any::<bool>()).prop_map(|(endpoint, active, discard)| Op::Switch { endpoint, active, discard }),
        1 => (0..4_usize).prop_map(|endpoint| Op::Pause { endpoint }),
        2 => (proptest::option::of(0..4_usize), any::<bool>()).prop_map(|(endpoint, pauses)| Op::Hold { endpoint, pauses }),
        1 => (0..4_usize).prop_map(|endpoint| Op::ChangeUrl { endpoint }),
        1 => (0..4_usize).prop_map(|endpoint| Op::Remove { endpoint }),
        1 => (0..4_usize).prop_map(|endpoint| Op::MarkSlow { endpoint }),
        1 => (0..4_usize, proptest::option::of(1..40_i64)).prop_map(|(endpoint, rate)| Op::Pace { endpoint, rate }),
        2 => any::<usize>().prop_map(|delivery| Op::ReplayOne { delivery }),
        3 => (0..4_usize, any::<bool>()).prop_map(|(endpoint, undelivered)| Op::ReplayMany { endpoint, undelivered }),
        1 => (0..4_usize).prop_map(|endpoint| Op::CancelReplay { endpoint }),
        1 => (0..4_usize, any::<bool>()).prop_map(|(endpoint, force)| Op::Rotate { endpoint, force }),
        1 => any::<usize>().prop_map(|event| Op::Erase { event }),
        6 => (0..4_usize).prop_map(|endpoint| Op::List { endpoint }),
    ]
}

impl Model {
    pub(super) async fn apply(&mut self, op: &Op) {
        match *op {
            Op::Create if self.endpoints.len() < 4 => self.create().await,
            Op::Create => {}
            Op::Accept => self.accept().await,
            Op::AcceptOverBudget { bytes } => self.accept_over_budget(bytes).await,
            Op::Fetch { worker, want } => self.fetch(worker, want).await,
            Op::HandOver { worker, comes } => self.hand_over(worker, comes).await,
            Op::Report {
                worker,
                lease,
                outcome,
            } => self.report(worker, lease, outcome).await,
            Op::Repeat { worker } => self.repeat(worker).await,
            Op::Crash { worker } => {
                self.workers[worker] = ModelWorker::new();
            }
            Op::Pass { seconds } => {
                self.pass(Duration::from_secs(seconds)).await;
            }
            Op::ClockBack => self.fixture.step_clock(-3_600_000).await,
            Op::Upkeep => {
                self.upkeep(0).await;
            }
            Op::MakeRoom { bytes } => {
                self.upkeep(bytes).await;
            }
            Op::MakeBlock { series } => self.make_block(series).await,
            Op::WriteBlock { newest, twice } => self.write_block(newest, twice).await,
            Op::Switch {
                endpoint,
                active,
                discard,
            } => self.switch(endpoint, active, discard).await,
            Op::Pause { endpoint } => self.pause(endpoint).await,
            Op::Hold { endpoint, pauses } => self.hold(endpoint, pauses).await,
            Op::ChangeUrl { endpoint } => self.change_url(endpoint).await,
            Op::Remove { endpoint } => self.remove(endpoint).await,
            Op::MarkSlow { endpoint } => self.mark_slow(endpoint).await,
            Op::Pace { endpoint, rate } => self.pace(endpoint, rate).await,
            Op::ReplayOne { delivery } => self.replay_one(delivery).await,
            Op::ReplayMany {
                endpoint,
                undelivered,
            } => self.replay_many(endpoint, undelivered).await,
            Op::CancelReplay { endpoint } => self.cancel_replay(endpoint).await,
            Op::Rotate { endpoint, force } => self.rotate(endpoint, force).await,
            Op::Erase { event } => self.erase_event(event).await,
            Op::List { endpoint } => self.list(endpoint).await,
        }
    }
}
