//! The body with a request whose signatures are to be examined. Its headers are bounded while they are read.

use std::borrow::Cow;
use std::fmt;

use doctor::{MAX_HEADER_BYTES, MAX_HEADERS};
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::allowance::Allowance;
use crate::json::JsonRequest;

/// How much longer a body may be than the longest that is ever sent: somebody may have added white space and escapes.
const ADDED: usize = 64 * 1024;

/// A request as your server saw it.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifySignature {
    /// The request's headers by name, in upper or lower case: at most 100, each of at most 8 KiB.
    pub(super) headers: HeaderObject,
    /// The request's body, exactly as your code checks it.
    pub(super) body: String,
}

/// How long `body` may be, in bytes.
pub(super) const fn max_body(allowance: &Allowance) -> usize {
    allowance.payload_bytes.saturating_add(ADDED)
}

impl JsonRequest for VerifySignature {
    const REQUIRED: &'static [(&'static str, &'static str)] = &[("headers", "{}"), ("body", "\"\"")];

    /// A text can be several times as long as a JSON string, since each é may come as `\u00e9`.
    fn max_bytes(allowance: &Allowance) -> usize {
        max_body(allowance)
            .saturating_mul(3)
            .saturating_add(2 * MAX_HEADERS * MAX_HEADER_BYTES)
    }
}

/// Names and values, in order. A name that is there twice is kept twice, so that the doctor can complain about it.
#[derive(Debug)]
pub(crate) struct HeaderObject(pub(super) Vec<(String, String)>);

impl<'de> Deserialize<'de> for HeaderObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = HeaderObject;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object whose values are strings")
            }

            /// Keeps one more than is allowed, which shows that there are too many, and drops the rest.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HeaderObject, A::Error> {
                let mut headers = Vec::new();
                while headers.len() <= MAX_HEADERS {
                    match map.next_entry()? {
                        Some(header) => headers.push(header),
                        None => return Ok(HeaderObject(headers)),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(HeaderObject(headers))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl Type for HeaderObject {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "headers".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let value = MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")));
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(value)),
            max_properties: Some(MAX_HEADERS),
            ..MetaSchema::new("object")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for HeaderObject {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        serde_json::from_value(value.unwrap_or_default())
            .map_err(|error| ParseError::custom(error.to_string()))
    }
}

impl ToJSON for HeaderObject {
    fn to_json(&self) -> Option<Value> {
        let members = self.0.iter().cloned();
        Some(
            members
                .map(|(name, value)| (name, Value::String(value)))
                .collect(),
        )
    }
}
