//! Looks at all shards.

use std::collections::BTreeMap;
use std::time::Duration;

use store::Store;
use store::check::LastCheck;
use store::overview::{Balance, KindMemory, Outlook, Overview, Rates, Reading, Totals};
use store::server::ServerLook;

use crate::stores::overview;

/// Counters are read again after this time at least, to see how fast things go.
const PACE_OVER: Duration = Duration::from_millis(500);

/// Things move while they are looked at. What doesn't add up is looked at so often.
const LOOKS: u32 = 3;

/// The counters of each shard at a moment.
pub(super) type Readings = BTreeMap<u16, Reading>;

/// All that was seen.
pub(super) struct Status {
    pub(super) overview: Overview,
    pub(super) totals: Totals,
    pub(super) servers: Vec<ServerLook>,
    pub(super) memory: BTreeMap<String, KindMemory>,
    /// How fast things go; `None` if that can't be said.
    pub(super) rates: Option<Rates>,
    /// For how long the memory lasts, of the server where it is full first.
    pub(super) outlook: Outlook,
    pub(super) balance: Balance,
    /// The latest check of each shard; `None` if one was never checked.
    pub(super) checks: Option<Vec<LastCheck>>,
    readings: Readings,
}

impl Status {
    /// What the next look compares with.
    pub(super) fn last_readings(&self) -> Readings {
        self.readings.clone()
    }
}

/// Looks at all shards. How fast things go is seen since `before`, or within this look.
pub(super) async fn look(
    stores: &[Store],
    budget: Option<u64>,
    before: Option<&Readings>,
) -> anyhow::Result<Status> {
    let mut overview = overview(stores).await?;
    let began = overview.readings.iter();
    let began: Readings = began.map(|(shard, [first, _])| (*shard, first.clone())).collect();
    let (totals, balance) = books(&mut overview, stores).await?;
    let mut status = Status {
        overview,
        totals,
        servers: Vec::new(),
        memory: BTreeMap::new(),
        rates: None,
        outlook: Outlook::Unlimited,
        balance,
        checks: Some(Vec::new()),
        readings: Readings::new(),
    };
    for store in stores {
        match see(store, budget, &mut status).await {
            // It was told of already, and the others can be seen.
            Err(_) if store.shard().has_others() => status.checks = None,
            seen => seen?,
        }
    }
    if before.is_none() {
        tokio::time::sleep(PACE_OVER.saturating_sub(passed(&began, stores).await)).await;
    }
    for store in stores {
        // That a shard can't be asked was told of already.
        if let Ok(reading) = store.reading().await {
            status.readings.insert(store.shard().number, reading);
        }
    }
    status.rates = Rates::between(before.unwrap_or(&began), &status.readings);
    Ok(status)
}

/// How long a reading is ago.
async fn passed(began: &Readings, stores: &[Store]) -> Duration {
    let Some(store) = stores.first() else {
        return Duration::ZERO;
    };
    let (then, now) = (began.get(&store.shard().number), store.overview_time().await);
    let Some((then, now)) = then.zip(now.ok()) else {
        return Duration::ZERO;
    };
    Duration::from_millis(now.as_millis().saturating_sub(then.at.as_millis()))
}

/// Whether all adds up; looks again where it doesn't seem to.
async fn books(seen: &mut Overview, stores: &[Store]) -> anyhow::Result<(Totals, Balance)> {
    for _ in 1..LOOKS {
        let totals = seen.totals();
        let balance = Balance::of(seen, &totals);
        if balance.is_even() || seen.is_cut {
            return Ok((totals, balance));
        }
        *seen = overview(stores).await?;
    }
    let totals = seen.totals();
    let balance = Balance::of(seen, &totals);
    Ok((totals, balance))
}

/// What one shard, and its server, tell besides.
async fn see(store: &Store, budget: Option<u64>, status: &mut Status) -> anyhow::Result<()> {
    let server = store.look_at_server(budget).await?;
    let limit = server.memory.limit(budget);
    let outlook = store.memory_outlook(server.memory.used, limit).await?;
    status.outlook = status.outlook.min(outlook);
    let run_id = |server: &ServerLook| server.replication.as_ref().map(|found| found.run_id.clone());
    // Several shards may be on one server.
    if run_id(&server).is_none()
        || status
            .servers
            .iter()
            .all(|known| run_id(known) != run_id(&server))
    {
        status.servers.push(server);
    }
    for (kind, of_it) in store.memory_by_kind().await? {
        let all = status.memory.entry(kind).or_default();
        all.keys += of_it.keys;
        all.bytes += of_it.bytes;
    }
    let check = store.last_check().await?;
    status.checks = status.checks.take().and_then(|mut checks| {
        checks.push(check?);
        Some(checks)
    });
    Ok(())
}
