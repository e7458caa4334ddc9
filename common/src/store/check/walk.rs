//! Reading everything in bounded steps.

use std::collections::HashMap;

use redis::{Cmd, FromRedisValue};

use super::snapshot::{EndpointRow, EventRow, Place, RecordRow, ReplayRow, Snapshot};
use crate::store::{Store, StoreError};

/// Keys, entries or members that one command reads.
pub(super) const STEP: usize = 500;

impl Store {
    /// Reads the whole stored state, and tells now and then how many keys that were so far.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails. A key that holds something else than it should is no error: it is noted.
    pub async fn snapshot(&self, progress: &(dyn Fn(usize) + Sync)) -> Result<Snapshot, StoreError> {
        let mut snapshot = Snapshot::default();
        let prefix = self.keys().key("");
        let pattern = format!("{prefix}*");
        let (mut cursor, mut read) = (0_u64, 0);
        loop {
            let (next, keys): (u64, Vec<String>) = self
                .ask(
                    redis::cmd("SCAN")
                        .arg(cursor)
                        .arg("MATCH")
                        .arg(&pattern)
                        .arg("COUNT")
                        .arg(STEP),
                )
                .await?;
            read += keys.len();
            for key in keys {
                let name = key.trim_start_matches(&prefix);
                match self.look_at(&key, name, &mut snapshot).await {
                    Ok(()) => {}
                    Err(StoreError::Unexpected(reason)) => {
                        snapshot.unreadable.push(format!("{name} ({reason})"))
                    }
                    Err(error) => return Err(error),
                }
            }
            progress(read);
            if next == 0 {
                return Ok(snapshot);
            }
            cursor = next;
        }
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.repeatable(|mut connection| async move { command.query_async(&mut connection).await })
            .await
    }

    async fn look_at(&self, key: &str, name: &str, snapshot: &mut Snapshot) -> Result<(), StoreError> {
        let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
        if let "pending" | "retry" | "failed" | "log" = kind {
            snapshot.owned.push((name.to_owned(), rest.to_owned()));
        }
        match (kind, rest) {
            ("account", rest) => self.look_at_account(key, rest, snapshot).await?,
            ("endpoint", id) => {
                let row = self.endpoint_row(key).await?;
                snapshot.endpoints.extend(row.map(|row| (id.to_owned(), row)));
            }
            ("event", id) => {
                let row = self.event_row(key).await?;
                snapshot.events.extend(row.map(|row| (id.to_owned(), row)));
            }
            ("delivery", id) => {
                let row = self.record_row(key).await?;
                snapshot.records.extend(row.map(|row| (id.to_owned(), row)));
            }
            ("replay", id) => {
                let row = self.replay_row(key).await?;
                snapshot.replays.extend(row.map(|row| (id.to_owned(), row)));
            }
            ("finished", rest) => self.look_at_finished(key, rest, snapshot).await?,
            ("replays", "") => snapshot.replaying = self.members(key).await?.into_keys().collect(),
            ("pending", id) => self.list(key, Place::Pending(id.to_owned()), snapshot).await?,
            ("retry", id) => {
                for (delivery, due) in self.members(key).await? {
                    snapshot
                        .places
                        .entry(delivery)
                        .or_default()
                        .push(Place::Retry(id.to_owned(), due));
                }
            }
            ("failed", id) => self.set(key, &Place::Failed(id.to_owned()), snapshot).await?,
            ("sweep", rest) => self.look_at_set_aside(key, rest, snapshot).await?,
            ("ready", "") => snapshot.ready = self.members(key).await?.into_keys().collect(),
            ("ready", "slow") => snapshot.ready_slow = self.members(key).await?.into_keys().collect(),
            ("timers", "") => snapshot.timers = self.members(key).await?,
            ("disabled", "") => snapshot.disabled = self.members(key).await?.into_keys().collect(),
            ("leases", "") => self.set(key, &Place::Leased, snapshot).await?,
            ("quarantine", "") => self.set(key, &Place::Quarantined, snapshot).await?,
            ("tokens", "") => {
                let tokens: Vec<String> = self.ask(redis::cmd("HKEYS").arg(key)).await?;
                snapshot.tokens = tokens.into_iter().collect();
            }
            ("sweeps", "") => {
                snapshot.sweeps = self.ask(redis::cmd("LRANGE").arg(key).arg(0).arg(-1)).await?
            }
            ("idempotency" | "worker" | "removed" | "trial" | "answer" | "key", _) => {
                if !self.expires(key).await? {
                    snapshot.immortal.push(name.to_owned());
                }
            }
            ("log", _) | ("wake" | "stats" | "corrupt" | "policy" | "trials", "") => {}
            _ => snapshot.unknown.push(name.to_owned()),
        }
        Ok(())
    }

