//! Endpoints, and the indexes that name them.

use domain::sealing::SealedHeaders;

use super::{Done, Hash, Scored, whole};
use crate::check::rows::EndpointRow;
use crate::check::snapshot::Snapshot;

pub(in crate::check) fn endpoint(snapshot: &mut Snapshot, id: &str, hash: Hash) -> Done {
    let hash = hash.fields;
    let text = |name: &str| hash.get(name).cloned().unwrap_or_default();
    let number = |name: &str| hash.get(name).map_or(Ok(0), |_| whole(hash.get(name), name));
    // Since when an operator pauses it: what was parked for too long ends then.
    let pauses = [hash.get("accountHold"), hash.get("operatorHold")];
    let pauses = pauses
        .into_iter()
        .flatten()
        .filter(|hold| hold.starts_with("pause "));
    let paused_at: Vec<i64> = pauses
        .map(|hold| whole(hold.split(' ').nth(2).map(str::to_owned).as_ref(), "hold"))
        .collect::<Result<_, _>>()?;
    let row = EndpointRow {
        account: text("account"),
        state: text("state"),
        has_reason: hash.contains_key("disabledReason"),
        is_held: !paused_at.is_empty(),
        disabled_at: paused_at.into_iter().fold(number("disabledAt")?, i64::max),
        in_flight: number("inFlight")?,
        generation: number("generation")?,
        limit: number("limit")?,
        held_until: number("heldUntil")?,
        paced_until: match hash.get("pacedUntil") {
            // It has a fraction.
            Some(text) => whole::<i64>(text.split('.').next().map(str::to_owned).as_ref(), "pacedUntil")? + 1,
            None => 0,
        },
        failures: number("consecutiveFailures")?,
        slow: text("slow") == "1",
        is_probed: hash.contains_key("probe"),
        queued_bytes: number("queuedBytes")?,
        events: text("events"),
        chatbot_id: text("chatbotId"),
        filters: text("filters"),
        has_odd_headers: !SealedHeaders::from_stored(text("headers")).is_well_formed(),
        previous_secret: (
            hash.contains_key("previousSecret"),
            hash.contains_key("previousSecretUntil"),
        ),
    };
    snapshot.endpoints.insert(id.to_owned(), row);
    Ok(())
}

pub(in crate::check) fn routes(snapshot: &mut Snapshot, account: &str, hash: Hash) -> Done {
    let routes = hash
        .fields
        .into_iter()
        .map(|(endpoint, route)| ((account.to_owned(), endpoint), route));
    snapshot.routes.extend(routes);
    Ok(())
}

pub(in crate::check) fn filters(snapshot: &mut Snapshot, account: &str, hash: Hash) -> Done {
    let filters = hash
        .fields
        .into_iter()
        .map(|(endpoint, filters)| ((account.to_owned(), endpoint), filters));
    snapshot.filters.extend(filters);
    Ok(())
}

pub(in crate::check) fn ready(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.ready.extend(members);
    Ok(())
}

pub(in crate::check) fn ready_slow(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.ready_slow.extend(members);
    Ok(())
}

pub(in crate::check) fn turn(snapshot: &mut Snapshot, account: &str, last: Option<i64>) -> Done {
    let last = last.map(|last| (account.to_owned(), last));
    snapshot.turns.extend(last);
    Ok(())
}

pub(in crate::check) fn slow_turn(snapshot: &mut Snapshot, account: &str, last: Option<i64>) -> Done {
    let last = last.map(|last| (account.to_owned(), last));
    snapshot.slow_turns.extend(last);
    Ok(())
}

pub(in crate::check) fn timers(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.timers.extend(members);
    Ok(())
}

pub(in crate::check) fn failing(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.failing.extend(members);
    Ok(())
}

pub(in crate::check) fn parked(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot
        .parked
        .extend(members.into_iter().map(|(endpoint, _)| endpoint));
    Ok(())
}
