//! Tags of endpoints: what a change can be made to depend on.

use std::fmt;

/// How long a tag is, in hexadecimal digits.
const TAG_LENGTH: usize = 20;

/// The tag of an endpoint: it changes with the endpoint's configuration and state, and with nothing else. Scripts compute it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointTag(String);

impl EndpointTag {
    /// Reads a tag without its quotes; `None` for what is the tag of no endpoint.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == TAG_LENGTH && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// The tag, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As HTTP writes it: in quotes.
impl fmt::Display for EndpointTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

/// What must be so for a change to be made: `If-Match` of RFC 9110.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// The endpoint is there, whatever it is like.
    #[default]
    Exists,
    /// Its tag is one of these. Without any it never is.
    HasTag(Vec<EndpointTag>),
}

/// A value of `If-Match` that RFC 9110 doesn't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedCondition;

impl Condition {
    /// Whether an endpoint with this tag is as it must be.
    #[must_use]
    pub fn is_met_by(&self, tag: &EndpointTag) -> bool {
        match self {
            Self::Exists => true,
            Self::HasTag(tags) => tags.contains(tag),
        }
    }

    /// Reads the value of `If-Match`: `*`, or tags with commas between them. What can't be an endpoint's tag is left out, weak tags
    /// (`W/"…"`) as well: they never match where a change depends on them.
    ///
    /// # Errors
    ///
    /// [`MalformedCondition`] when it is neither.
    pub fn parse(value: &[u8]) -> Result<Self, MalformedCondition> {
        let mut rest = value.trim_ascii();
        if rest == b"*" {
            return Ok(Self::Exists);
        }
        let (mut tags, mut found) = (Vec::new(), false);
        loop {
            // Empty elements are nothing, as in every list of HTTP.
            while let Some(behind) = rest.trim_ascii_start().strip_prefix(b",") {
                rest = behind;
            }
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return if found {
                    Ok(Self::HasTag(tags))
                } else {
                    Err(MalformedCondition)
                };
            }
            let (tag, behind) = first_tag(rest).ok_or(MalformedCondition)?;
            found = true;
            tags.extend(tag);
            rest = behind.trim_ascii_start();
            if !rest.is_empty() && !rest.starts_with(b",") {
                return Err(MalformedCondition);
            }
        }
    }
}

/// The tag with which a text begins, if it could be an endpoint's, and what stands behind it; `None` if it begins with no tag.
fn first_tag(text: &[u8]) -> Option<(Option<EndpointTag>, &[u8])> {
    let strong = text.strip_prefix(b"W/");
    let opened = strong.unwrap_or(text).strip_prefix(b"\"")?;
    let end = opened.iter().position(|byte| *byte == b'"')?;
    let (tag, behind) = opened.split_at(end);
    if !tag.iter().all(|byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..)) {
        return None;
    }
    let own = std::str::from_utf8(tag).ok().and_then(EndpointTag::new);
    Some((own.filter(|_| strong.is_none()), &behind[1..]))
}

#[cfg(test)]
mod tests;
