//! The bodies that a signature may cover instead of the one that was given.
//!
//! Either the signature is ours and the receiver's framework changed the body, or the body is ours and the receiver's code
//! signed a changed one. The candidates serve both cases.

use super::encoding::{BYTE_ORDER_MARK, read_again, read_as_latin1, read_as_windows1252};
use super::json::{Json, decoded};
use super::style::STYLES;

/// What JavaScript writes when an object is used as a text.
pub(crate) const NO_TEXT: &str = "[object Object]";

/// Every candidate once: the given body; the body that we sent, if it is known; then the given body with each usual change
/// made or undone.
pub(crate) fn candidates(given: &str, sent: Option<&str>) -> Vec<String> {
    let mut bodies = vec![given.to_owned()];
    let mut add = |body: String| {
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    };
    if let Some(sent) = sent {
        add(sent.to_owned());
    }
    let plain = undone(given);
    for body in [
        plain.clone(),
        given.trim_end().to_owned(),
        format!("{given}\n"),
        given.replace("\r\n", "\n"),
        format!("{BYTE_ORDER_MARK}{given}"),
        read_as_latin1(given),
        read_as_windows1252(given),
        serde_json::Value::from(given).to_string(),
        String::new(),
        NO_TEXT.to_owned(),
    ] {
        add(body);
    }
    if let Some(json) = Json::parse(&plain) {
        for style in STYLES {
            add(style.write(&json));
        }
    }
    bodies
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
