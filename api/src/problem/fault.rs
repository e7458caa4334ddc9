//! One thing that is wrong with a request.

use std::borrow::Cow;

use serde_json::Value;

use super::code::Code;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) detail: Cow<'static, str>,
    pub(super) field: Option<Box<str>>,
    pub(super) params: Vec<(&'static str, Value)>,
}
