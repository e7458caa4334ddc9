//! What was read goes into the snapshot: one function for each kind of key that has content.

use super::finished::FinishedEntry;
use super::ids::{DeliveryKey, EndpointKey};
use super::kinds::{Hash, Row};
use super::places::Place;
use super::snapshot::{EndpointRow, EventRow, RecordRow, ReplayRow, Snapshot};
use crate::policy::Policy;

type Done = Result<(), String>;
type Scored = Vec<(String, f64)>;

/// A whole number that must be there.
fn whole<T: std::str::FromStr>(value: Option<&String>, name: &str) -> Result<T, String> {
    let text = value.ok_or_else(|| format!("has no {name}"))?;
    text.parse().map_err(|_| format!("{name} is {text:?}"))
}

fn key<T: std::str::FromStr>(id: &str) -> Result<T, String> {
    id.parse().map_err(|_| "its id can't be read".to_owned())
}

pub(super) fn event(snapshot: &mut Snapshot, id: &str, row: Row) -> Done {
    let [account, refs, charge, accepted_at, failed, again] =
        [0, 1, 2, 3, 4, 5].map(|field| row.values[field].as_ref());
    let account = account.ok_or("has no account")?;
    let event = EventRow {
        account: snapshot.accounts.number(account),
        refs: whole(refs, "refs")?,
        charge: whole(charge, "charge")?,
        bytes: i32::try_from(row.length).unwrap_or(i32::MAX),
        failed: failed.is_some(),
        again: again.map_or(Ok(0), |_| whole(again, "again"))?,
        accepted_at: accepted_at.map_or(Ok(0), |_| whole(accepted_at, "acceptedAt"))?,
        expires: row.expires,
    };
    snapshot.events.insert(key(id)?, event);
    Ok(())
}

pub(super) fn record(snapshot: &mut Snapshot, id: &str, row: Row) -> Done {
    let [state, attempts, exhausted_at, made_at] = [0, 1, 2, 3].map(|field| row.values[field].as_ref());
    let record = RecordRow {
        state: state.ok_or("has no state")?.parse()?,
        attempts: attempts.map_or(Ok(0), |_| whole(attempts, "attempts"))?,
        exhausted_at: exhausted_at.map_or(Ok(0), |_| whole(exhausted_at, "exhaustedAt"))?,
        made_at: made_at.map_or(Ok(0), |_| whole(made_at, "madeAt"))?,
        expires: row.expires,
        logged: None,
    };
    snapshot.records.insert(key(id)?, record);
    Ok(())
}

/// The log entry that a record points to.
pub(super) fn logged(snapshot: &mut Snapshot, delivery: &DeliveryKey, entry: &Hash) -> Done {
    let outcome = entry.fields.get("outcome").ok_or("has no outcome")?.parse()?;
    let attempt = whole(entry.fields.get("attempt"), "attempt")?;
    if let Some(record) = snapshot.records.get_mut(delivery) {
        record.logged = Some((outcome, attempt));
    }
    Ok(())
}

pub(super) fn endpoint(snapshot: &mut Snapshot, id: &str, hash: Hash) -> Done {
    let hash = hash.fields;
    let text = |name: &str| hash.get(name).cloned().unwrap_or_default();
    let number = |name: &str| hash.get(name).map_or(Ok(0), |_| whole(hash.get(name), name));
    let row = EndpointRow {
        account: text("account"),
        state: text("state"),
        has_reason: hash.contains_key("disabledReason"),
        disabled_at: number("disabledAt")?,
        in_flight: number("inFlight")?,
        generation: number("generation")?,
        probing: text("probing") == "1",
        slow: text("slow") == "1",
        queued_bytes: number("queuedBytes")?,
        events: text("events"),
        chatbot_id: text("chatbotId"),
        previous_secret: (
            hash.contains_key("previousSecret"),
            hash.contains_key("previousSecretUntil"),
        ),
    };
    snapshot.endpoints.insert(id.to_owned(), row);
    Ok(())
}

