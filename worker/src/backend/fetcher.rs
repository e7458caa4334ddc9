//! The one task that talks to a shard's queue: it reports what finished and fetches what there is room for.
//!
//! Every call has a sequence number. A call that failed is repeated as it was, with the same number, until Redis
//! answers or the worker's deadline has passed, so no report is dropped, and a worker that reconnects reports before it
//! fetches.

mod leased;

mod receipts;

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::Store;
use store::policy::Policy;
use store::queue::{Incarnation, Report, WorkReply, WorkRequest};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::drain::Drain;
use crate::egress::Egress;
use crate::fitness::Fitness;
use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::stop::Stop;

use super::handoff::Handoff;
use super::plan::Action;
use super::pool::Capacity;
use super::session::Session;
use super::slots::Slots;
use super::standby::Standby;
use super::want::Want;

/// How long the last call of a worker may take that holds nothing any more.
const LAST_CALL_WITHIN: Duration = Duration::from_millis(500);

/// What the fetcher works with.
#[derive(Debug)]
pub(crate) struct Fetcher {
    pub(crate) store: Store,
    pub(crate) policy: Policy,
    /// What its leases call it.
    pub(crate) incarnation: Incarnation,
    pub(crate) slots: Arc<Slots>,
    pub(crate) reports: UnboundedReceiver<Report>,
    pub(crate) handoff: Arc<Handoff>,
    /// Remembers the strikes.
    pub(crate) egress: Egress,
    /// Whether a wake token would help.
    pub(crate) idle: watch::Sender<bool>,
    /// What the task has brought that waits meanwhile.
    pub(crate) standby: Arc<Standby>,
    pub(crate) stop: Stop,
    pub(crate) drain: Drain,
    pub(crate) metrics: Metrics,
    pub(crate) outage: Outage,
    pub(crate) clock: Clock,
    pub(crate) fitness: Fitness,
}

impl Fetcher {
    /// Runs until the worker stops and every lease is reported, or its deadline has passed.
    pub(crate) async fn run(mut self, capacity: Capacity) {
        let mut session = Session::new(self.incarnation.clone(), capacity);
        let mut stop = self.stop.clone();
        tokio::select! {
            () = self.work(&mut session) => {}
            () = stop.deadline() => {}
        }
        let unreported = session.waiting.len() + session.calling + self.reports.len();
        let held = self.slots.held();
        if unreported > 0 || held > 0 {
            tracing::warn!(
                unreported,
                held,
                "stopped before everything was recorded; these leases expire, and their deliveries are sent again"
            );
        }
    }

    async fn work(&mut self, session: &mut Session) {
        loop {
            let now = Instant::now();
            let (stopping, draining) = (self.stop.is_set(), self.drain.is_on());
            // Before it looks at what it holds: what comes in between is counted twice, and not never.
            let came = self.standby.came();
            let takes = !stopping && !draining;
            // In this order: by the time a slot is free, its report is in the channel.
            let mut view = self.slots.view(now, session.planner.wants() && takes);
            while let Ok(report) = self.reports.try_recv() {
                session.waiting.push(report);
            }
            if stopping && view.held == 0 && session.waiting.len() == 0 {
                if !std::mem::take(&mut session.may_be_handed) {
                    return;
                }
                // Redis may be gone as well: then its lease ends by itself.
                let last = self.call(session, Want::NOTHING, 0, came);
                tokio::time::timeout(LAST_CALL_WITHIN, last).await.ok();
                continue;
            }
            session.planner.handed(came != session.told);
            session.planner.allow(self.fitness.allowance(now));
            let quiet = self.store.quiet_since();
            if let Some(since) = quiet {
                session.planner.found_quiet(since);
            }
            let due = session.due(now, &mut view, !takes);
            let reports = session.waiting.successes() + due;
            let action = if draining && !stopping && session.planner.lets_go() {
                Action::Call(Want::FOR_OTHERS)
            } else {
                session.planner.next(now, &view, reports, !takes)
            };
            // Who says that it stands by, and doesn't, would be handed what it doesn't take.
            let action = match action {
                Action::Wait { idle: false, .. } if session.stands_by || self.standby.has_missed() => {
                    Action::Call(Want::NOTHING)
                }
                action => action,
            };
            let is_idle = matches!(action, Action::Wait { idle: true, .. });
            self.idle
                .send_if_modified(|idle| std::mem::replace(idle, is_idle) != is_idle);
            match action {
                Action::Call(want) => self.call(session, session.short(want, now), due, came).await,
                Action::Wait { until, .. } => {
                    let until = until.into_iter().chain(session.rest_ends(due)).min();
                    self.wait(session, until, (stopping, draining), quiet.is_some())
                        .await;
                }
            }
        }
    }

