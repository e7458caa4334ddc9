//! The header fields of an answer: a list, in the order in which they came. Answers have few, so looking through a list takes less than
//! building a map.

use reqwest::header::{HeaderName, HeaderValue};

/// Room for the fields of most answers without another allocation.
const USUALLY: usize = 12;

/// The header fields of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AnswerFields(Vec<(HeaderName, HeaderValue)>);

impl AnswerFields {
    /// None yet, with room for those of most answers.
    pub(super) fn with_room() -> Self {
        Self(Vec::with_capacity(USUALLY))
    }

    /// Adds a field.
    pub(crate) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// The first value of a field.
    pub(crate) fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.get_all(name).next()
    }

    /// All values of a field.
    pub(super) fn get_all(&self, name: &HeaderName) -> impl Iterator<Item = &HeaderValue> {
        let found = self.0.iter().filter(move |(other, _)| other == name);
        found.map(|(_, value)| value)
    }

    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<(HeaderName, HeaderValue)> for AnswerFields {
    fn from_iter<T: IntoIterator<Item = (HeaderName, HeaderValue)>>(fields: T) -> Self {
        Self(fields.into_iter().collect())
    }
}