    async fn look_at_account(
        &self,
        key: &str,
        rest: &str,
        snapshot: &mut Snapshot,
    ) -> Result<(), StoreError> {
        match rest.rsplit_once(':') {
            Some((account, "endpoints")) => {
                let routes: HashMap<String, String> = self.ask(redis::cmd("HGETALL").arg(key)).await?;
                let owned = routes
                    .into_iter()
                    .map(|(endpoint, route)| ((account.to_owned(), endpoint), route));
                snapshot.routes.extend(owned);
            }
            Some((account, "bytes")) => {
                let bytes: Option<i64> = self.ask(redis::cmd("GET").arg(key)).await?;
                snapshot
                    .account_bytes
                    .extend(bytes.map(|bytes| (account.to_owned(), bytes)));
            }
            Some((account, class @ ("delivered" | "exhausted"))) => {
                self.finished_list(key, account, class, snapshot).await?;
            }
            Some((_, "hours" | "told" | "trials" | "calls" | "pushed")) => {
                if !self.expires(key).await? {
                    snapshot.immortal.push(format!("account:{rest}"));
                }
            }
            _ => snapshot.unknown.push(format!("account:{rest}")),
        }
        Ok(())
    }

    /// `sweep:<operation>:<queue>`: what was pending or waiting for a retry is unfinished, what had failed is not.
    async fn look_at_set_aside(
        &self,
        key: &str,
        rest: &str,
        snapshot: &mut Snapshot,
    ) -> Result<(), StoreError> {
        snapshot.set_aside.push(key.to_owned());
        let place = Place::SetAside(rest.to_owned());
        match rest.rsplit_once(':') {
            Some((_, "pending")) => self.list(key, place, snapshot).await,
            Some((_, "retry")) => self.set(key, &place, snapshot).await,
            Some((_, "failed")) => self.set(key, &Place::Failed(rest.to_owned()), snapshot).await,
            _ => {
                snapshot.unknown.push(format!("sweep:{rest}"));
                Ok(())
            }
        }
    }

    async fn endpoint_row(&self, key: &str) -> Result<Option<EndpointRow>, StoreError> {
        let hash: HashMap<String, String> = self.ask(redis::cmd("HGETALL").arg(key)).await?;
        let text = |name: &str| hash.get(name).cloned().unwrap_or_default();
        let number = |name: &str| hash.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok((!hash.is_empty()).then(|| EndpointRow {
            account: text("account"),
            state: text("state"),
            in_flight: number("inFlight"),
            probing: text("probing") == "1",
            slow: text("slow") == "1",
            queued_bytes: number("queuedBytes"),
            events: text("events"),
            chatbot_id: text("chatbotId"),
            previous_secret: (
                hash.contains_key("previousSecret"),
                hash.contains_key("previousSecretUntil"),
            ),
        }))
    }

    async fn record_row(&self, key: &str) -> Result<Option<RecordRow>, StoreError> {
        type Fields = (Option<String>, Option<i64>, Option<String>, Option<String>);
        let mut command = redis::cmd("HMGET");
        command
            .arg(key)
            .arg("state")
            .arg("attempts")
            .arg("log")
            .arg("endpoint");
        let (state, attempts, log, endpoint): Fields = self.ask(&command).await?;
        let expires = self.expires(key).await?;
        let newest = log.as_deref().and_then(|ids| ids.split_whitespace().last());
        let logged = match (newest, endpoint) {
            (Some(entry), Some(endpoint)) => self.logged(&endpoint, entry).await?,
            _ => None,
        };
        Ok(state.map(|state| RecordRow {
            state,
            attempts: attempts.unwrap_or(0),
            expires,
            logged,
        }))
    }

