//! The values of variables: durations, sizes and lists, as people write them.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

/// The parts of a comma-separated list; an empty text has none.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Reads the value of a variable that may be secret: the value itself, or `@` and the path of a file that holds it. In the file, entries
/// may stand in lines of their own; `#` begins a comment.
///
/// # Errors
///
/// A sentence without anything of the value, but for the path: the file can't be read, or what it holds is not allowed.
pub fn read_value<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
    let Some(path) = value.strip_prefix('@') else {
        return value.parse().map_err(|error: T::Err| error.to_string());
    };
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|error| format!("the file `{path}` can't be read ({error})"))?;
    let mut entries = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !entries.is_empty() && !entries.ends_with(',') {
            entries.push(',');
        }
        entries.push_str(line);
    }
    entries
        .trim_end_matches(',')
        .parse()
        .map_err(|error: T::Err| format!("the file `{path}`: {error}"))
}

/// A duration as people write it: `500ms`, `10s`, `3m`, `4h`, `14d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a duration such as 500ms, 10s, 3m, 4h or 14d");
        let digits = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit: u64 = match &text[digits..] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        // A year is more than any setting needs, and keeps every later sum far from overflow.
        let millis = number
            .checked_mul(unit)
            .filter(|millis| *millis <= 366 * 86_400_000);
        millis
            .map(Duration::from_millis)
            .map(Self)
            .ok_or_else(|| format!("`{text}` is longer than a year"))
    }
}

/// Parses a duration that is not zero.
///
/// # Errors
///
/// A sentence when it is zero or no duration.
pub fn positive_span(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if span.0.is_zero() {
        Err("must be longer than zero".to_owned())
    } else {
        Ok(span)
    }
}

/// A number of bytes: `262144`, `256KiB`, `16MiB` or `1GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a size such as 262144, 256KiB, 16MiB or 1GiB");
        let digits = text
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(text.len());
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit: u64 = match text[digits..].trim() {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong()),
        };
        number
            .checked_mul(unit)
            .filter(|bytes| *bytes <= 1 << 50)
            .map(Self)
            .ok_or_else(wrong)
    }
}

/// Parses a size that is not zero.
///
/// # Errors
///
/// A sentence when it is zero or no size.
pub fn positive_size(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse()?;
    if size.0 == 0 {
        Err("must be more than zero".to_owned())
    } else {
        Ok(size)
    }
}

#[cfg(test)]
mod tests;
