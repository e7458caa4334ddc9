//! How single values of an answer are read.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use domain::sealing::{SealedHeaders, SealedSecret};
use redis::Value;

use super::answer::Answer;
use crate::StoreError;
use crate::decode::{bytes, integer, parsed, text, unexpected};

/// The value itself, for callers that read it in another way.
impl Answer for Value {
    fn read(value: Value) -> Result<Self, StoreError> {
        Ok(value)
    }
}

impl Answer for String {
    fn read(value: Value) -> Result<Self, StoreError> {
        text(value)
    }
}

impl Answer for Bytes {
    fn read(value: Value) -> Result<Self, StoreError> {
        bytes(value).map(Self::from)
    }
}

/// A hash: names and values by turns.
impl Answer for HashMap<String, String> {
    fn read(value: Value) -> Result<Self, StoreError> {
        let mut texts = Vec::<String>::read(value)?.into_iter();
        let mut fields = Self::with_capacity(texts.len() / 2);
        while let Some(name) = texts.next() {
            let value = texts
                .next()
                .ok_or_else(|| unexpected("a field without a value"))?;
            fields.insert(name, value);
        }
        Ok(fields)
    }
}

/// Whether a number is 1.
impl Answer for bool {
    fn read(value: Value) -> Result<Self, StoreError> {
        Ok(integer(value)? == 1)
    }
}

fn is_no_number(value: &Value) -> bool {
    match value {
        Value::Nil | Value::Int(-1) => true,
        Value::BulkString(text) => text.is_empty() || text == b"-1",
        _ => false,
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {
        $(impl Answer for $number {
            fn read(value: Value) -> Result<Self, StoreError> {
                Self::try_from(integer(value)?).map_err(|_| unexpected(stringify!($number)))
            }

            fn is_absent(value: &Value) -> bool {
                is_no_number(value)
            }
        })+
    };
}

numbers!(u32, u64, usize);

/// Milliseconds.
impl Answer for Duration {
    fn read(value: Value) -> Result<Self, StoreError> {
        u64::read(value).map(Self::from_millis)
    }

    fn is_absent(value: &Value) -> bool {
        is_no_number(value)
    }
}

/// Milliseconds since 1970.
impl Answer for Timestamp {
    fn read(value: Value) -> Result<Self, StoreError> {
        Self::from_millis(integer(value)?).ok_or_else(|| unexpected("time"))
    }

    fn is_absent(value: &Value) -> bool {
        is_no_number(value)
    }
}

impl Answer for SealedSecret {
    fn read(value: Value) -> Result<Self, StoreError> {
        text(value).map(Self::from_stored)
    }
}

impl Answer for SealedHeaders {
    fn read(value: Value) -> Result<Self, StoreError> {
        text(value).map(Self::from_stored)
    }
}

macro_rules! ids {
    ($($id:ty),+) => {
        $(impl Answer for $id {
            fn read(value: Value) -> Result<Self, StoreError> {
                parsed(value)
            }
        })+
    };
}

ids!(AccountId, DeliveryId, EndpointId, EventId, ReplayId);
