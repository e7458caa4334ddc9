//! Lanes, timers, counters and routes of each endpoint.

use domain::endpoint::EndpointState;

use super::super::remedy::{Aspect, Remedy};
use super::super::rows::EndpointRow;
use super::tally::OfEndpoint;
use super::{Facts, Found};

/// The highest `ENDPOINT_CONCURRENCY`: it may have been lowered.
const MOST_IN_FLIGHT: i64 = 1000;

/// The sums over an endpoint's deliveries; `None` when it has none.
fn tally_of<'a>(facts: &'a Facts<'_>, id: &str) -> Option<&'a OfEndpoint> {
    facts.tally.endpoints.get(&id.parse().ok()?)
}

fn of(id: &str, aspect: Aspect) -> Remedy {
    Remedy::Endpoint {
        endpoint: id.to_owned(),
        aspect,
    }
}

/// Invariant 3: counters.
pub(super) fn counters(facts: &Facts<'_>, found: &mut Found) {
    for (id, row) in &facts.snapshot.endpoints {
        let key = || format!("endpoint:{id}");
        let (leased, bytes) = tally_of(facts, id).map_or((0, 0), |tally| (tally.leased, tally.bytes));
        let by = |field, stored, counted| Remedy::EndpointCount {
            endpoint: id.clone(),
            account: row.account.clone(),
            field,
            stored,
            counted,
        };
        found.mended(
            row.in_flight != leased,
            key,
            || format!("inFlight is {}, leases are {leased}", row.in_flight),
            || by("inFlight", row.in_flight, leased),
        );
        found.mended(
            row.queued_bytes != bytes,
            key,
            || format!("queuedBytes is {}, its deliveries have {bytes}", row.queued_bytes),
            || by("queuedBytes", row.queued_bytes, bytes),
        );
    }
}

/// The route, by which `accept` goes, says what the endpoint says; the rest of the endpoint fits together.
pub(super) fn routes(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (id, row) in &snapshot.endpoints {
        let key = || format!("endpoint:{id}");
        let (has_previous, has_end) = row.previous_secret;
        found.that(has_previous != has_end, key, || {
            "has a previous secret without an end, or an end without one".to_owned()
        });
        found.that(row.has_odd_headers, key, || {
            "has headers of its own that can't be read".to_owned()
        });
        let state = EndpointState::from_name(&row.state);
        found.that(state.is_none(), key, || format!("its state is {:?}", row.state));
        let filters = snapshot.filters.get(&(row.account.clone(), id.to_owned()));
        found.that(filters.map_or("", String::as_str) != row.filters, key, || {
            format!("its account has {filters:?} for its filters {:?}", row.filters)
        });
        let Some(state) = state else { continue };
        let letter = match (state, row.filters.is_empty()) {
            (EndpointState::Off, _) => "O",
            (EndpointState::Active, true) => "A",
            (EndpointState::Active, false) => "F",
            (EndpointState::Paused | EndpointState::Suspended | EndpointState::Disabled, true) => "D",
            (EndpointState::Paused | EndpointState::Suspended | EndpointState::Disabled, false) => "G",
        };
        let is_ended = matches!(state, EndpointState::Disabled | EndpointState::Off);
        found.that(is_ended != row.has_reason, key, || {
            format!(
                "is {} and says {}",
                row.state,
                if row.has_reason { "why not" } else { "not why" }
            )
        });
        let is_wrong = match state {
            EndpointState::Active => row.is_held,
            EndpointState::Suspended => !row.is_held,
            EndpointState::Paused | EndpointState::Disabled | EndpointState::Off => false,
        };
        found.that(is_wrong, key, || {
            let hold = if row.is_held { "pauses" } else { "doesn't pause" };
            format!("is {}, and an operator {hold} it", row.state)
        });
        let expected = format!("{letter}|,{},|{}", row.events, row.chatbot_id);
        let route = snapshot.routes.get(&(row.account.clone(), id.to_owned()));
        found.mended(
            route != Some(&expected),
            key,
            || format!("its route is {route:?} and should be {expected:?}"),
            || of(id, Aspect::Route),
        );
    }
    for (account, id) in snapshot.routes.keys() {
        let owner = snapshot.endpoints.get(id).map(|row| &row.account);
        found.mended(
            owner.is_some_and(|owner| owner != account),
            || format!("account:{account}:endpoints"),
            || format!("has {id} of {}", owner.map_or("", String::as_str)),
            || Remedy::Member {
                key: format!("account:{account}:endpoints"),
                member: id.clone(),
            },
        );
    }
    for (account, id) in snapshot.filters.keys().filter(|(_, id)| id != "version") {
        let owner = snapshot.endpoints.get(id).map(|row| &row.account);
        let has_version = snapshot
            .filters
            .contains_key(&(account.clone(), "version".to_owned()));
        found.that(
            owner.is_some_and(|owner| owner != account) || !has_version,
            || format!("account:{account}:filters"),
            || {
                format!(
                    "has no version, or has {id} of {}",
                    owner.map_or("", String::as_str)
                )
            },
        );
    }
}

