//! How the answers of scripts are read. What isn't as declared is [`StoreError::Unexpected`].
//!
//! (`redis::FromRedisValue` can't be implemented here for the types of `domain`.)

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use domain::sealing::SealedSecret;
use redis::Value;

use crate::StoreError;
use crate::decode::{bytes, fields, integer, parsed, text, unexpected};

/// Something that a script answers.
pub(crate) trait Answer: Sized {
    fn read(value: Value) -> Result<Self, StoreError>;

    /// Whether the value says that there is none: nil, an empty text or an empty list; of a number also -1.
    fn is_absent(value: &Value) -> bool {
        match value {
            Value::Nil => true,
            Value::BulkString(text) => text.is_empty(),
            Value::Array(values) => values.is_empty(),
            _ => false,
        }
    }

    /// Reads it from a list: usually the next value.
    fn take(list: &mut List) -> Result<Self, StoreError> {
        Self::read(list.next()?)
    }
}

/// A list that is read from its start.
#[derive(Debug)]
pub(crate) struct List(std::vec::IntoIter<Value>);

impl List {
    pub(crate) fn of(value: Value) -> Result<Self, StoreError> {
        match value {
            Value::Array(values) => Ok(Self(values.into_iter())),
            _ => Err(unexpected("not a list")),
        }
    }

    /// A list that begins with a word, which is told first. A word alone may stand for the list, and an empty list for an
    /// empty word.
    pub(crate) fn with_word(value: Value) -> Result<(String, Self), StoreError> {
        match value {
            Value::Array(values) if values.is_empty() => Ok((String::new(), Self(values.into_iter()))),
            Value::Array(_) => {
                let mut list = Self::of(value)?;
                Ok((list.take()?, list))
            }
            word => Ok((text(word)?, Self(Vec::new().into_iter()))),
        }
    }

    fn next(&mut self) -> Result<Value, StoreError> {
        self.0.next().ok_or_else(|| unexpected("list too short"))
    }

    pub(crate) fn take<A: Answer>(&mut self) -> Result<A, StoreError> {
        A::take(self)
    }

    /// Refuses a list that goes on.
    pub(crate) fn end(mut self) -> Result<(), StoreError> {
        self.0.next().map_or(Ok(()), |_| Err(unexpected("list too long")))
    }
}

/// An answer that nobody looks at.
impl Answer for () {
    fn read(_: Value) -> Result<Self, StoreError> {
        Ok(())
    }
}

impl<A: Answer> Answer for Option<A> {
    fn read(value: Value) -> Result<Self, StoreError> {
        if A::is_absent(&value) {
            return Ok(None);
        }
        A::read(value).map(Some)
    }
}

impl<A: Answer> Answer for Vec<A> {
    fn read(value: Value) -> Result<Self, StoreError> {
        List::of(value)?.0.map(A::read).collect()
    }
}

/// All that remains of a list.
#[derive(Debug)]
pub(crate) struct Rest<A>(pub(crate) Vec<A>);

impl<A: Answer> Answer for Rest<A> {
    fn read(value: Value) -> Result<Self, StoreError> {
        Vec::read(value).map(Self)
    }

    fn take(list: &mut List) -> Result<Self, StoreError> {
        list.0.by_ref().map(A::read).collect::<Result<_, _>>().map(Self)
    }
}

/// Something that may be unreadable without spoiling what stands beside it.
#[derive(Debug)]
pub(crate) struct Legible<A>(pub(crate) Option<A>);

impl<A: Answer> Answer for Legible<A> {
    fn read(value: Value) -> Result<Self, StoreError> {
        Ok(Self(A::read(value).ok()))
    }
}

impl<A: Answer> Answer for Box<A> {
    fn read(value: Value) -> Result<Self, StoreError> {
        A::read(value).map(Self::new)
    }
}

impl<A: Answer> Answer for Arc<A> {
    fn read(value: Value) -> Result<Self, StoreError> {
        A::read(value).map(Self::new)
    }
}

/// As it came, for those who read it another way.
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

/// A hash: field → value.
impl Answer for HashMap<String, String> {
    fn read(value: Value) -> Result<Self, StoreError> {
        fields(value)
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

macro_rules! tuples {
    ($(($($part:ident)+))+) => {
        $(impl<$($part: Answer),+> Answer for ($($part,)+) {
            fn read(value: Value) -> Result<Self, StoreError> {
                let mut list = List::of(value)?;
                let read = ($(list.take::<$part>()?,)+);
                list.end()?;
                Ok(read)
            }
        })+
    };
}

tuples! { (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// A struct that a script answers as a list of its fields, in this order. The list must have them all, and no more.
macro_rules! answered {
    ($($Struct:ident { $($field:ident),+ $(,)? })+) => {
        $(impl $crate::scripts::Answer for $Struct {
            fn read(value: redis::Value) -> Result<Self, $crate::StoreError> {
                let mut list = $crate::scripts::List::of(value)?;
                $(let $field = list.take()?;)+
                list.end()?;
                Ok(Self { $($field),+ })
            }
        })+
    };
}

/// An enum that a script answers as a word, or as a list that begins with one. An empty list reads as the word `""`.
macro_rules! answered_in_words {
    ($Enum:ident { $($word:literal => $Variant:ident $(( $($field:ident),+ ))?),+ $(,)? }) => {
        impl $crate::scripts::Answer for $Enum {
            fn read(value: redis::Value) -> Result<Self, $crate::StoreError> {
                #[allow(unused_mut, reason = "not all enums have variants with fields")]
                let (word, mut list) = $crate::scripts::List::with_word(value)?;
                let read = match word.as_str() {
                    $($word => Self::$Variant $(( $({ let $field = list.take()?; $field }),+ ))?,)+
                    other => return Err($crate::decode::unexpected(other)),
                };
                list.end()?;
                Ok(read)
            }
        }
    };
}

pub(crate) use {answered, answered_in_words};