pub(super) fn replay(snapshot: &mut Snapshot, id: &str, hash: Hash) -> Done {
    let text = |name: &str| hash.fields.get(name).cloned().unwrap_or_default();
    let number = |name: &str| whole::<i64>(hash.fields.get(name), name);
    let row = ReplayRow {
        endpoint: text("endpoint"),
        state: text("state"),
        made: number("made")?,
        is_listed: hash.fields.contains_key("isListed"),
        ended: number("succeeded")? + number("exhausted")? + number("canceled")?,
        expires: hash.expires,
    };
    snapshot.replays.insert(id.to_owned(), row);
    Ok(())
}

pub(super) fn routes(snapshot: &mut Snapshot, account: &str, hash: Hash) -> Done {
    let routes = hash
        .fields
        .into_iter()
        .map(|(endpoint, route)| ((account.to_owned(), endpoint), route));
    snapshot.routes.extend(routes);
    Ok(())
}

pub(super) fn account_bytes(snapshot: &mut Snapshot, account: &str, bytes: Option<i64>) -> Done {
    let bytes = bytes.map(|bytes| (account.to_owned(), bytes));
    snapshot.account_bytes.extend(bytes);
    Ok(())
}

pub(super) fn pending(snapshot: &mut Snapshot, endpoint: &str, entries: Vec<String>) -> Done {
    let place = Place::Pending(key(endpoint)?);
    add_entries(snapshot, &format!("pending:{endpoint}"), place, &entries);
    Ok(())
}

pub(super) fn retry(snapshot: &mut Snapshot, endpoint: &str, members: Scored) -> Done {
    let at: EndpointKey = key(endpoint)?;
    add_members(snapshot, &format!("retry:{endpoint}"), members, |due| {
        Place::Retry(at, due)
    });
    Ok(())
}

pub(super) fn failed(snapshot: &mut Snapshot, endpoint: &str, members: Scored) -> Done {
    let at: EndpointKey = key(endpoint)?;
    add_members(snapshot, &format!("failed:{endpoint}"), members, |_| {
        Place::Failed(at)
    });
    Ok(())
}

pub(super) fn leases(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let ends = members
        .iter()
        .filter_map(|(delivery, ends)| Some((delivery.parse().ok()?, *ends)));
    snapshot.leases.extend(ends);
    add_members(snapshot, "leases", members, |_| Place::Leased);
    Ok(())
}

pub(super) fn quarantine(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_members(snapshot, "quarantine", members, |_| Place::Quarantined);
    Ok(())
}

pub(super) fn tokens(snapshot: &mut Snapshot, _: &str, hash: Hash) -> Done {
    for (delivery, token) in hash.fields {
        if let Ok(key) = delivery.parse() {
            snapshot.token_texts.insert(key, token);
        }
        snapshot.tokens.insert(delivery);
    }
    Ok(())
}

/// `sweep:<operation>:<queue>`: what was pending or waiting for a retry is unfinished.
pub(super) fn set_aside(snapshot: &mut Snapshot, operation: &str, entries: Vec<String>) -> Done {
    let name = format!("sweep:{operation}:pending");
    let number = set_aside_number(snapshot, &name);
    add_entries(snapshot, &name, Place::SetAside(number), &entries);
    Ok(())
}

pub(super) fn set_aside_sorted(snapshot: &mut Snapshot, operation: &str, members: Scored) -> Done {
    let name = format!("sweep:{operation}:retry");
    let number = set_aside_number(snapshot, &name);
    add_members(snapshot, &name, members, |_| Place::SetAside(number));
    Ok(())
}

/// What had failed was finished before.
pub(super) fn forgotten(snapshot: &mut Snapshot, operation: &str, members: Scored) -> Done {
    let name = format!("sweep:{operation}:failed");
    let number = set_aside_number(snapshot, &name);
    add_members(snapshot, &name, members, |_| Place::Forgotten(number));
    Ok(())
}

