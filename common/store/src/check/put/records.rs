//! What deliveries' records, and the log, say.

use domain::delivery::DeliveryState;

use super::{Done, Hash, Row, key, whole};
use crate::check::ids::DeliveryKey;
use crate::check::rows::RecordRow;
use crate::check::snapshot::Snapshot;
use crate::log::unpack;

pub(in crate::check) fn record(snapshot: &mut Snapshot, id: &str, row: Row) -> Done {
    let [state, attempts, exhausted_at, made_at] = [0, 1, 2, 3].map(|field| row.values[field].as_ref());
    let record = RecordRow {
        state: state_in(state.ok_or("has no state")?, &RECORDED)?,
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
pub(in crate::check) fn logged(snapshot: &mut Snapshot, delivery: &DeliveryKey, mut entry: Hash) -> Done {
    unpack(&mut entry.fields);
    let outcome = entry.fields.get("outcome").ok_or("has no outcome")?;
    let attempt: i32 = whole(entry.fields.get("attempt"), "attempt")?;
    // An attempt that was held is none of its delivery's, nor is a probe that failed.
    let is_probe = entry.fields.contains_key("probe");
    let (outcome, attempt) = match outcome.as_str() {
        "held" => (DeliveryState::Pending, attempt - 1),
        "retrying" if is_probe => (DeliveryState::Retrying, attempt - 1),
        outcome => (state_in(outcome, &LOGGED)?, attempt),
    };
    if let Some(record) = snapshot.records.get_mut(delivery) {
        record.logged = Some((outcome, attempt));
    }
    Ok(())
}

/// The states that a record can say.
const RECORDED: [DeliveryState; 5] = [
    DeliveryState::Pending,
    DeliveryState::Retrying,
    DeliveryState::Quarantined,
    DeliveryState::Exhausted,
    DeliveryState::Succeeded,
];

/// The states that the log can say a delivery came to.
const LOGGED: [DeliveryState; 3] = [
    DeliveryState::Retrying,
    DeliveryState::Exhausted,
    DeliveryState::Succeeded,
];

fn state_in(text: &str, expected: &[DeliveryState]) -> Result<DeliveryState, String> {
    DeliveryState::from_name(text)
        .filter(|state| expected.contains(state))
        .ok_or_else(|| format!("says {text:?}"))
}
