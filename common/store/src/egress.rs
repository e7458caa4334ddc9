//! What the workers know together of the way out: which destinations answered any of them lately, whose own network is down, and
//! taking back what a worker wrongly blamed on endpoints before it knew that.

use std::time::Duration;

use domain::id::EndpointId;

use super::queue::Incarnation;
use super::scripts::{record, script};
use super::{Store, StoreError};

/// The most destinations in a call of [`Store::note_destinations`].
pub const MAX_NOTED: usize = 100;

/// The most endpoints in a call of [`Store::take_strikes_back`].
pub const MAX_STRUCK: usize = 100;

script! {
    /// Notes destinations that answered, and lists those that answered any worker within the hour.
    "destinations_note": AllowOom, Writes, needs [BASE];
    struct DestinationsNote<'a> {
        list: bool;
        each destination: &'a [&'a str]
    } -> Vec<(String, Duration)>
}

script! {
    /// Notes that a worker's own network is down, or up again.
    "outage_note": AllowOom, Writes, needs [BASE];
    struct OutageNote<'a> {
        incarnation: &'a Incarnation,
        lasts: Duration
    } -> ()
}

script! {
    /// Takes strikes back.
    "strikes_take_back": AllowOom, Writes, needs [STRIKES, ENABLE, RELEASES, TERMS];
    struct StrikesTakeBack<'a> {
        operation: &'a str,
        disable_after: u32;
        each struck: &'a [Struck]
    } -> (u64, u64)
}

record! {
    struct StruckRecord<'a> { endpoint: &'a EndpointId, strikes: u32, ago: Duration }
}

/// Strikes that one worker reported of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// How many.
    pub strikes: u32,
    /// How long ago the store recorded the last one.
    pub ago: Duration,
}

impl super::scripts::Record for Struck {
    const SHAPE: super::scripts::Shape = StruckRecord::SHAPE;

    fn write(&self, command: &mut redis::Cmd) {
        StruckRecord {
            endpoint: &self.endpoint,
            strikes: self.strikes,
            ago: self.ago,
        }
        .write(command);
    }
}

/// What was taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// Strikes.
    pub strikes: u64,
    /// Endpoints that those strikes had disabled, and that are active again.
    pub endpoints: u64,
}

impl Store {
    /// Notes destinations that answered this worker, [`MAX_NOTED`] at most.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn note_destinations(&self, destinations: &[&str]) -> Result<(), StoreError> {
        let destination = &destinations[..destinations.len().min(MAX_NOTED)];
        let list = false;
        self.call(&DestinationsNote { list, destination }).await?;
        Ok(())
    }

    /// The destinations that answered any worker within the hour, the latest first, and how long ago: a thousand at most.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn destinations(&self) -> Result<Vec<(String, Duration)>, StoreError> {
        let (list, destination) = (true, &[][..]);
        self.call(&DestinationsNote { list, destination }).await
    }

    /// Notes that a worker's own network is down and will count as such for so long; zero when it is up again.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn note_outage(&self, incarnation: &Incarnation, lasts: Duration) -> Result<(), StoreError> {
        self.call(&OutageNote { incarnation, lasts }).await
    }

    /// Takes strikes back, of [`MAX_STRUCK`] endpoints at most, and switches on what they disabled. Repeating it with the same
    /// `operation` within an hour changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: repeat it.
    pub async fn take_strikes_back(
        &self,
        operation: &str,
        disable_after: u32,
        struck: &[Struck],
    ) -> Result<TakenBack, StoreError> {
        let (strikes, endpoints) = self
            .call(&StrikesTakeBack {
                operation,
                disable_after,
                struck: &struck[..struck.len().min(MAX_STRUCK)],
            })
            .await?;
        Ok(TakenBack { strikes, endpoints })
    }
}
