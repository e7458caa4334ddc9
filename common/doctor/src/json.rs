//! JSON as it was written: it keeps the order of members, the text of numbers, and the escapes.

use serde::de::IgnoredAny;

/// The doctor doesn't look at deeper texts; ours have at most [`domain::event::MAX_DEPTH`] levels and one around them.
const MAX_DEPTH: usize = 128;

/// A JSON value, whose tokens are slices of its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    /// A number, `true`, `false` or `null`.
    Word(&'a str),
    /// A string, with its quotes and escapes.
    Text(&'a str),
    Array(Vec<Self>),
    /// The members in order; each key with its quotes and escapes.
    Object(Vec<(&'a str, Self)>),
}

impl<'a> Json<'a> {
    /// Reads a text; `None` if it isn't JSON, or too deep.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Reader { text, at: 0 }.value(MAX_DEPTH)
    }
}

/// What a string token says; `None` for half a surrogate pair.
pub(crate) fn decoded(token: &str) -> Option<String> {
    serde_json::from_str(token).ok()
}

/// Reads a text that is valid JSON for certain.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, levels: usize) -> Option<Json<'a>> {
        match self.peek()? {
            b'{' => {
                let levels = levels.checked_sub(1)?;
                let members = self.list(b'}', |reader| {
                    let key = reader.string()?;
                    reader.peek()?;
                    reader.at += 1; // the colon
                    Some((key, reader.value(levels)?))
                })?;
                Some(Json::Object(members))
            }
            b'[' => {
                let levels = levels.checked_sub(1)?;
                Some(Json::Array(self.list(b']', |reader| reader.value(levels))?))
            }
            b'"' => Some(Json::Text(self.string()?)),
            _ => {
                let rest = &self.text[self.at..];
                let end = rest
                    .find(|character: char| {
                        character.is_ascii_whitespace() || matches!(character, ',' | ']' | '}')
                    })
                    .unwrap_or(rest.len());
                self.at += end;
                Some(Json::Word(&rest[..end]))
            }
        }
    }

    /// What stands between here and `close`, separated by commas.
    fn list<T>(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            match self.peek()? {
                byte if byte == close => {
                    self.at += 1;
                    return Some(items);
                }
                b',' => self.at += 1,
                _ => items.push(item(self)?),
            }
        }
    }

    fn string(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        let mut bytes = self.text.bytes().enumerate().skip(start + 1);
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => {
                    bytes.next()?;
                }
                b'"' => {
                    self.at = at + 1;
                    return Some(&self.text[start..=at]);
                }
                _ => {}
            }
        }
        None
    }

    /// The next byte that isn't white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let skip = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.at += skip;
        Some(rest[skip])
    }
}

#[cfg(test)]
mod tests;
