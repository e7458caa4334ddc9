//! A code as bodies contain it; the document lists all of them under one name.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Code;

/// The name of all codes together, in the document.
const NAME: &str = "ErrorCode";

/// A code, written as its stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeName(pub Code);

/// For poem, which makes up the fields that only answers have.
impl Default for CodeName {
    fn default() -> Self {
        Self(Code::InternalError)
    }
}

impl Serialize for CodeName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl Type for CodeName {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(NAME.to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(NAME.to_owned(), |_| MetaSchema::new("string"));
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for CodeName {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let name = String::parse_from_json(value).map_err(ParseError::propagate)?;
        let known = Code::ALL.iter().copied().find(|code| code.as_str() == name);
        known
            .map(Self)
            .ok_or_else(|| ParseError::custom("no code of this API"))
    }
}

impl ToJSON for CodeName {
    fn to_json(&self) -> Option<Value> {
        Some(self.0.as_str().into())
    }
}