/// Invariant 2: lanes, and the timers that lead to them.
pub(super) fn lanes(facts: &Facts<'_>, found: &mut Found) {
    for (id, row) in &facts.snapshot.endpoints {
        let tally = tally_of(facts, id);
        lane(facts, id, row, tally.map_or(0, |tally| tally.pending), found);
        timer(facts, id, row, tally.and_then(|tally| tally.nearest), found);
    }
    // Turns count up, and the lowest is served first: an endpoint whose turn is far ahead would wait for ever. None is ahead of its
    // account's last turn, which isn't kept while it is the one after the last that is over.
    let (snapshot, over) = (facts.snapshot, facts.snapshot.stats.number("turn"));
    for (lane, turns, last_turns) in [
        ("ready", &snapshot.ready, &snapshot.turns),
        ("ready:slow", &snapshot.ready_slow, &snapshot.slow_turns),
    ] {
        for (id, score) in turns {
            let account = snapshot.endpoints.get(id).map(|row| &row.account);
            let last = account.and_then(|account| last_turns.get(account)).copied();
            let last = last.unwrap_or(0).max(over + 1);
            #[expect(clippy::cast_precision_loss, reason = "Redis's scores are no more exact")]
            let is_ahead = *score > last as f64;
            found.mended(
                is_ahead,
                || lane.to_owned(),
                || format!("has {id} with turn {score}, and the last turn of its account is {last}"),
                || of(id, Aspect::Turn),
            );
        }
    }
}

fn lane(facts: &Facts<'_>, id: &str, row: &EndpointRow, waiting: i64, found: &mut Found) {
    let snapshot = facts.snapshot;
    let key = || format!("endpoint:{id}");
    let is_active = row.state == "active";
    let (in_ready, in_slow) = (snapshot.ready.get(id), snapshot.ready_slow.get(id));
    let (here, there) = if row.slow {
        (in_slow, in_ready)
    } else {
        (in_ready, in_slow)
    };
    let by = || of(id, Aspect::Lane);
    found.mended(there.is_some(), key, || "is in the other lane".to_owned(), by);
    // A disabled endpoint that is probed has its turn as well. A busy one is often seen in its lane before all that waits is fetched,
    // but then each walk sees another turn.
    if let Some(turn) = here {
        let is_wrong = !is_active && !row.is_probed || waiting == 0;
        let what = || {
            format!(
                "is in a lane, {} with {waiting} waiting, its turn {turn}",
                row.state
            )
        };
        found.mended(is_wrong, key, what, by);
    }
    // It may wait for a place of its account, or at its destination.
    let waits_for_place = snapshot
        .waiting
        .values()
        .any(|waiting| waiting.iter().any(|one| one == id));
    // With something in flight it may be at its limit, and comes back when that ends. One that is held, rests, or waits for its turn
    // by its rate, comes back by its timer.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
    let served_from = row.held_until.max(row.paced_until) as f64;
    let waits = snapshot.timers.get(id).is_some_and(|timer| *timer <= served_from);
    found.mended(
        is_active && waiting > 0 && row.in_flight == 0 && here.is_none() && !waits && !waits_for_place,
        key,
        || format!("has {waiting} waiting, nothing in flight, and is in no lane"),
        by,
    );
}

fn timer(facts: &Facts<'_>, id: &str, row: &EndpointRow, nearest: Option<f64>, found: &mut Found) {
    let key = || format!("endpoint:{id}");
    let is_active = row.state == "active";
    let timer = facts.snapshot.timers.get(id);
    let by = || of(id, Aspect::Timer);
    let what = || "is in timers and not active".to_owned();
    found.mended(timer.is_some() && !is_active, key, what, by);
    if let Some(nearest) = nearest.filter(|_| is_active) {
        // Nothing comes before the end of a hold.
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit")]
        let due = nearest.max(row.held_until as f64);
        let what = || format!("its nearest retry is due at {nearest}, its timer at {timer:?}");
        found.mended(timer.is_none_or(|timer| *timer > due), key, what, by);
    }
}

/// Slow start and cap, and the streaks that upkeep's clock will look at.
pub(super) fn streaks(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let policy = snapshot.policy.as_ref();
    let cap = policy.map(|policy| i64::from(policy.endpoint_concurrency));
    let disable_after = policy.map_or(1, |policy| i64::from(policy.disable_after));
    for (id, row) in &snapshot.endpoints {
        found.that(
            row.limit < 0 || cap.is_some_and(|cap| row.limit > cap.max(MOST_IN_FLIGHT)),
            || format!("endpoint:{id}"),
            || format!("may have {} in flight", row.limit),
        );
    }
    for id in snapshot.failing.keys() {
        let row = snapshot.endpoints.get(id);
        found.mended(
            row.is_some_and(|row| row.state != "active" || row.failures < disable_after),
            || "failing".to_owned(),
            || {
                let (state, failures) = row.map_or(("gone", 0), |row| (row.state.as_str(), row.failures));
                format!("has {id}, which is {state} with {failures} failures")
            },
            || of(id, Aspect::Failing(disable_after)),
        );
    }
}