/// The number of a queue that was set aside.
fn set_aside_number(snapshot: &mut Snapshot, name: &str) -> u32 {
    let known = snapshot.set_aside.iter().rposition(|known| known == name);
    let number = known.unwrap_or_else(|| {
        snapshot.set_aside.push(name.to_owned());
        snapshot.set_aside.len() - 1
    });
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn add_entries(snapshot: &mut Snapshot, name: &str, place: Place, entries: &[String]) {
    for entry in entries {
        let delivery = entry.split(':').next().unwrap_or_default();
        match delivery.parse() {
            Ok(delivery) => snapshot.places.add(delivery, place),
            Err(_) => snapshot.unreadable.push(format!("{name} {entry}")),
        }
    }
}

fn add_members(snapshot: &mut Snapshot, name: &str, members: Scored, place: impl Fn(f64) -> Place) {
    for (member, score) in members {
        match member.parse::<DeliveryKey>() {
            Ok(delivery) => snapshot.places.add(delivery, place(score)),
            Err(_) => snapshot.unreadable.push(format!("{name} {member}")),
        }
    }
}

pub(super) fn ready(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.ready.extend(members);
    Ok(())
}

pub(super) fn ready_slow(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.ready_slow.extend(members);
    Ok(())
}

pub(super) fn timers(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.timers.extend(members);
    Ok(())
}

pub(super) fn parked(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot
        .parked
        .extend(members.into_iter().map(|(endpoint, _)| endpoint));
    Ok(())
}

pub(super) fn replaying(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.replaying.extend(members);
    Ok(())
}

pub(super) fn ended_replays(snapshot: &mut Snapshot, endpoint: &str, ended: Vec<String>) -> Done {
    let known = snapshot.ended_replays.entry(endpoint.to_owned());
    known.or_default().extend(ended);
    Ok(())
}

pub(super) fn sweeps(snapshot: &mut Snapshot, _: &str, entries: Vec<String>) -> Done {
    snapshot.sweeps.extend(entries);
    Ok(())
}

pub(super) fn corrupt(snapshot: &mut Snapshot, _: &str, entries: Vec<String>) -> Done {
    snapshot.has_corrupt |= !entries.is_empty();
    Ok(())
}

pub(super) fn policy(snapshot: &mut Snapshot, _: &str, hash: Hash) -> Done {
    snapshot.policy = Policy::read(&hash.fields);
    Ok(())
}

pub(super) fn delivered(snapshot: &mut Snapshot, account: &str, entries: Vec<String>) -> Done {
    add_finished(snapshot, account, "delivered", entries)
}

pub(super) fn exhausted(snapshot: &mut Snapshot, account: &str, entries: Vec<String>) -> Done {
    add_finished(snapshot, account, "exhausted", entries)
}

fn add_finished(snapshot: &mut Snapshot, account: &str, class: &str, entries: Vec<String>) -> Done {
    let of = (account.to_owned(), class.to_owned());
    let list = snapshot.finished.lists.entry(of).or_default();
    for text in entries {
        match FinishedEntry::parse(&text) {
            Some(entry) => list.push(entry),
            None => snapshot
                .unreadable
                .push(format!("account:{account}:{class} {text}")),
        }
    }
    Ok(())
}

pub(super) fn oldest_delivered(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let times = of_class(members, "delivered");
    snapshot.finished.oldest.extend(times);
    Ok(())
}

pub(super) fn oldest_exhausted(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let times = of_class(members, "exhausted");
    snapshot.finished.oldest.extend(times);
    Ok(())
}

pub(super) fn delivered_bytes(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let bytes = of_class(members, "delivered");
    snapshot.finished.bytes.extend(bytes);
    Ok(())
}

pub(super) fn exhausted_bytes(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let bytes = of_class(members, "exhausted");
    snapshot.finished.bytes.extend(bytes);
    Ok(())
}

fn of_class(members: Scored, class: &'static str) -> impl Iterator<Item = ((String, String), f64)> {
    members
        .into_iter()
        .map(move |(account, score)| ((account, class.to_owned()), score))
}
