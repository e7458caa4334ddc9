//! How the answers of scripts are read. What isn't as declared is [`StoreError::Unexpected`].
//!
//! (`redis::FromRedisValue` can't be implemented here for the types of `domain`.)

use std::sync::Arc;

use redis::Value;

use crate::StoreError;
use crate::decode::{text, unexpected};

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

    /// A list that begins with a word: the word, and the rest of the list. A word alone stands for a list of that word, and an empty
    /// list for one of an empty word.
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

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 0
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
                let (word, list) = $crate::scripts::List::with_word(value)?;
                match word.as_str() {
                    $($word => {
                        $(let mut list = list; $(let $field = list.take()?;)+)?
                        list.end()?;
                        Ok(Self::$Variant $(( $($field),+ ))?)
                    })+
                    other => Err($crate::decode::unexpected(other)),
                }
            }
        }
    };
}

pub(crate) use {answered, answered_in_words};
