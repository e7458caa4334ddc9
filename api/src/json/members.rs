//! All that is wrong with the members of an object.
//!
//! serde stops at the first mistake. After one, we read each member by itself, as an object that has only this one, so that serde finds the
//! next mistake too; then the whole once more, with values that fit in place of those that are missing or wrong, for what is wrong
//! with the others' values.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Code, Faults, Problem};

/// A value of the right form for each field that must be there, by name, as JSON text.
pub(crate) type Required = &'static [(&'static str, &'static str)];

/// All that is wrong with a text that isn't a `T`: `first` is what serde found. `values` looks at the values of a `T` in which
/// everything else fits.
pub(super) fn refusal<T: DeserializeOwned>(
    text: &str,
    first: Problem,
    required: Required,
    values: impl FnOnce(T) -> Option<Problem>,
) -> Problem {
    // What is no object, or doesn't parse further on, has no members to look at.
    let Ok(Members(members)) = serde_json::from_str::<Members<'_>>(text) else {
        return first;
    };
    let mut faults = Faults::default();
    let mut good: Vec<(&str, &str)> = Vec::new();
    let (mut seen, mut left_out): (BTreeSet<&str>, bool) = (BTreeSet::new(), false);
    for (name, value) in &members {
        if faults.are_enough() {
            break;
        }
        let is_repeated = !seen.insert(name);
        match fault_of::<T>(name, value) {
            Some(fault) if fault.code() == Code::UnknownField => {
                if !is_repeated {
                    faults.note(fault);
                }
            }
            _ if is_repeated => faults.note(Problem::given_twice(name)),
            Some(fault) => {
                faults.note(fault);
                left_out = true;
            }
            None => good.push((name, value.get())),
        }
    }
    let mut filled = Vec::new();
    for (name, filler) in required {
        if !seen.contains(name) {
            faults.note(Problem::missing(name));
        }
        if !good.iter().any(|(known, _)| known == name) {
            good.push((name, filler));
            filled.push(*name);
        }
    }
    // What is said of values that we filled in, or left out, is nobody's mistake.
    if let Ok(whole) = serde_json::from_str(&object(&good))
        && let Some(problem) = values(whole).and_then(|problem| problem.besides(&filled, left_out))
    {
        faults.note(problem);
    }
    faults.finish().err().unwrap_or(first)
}

/// What is wrong with a member, as far as the others don't matter.
fn fault_of<T: DeserializeOwned>(name: &str, value: &RawValue) -> Option<Problem> {
    let alone = object(&[(name, value.get())]);
    let mut deserializer = serde_json::Deserializer::from_str(&alone);
    let error = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err()?;
    // Others are missing, of course. What is missing within the member is its own.
    let is_outside = error.path().iter().next().is_none();
    let problem = Problem::from(error);
    (!is_outside || problem.code() != Code::MissingField).then_some(problem)
}

fn object(members: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (position, (name, value)) in members.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::Value::from(*name).to_string());
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text
}

/// The members of an object, in order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        /// A name, which may have escapes.
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
pub(crate) mod tests;
