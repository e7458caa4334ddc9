//! Traces: which request of the backend a delivery goes back to, as the header `traceparent` says it (W3C Trace Context, level 1).
//!
//! A push may come with one. It goes with the event, and each attempt tells its receiver that it belongs to the same trace.

use std::fmt;
use std::str::FromStr;

use crate::id::fill_random;

/// The header's name.
pub const HEADER: &str = "traceparent";

/// How long a header of the version that we write is.
const LENGTH: usize = 55;

/// The only flag that is defined: whoever made the header may have recorded the request.
const SAMPLED: u8 = 1;

/// Stands for a whole trace. Never all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

/// Stands for one part of a trace. Never all zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId([u8; 8]);

macro_rules! ids {
    ($($Id:ident),+) => {
        $(impl $Id {
            /// A new one.
            #[must_use]
            pub fn random() -> Self {
                let mut bytes = [0; _];
                fill_random(&mut bytes);
                // All zeros mean none.
                bytes[0] |= u8::from(bytes.iter().all(|byte| *byte == 0));
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// From lower-case hexadecimal digits; `None` for all zeros.
            fn parse(text: &str) -> Option<Self> {
                let mut bytes = [0; _];
                let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
                (is_lower && hex::decode_to_slice(text, &mut bytes).is_ok() && bytes.iter().any(|byte| *byte != 0))
                    .then_some(Self(bytes))
            }
        }

        impl fmt::Display for $Id {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&hex::encode(self.0))
            }
        })+
    };
}

ids!(TraceId, SpanId);

/// A place in a trace: what a `traceparent` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace: TraceId,
    /// The part of it that caused what comes next.
    pub parent: SpanId,
    /// Whether that part was recorded.
    pub is_sampled: bool,
}

impl TraceContext {
    /// Reads a header. `None` if it is none, which the specification has us take for no header at all. Of versions to come what this one
    /// has is read.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let mut next = |length| parts.next().filter(|part| part.len() == length);
        let (version, trace, parent, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let [version, flags] = [byte(version)?, byte(flags)?];
        let is_whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        is_whole.then_some(())?;
        Some(Self {
            trace: TraceId::parse(trace)?,
            parent: SpanId::parse(parent)?,
            is_sampled: flags & SAMPLED != 0,
        })
    }

    /// The same trace, with another part of it as the cause of what comes next.
    #[must_use]
    pub const fn within(self, parent: SpanId) -> Self {
        Self { parent, ..self }
    }
}

fn byte(text: &str) -> Option<u8> {
    let mut byte = [0];
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (is_lower && hex::decode_to_slice(text, &mut byte).is_ok()).then_some(byte[0])
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = if self.is_sampled { SAMPLED } else { 0 };
        write!(formatter, "00-{}-{}-{flags:02x}", self.trace, self.parent)
    }
}

/// The trace that an event goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedTrace {
    /// The push's place in it.
    pub context: TraceContext,
    /// Whether receivers hear of it: not of a trace that we began, since the push had none.
    pub is_told: bool,
}

/// What stands in front of a trace that isn't told, where it is stored.
const UNTOLD: &str = "-";

/// A stored text is no trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a trace")]
pub struct InvalidTrace;

impl fmt::Display for CarriedTrace {
    /// As it is stored.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = if self.is_told { "" } else { UNTOLD };
        write!(formatter, "{start}{}", self.context)
    }
}

impl FromStr for CarriedTrace {
    type Err = InvalidTrace;

    fn from_str(text: &str) -> Result<Self, InvalidTrace> {
        let untold = text.strip_prefix(UNTOLD);
        Ok(Self {
            context: TraceContext::parse(untold.unwrap_or(text)).ok_or(InvalidTrace)?,
            is_told: untold.is_none(),
        })
    }
}

#[cfg(test)]
mod tests;
