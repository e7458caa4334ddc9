//! Where deliveries are: lists, sorted sets and leases.

use super::{Done, Hash, Scored, key};
use crate::check::ids::{DeliveryKey, EndpointKey};
use crate::check::places::Place;
use crate::check::snapshot::Snapshot;

pub(in crate::check) fn pending(snapshot: &mut Snapshot, endpoint: &str, entries: Vec<String>) -> Done {
    let place = Place::Pending(key(endpoint)?);
    add_entries(snapshot, &format!("pending:{endpoint}"), place, &entries);
    Ok(())
}

pub(in crate::check) fn retry(snapshot: &mut Snapshot, endpoint: &str, members: Scored) -> Done {
    let at: EndpointKey = key(endpoint)?;
    add_members(snapshot, &format!("retry:{endpoint}"), members, |due| {
        Place::Retry(at, due)
    });
    Ok(())
}

pub(in crate::check) fn failed(snapshot: &mut Snapshot, endpoint: &str, members: Scored) -> Done {
    let at: EndpointKey = key(endpoint)?;
    add_members(snapshot, &format!("failed:{endpoint}"), members, |_| {
        Place::Failed(at)
    });
    Ok(())
}

/// `canceled:<e>`: the end of a delivery's id is that of its endpoint.
pub(in crate::check) fn canceled(snapshot: &mut Snapshot, endpoint: &str, members: Scored) -> Done {
    let (at, place): (EndpointKey, _) = (key(endpoint)?, endpoint.trim_start_matches("ep"));
    for (member, _) in members {
        let event = member.split(' ').next().unwrap_or_default();
        match format!("dlv_{event}{place}").parse() {
            Ok(delivery) => snapshot.places.add(delivery, Place::Canceled(at)),
            Err(_) => snapshot.unreadable.push(format!("canceled:{endpoint} {member}")),
        }
    }
    Ok(())
}

pub(in crate::check) fn leases(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let ends = members
        .iter()
        .filter_map(|(delivery, ends)| Some((delivery.parse().ok()?, *ends)));
    snapshot.leases.extend(ends);
    add_members(snapshot, "leases", members, |_| Place::Leased);
    Ok(())
}

pub(in crate::check) fn quarantine(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    add_members(snapshot, "quarantine", members, |_| Place::Quarantined);
    Ok(())
}

pub(in crate::check) fn tokens(snapshot: &mut Snapshot, _: &str, hash: Hash) -> Done {
    for (delivery, token) in hash.fields {
        if let Ok(key) = delivery.parse() {
            snapshot.token_texts.insert(key, token);
        }
        snapshot.tokens.insert(delivery);
    }
    Ok(())
}

pub(in crate::check) fn sweeps(snapshot: &mut Snapshot, _: &str, entries: Vec<String>) -> Done {
    snapshot.sweeps.extend(entries);
    Ok(())
}

pub(in crate::check) fn chores(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.chores.extend(members);
    Ok(())
}

/// `sweep:<operation>:<queue>`: what was pending or waiting for a retry is unfinished.
pub(in crate::check) fn set_aside(snapshot: &mut Snapshot, operation: &str, entries: Vec<String>) -> Done {
    let name = format!("sweep:{operation}:pending");
    let number = set_aside_number(snapshot, &name);
    add_entries(snapshot, &name, Place::SetAside(number), &entries);
    Ok(())
}

pub(in crate::check) fn set_aside_sorted(snapshot: &mut Snapshot, operation: &str, members: Scored) -> Done {
    let name = format!("sweep:{operation}:retry");
    let number = set_aside_number(snapshot, &name);
    add_members(snapshot, &name, members, |_| Place::SetAside(number));
    Ok(())
}

/// What had failed was finished before.
pub(in crate::check) fn forgotten(snapshot: &mut Snapshot, operation: &str, members: Scored) -> Done {
    let name = format!("sweep:{operation}:failed");
    let number = set_aside_number(snapshot, &name);
    add_members(snapshot, &name, members, |_| Place::Forgotten(number));
    Ok(())
}

/// The number of a queue that was set aside; the same each time.
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
