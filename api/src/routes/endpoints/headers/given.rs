//! Headers as requests give them: within bounds, and as the document describes them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use domain::custom_headers::{MAX_HEADER_BYTES, MAX_HEADERS};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Names and values, in order. A name that is there twice is kept twice, so that it can be refused.
pub(crate) struct GivenHeaders<V>(pub(super) Vec<(String, V)>);

/// What may stand for a header's value.
pub(crate) trait GivenValue: for<'de> Deserialize<'de> + Send + Sync {
    /// The most headers of a request.
    const MOST: usize;

    /// How the document describes it.
    fn schema() -> MetaSchema {
        MetaSchema {
            min_length: Some(1),
            max_length: Some(MAX_HEADER_BYTES),
            pattern: Some(r"^[!-~]([\t -~]*[!-~])?$".to_owned()),
            ..MetaSchema::new("string")
        }
    }

    /// The value; `None` removes the header.
    fn text(&self) -> Option<&str>;
}

impl GivenValue for String {
    const MOST: usize = MAX_HEADERS;

    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl GivenValue for Option<String> {
    /// As many may go as come.
    const MOST: usize = 2 * MAX_HEADERS;

    fn schema() -> MetaSchema {
        MetaSchema {
            nullable: true,
            ..String::schema()
        }
    }

    fn text(&self) -> Option<&str> {
        self.as_deref()
    }
}

impl<'de, V: GivenValue> Deserialize<'de> for GivenHeaders<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<V>(PhantomData<V>);

        impl<'de, V: GivenValue> Visitor<'de> for Members<V> {
            type Value = GivenHeaders<V>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with the value of each header")
            }

            /// Keeps one more than is allowed, which shows that there are too many, and drops the rest.
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GivenHeaders<V>, A::Error> {
                let mut headers = Vec::new();
                while headers.len() <= V::MOST {
                    match map.next_entry()? {
                        Some(header) => headers.push(header),
                        None => return Ok(GivenHeaders(headers)),
                    }
                }
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(GivenHeaders(headers))
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

/// The names alone: the values are secrets.
impl<V> fmt::Debug for GivenHeaders<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl<V: GivenValue> Type for GivenHeaders<V> {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "headers".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(V::schema())))),
            max_properties: Some(V::MOST),
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

impl<V: GivenValue> ParseFromJSON for GivenHeaders<V> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        serde_json::from_value(value.unwrap_or_default())
            .map_err(|error| ParseError::custom(error.to_string()))
    }
}

/// No answer has them.
impl<V: GivenValue> ToJSON for GivenHeaders<V> {
    fn to_json(&self) -> Option<Value> {
        None
    }
}
