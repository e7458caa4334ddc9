//! Hides the values of an endpoint's own headers in what is kept of an answer: they are secrets, and receivers echo what they got.
//!
//! A value is looked for as it was sent, and so are the parts that receivers take out of it (the token behind `Bearer`, the password in
//! `Basic`, a cookie), each as it is, and as JSON, HTML and URLs write it. Only a receiver that wants to can still show something of it:
//! it could do that anywhere.

use std::borrow::Cow;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::custom_headers::CustomValue;

/// What stands in the place of something hidden.
const HIDDEN: &str = "…";

/// A part of a value that is shorter is no secret by itself, and a whole value that is shorter is hidden only where it stands alone:
/// else a value such as `1` would hide half of each answer.
const LONG: usize = 8;

/// The most parts of all values that are looked for, beside the whole ones.
const MOST_PARTS: usize = 32;

/// An answer may be cut off within a value: so many bytes of its beginning are hidden at the end.
const LEAST_TAIL: usize = 4;

/// What must not be read.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    values: Vec<CustomValue>,
    /// What is looked for, the longest first: worked out once it is needed.
    needles: OnceLock<Vec<Needle>>,
}

/// A spelling of something hidden.
#[derive(PartialEq, Eq)]
struct Needle {
    text: Vec<u8>,
    /// Whether it is hidden only where it stands alone.
    is_short: bool,
}

impl std::fmt::Debug for Needle {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(HIDDEN)
    }
}

impl Masks {
    /// Hides these values.
    pub(super) fn of(values: Vec<CustomValue>) -> Self {
        Self {
            values,
            needles: OnceLock::new(),
        }
    }

    /// The bytes without the values. What could be the beginning of one at their end is hidden as well: they may have been cut there.
    pub(super) fn hide<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.values.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let needles = self.needles.get_or_init(|| needles(&self.values));
        let (mut shown, mut at) = (Vec::with_capacity(bytes.len()), 0);
        while at < bytes.len() {
            match needles.iter().find_map(|needle| needle.hides(bytes, at)) {
                Some(length) => {
                    shown.extend_from_slice(HIDDEN.as_bytes());
                    at += length;
                }
                None => {
                    shown.push(bytes[at]);
                    at += 1;
                }
            }
        }
        Cow::Owned(shown)
    }

    /// The same of a text.
    pub(super) fn hide_in(&self, text: String) -> String {
        match self.hide(text.as_bytes()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(shown) => String::from_utf8_lossy(&shown).into_owned(),
        }
    }
}

impl Needle {
    /// How many bytes it hides at this place.
    fn hides(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let rest = &bytes[at..];
        if rest.first() != self.text.first() {
            return None;
        }
        if rest.starts_with(&self.text) {
            let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
            let (before, behind) = (at.checked_sub(1).map(|at| &bytes[at]), rest.get(self.text.len()));
            let is_alone = !is_part(before) && !is_part(behind);
            return (!self.is_short || is_alone).then_some(self.text.len());
        }
        (rest.len() >= LEAST_TAIL && self.text.starts_with(rest)).then_some(rest.len())
    }
}

/// All spellings of all values, the longest first.
fn needles(values: &[CustomValue]) -> Vec<Needle> {
    let mut needles: Vec<Needle> = Vec::new();
    let mut add = |text: &str| {
        for spelling in spellings(text) {
            needles.push(Needle {
                is_short: spelling.len() < LONG,
                text: spelling.into_bytes(),
            });
        }
    };
    values.iter().for_each(|value| add(value.expose()));
    let parts = values.iter().flat_map(|value| parts_of(value.expose()));
    parts.take(MOST_PARTS).for_each(|part| add(&part));
    needles.sort_by(|one, other| {
        other
            .text
            .len()
            .cmp(&one.text.len())
            .then_with(|| one.text.cmp(&other.text))
    });
    needles.dedup();
    needles
}

/// What receivers take out of a value.
fn parts_of(value: &str) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some((scheme, credentials)) = value.split_once(' ')
        && scheme.eq_ignore_ascii_case("basic")
        && let Some(decoded) = BASE64.decode(credentials.trim()).ok()
        && let Ok(decoded) = String::from_utf8(decoded)
    {
        let password = decoded.split_once(':').map(|(_, password)| password.to_owned());
        parts.extend(password.filter(|password| !password.is_empty()));
        parts.push(decoded);
    }
    let pieces = value.split([' ', '\t', ',', ';', '=', '"']);
    parts.extend(pieces.filter(|piece| piece.len() >= LONG).map(str::to_owned));
    parts
}

/// A text as it is, and as JSON, HTML and URLs write it.
fn spellings(text: &str) -> [String; 5] {
    let json = serde_json::Value::from(text).to_string();
    let json = json.trim_matches('"').to_owned();
    let replaced = |pairs: &[(char, &str)]| {
        let mut all = String::with_capacity(text.len());
        for character in text.chars() {
            match pairs.iter().find(|(known, _)| *known == character) {
                Some((_, written)) => all.push_str(written),
                None => all.push(character),
            }
        }
        all
    };
    let escaped = [
        ('"', "\\\""),
        ('\\', "\\\\"),
        ('<', "\\u003c"),
        ('>', "\\u003e"),
        ('&', "\\u0026"),
        ('\'', "\\u0027"),
    ];
    let html = [
        ('&', "&amp;"),
        ('<', "&lt;"),
        ('>', "&gt;"),
        ('"', "&quot;"),
        ('\'', "&#39;"),
    ];
    let in_url: String = text
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    [
        text.to_owned(),
        json.replace('/', "\\/"),
        replaced(&escaped),
        replaced(&html),
        in_url,
    ]
}

#[cfg(test)]
mod tests;
