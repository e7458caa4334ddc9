//! The entries of the account events.

use serde_json::value::RawValue;

use super::EventDescription;
use crate::event::{AccountEvent, Subscription};

macro_rules! files {
    ($name:literal) => {
        (
            include_str!(concat!("types/", $name, ".schema.json")),
            include_str!(concat!("types/", $name, ".sample.json")),
        )
    };
}

/// What is known about an account event.
///
/// # Panics
///
/// Never: the files are part of the program, and a test reads each.
pub(super) fn describe(kind: AccountEvent) -> EventDescription {
    let description = match kind {
        AccountEvent::EndpointDisabled => {
            "Failures disabled an endpoint of this account; what it would have received is parked."
        }
        AccountEvent::EndpointRecovered => {
            "An endpoint of this account that failures had disabled succeeded again."
        }
        AccountEvent::EndpointHeld => {
            "The receiver of an endpoint of this account asked us to wait for more than 15 minutes; what it would have received \
             waits."
        }
        AccountEvent::DeliveryExhausted => "A delivery to an endpoint of this account was given up.",
    };
    let (schema, sample) = match kind {
        AccountEvent::EndpointDisabled => files!("endpoint.disabled"),
        AccountEvent::EndpointRecovered => files!("endpoint.recovered"),
        AccountEvent::EndpointHeld => files!("endpoint.held"),
        AccountEvent::DeliveryExhausted => files!("delivery.exhausted"),
    };
    #[expect(clippy::expect_used, reason = "the files are part of the program")]
    let raw = |text: &str| -> Box<RawValue> { serde_json::from_str(text).expect("a file is JSON") };
    EventDescription {
        subscription: Subscription::Account(kind),
        description: description.to_owned(),
        version: "1".to_owned(),
        deprecated: false,
        schema: raw(schema),
        sample: raw(sample),
    }
}
