//! Reading an object of the file member by member, so that what is wrong has a name.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of an object that are yet to be read.
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

/// What is wrong with a member: its name, and a reason that says what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: String,
    pub(super) reason: String,
}

impl Wrong {
    pub(super) fn new(field: &str, reason: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            reason: reason.into(),
        }
    }
}

impl<'a> Members<'a> {
    /// The value of a member that may be absent. `form` says what it must be.
    pub(super) fn take<T: Deserialize<'a>>(&mut self, name: &str, form: &str) -> Result<Option<T>, Wrong> {
        let Some(place) = self.0.iter().position(|(found, _)| found == name) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(place);
        serde_json::from_str(value.get())
            .map(Some)
            .map_err(|_| Wrong::new(name, format!("must be {form}")))
    }

    /// The value of a member that must be there.
    pub(super) fn need<T: Deserialize<'a>>(&mut self, name: &str, form: &str) -> Result<T, Wrong> {
        self.take(name, form)?
            .ok_or_else(|| Wrong::new(name, format!("is missing: it must be {form}")))
    }

    /// Refuses what nobody has read.
    pub(super) fn finish(self, known: &[&str]) -> Result<(), Wrong> {
        match self.0.first() {
            Some((unknown, _)) => Err(Wrong::new(
                unknown,
                format!("is not known here; the fields are {}", known.join(", ")),
            )),
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format!("`{name}` is there twice")));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}
