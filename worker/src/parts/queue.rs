//! The tasks of one shard: its queue, and what keeps it tidy.

use std::sync::Arc;

use store::queue::Report;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::Parts;
use crate::backend::fetcher::Fetcher;
use crate::backend::handoff::Handoff;
use crate::backend::pool::Capacity;
use crate::backend::slots::Slots;
use crate::backend::standby::Standby;
use crate::backend::wake::Wake;
use crate::deliver::Sender;
use crate::gauge::Gauge;
use crate::observer::Observer;
use crate::operator_events::OperatorEventSender;
use crate::outage::Outage;
use crate::packing::Packing;
use crate::presence::{Register, Telling};
use crate::ready::watch;
use crate::shards::WorkerShard;
use crate::tasks::Tasks;
use crate::test_events::{TestEventSender, TestEvents};
use crate::upkeep::Upkeep;

/// What the tasks of a shard are given.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    pub(super) parts: &'a Parts<'a>,
    pub(super) shard: &'a WorkerShard,
    pub(super) slots: &'a Arc<Slots>,
    pub(super) handoff: &'a Arc<Handoff>,
    /// Of the worker, which its shards share.
    pub(super) capacity: Capacity,
}

/// What connects the fetcher with the task that waits for wake tokens.
#[derive(Debug)]
struct WakeUp {
    /// Whether a wake token would help.
    idle: watch::Sender<bool>,
    /// What waiting has brought.
    standby: Arc<Standby>,
}

