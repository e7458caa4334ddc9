//! The bodies that a signature may cover instead of the one that was given.
//!
//! Either the signature is ours and the receiver's framework changed the body, or the body is ours and the receiver's code
//! signed a changed one. The candidates serve both cases.

use super::budget::Meter;
use super::encoding::{BYTE_ORDER_MARK, read_again, read_as_latin1, read_as_windows1252};
use super::json::{Json, decoded};
use super::style::STYLES;

/// What JavaScript writes when an object is used as a text.
pub(crate) const NO_TEXT: &str = "[object Object]";

/// How much longer than the given body, or the sent one, the same may be in another style; deep JSON in indented lines can be
/// hundreds of times as long.
const MAX_GROWTH: usize = 4;
const ADDED: usize = 64 * 1024;

/// Makes every candidate once, and tries it: the given body; the body that we sent, if it is known; then the given body with each
/// usual change made or undone. Each is made when its turn comes, and none any more when one tried says that this was enough, or
/// the time is up.
pub(crate) fn candidates(
    given: &str,
    sent: Option<&str>,
    meter: &Meter<'_>,
    mut try_out: impl FnMut(&str) -> Tried,
) -> Candidates {
    let mut made = Candidates {
        bodies: Vec::new(),
        are_all: true,
    };
    let mut add = |body: Option<String>| match body {
        _ if !made.bodies.is_empty() && meter.is_over() => {
            made.are_all = false;
            Tried::Enough
        }
        Some(body) if !made.bodies.contains(&body) => {
            let tried = try_out(&body);
            made.bodies.push(body);
            tried
        }
        Some(_) => Tried::GoOn,
        None => {
            made.are_all = false;
            Tried::GoOn
        }
    };
    let most = given.len().max(sent.map_or(0, str::len)) * MAX_GROWTH + ADDED;
    let plain = std::cell::OnceCell::new();
    let plain = || plain.get_or_init(|| undone(given));
    let wholes: [&dyn Fn() -> String; 11] = [
        &|| given.to_owned(),
        &|| plain().clone(),
        &|| given.trim_end().to_owned(),
        &|| format!("{given}\n"),
        &|| given.replace("\r\n", "\n"),
        &|| format!("{BYTE_ORDER_MARK}{given}"),
        &|| read_as_latin1(given),
        &|| read_as_windows1252(given),
        &|| serde_json::Value::from(given).to_string(),
        &String::new,
        &|| NO_TEXT.to_owned(),
    ];
    for (index, whole) in wholes.into_iter().enumerate() {
        if add(Some(whole())) == Tried::Enough {
            return made;
        }
        if let (0, Some(sent)) = (index, sent)
            && add(Some(sent.to_owned())) == Tried::Enough
        {
            return made;
        }
    }
    if let Some(json) = Json::parse(plain()) {
        for style in STYLES {
            if add(style.write(&json, most, meter)) == Tried::Enough {
                return made;
            }
        }
    }
    made
}

/// What trying out a body said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It may be another one.
    GoOn,
    /// No other needs to be tried.
    Enough,
}

/// The bodies that were made.
#[derive(Debug)]
pub(crate) struct Candidates {
    pub(crate) bodies: Vec<String>,
    /// Whether none was left out for want of time, or for its length.
    pub(crate) are_all: bool,
}

/// The given text with every change undone that concerns it as a whole: mark, white space, encoding, quotes.
fn undone(given: &str) -> String {
    let text = given.trim_start_matches(BYTE_ORDER_MARK).trim();
    let text = read_again(text).unwrap_or_else(|| text.to_owned());
    let unquoted = text.starts_with('"').then(|| decoded(&text)).flatten();
    unquoted.unwrap_or(text)
}

#[cfg(test)]
mod tests;
