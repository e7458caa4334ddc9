//! What a worker is handed while it waits: `accept/handing.lua` leases deliveries of an event that comes alone, and leaves them in a list of
//! the worker's.

use std::sync::Arc;

use domain::clock::Timestamp;
use redis::Value;

use super::{LeaseToken, Leased, LeasedEvent};
use crate::StoreError;
use crate::decode::{bytes, unexpected};
use crate::scripts::{Answer, List};

/// How a wait for something to do ended.
#[derive(Debug)]
pub enum Woken {
    /// Nothing came.
    Nothing,
    /// A wake token: there may be something to fetch.
    Token,
    /// Deliveries of an event, which are leased to this worker.
    Handed(Handed),
}

/// What a worker was handed.
#[derive(Debug)]
pub struct Handed {
    /// Deliveries of one event, each to another endpoint.
    pub leased: Vec<Leased>,
    /// The sequence of the call with which the worker began to wait.
    pub after: u64,
    /// When they were leased, by Redis's own clock (see [`WorkReply::time`](super::WorkReply)).
    pub at: Timestamp,
}

impl Answer for Woken {
    fn read(value: Value) -> Result<Self, StoreError> {
        if matches!(value, Value::Nil) {
            return Ok(Self::Nothing);
        }
        let (key, element) = <(String, Value)>::read(value)?;
        if key.contains(":handed:") {
            Handed::read(element).map(Self::Handed)
        } else {
            Ok(Self::Token)
        }
    }
}

impl Answer for Handed {
    fn read(value: Value) -> Result<Self, StoreError> {
        let mut list = List::of(fields(value)?)?;
        let (after, at) = (list.take()?, list.take()?);
        let event = Arc::new(Answer::read(fields(list.take()?)?)?);
        let deliveries: Vec<Value> = Answer::read(fields(list.take()?)?)?;
        list.end()?;
        let leased = deliveries
            .into_iter()
            .map(|delivery| leased(delivery, &event))
            .collect::<Result<_, _>>()?;
        Ok(Self { leased, after, at })
    }
}

/// A delivery with its token and its endpoint.
fn leased(delivery: Value, event: &Arc<LeasedEvent>) -> Result<Leased, StoreError> {
    let mut list = List::of(fields(delivery)?)?;
    let (delivery, token): (_, LeaseToken) = (list.take()?, list.take()?);
    let attempt = token.attempt().parse().map_err(|_| unexpected("attempt"))?;
    let endpoint = Arc::new(Answer::read(fields(list.take()?)?)?);
    list.end()?;
    Ok(Leased {
        delivery,
        token,
        attempt,
        event: Arc::clone(event),
        endpoint,
    })
}

/// A list that is one text: each field behind its length and a colon.
fn fields(value: Value) -> Result<Value, StoreError> {
    let text = bytes(value)?;
    let (mut rest, mut fields) = (text.as_slice(), Vec::new());
    while !rest.is_empty() {
        let (field, behind) = next_field(rest).ok_or_else(|| unexpected("a field without its length"))?;
        fields.push(Value::BulkString(field.to_vec()));
        rest = behind;
    }
    Ok(Value::Array(fields))
}

/// The first field, and what stands behind it.
fn next_field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let length = std::str::from_utf8(text.get(..colon)?).ok()?.parse().ok()?;
    text.get(colon + 1..)?.split_at_checked(length)
}

#[cfg(test)]
mod tests;