    async fn wait(
        &mut self,
        session: &mut Session,
        until: Option<Instant>,
        (stopping, draining): (bool, bool),
        is_quiet: bool,
    ) {
        let until = until.map(tokio::time::Instant::from_std);
        tokio::select! {
            Some(report) = self.reports.recv() => session.waiting.push(report),
            () = self.standby.woken.notified() => session.planner.woken(),
            () = self.store.quiet_ends(), if is_quiet => session.planner.woken(),
            () = self.fitness.changed() => {}
            () = self.drain.becomes(!draining) => session.planner.woken(),
            () = self.slots.member().freed() => {}
            () = tokio::time::sleep_until(until.unwrap_or_else(tokio::time::Instant::now)), if until.is_some() => {}
            () = self.stop.requested(), if !stopping => {}
        }
    }

    async fn call(&mut self, session: &mut Session, want: Want, due: usize, mut came: u64) {
        session.sequence += 1;
        let stopping = self.stop.is_set();
        if stopping {
            // Whoever waits for this worker stops as well. Nothing that is handed to it comes any more; something may have until then.
            self.idle.closed().await;
            came = self.standby.came();
        }
        let standby = store::queue::Standby {
            room: if stopping { 0 } else { want.standby_room },
            most: want.standby_most,
            missed: stopping || self.standby.has_missed(),
            came,
        };
        let (reports, failures) = session.waiting.take(due);
        let count = reports.len();
        let request = WorkRequest {
            sequence: session.sequence,
            reports,
            slow_endpoints: self.slots.name_slow(Instant::now()),
            want: want.deliveries,
            want_slow: want.slow,
            free: want.free,
            free_slow: want.free_slow,
            want_bytes: want.bytes,
            suspects: want.suspects,
            standby,
            spare: self.store.fresh_event(),
        };
        session.calling = count;
        // A lease begins when Redis grants it, which is after this, however often the call is repeated.
        let asked = Instant::now();
        self.slots.member().asks_for(want.deliveries);
        let reply = self.ask(&session.incarnation, &request).await;
        session.calling = 0;
        (session.told, session.stands_by) = (standby.came, reply.stands_by);
        session.may_be_handed =
            standby.room.min(standby.most) > 0 || session.may_be_handed && !standby.missed;
        if standby.missed {
            self.standby.has_told();
        }
        let now = Instant::now();
        session.planner.answered(now, want, count, &reply);
        self.metrics.due.left(self.store.shard(), reply.more, now);
        session
            .trickle
            .answered(now, now - asked, count - failures, failures);
        self.take_receipts(&request.reports, &reply.receipts);
        for lease in &reply.unreadable {
            session.waiting.push(self.set_aside(lease));
        }
        if !reply.leased.is_empty() {
            self.hand_on(reply, asked);
        }
        // Slots are kept for what it may be handed.
        let kept = if session.stands_by { standby.most } else { 0 };
        self.slots.member().asks_for(kept);
    }

    /// Repeats a call until it is answered.
    async fn ask(&mut self, incarnation: &Incarnation, request: &WorkRequest) -> WorkReply {
        loop {
            let asked = Instant::now();
            match self.store.work(incarnation, &self.policy, request).await {
                Ok(reply) => {
                    self.clock.measure(asked, Instant::now(), reply.time);
                    self.standby.called(asked, reply.time);
                    self.outage.over();
                    return reply;
                }
                Err(error) => {
                    self.slots.member().is_away();
                    tokio::time::sleep(self.outage.failed(&error)).await;
                }
            }
        }
    }
}
