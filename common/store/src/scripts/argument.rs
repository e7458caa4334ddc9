//! How values are written for scripts. Numbers go straight into the command, without a text of their own.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::custom_headers::CustomName;
use domain::endpoint::{Condition, EndpointTag};
use domain::event::{EventType, Payload};
use domain::id::{AccountId, ApiKeyId, DeliveryId, EndpointId, EventId, PortalSessionId, ReplayId};
use domain::sealing::{SealedHeader, SealedHeaders, SealedSecret};
use domain::trace::CarriedTrace;
use redis::Cmd;

use super::declaration::{Argument, Record, Shape};

impl<A: Argument + ?Sized> Argument for &A {
    fn write(&self, command: &mut Cmd) {
        A::write(self, command);
    }
}

/// What is absent is written as an empty text.
impl<A: Argument> Argument for Option<A> {
    fn write(&self, command: &mut Cmd) {
        match self {
            Some(value) => value.write(command),
            None => {
                command.arg("");
            }
        }
    }
}

impl Argument for str {
    fn write(&self, command: &mut Cmd) {
        command.arg(self);
    }
}

impl Record for str {
    const SHAPE: Shape = Shape::VALUE;

    fn write(&self, command: &mut Cmd) {
        Argument::write(self, command);
    }
}

impl Argument for String {
    fn write(&self, command: &mut Cmd) {
        command.arg(self);
    }
}

impl Argument for [u8] {
    fn write(&self, command: &mut Cmd) {
        command.arg(self);
    }
}

/// `1` or `0`.
impl Argument for bool {
    fn write(&self, command: &mut Cmd) {
        command.arg(u8::from(*self));
    }
}

/// Whole milliseconds.
impl Argument for Duration {
    fn write(&self, command: &mut Cmd) {
        command.arg(u64::try_from(self.as_millis()).unwrap_or(u64::MAX));
    }
}

/// Milliseconds since 1970.
impl Argument for Timestamp {
    fn write(&self, command: &mut Cmd) {
        command.arg(self.as_millis());
    }
}

impl Argument for Payload {
    fn write(&self, command: &mut Cmd) {
        command.arg(&self.as_bytes()[..]);
    }
}

impl Argument for CarriedTrace {
    fn write(&self, command: &mut Cmd) {
        command.arg(self.to_string());
    }
}

/// The tags of which an endpoint must have one, or `*` (`has_tag` in tag.lua).
impl Argument for Condition {
    fn write(&self, command: &mut Cmd) {
        match self {
            Self::Exists => command.arg("*"),
            Self::HasTag(tags) => {
                command.arg(tags.iter().map(EndpointTag::as_str).collect::<Vec<_>>().join(","))
            }
        };
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {
        $(impl Argument for $number {
            fn write(&self, command: &mut Cmd) {
                command.arg(*self);
            }
        })+
    };
}

numbers!(u16, u32, u64, usize, f64);

/// What has a text of its own, alone or as the only value of a record.
macro_rules! texts {
    ($($text:ty),+) => {
        $(impl Argument for $text {
            fn write(&self, command: &mut Cmd) {
                command.arg(self.as_str());
            }
        }

        impl Record for $text {
            const SHAPE: Shape = Shape::VALUE;

            fn write(&self, command: &mut Cmd) {
                Argument::write(self, command);
            }
        })+
    };
}

texts!(
    AccountId,
    CustomName,
    ApiKeyId,
    DeliveryId,
    EndpointId,
    EventId,
    EventType,
    PortalSessionId,
    ReplayId,
    SealedHeader,
    SealedHeaders,
    SealedSecret
);
