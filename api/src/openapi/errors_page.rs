//! `docs/errors.md` and `/errors`: every code, what to do about it, and which calls give it.
//!
//! The codes come from [`Code`] and the calls from the OpenAPI document, so that neither text can contradict the program. Both say the
//! same, on every machine; a test compares the first with the committed file.

mod html;

pub use html::errors_html;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::Value;

use crate::problem::{CONTENT_TYPE, Code, Faults, Problem};

const HEADING: &str = "\
# Errors

<!-- Written by ./scripts/openapi from the codes in api/src/problem/code.rs. A change made here is lost. -->
";

const INTRODUCTION: &str = "\
Every error is a problem document (RFC 9457, `application/problem+json`). Branch on `code`: it is stable and never changes
its meaning. `detail` says what to do in the case at hand; `field` names the field or parameter, if it is about one. `errors` tells
all that is wrong, as far as it can be told at once: `code`, `detail` and `field` of the first entry are those of the problem. What
is known only later (a conflict, a limit) comes alone. `params` has the numbers and names of an entry, for texts in other
languages; which there are is said below. A call that was refused with 4xx has changed nothing. Where the answer has `Retry-After`, wait that many seconds. An item of a batch
that was not accepted has one of the errors of `POST /api/events` as its `error`.";

/// The callers, by their security schemes in the OpenAPI document.
const SIDES: [(&str, &str); 3] = [
    ("clerkSession", "every call of the dashboard"),
    ("serviceKey", "every call of the backend"),
    ("manageKey", "every call about an account"),
];

/// The text of `docs/errors.md`, for the calls of an OpenAPI document.
///
/// Ordered by HTTP status, then as [`Code`] declares them. Each code is a heading, so `errors.md#unknown_field` leads to it.
#[must_use]
pub fn errors_page(document: &str) -> String {
    let mut text = String::new();
    // Writing to a string doesn't fail.
    write(&mut text, &calls(document)).map_or_else(|_| String::new(), |()| text)
}

fn write(text: &mut String, calls: &[Call]) -> fmt::Result {
    writeln!(text, "{HEADING}\n{INTRODUCTION}\n\n```json\n{}\n```", example())?;
    for codes in by_status() {
        for (position, code) in codes.iter().enumerate() {
            if position == 0 {
                writeln!(text, "\n## {}", code.status())?;
            }
            writeln!(text, "\n### `{}`\n", code.as_str())?;
            writeln!(text, "**{}.** {}\n", code.title(), code.advice())?;
            if let Some(params) = params(*code) {
                writeln!(text, "{params}\n")?;
            }
            writeln!(text, "Answered by {}.", answered_by(*code, calls))?;
        }
    }
    Ok(())
}

/// An error, as it is answered.
fn example() -> String {
    let mut faults = Faults::default();
    faults.note(
        Problem::new(Code::UnknownField)
            .field("urll")
            .param("known", ["url", "events"].as_slice()),
    );
    faults.note(Problem::missing("url"));
    let example = Problem::from(faults).body();
    serde_json::to_string_pretty(&example).unwrap_or_default()
}

/// What `params` of an error may contain, in words.
fn params(code: Code) -> Option<String> {
    let params: Vec<_> = code
        .params()
        .iter()
        .map(|(name, meaning)| format!("`{name}` ({meaning})"))
        .collect();
    (!params.is_empty()).then(|| format!("`params`: {}.", params.join(", ")))
}

/// All codes, those of one status together.
fn by_status() -> impl Iterator<Item = Vec<Code>> {
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in Code::ALL {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    by_status.into_values()
}

/// A call of the document.
struct Call {
    /// Such as `POST /api/events`.
    name: String,
    /// The name of its security scheme.
    scheme: Option<String>,
    codes: Vec<String>,
}

/// All calls, in the order of their paths.
fn calls(document: &str) -> Vec<Call> {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path, method, operation))
    });
    operations
        .map(|(path, method, operation)| {
            let responses = operation["responses"].as_object().into_iter().flatten();
            let examples = responses
                .filter_map(|(_, response)| response["content"][CONTENT_TYPE]["examples"].as_object());
            let scheme = operation["security"][0].as_object();
            Call {
                name: format!("{} {path}", method.to_uppercase()),
                scheme: scheme.and_then(|scheme| scheme.keys().next().cloned()),
                codes: examples.flat_map(|codes| codes.keys().cloned()).collect(),
            }
        })
        .collect()
}

/// The calls that give a code, in words. If all calls of a caller do, the caller is named instead.
fn answered_by(code: Code, calls: &[Call]) -> String {
    let answers = |call: &&Call| call.codes.iter().any(|name| name == code.as_str());
    let mut names = Vec::new();
    for (scheme, every_call) in SIDES {
        let side = || calls.iter().filter(|call| call.scheme.as_deref() == Some(scheme));
        if side().next().is_some() && side().all(|call| answers(&call)) {
            names.push(every_call.to_owned());
        } else {
            names.extend(side().filter(answers).map(|call| format!("`{}`", call.name)));
        }
    }
    if names.is_empty() {
        return "the server itself, whatever the call".to_owned();
    }
    names.join(", ")
}

#[cfg(test)]
mod tests;