impl Queue<'_> {
    /// Starts the shard's tasks. They begin once it has been reached.
    pub(super) fn start(&self, reports: UnboundedReceiver<Report>, sender: &Arc<Sender>, tasks: &mut Tasks) {
        let wake_up = WakeUp {
            idle: watch::Sender::new(false),
            standby: Arc::default(),
        };
        let shard = self.shard.store.shard().number;
        let register = Register::of(&self.parts.identity, shard, &self.parts.drain);
        tasks.spawn("wake", self.once_reached(self.wake(&wake_up, &register)));
        let fetcher = self.fetcher(reports, wake_up, &register);
        tasks.spawn("fetcher", self.once_reached(fetcher));
        tasks.spawn("watch", self.watch());
        tasks.spawn("upkeep", self.once_reached(self.upkeep(&register)));
        tasks.spawn("presence", self.once_reached(self.presence(register)));
        tasks.spawn("packing", self.once_reached(self.packing()));
        tasks.spawn("observer", self.once_reached(self.observer()));
        tasks.spawn("trials", self.once_reached(self.test_events(sender)));
        if let Some(sender) = self.operator_events() {
            tasks.spawn("operator", self.once_reached(sender));
        }
    }

    fn once_reached(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        self.shard.once_reached(self.parts.stop.clone(), task)
    }

    /// Reports and fetches.
    fn fetcher(
        &self,
        reports: UnboundedReceiver<Report>,
        wake_up: WakeUp,
        register: &Register,
    ) -> impl Future<Output = ()> + Send + use<> {
        let parts = self.parts;
        let fetcher = Fetcher {
            store: self.shard.store.clone(),
            policy: parts.config.policy(),
            incarnation: register.incarnation.clone(),
            slots: Arc::clone(self.slots),
            reports,
            handoff: Arc::clone(self.handoff),
            egress: parts.egress.clone(),
            idle: wake_up.idle,
            standby: wake_up.standby,
            stop: parts.stop.clone(),
            drain: parts.drain.clone(),
            metrics: parts.metrics.clone(),
            outage: parts.outage("work", Some(self.shard)),
            clock: parts.clock.clone(),
            fitness: parts.fitness.clone(),
        };
        let (capacity, is_recorded) = (self.capacity, Arc::clone(&register.is_recorded));
        async move {
            fetcher.run(capacity).await;
            // Nobody else sets it.
            is_recorded.set(()).ok();
        }
    }

    /// Tells the shard of this worker.
    fn presence(&self, register: Register) -> impl Future<Output = ()> + Send + use<> {
        let telling = Telling {
            store: self.shard.store.clone(),
            identity: self.parts.identity.clone(),
            register,
            slots: Arc::clone(self.slots),
            capacity: self.capacity.slots,
            stop: self.parts.stop.clone(),
            outage: self.outage("presence"),
        };
        telling.run()
    }

    /// Waits while the fetcher is idle.
    fn wake(&self, wake_up: &WakeUp, register: &Register) -> impl Future<Output = ()> + Send + use<> {
        let parts = self.parts;
        let wake = Wake {
            store: self.shard.store.clone(),
            incarnation: register.incarnation.clone(),
            lease: parts.config.policy().lease(),
            idle: wake_up.idle.subscribe(),
            standby: Arc::clone(&wake_up.standby),
            slots: Arc::clone(self.slots),
            handoff: Arc::clone(self.handoff),
            metrics: parts.metrics.clone(),
            outage: self.outage("wake"),
        };
        wake.run(parts.stop.clone())
    }

    /// Waits for the shard, if it has not been reached yet, and looks at it for as long as the worker runs.
    fn watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let (config, shard) = (self.parts.config.clone(), self.shard.clone());
        let (metrics, mut stop) = (self.parts.metrics.store.clone(), self.parts.stop.clone());
        let mut outage = self.parts.outage("inspect", Some(self.shard));
        async move {
            tokio::select! {
                () = watch(&config, &shard, &mut outage, |turn| metrics.turned(turn)) => {}
                () = stop.requested() => {}
            }
        }
    }

    /// Tidies the shard up.
    fn upkeep(&self, register: &Register) -> impl Future<Output = ()> + Send + use<> {
        let upkeep = Upkeep {
            store: self.shard.store.clone(),
            policy: self.parts.config.policy(),
            header_prefix: self.parts.config.headers.header_prefix.clone(),
            is_announced: false,
            gauge: self.gauge(),
            metrics: self.parts.metrics.clone(),
            stop: self.parts.stop.clone(),
            outage: self.outage("upkeep"),
            known: register.known.clone(),
        };
        upkeep.run()
    }

    /// Packs history.
    fn packing(&self) -> impl Future<Output = ()> + Send + use<> {
        let packing = Packing {
            store: self.shard.store.clone(),
            gauge: self.gauge(),
            slots: Arc::clone(self.slots),
            capacity: self.capacity.slots,
            metrics: self.parts.metrics.history.clone(),
            stop: self.parts.stop.clone(),
            outage: self.outage("packing"),
        };
        packing.run()
    }

    /// Looks at the shard's queues while somebody reads the metrics.
    fn observer(&self) -> impl Future<Output = ()> + Send + use<> {
        let config = self.parts.config;
        let observer = Observer {
            store: self.shard.store.clone(),
            queues: self.parts.metrics.queues.clone(),
            interest: self.parts.interest.clone(),
            top: config.metrics.metrics_top_endpoints.into(),
            budget: config.memory.store_budget_bytes.map(|size| size.0),
            outage: self.outage("observer"),
            stop: self.parts.stop.clone(),
        };
        observer.run()
    }

    /// Takes test events and sends them.
    fn test_events(&self, sender: &Arc<Sender>) -> impl Future<Output = ()> + Send + use<> {
        let test_events = TestEvents {
            outage: self.outage("trials"),
            fitness: self.parts.fitness.clone(),
            drain: self.parts.drain.clone(),
            stop: self.parts.stop.clone(),
            sender: Arc::new(TestEventSender {
                store: self.shard.store.clone(),
                sender: Arc::clone(sender),
                policy: self.parts.config.policy(),
                metrics: self.parts.metrics.clone(),
                clock: self.parts.clock.clone(),
            }),
        };
        test_events.run()
    }

    /// Tells the operator what happens to accounts, if anybody is to be told.
    fn operator_events(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let (receiver, client) = self.parts.operator.clone()?;
        let sender = OperatorEventSender {
            store: self.shard.store.clone(),
            receiver,
            names: (&self.parts.config.headers.header_prefix).into(),
            client,
            clock: self.parts.clock.clone(),
            metrics: self.parts.metrics.operator.clone(),
            outage: self.outage("operator"),
            stop: self.parts.stop.clone(),
        };
        Some(sender.run())
    }

    fn gauge(&self) -> Gauge {
        let budget = self.parts.config.memory.store_budget_bytes.map(|size| size.0);
        Gauge::new(self.shard.store.clone(), budget)
    }

    /// What a task knows of outages that says nothing of them.
    fn outage(&self, call: &'static str) -> Outage {
        self.parts.outage(call, None)
    }
}
