//! A JSON value that is neither an object nor an array.

use std::borrow::Cow;

use domain::endpoint::MAX_TEXT;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A text, a number, a boolean or `null`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Scalar(pub(crate) Value);

impl Type for Scalar {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "scalar".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        let text = MetaSchema {
            max_length: Some(MAX_TEXT),
            // OpenAPI 3.0 has `null` beside a type only.
            nullable: true,
            ..MetaSchema::new("string")
        };
        let kinds = [text, MetaSchema::new("number"), MetaSchema::new("boolean")];
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            any_of: kinds.map(|kind| MetaSchemaRef::Inline(Box::new(kind))).into(),
            ..MetaSchema::ANY
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for Scalar {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Ok(Self(value.unwrap_or_default()))
    }
}

impl ToJSON for Scalar {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.clone())
    }
}