    async fn logged(&self, endpoint: &str, entry: &str) -> Result<Option<(String, i64)>, StoreError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(self.keys().key(&format!("log:{endpoint}")));
        command.arg(entry).arg(entry);
        let found: Vec<(String, HashMap<String, String>)> = self.ask(&command).await?;
        Ok(found.into_iter().next().map(|(_, fields)| {
            let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
            (text("outcome"), text("attempt").parse().unwrap_or(-1))
        }))
    }

    async fn replay_row(&self, key: &str) -> Result<Option<ReplayRow>, StoreError> {
        let hash: HashMap<String, String> = self.ask(redis::cmd("HGETALL").arg(key)).await?;
        let expires = self.expires(key).await?;
        let text = |name: &str| hash.get(name).cloned().unwrap_or_default();
        let number = |name: &str| hash.get(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok((!hash.is_empty()).then(|| ReplayRow {
            endpoint: text("endpoint"),
            state: text("state"),
            made: number("made"),
            ended: number("succeeded") + number("exhausted") + number("canceled"),
            expires,
        }))
    }

    async fn event_row(&self, key: &str) -> Result<Option<EventRow>, StoreError> {
        type Fields = (
            Option<String>,
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<i64>,
        );
        let mut command = redis::cmd("HMGET");
        command.arg(key);
        command.arg(&["account", "refs", "charge", "failed", "again"]);
        let (account, refs, charge, failed, again): Fields = self.ask(&command).await?;
        let bytes: i64 = self.ask(redis::cmd("HSTRLEN").arg(key).arg("body")).await?;
        let expires = self.expires(key).await?;
        Ok(account.map(|account| EventRow {
            account,
            refs: refs.unwrap_or(0),
            charge: charge.unwrap_or(0),
            bytes,
            expires,
            failed: failed.is_some(),
            again: again.unwrap_or(0),
        }))
    }

    /// Whether a key has a lifetime; one that has just gone had one.
    async fn expires(&self, key: &str) -> Result<bool, StoreError> {
        let left: i64 = self.ask(redis::cmd("PTTL").arg(key)).await?;
        Ok(left != -1)
    }

    async fn list(&self, key: &str, place: Place, snapshot: &mut Snapshot) -> Result<(), StoreError> {
        let mut start = 0;
        loop {
            let entries: Vec<String> = self
                .ask(redis::cmd("LRANGE").arg(key).arg(start).arg(start + STEP - 1))
                .await?;
            for entry in &entries {
                let delivery = entry.split(':').next().unwrap_or_default();
                if delivery.parse::<crate::id::DeliveryId>().is_ok() {
                    snapshot
                        .places
                        .entry(delivery.to_owned())
                        .or_default()
                        .push(place.clone());
                } else {
                    snapshot.unreadable.push(format!("{key} {entry}"));
                }
            }
            if entries.len() < STEP {
                return Ok(());
            }
            start += STEP;
        }
    }

    async fn set(&self, key: &str, place: &Place, snapshot: &mut Snapshot) -> Result<(), StoreError> {
        for delivery in self.members(key).await?.into_keys() {
            snapshot.places.entry(delivery).or_default().push(place.clone());
        }
        Ok(())
    }

    pub(super) async fn members(&self, key: &str) -> Result<HashMap<String, f64>, StoreError> {
        let mut all = HashMap::new();
        let mut start = 0;
        loop {
            let members: Vec<(String, f64)> = self
                .ask(
                    redis::cmd("ZRANGE")
                        .arg(key)
                        .arg(start)
                        .arg(start + STEP - 1)
                        .arg("WITHSCORES"),
                )
                .await?;
            let read = members.len();
            all.extend(members);
            if read < STEP {
                return Ok(all);
            }
            start += STEP;
        }
    }
}
