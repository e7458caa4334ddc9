//! A signing secret in an answer.

use std::borrow::Cow;

use domain::signing::SigningSecret;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A signing secret that an answer shows to its owner. Nothing else shows it: its `Debug` form hides it.
#[derive(Debug, Clone)]
pub(crate) struct SecretText(SigningSecret);

impl From<&SigningSecret> for SecretText {
    fn from(secret: &SigningSecret) -> Self {
        Self(secret.clone())
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl Type for SecretText {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for SecretText {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = String::parse_from_json(value).map_err(ParseError::propagate)?;
        SigningSecret::parse(&text).map(Self).map_err(ParseError::custom)
    }
}

impl ToJSON for SecretText {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.expose().to_owned()))
    }
}

#[cfg(test)]
mod tests;
