//! What is told of the shards, metric by metric.

use store::overview::Totals;

use super::Seen;
use crate::page::{Kind, Page, number};

/// A state of unfinished deliveries, and how many are in it.
type State = (&'static str, fn(&Totals) -> u64);

const DELIVERIES: [State; 6] = [
    ("waiting", |totals| totals.waiting),
    ("held", |totals| totals.held),
    ("in_flight", |totals| totals.in_flight),
    ("retrying", |totals| totals.retrying),
    ("parked", |totals| totals.parked),
    ("quarantined", |totals| totals.quarantined),
];

/// The states of endpoints.
const ENDPOINTS: [&str; 5] = ["active", "paused", "suspended", "disabled", "off"];

/// What the store has counted since it was made, under which label.
const ENDED: [&str; 3] = ["succeeded", "exhausted", "canceled"];

/// What else it has counted: the metric, what it is, and what the store calls it.
const COUNTERS: [(&str, &str, &str); 4] = [
    (
        "webhooks_store_events_total",
        "Events that were accepted since the store was made.",
        "events",
    ),
    (
        "webhooks_store_deliveries_made_total",
        "Deliveries that were made of them.",
        "deliveries",
    ),
    (
        "webhooks_store_leases_lost_total",
        "Leases that expired since the store was made, of workers that died or hung.",
        "leasesLost",
    ),
    (
        "webhooks_store_corrupt_total",
        "Entries and keys that could not be read, and were set aside, since the store was made.",
        "corrupt",
    ),
];

/// A page, and what is told on it of each shard.
pub(super) struct Told<'a> {
    pub(super) page: &'a mut Page,
    pub(super) seen: &'a [(String, &'a Seen)],
}

impl Told<'_> {
    /// A number of each shard.
    pub(super) fn of(&mut self, name: &'static str, help: &str, value: impl Fn(&Seen) -> Option<f64>) {
        let mut family = self.page.family(name, help, Kind::Gauge);
        for (shard, seen) in self.seen {
            if let Some(value) = value(seen) {
                family.sample(&[("shard", shard)], value);
            }
        }
    }

    /// Several numbers of each, by `label`.
    fn by(
        &mut self,
        (name, help, kind): (&'static str, &str, Kind),
        label: &str,
        values: impl Fn(&Seen) -> Vec<(String, f64)>,
    ) {
        let mut family = self.page.family(name, help, kind);
        for (shard, seen) in self.seen {
            for (of, value) in values(seen) {
                family.sample(&[("shard", shard), (label, &of)], value);
            }
        }
    }

    pub(super) fn deliveries(&mut self) {
        let what = (
            "webhooks_store_deliveries",
            "Unfinished deliveries, by state: waiting for their turn, held since their receiver asked for a pause, in flight, waiting for their next attempt, parked since their endpoint isn't active, quarantined, being discarded, or being released to wait for their turn.",
            Kind::Gauge,
        );
        self.by(what, "state", |seen| {
            let states = DELIVERIES.map(|(state, count)| (state.to_owned(), number(count(&seen.totals))));
            let discarding = ("discarding".to_owned(), number(seen.discarding));
            let releasing = ("releasing".to_owned(), number(seen.releasing));
            states.into_iter().chain([discarding, releasing]).collect()
        });
        self.of(
            "webhooks_store_oldest_waiting_seconds",
            "For how long the delivery has waited, since its event was accepted, that waits longest for its turn.",
            |seen| Some(seen.oldest),
        );
        self.of(
            "webhooks_store_retries_due_within_hour",
            "Deliveries whose next attempt is due within the hour.",
            |seen| Some(number(seen.totals.due_within_hour)),
        );
        self.of(
            "webhooks_store_leases_expired",
            "Deliveries in flight whose leases have expired, and that upkeep has not taken back yet.",
            |seen| Some(number(seen.expired_leases)),
        );
    }

    pub(super) fn endpoints(&mut self) {
        let what = (
            "webhooks_store_endpoints",
            "Endpoints by state; of active ones, those of which something is unfinished.",
            Kind::Gauge,
        );
        self.by(what, "state", |seen| {
            let count = |state| seen.totals.endpoints.get(state).copied().unwrap_or(0);
            ENDPOINTS
                .map(|state| (state.to_owned(), number(count(state))))
                .into()
        });
        self.of(
            "webhooks_store_endpoints_at_cap",
            "Endpoints at which deliveries wait, because they have as many in flight as they carry.",
            |seen| Some(number(seen.totals.at_cap)),
        );
        self.of(
            "webhooks_store_endpoints_slow",
            "Active endpoints with something unfinished whose answers take over a second.",
            |seen| Some(number(seen.totals.slow)),
        );
        let what = (
            "webhooks_store_endpoint_backlog",
            "What waits, is retried or parked at the endpoints with the most of it: as many of each shard as METRICS_TOP_ENDPOINTS says, by default none.",
            Kind::Gauge,
        );
        self.by(what, "endpoint", |seen| {
            let backlogs = seen.backlogs.iter();
            backlogs
                .map(|(id, backlog)| (id.clone(), number(*backlog)))
                .collect()
        });
    }

    pub(super) fn counters(&mut self) {
        let what = (
            "webhooks_store_ended_total",
            "Deliveries that ended since the store was made, by how.",
            Kind::Counter,
        );
        self.by(what, "outcome", |seen| {
            ENDED
                .map(|outcome| (outcome.to_owned(), seen.counter(outcome)))
                .into()
        });
        for (name, help, counter) in COUNTERS {
            let mut family = self.page.family(name, help, Kind::Counter);
            for (shard, seen) in self.seen {
                family.sample(&[("shard", shard)], seen.counter(counter));
            }
        }
    }
}
