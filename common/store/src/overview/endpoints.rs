//! What one endpoint has to do.

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId};
use redis::Cmd;

use super::ask::Answers;
use super::hours::{HOUR_MS, last_hour};
use super::memory::usage_of;
use crate::{Store, StoreError};

/// What is read of an endpoint's record, in this order.
const FIELDS: [&str; 14] = [
    "account",
    "url",
    "state",
    "inFlight",
    "consecutiveFailures",
    "heldUntil",
    "operatorHold",
    "accountHold",
    "recent",
    "hours",
    "lastError",
    "rateLimit",
    "limit",
    "slow",
];

/// How much is read of each endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What it has to do.
    Work,
    /// Also how many bytes its queues take, which not every user may ask.
    Bytes,
}

/// What one endpoint has to do, and how it does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointLoad {
    /// Its account.
    pub account: Option<AccountId>,
    /// Where it is.
    pub url: String,
    /// `active`, `paused`, `suspended`, `disabled` or `off`.
    pub state: String,
    /// Deliveries that wait for their turn, also those that its cap makes wait.
    pub waiting: u64,
    /// Deliveries in flight.
    pub in_flight: u64,
    /// Deliveries that failed, and wait for their next attempt.
    pub retrying: u64,
    /// Those of them that are due within the hour.
    pub due_within_hour: u64,
    /// Deliveries that are parked, since the endpoint isn't active.
    pub parked: u64,
    /// Until when its receiver has asked us to wait, if it has.
    pub held_until: Option<Timestamp>,
    /// The delivery that waits first for its turn.
    pub first: Option<DeliveryId>,
    /// When its nearest retry is due.
    pub next_retry: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u64,
    /// Attempts within about an hour that succeeded.
    pub succeeded: u64,
    /// Attempts within about an hour that failed.
    pub failed: u64,
    /// Bytes that its queues take.
    pub bytes: u64,
    /// What an operator does to it alone, in the words of the store: also while its account is paused.
    pub own_hold: Option<String>,
    /// What an operator does to it, in the words of the store: `pause …` or `throttle …`.
    pub operator_hold: Option<String>,
    /// What went wrong last: `<when (ms)> <status or -> <code> <detail>`.
    pub last_error: Option<String>,
    /// How many deliveries a second it may have, if that is limited.
    pub rate_limit: Option<u64>,
    /// How many attempts it may have in flight, as far as it has shown that it carries them.
    pub cap: u64,
    /// Whether its answers take long.
    pub is_slow: bool,
}

impl EndpointLoad {
    /// Whether it may be served.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }

    /// Whether deliveries wait because it has as many in flight as it may.
    #[must_use]
    pub fn is_at_cap(&self) -> bool {
        self.is_active() && self.waiting > 0 && self.in_flight >= self.cap
    }

    /// All that it has to do, in flight or not.
    #[must_use]
    pub const fn backlog(&self) -> u64 {
        self.waiting + self.retrying + self.parked
    }

    /// When the delivery was accepted that waits first for its turn.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.first.as_ref().map(|delivery| delivery.event().time())
    }

    fn ask(id: &EndpointId, now: u64, detail: Detail, key: impl Fn(&str) -> String) -> Vec<Cmd> {
        let (pending, retry) = (key(&format!("pending:{id}")), key(&format!("retry:{id}")));
        let mut asked = vec![
            redis::cmd("HMGET")
                .arg(key(&format!("endpoint:{id}")))
                .arg(&FIELDS)
                .take(),
            redis::cmd("LLEN").arg(&pending).take(),
            redis::cmd("LINDEX").arg(&pending).arg(0).take(),
            redis::cmd("ZCARD").arg(&retry).take(),
            redis::cmd("ZRANGE")
                .arg(&retry)
                .arg(0)
                .arg(0)
                .arg("WITHSCORES")
                .take(),
            redis::cmd("ZCOUNT")
                .arg(&retry)
                .arg("-inf")
                .arg(now + HOUR_MS)
                .take(),
        ];
        if detail == Detail::Bytes {
            asked.extend([&pending, &retry].map(|key| usage_of(key)));
        }
        asked
    }

    /// `None` if there is no such endpoint.
    fn read(answers: &mut Answers, now: Timestamp, detail: Detail) -> Option<Self> {
        let fields: Vec<Option<String>> = answers.take().unwrap_or_default();
        let (pending, first): (u64, Option<String>) = (answers.count(), answers.take().flatten());
        let (retries, nearest): (u64, Vec<(String, f64)>) =
            (answers.count(), answers.take().unwrap_or_default());
        let (due, bytes) = match detail {
            Detail::Work => (answers.count(), 0),
            Detail::Bytes => (answers.count(), answers.count() + answers.count()),
        };
        let mut fields = fields.into_iter().chain(std::iter::repeat(None));
        let mut text = || fields.next().flatten().filter(|text| !text.is_empty());
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        let moment = |ms: u64| Timestamp::from_millis(i64::try_from(ms).ok()?);

        let mut load = Self {
            account: text().and_then(|account| account.parse().ok()),
            url: text().unwrap_or_default(),
            state: text()?,
            in_flight: number(text()).unwrap_or(0),
            failures: number(text()).unwrap_or(0),
            held_until: number(text()).and_then(moment).filter(|until| *until > now),
            bytes,
            ..Self::default()
        };
        load.own_hold = text();
        load.operator_hold = text().or_else(|| load.own_hold.clone());
        (load.succeeded, load.failed) = last_hour(text().as_deref(), text().as_deref(), now);
        load.last_error = text();
        load.rate_limit = number(text());
        load.cap = number(text()).unwrap_or(1);
        load.is_slow = text().as_deref() == Some("1");
        if load.is_active() {
            (load.waiting, load.retrying, load.due_within_hour) = (pending, retries, due);
            load.first = first.and_then(|entry| entry.split(':').next()?.parse().ok());
            let nearest = nearest.first().map(|(_, at)| *at);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a score in milliseconds is whole, and far below 2^53"
            )]
            let nearest = nearest.and_then(|at| Timestamp::from_millis(at as i64));
            load.next_retry = nearest;
        } else {
            load.parked = pending + retries;
        }
        Some(load)
    }
}

/// How many endpoints are looked at together: commands and answers of all of very many would take much memory.
const AT_A_TIME: usize = 500;

impl Store {
    /// Looks at these endpoints.
    pub(super) async fn endpoint_loads(
        &self,
        ids: Vec<EndpointId>,
        now: Timestamp,
        detail: Detail,
    ) -> Result<BTreeMap<EndpointId, EndpointLoad>, StoreError> {
        let mut found = BTreeMap::new();
        for ids in ids.chunks(AT_A_TIME) {
            let ask = |id| EndpointLoad::ask(id, now.as_millis(), detail, |name| self.keys().key(name));
            let mut answers = self.ask_all(ids.iter().flat_map(ask).collect()).await?;
            let loads = ids
                .iter()
                .map(|id| (id, EndpointLoad::read(&mut answers, now, detail)));
            found.extend(loads.filter_map(|(id, load)| Some((id.clone(), load?))));
        }
        Ok(found)
    }

    /// What one endpoint has to do; `None` if there is no such endpoint.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn endpoint_load(&self, id: &EndpointId) -> Result<Option<EndpointLoad>, StoreError> {
        let now = self.overview_time().await?;
        let mut loads = self.endpoint_loads(vec![id.clone()], now, Detail::Bytes).await?;
        Ok(loads.remove(id))
    }
}
