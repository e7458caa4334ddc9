//! A part of a trace: what was done, when, and how it ended.

use std::borrow::Cow;
use std::time::SystemTime;

use domain::trace::{SpanId, TraceId};

/// A part of a trace that has ended.
#[derive(Debug, Clone)]
pub struct Span {
    /// The trace.
    pub trace: TraceId,
    /// Its own id.
    pub id: SpanId,
    /// The part that caused it.
    pub parent: Option<SpanId>,
    /// What was done.
    pub name: &'static str,
    /// Its place between programs.
    pub kind: Kind,
    /// When it began.
    pub began: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// What else is known of it.
    pub attributes: Vec<(&'static str, Value)>,
    /// What went wrong, if anything did.
    pub failure: Option<Cow<'static, str>>,
}

/// Where a part of a trace stands between programs, by the numbers of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Within one program.
    Internal = 1,
    /// Answers somebody.
    Server = 2,
    /// Asks somebody.
    Client = 3,
}

/// What an attribute says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
