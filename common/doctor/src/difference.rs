//! How a body differs from the one that its signature covers.

use std::collections::{BTreeMap, BTreeSet};

use super::bodies::NO_TEXT;
use super::budget::Meter;
use super::encoding::{BYTE_ORDER_MARK, read_again};
use super::finding::FindingCode;
use super::json::{Json, decoded};

/// All differences between the body that was given and the one that a signature covers; none if they are equal. If the time is up
/// before they are found, that is what is said of them.
pub(crate) fn between(given: &str, signed: &str, meter: &Meter<'_>) -> BTreeSet<FindingCode> {
    if given == signed {
        return BTreeSet::new();
    }
    let found = if meter.is_over() {
        BTreeSet::new()
    } else {
        differences(given, signed, meter)
    };
    if meter.is_over() {
        return BTreeSet::from([FindingCode::StoppedLooking]);
    }
    found
}

fn differences(given: &str, signed: &str, meter: &Meter<'_>) -> BTreeSet<FindingCode> {
    // Texts that differ as a whole have nothing within them to compare.
    if let Some(code) = difference_of_wholes(given, signed) {
        return BTreeSet::from([code]);
    }
    let mut found = BTreeSet::new();
    let (bare_given, bare_signed) = (without_mark(given), without_mark(signed));
    if (bare_given.len() == given.len()) != (bare_signed.len() == signed.len()) {
        found.insert(FindingCode::ByteOrderMark);
    }
    let (given, signed) = (bare_given, bare_signed);
    let mut within = differences_within(given, signed, meter);
    if within.contains(&FindingCode::BodyChanged) {
        let (given_again, signed_again) = (read_again(given), read_again(signed));
        let readings = [
            (given_again.as_deref(), Some(signed)),
            (Some(given), signed_again.as_deref()),
        ];
        for (given, signed) in readings {
            if let (Some(given), Some(signed)) = (given, signed)
                && let again = differences_within(given, signed, meter)
                && !again.contains(&FindingCode::BodyChanged)
            {
                found.insert(FindingCode::WrongEncoding);
                within = again;
                break;
            }
        }
    }
    found.extend(within);
    found
}

fn difference_of_wholes(given: &str, signed: &str) -> Option<FindingCode> {
    let is_quoted = |text: &str, content: &str| {
        text.trim().starts_with('"') && decoded(text.trim()).is_some_and(|text| text == content)
    };
    if given.trim().is_empty() || signed.trim().is_empty() {
        Some(FindingCode::BodyEmpty)
    } else if given == NO_TEXT || signed == NO_TEXT {
        Some(FindingCode::BodyNotText)
    } else if is_quoted(given, signed) || is_quoted(signed, given) {
        Some(FindingCode::BodyQuoted)
    } else if given.trim_end() == signed.trim_end() {
        Some(FindingCode::TrailingWhitespace)
    } else if signed.starts_with(given.trim_end_matches(char::REPLACEMENT_CHARACTER)) {
        // If the cut went through a character, a replacement stands in its place.
        Some(FindingCode::BodyTruncated)
    } else if given.contains(char::REPLACEMENT_CHARACTER) && !signed.contains(char::REPLACEMENT_CHARACTER) {
        Some(FindingCode::WrongEncoding)
    } else {
        None
    }
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// How two texts differ in the way they write the same content, or that their contents differ.
fn differences_within(given: &str, signed: &str, meter: &Meter<'_>) -> BTreeSet<FindingCode> {
    let mut found = BTreeSet::new();
    if given == signed {
        return found;
    }
    let (Some(given_json), Some(signed_json)) = (Json::parse(given), Json::parse(signed)) else {
        return BTreeSet::from([FindingCode::BodyChanged]);
    };
    compare(&given_json, &signed_json, meter, &mut found);
    if found.contains(&FindingCode::BodyChanged) {
        return BTreeSet::from([FindingCode::BodyChanged]);
    }
    if white_space(given) != white_space(signed) {
        found.insert(FindingCode::WhitespaceChanged);
    }
    if found.is_empty() {
        found.insert(FindingCode::BodyReserialised);
    }
    found
}

fn compare(given: &Json<'_>, signed: &Json<'_>, meter: &Meter<'_>, found: &mut BTreeSet<FindingCode>) {
    // Contents that differ have no other difference.
    if meter.step() || found.contains(&FindingCode::BodyChanged) {
        return;
    }
    match (given, signed) {
        (Json::Word(given), Json::Word(signed)) if given == signed => {}
        (Json::Word(given), Json::Word(signed)) => {
            let is_same_number =
                matches!((given.parse::<f64>(), signed.parse::<f64>()), (Ok(one), Ok(other)) if one == other);
            found.insert(if is_same_number {
                FindingCode::NumbersChanged
            } else {
                FindingCode::BodyChanged
            });
        }
        (Json::Text(given), Json::Text(signed)) => compare_texts(given, signed, found),
        (Json::Array(given), Json::Array(signed)) if given.len() == signed.len() => {
            for (given, signed) in given.iter().zip(signed) {
                compare(given, signed, meter, found);
            }
        }
        (Json::Object(given), Json::Object(signed)) => compare_objects(given, signed, meter, found),
        _ => {
            found.insert(FindingCode::BodyChanged);
        }
    }
}

fn compare_texts(given: &str, signed: &str, found: &mut BTreeSet<FindingCode>) {
    if given != signed {
        found.insert(if decoded(given) == decoded(signed) {
            FindingCode::EscapesChanged
        } else {
            FindingCode::BodyChanged
        });
    }
}

type Members<'a> = [(&'a str, Json<'a>)];

fn compare_objects(
    given: &Members<'_>,
    signed: &Members<'_>,
    meter: &Meter<'_>,
    found: &mut BTreeSet<FindingCode>,
) {
    let name = |key: &str| decoded(key).unwrap_or_else(|| key.to_owned());
    let by_name = |members: &Members<'_>| -> BTreeMap<String, usize> {
        let names = members.iter().enumerate();
        // Those of an object that takes too long aren't all looked at, and what is found of it isn't told.
        let names = names.take_while(|_| !meter.step());
        names.map(|(index, (key, _))| (name(key), index)).collect()
    };
    let (given_names, signed_names) = (by_name(given), by_name(signed));
    if !given_names.keys().eq(signed_names.keys()) {
        found.insert(FindingCode::BodyChanged);
        return;
    }
    // If a name is there twice, the last member counts, as in most libraries.
    if given.len() != signed.len() {
        found.insert(FindingCode::BodyReserialised);
    } else if !given
        .iter()
        .map(|(key, _)| name(key))
        .eq(signed.iter().map(|(key, _)| name(key)))
    {
        found.insert(FindingCode::KeysReordered);
    }
    for (given_at, signed_at) in given_names.values().zip(signed_names.values()) {
        let ((given_key, given), (signed_key, signed)) = (&given[*given_at], &signed[*signed_at]);
        compare_texts(given_key, signed_key, found);
        compare(given, signed, meter, found);
    }
}

/// The white space around and between the tokens, in order.
fn white_space(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let mut spaces = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => spaces.push(char::from(byte)),
            b'"' if !escaped => in_string = !in_string,
            _ => {}
        }
        escaped = in_string && byte == b'\\' && !escaped;
    }
    spaces
}
