//! The task beside the attempts: it tells others who answered, proves suspicions, takes back what was wrongly blamed, and finds out
//! when an outage is over.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Url;
use store::StoreError;
use store::egress::MAX_NOTED;
use store::queue::Incarnation;

use super::check::Checks;
use super::notes::Notes;
use super::strikes::TakingBack;
use super::{Egress, EgressCheck, Site, has_name};
use crate::fault::Fault;
use crate::metrics::Metrics;
use crate::outage::Outage;
use crate::stop::Stop;
use crate::transport::Client;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);

/// How often it tells the other workers who answered, and at most asks who answered them.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How long a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// How often an outage is noted in the store, and for how long each time.
const NOTE_EVERY: Duration = Duration::from_secs(4);
const NOTED_FOR: Duration = Duration::from_secs(20);

/// What the task works with.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) egress: Egress,
    /// What the workers tell each other by.
    pub(crate) notes: Notes,
    pub(crate) client: Client,
    pub(crate) check: EgressCheck,
    /// `DISABLE_AFTER`.
    pub(crate) disable_after: u32,
    pub(crate) metrics: Metrics,
    pub(crate) stop: Stop,
    pub(crate) redis: Outage,
}

/// What it remembers.
#[derive(Debug)]
struct Session {
    incarnation: Incarnation,
    checks: Checks,
    told: Option<Instant>,
    asked: Option<Instant>,
    noted: Option<Instant>,
    /// Since when there is an outage.
    since: Option<Instant>,
    taking_back: TakingBack,
}

/// What is to be probed now.
#[derive(Debug, Default)]
struct Round {
    sites: Vec<(Site, Url)>,
    with_checks: bool,
}

impl Watch {
    /// Runs until the worker stops.
    pub(crate) async fn run(mut self) {
        let mut session = Session {
            incarnation: Incarnation::random(),
            checks: Checks::of(&self.check),
            told: None,
            asked: None,
            noted: None,
            since: None,
            taking_back: TakingBack::default(),
        };
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                () = self.step(&mut session) => {}
                () = stop.requested() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.requested() => return,
            }
        }
    }

    async fn step(&mut self, session: &mut Session) {
        if let Err(error) = self.tell(session).await {
            self.redis.failed(&error);
        }
        let round = self.round(session);
        if round.with_checks || !round.sites.is_empty() {
            self.probe(session, round).await;
        }
        self.conclude(session);
        match self.record(session).await {
            Ok(()) => self.redis.over(),
            Err(error) => {
                self.redis.failed(&error);
            }
        }
    }

    /// Tells other workers who answered, and asks them if nobody answers here.
    async fn tell(&self, session: &mut Session) -> Result<(), StoreError> {
        let now = Instant::now();
        if is_due(session.told, TELL_EVERY, now) {
            session.told = Some(now);
            let mut news = session.checks.news(now);
            let most = MAX_NOTED.saturating_sub(news.len());
            news.extend(self.egress.state().known.news(now, most));
            if !news.is_empty() {
                let news: Vec<_> = news.iter().map(String::as_str).collect();
                self.notes.note_destinations(&news).await?;
            }
        }
        if self.egress.state().is_silent(now) && is_due(session.asked, TELL_EVERY, now) {
            let destinations = self.notes.destinations().await?;
            session.asked = Some(now);
            let mut state = self.egress.state();
            for (destination, ago) in destinations {
                session.checks.heard_of(now, &destination, ago);
                state.known.heard_of(now, &destination, ago);
            }
        }
        Ok(())
    }

    /// What to probe now.
    fn round(&self, session: &Session) -> Round {
        let now = Instant::now();
        let with_check = session.checks.is_believed(now, |_| true);
        let with_named_check = session.checks.is_believed(now, has_name);
        let state = &mut *self.egress.state();
        if let Some(sites) = state.next_probes(now, with_check, with_named_check) {
            return Round {
                sites,
                with_checks: true,
            };
        }
        Round {
            sites: Vec::new(),
            with_checks: session.checks.are_due(now),
        }
    }

    /// Probes all of a round at once. Each answer counts at once.
    async fn probe(&self, session: &mut Session, round: Round) {
        let Round { sites, with_checks } = round;
        let mut all: Vec<_> = sites.into_iter().map(|(site, url)| (None, site, url)).collect();
        if with_checks {
            let checks = session.checks.begin(Instant::now());
            all.extend(checks.filter_map(|(number, url)| {
                let site = Site::of(url.host_str()?);
                Some((Some(number), site, url.clone()))
            }));
        }
        let mut probes: FuturesUnordered<_> = all
            .into_iter()
            .map(async |(check, site, url)| {
                let reached = self.client.reach(&url, PROBE_TIMEOUT).await;
                (check, site, url, reached)
            })
            .collect();
        while let Some((check, site, url, reached)) = probes.next().await {
            let failure = match reached {
                Ok(()) => None,
                Err(Fault::Receiver(failure, _)) => Some(failure),
                // This says nothing of the network.
                Err(Fault::NotAttempted(_)) => continue,
            };
            let now = Instant::now();
            if let Some(number) = check {
                session.checks.note(number, now, failure);
            }
            self.egress.state().probed(now, &site, &url, failure);
        }
    }

    /// Believes a suspicion if it was proved, and notices when an outage is over.
    fn conclude(&self, session: &mut Session) {
        let now = Instant::now();
        let state = &mut *self.egress.state();
        let named = session.checks.count(has_name);
        let (network, names) = state.conclude(now, session.checks.count(|_| true), named);
        session.checks.stand_still(now, state.stand_still(now));
        if network {
            tracing::error!(
                "nothing that this worker sends is answered: its network is down. Deliveries wait, and no endpoint is blamed"
            );
        }
        if names {
            tracing::error!(
                "no name resolves on this worker: its resolver is down. Deliveries wait, and no endpoint is blamed"
            );
        }
        let (network_is_out, names_are_out) = (state.network.judge.is_out(), state.names.judge.is_out());
        let mut struck = state.network.strikes.take(now, network_is_out);
        struck.extend(state.names.strikes.take(now, network_is_out || names_are_out));
        if network_is_out || names_are_out {
            session.since.get_or_insert(now);
        } else if let Some(since) = session.since.take() {
            tracing::info!(
                seconds = now.saturating_duration_since(since).as_secs_f32(),
                "receivers answer again"
            );
        }
        self.metrics.egress_down.set(session.since.is_some().into());
        session.taking_back.add(&struck);
    }

    /// Writes down what there is to write: whether there is an outage, and what is taken back.
    async fn record(&self, session: &mut Session) -> Result<(), StoreError> {
        let now = Instant::now();
        if session.since.is_some() && is_due(session.noted, NOTE_EVERY, now) {
            self.notes.note_outage(&session.incarnation, NOTED_FOR).await?;
            session.noted = Some(now);
        } else if session.since.is_none() && session.noted.is_some() {
            self.notes
                .note_outage(&session.incarnation, Duration::ZERO)
                .await?;
            session.noted = None;
        }
        while let Some((operation, struck)) = session.taking_back.next() {
            let (notes, most) = (&self.notes, self.disable_after);
            let taken = notes.take_strikes_back(operation, most, struck).await?;
            session.taking_back.done();
            self.metrics.strikes_taken_back.inc_by(taken.strikes);
            tracing::warn!(
                strikes = taken.strikes,
                endpoints_switched_on = taken.endpoints,
                "took back strikes of an outage of our own"
            );
        }
        Ok(())
    }
}

fn is_due(last: Option<Instant>, every: Duration, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= every)
}
