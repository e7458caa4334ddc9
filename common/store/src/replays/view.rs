//! Reading a replay of many as scripts answer it.

use std::collections::HashMap;

use redis::Value;

use domain::clock::Timestamp;
use domain::id::ReplayId;

use super::{Replay, ReplaySpan, ReplayState, ReplayStatus, events_of};
use crate::StoreError;
use crate::decode::{parse, unexpected};
use crate::scripts::{Answer, answered};

/// A replay as scripts answer it (`replay_view`).
struct View {
    id: ReplayId,
    fields: HashMap<String, String>,
    endpoint_state: String,
}

answered! { View { id, fields, endpoint_state } }

impl Answer for Replay {
    fn read(value: Value) -> Result<Self, StoreError> {
        replay(View::read(value)?)
    }
}

fn replay(view: View) -> Result<Replay, StoreError> {
    let hash = view.fields;
    let state = match hash.get("state").map(String::as_str) {
        Some("running") => ReplayState::Running,
        Some("finished") => ReplayState::Finished,
        Some("canceled") => ReplayState::Canceled,
        _ => return Err(unexpected("state of a replay")),
    };
    let status = hash
        .get("status")
        .ok_or_else(|| unexpected("status of a replay"))?;
    let status = ReplayStatus::read(Value::BulkString(status.clone().into_bytes()))?;
    Ok(Replay {
        id: view.id,
        state,
        span: ReplaySpan {
            status,
            events: events_of(hash.get("events").map_or("", String::as_str)),
            since: time(&hash, "since")?,
            until: time(&hash, "until")?,
        },
        made: number(&hash, "made"),
        skipped: number(&hash, "skipped"),
        succeeded: number(&hash, "succeeded"),
        exhausted: number(&hash, "exhausted"),
        canceled: number(&hash, "canceled"),
        is_parked: matches!(view.endpoint_state.as_str(), "disabled" | "off"),
        created_at: time(&hash, "createdAt")?,
        finished_at: hash
            .contains_key("finishedAt")
            .then(|| time(&hash, "finishedAt"))
            .transpose()?,
    })
}

fn number(hash: &HashMap<String, String>, name: &str) -> u64 {
    hash.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn time(hash: &HashMap<String, String>, name: &str) -> Result<Timestamp, StoreError> {
    let text = hash.get(name).ok_or_else(|| unexpected(name))?;
    Timestamp::from_millis(parse(text)?).ok_or_else(|| unexpected(name))
}
