//! Reads single values that Redis answers. What can't be read is [`StoreError::Unexpected`].

use std::str::FromStr;

use redis::Value;

use super::StoreError;

pub(crate) fn unexpected(what: &str) -> StoreError {
    StoreError::Unexpected(format!("unreadable answer: {what}"))
}

pub(crate) fn array(value: Value) -> Result<Vec<Value>, StoreError> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(unexpected("not a list")),
    }
}

pub(crate) fn bytes(value: Value) -> Result<Vec<u8>, StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        _ => Err(unexpected("not a text")),
    }
}

pub(crate) fn text(value: Value) -> Result<String, StoreError> {
    String::from_utf8(bytes(value)?).map_err(|_| unexpected("not UTF-8"))
}

pub(crate) fn integer(value: Value) -> Result<i64, StoreError> {
    match value {
        Value::Int(number) => Ok(number),
        other => text(other)?.parse().map_err(|_| unexpected("not a number")),
    }
}

/// A text of a type that parses, such as an id.
pub(crate) fn parsed<T: FromStr>(value: Value) -> Result<T, StoreError> {
    parse(&text(value)?)
}

pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| unexpected(std::any::type_name::<T>()))
}
