//! What the operator of the service is told of all accounts: events that wait for the one worker that sends them.

use std::time::Duration;

use bytes::Bytes;

use super::queue::Incarnation;
use super::scripts::{Answer, List, script};
use super::{Store, StoreError};
use crate::decode::unexpected;

/// An event about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorEvent {
    /// Its id, without `evt_`.
    pub id: String,
    /// What happened.
    pub kind: String,
    /// The body to send.
    pub body: Bytes,
}

/// What waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorEvents {
    /// How many events wait.
    pub waiting: u64,
    /// How many were dropped since the store was made, because too many waited.
    pub dropped: u64,
    /// Whether it is for this worker to send them.
    pub is_ours: bool,
    /// The oldest.
    pub next: Option<OperatorEvent>,
}

script! {
    /// The next event for the operator.
    "operator_event_next": AllowOom, Writes, needs [IDS];
    struct OperatorEventNext<'a> {
        sender: &'a Incarnation,
        lease: Duration,
        sent: Option<&'a str>
    } -> OperatorEvents
}

impl Answer for OperatorEvents {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        let mut list = List::of(value)?;
        let (waiting, dropped, word) = (list.take()?, list.take()?, list.take::<String>()?);
        let next = match word.as_str() {
            "event" => Some(OperatorEvent {
                id: list.take()?,
                kind: list.take()?,
                body: list.take()?,
            }),
            "others" | "nothing" => None,
            other => return Err(unexpected(other)),
        };
        list.end()?;
        Ok(Self {
            waiting,
            dropped,
            is_ours: word != "others",
            next,
        })
    }
}

impl Store {
    /// The oldest event that waits, if this worker sends them: nobody else does so for as long as `lease`. `sent` is the id of the one
    /// before, which was sent.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: ask the same again.
    pub async fn next_operator_event(
        &self,
        sender: &Incarnation,
        lease: Duration,
        sent: Option<&str>,
    ) -> Result<OperatorEvents, StoreError> {
        self.call(&OperatorEventNext { sender, lease, sent }).await
    }
}
