//! Which events of the types that it subscribes to an endpoint wants, by what is in their `data`.
//!
//! Conditions are compared with the JSON as it came: nothing is converted, so the text `"1"` isn't the number `1`. What isn't there meets
//! no condition but `exists: false`. Numbers are the same if their values are, however they are written.

use std::cell::RefCell;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// The most conditions of an endpoint.
pub const MAX_CONDITIONS: usize = 5;

/// The most values of `in`.
pub const MAX_VALUES: usize = 50;

/// The longest pointer, and the longest text that a value is compared with, in characters.
pub const MAX_TEXT: usize = 256;

/// Conditions, all of which must hold. Without any, every event is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Filters(Vec<Condition>);

/// A condition on one value of `data`: a JSON pointer (RFC 6901) to it, and one thing that must be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Where the value is, such as `/lead/source`.
    pub pointer: String,
    /// What must be so.
    #[serde(flatten)]
    pub test: Test,
}

/// What must be so of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Test {
    /// It is this text, number or boolean, or `null`.
    Equals(Value),
    /// It is one of these.
    In(Vec<Value>),
    /// It is there (`null` is), or it isn't.
    Exists(bool),
    /// It is a text that begins with this one.
    Prefix(String),
}

/// What is wrong with conditions: which one, and which of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InvalidFilter {
    /// The condition's place, from 0.
    pub place: usize,
    /// The field's name.
    pub field: &'static str,
    /// What it must be.
    pub reason: &'static str,
}

impl Filters {
    /// Takes conditions.
    ///
    /// # Errors
    ///
    /// All that is wrong with them. How many there are is for the caller to say.
    pub fn new(conditions: Vec<Condition>) -> Result<Self, Vec<InvalidFilter>> {
        let wrong = conditions.iter().enumerate().flat_map(|(place, condition)| {
            let faults = condition.faults();
            faults.map(move |(field, reason)| InvalidFilter { place, field, reason })
        });
        let wrong: Vec<_> = wrong.collect();
        if wrong.is_empty() {
            Ok(Self(conditions))
        } else {
            Err(wrong)
        }
    }

    /// Reads the text that Redis holds. One that can't be read has no conditions, so that no event is lost for it.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text for Redis; `None` if there are none.
    #[must_use]
    pub fn to_stored(&self) -> Option<String> {
        let text = serde_json::to_string(self).unwrap_or_default();
        (!self.0.is_empty()).then_some(text)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The conditions, in their order.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.0
    }

    /// Whether all conditions hold.
    #[must_use]
    pub fn hold_for(&self, data: &Data<'_>) -> bool {
        self.0
            .iter()
            .all(|condition| condition.test.holds_for(data.find(&condition.pointer)))
    }
}

impl Condition {
    fn faults(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        const SCALAR: &str = "must be a text of at most 256 characters, a number, a boolean or `null`";
        let has_form = |part: &str| part.is_empty() || part.starts_with(['0', '1']);
        let is_pointer = self.pointer.starts_with('/')
            && self.pointer.chars().count() <= MAX_TEXT
            && self
                .pointer
                .split('~')
                .skip(1)
                .all(|part| !part.is_empty() && has_form(part));
        let pointer = (!is_pointer).then_some((
            "pointer",
            "must be a JSON pointer of at most 256 characters into `data`, such as `/lead/source`",
        ));
        let test = match &self.test {
            Test::Equals(value) => (!is_scalar(value)).then_some(("equals", SCALAR)),
            Test::In(values) => {
                let is_good = (1..=MAX_VALUES).contains(&values.len()) && values.iter().all(is_scalar);
                (!is_good).then_some(("in", "must have 1 to 50 values, each a text of at most 256 characters, a number, a boolean or `null`"))
            }
            Test::Exists(_) => None,
            Test::Prefix(text) => {
                let is_good = (1..=MAX_TEXT).contains(&text.chars().count());
                (!is_good).then_some(("prefix", "must be a text of 1 to 256 characters"))
            }
        };
        pointer.into_iter().chain(test)
    }
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= MAX_TEXT,
        other => !other.is_object() && !other.is_array(),
    }
}

impl Test {
    fn holds_for(&self, found: Option<&RawValue>) -> bool {
        let Some(found) = found else {
            return *self == Self::Exists(false);
        };
        // A text that is longer than any that can be asked for, however that is escaped.
        let is_long = found.get().starts_with('"') && found.get().len() > 12 * MAX_TEXT + 2;
        // A number that is larger than any that can be asked for is the same as none of them.
        let value = || serde_json::from_str::<Value>(found.get()).unwrap_or(Value::Array(Vec::new()));
        match self {
            Self::Exists(wanted) => *wanted,
            Self::Equals(_) | Self::In(_) if is_long => false,
            Self::Equals(wanted) => is_same(wanted, &value()),
            Self::In(wanted) => {
                let value = value();
                wanted.iter().any(|wanted| is_same(wanted, &value))
            }
            Self::Prefix(wanted) => value().as_str().is_some_and(|text| text.starts_with(wanted)),
        }
    }
}

fn is_same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Number(wanted), Value::Number(found)) => is_same_number(wanted, found),
        _ => wanted == found,
    }
}

fn is_same_number(one: &Number, other: &Number) -> bool {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

/// The `data` of an event. What pointers lead through is parsed when one does, and only once, however many do.
#[derive(Debug)]
pub struct Data<'a> {
    whole: Option<&'a RawValue>,
    /// By where the value begins.
    opened: RefCell<HashMap<usize, Parts<'a>>>,
}

/// What is in a value.
#[derive(Debug)]
enum Parts<'a> {
    Named(HashMap<String, &'a RawValue>),
    Listed(Vec<&'a RawValue>),
    None,
}

impl<'a> Data<'a> {
    /// Takes `data`, which must be JSON; what isn't has nothing in it.
    #[must_use]
    pub fn new(json: &'a [u8]) -> Self {
        Self {
            whole: serde_json::from_slice(json).ok(),
            opened: RefCell::default(),
        }
    }

    /// The value that a pointer leads to.
    fn find(&self, pointer: &str) -> Option<&'a RawValue> {
        let mut tokens = pointer.split('/').skip(1);
        tokens.try_fold(self.whole?, |value, token| self.part(value, token))
    }

    fn part(&self, value: &'a RawValue, token: &str) -> Option<&'a RawValue> {
        let mut opened = self.opened.borrow_mut();
        let parts = opened.entry(value.get().as_ptr().addr());
        match parts.or_insert_with(|| Parts::of(value)) {
            Parts::Named(values) => values.get(&token.replace("~1", "/").replace("~0", "~")).copied(),
            Parts::Listed(values) => {
                // No sign, and no zero in front.
                let index: usize = token.parse().ok()?;
                values.get(index).copied().filter(|_| index.to_string() == token)
            }
            Parts::None => None,
        }
    }
}

impl<'a> Parts<'a> {
    fn of(value: &'a RawValue) -> Self {
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{') => serde_json::from_str(text).map_or(Self::None, Self::Named),
            Some(b'[') => serde_json::from_str(text).map_or(Self::None, Self::Listed),
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests;
