//! How what `work` answers is read, piece by piece.

use super::{LeaseToken, LeasedEndpoint, LeasedEvent, Receipt};
use crate::StoreError;
use crate::decode::unexpected;
use crate::scripts::{Answer, List, Rest, answered};
use domain::id::DeliveryId;

impl Answer for LeaseToken {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        String::read(value).map(Self::from_stored)
    }
}

/// What became of the reports: a digit for each.
#[derive(Debug)]
pub(crate) struct Receipts(pub(super) Vec<Receipt>);

impl Answer for Receipts {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        let receipt = |digit| match digit {
            '0' => Ok(Receipt::Stale),
            '1' => Ok(Receipt::Recorded),
            '2' => Ok(Receipt::DisabledEndpoint),
            _ => Err(unexpected("receipt of a report")),
        };
        String::read(value)?
            .chars()
            .map(receipt)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// What there is beside the leases, as a sum: 1 if there is more to fetch, 2 if reports are awaited, 4 if the worker stands by.
#[derive(Debug)]
pub(crate) struct Prospect {
    pub(super) more: bool,
    pub(super) awaited: bool,
    pub(super) stands_by: bool,
}

impl Answer for Prospect {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        let sum = u32::read(value)?;
        Ok(Self {
            more: sum & 1 != 0,
            awaited: sum & 2 != 0,
            stands_by: sum & 4 != 0,
        })
    }
}

/// A lease as the script answers it.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(super) delivery: DeliveryId,
    pub(super) token: LeaseToken,
    pub(super) attempt: u32,
    /// Which of the answer's endpoints.
    pub(super) endpoint: usize,
    /// Which of the answer's events.
    pub(super) event: usize,
}

/// All leases of an answer: one list, in which the fields of one follow those of the other.
#[derive(Debug)]
pub(crate) struct Leases(pub(super) Vec<Lease>);

impl Answer for Leases {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        let mut list = List::of(value)?;
        let mut leases = Vec::new();
        while !list.is_empty() {
            leases.push(Lease {
                delivery: list.take()?,
                token: list.take()?,
                attempt: list.take()?,
                endpoint: list.take()?,
                event: list.take()?,
            });
        }
        Ok(Self(leases))
    }
}

answered! {
    LeasedEndpoint { id, account, url, headers, secret, slow, previous_secret, legacy_uses_previous }
}

/// Its trace stands behind the rest, if it has one. One that can't be read is none: no delivery fails for it.
impl Answer for LeasedEvent {
    fn read(value: redis::Value) -> Result<Self, StoreError> {
        let mut list = List::of(value)?;
        let (id, event, body) = (list.take()?, list.take()?, list.take()?);
        let Rest(traces) = list.take::<Rest<String>>()?;
        Ok(Self {
            id,
            event,
            body,
            trace: traces.first().and_then(|trace| trace.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests;
